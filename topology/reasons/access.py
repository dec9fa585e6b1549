"""Reasons: access."""

from topology.reasons.reason import NEWS, WARNING, add

ROLE_NEEDED = add(
    "ROLE_NEEDED",
    "This needs the role {role} {where}.",
    "Ask an administrator for it: {grant}.",
    status=403,
)
LINK_NOT_VALID = add(
    "LINK_NOT_VALID",
    "This sign-in link was used before or is older than {minutes:minute}.",
    "Make a new one with: manage.py sign_in_link",
    status=403,
)
SIGNED_IN = add("SIGNED_IN", "{actor} signed in.", level=NEWS)
INPUT_NOT_READABLE = add(
    "INPUT_NOT_READABLE",
    "{name} contains a character that is not text (NUL or half a character).",
    "Remove it, or copy the text again.",
    status=422,
)
INPUT_NOT_A_NUMBER = add(
    "INPUT_NOT_A_NUMBER",
    "“{value}” is not a whole number{where}.",
    "Write digits only, at most 18 of them.",
    status=422,
)
INPUT_TOO_LARGE = add(
    "INPUT_TOO_LARGE", "The form is larger than the console accepts.", "Choose by a filter instead.", status=413
)
FILTER_NOT_READABLE = add(
    "FILTER_NOT_READABLE",
    "The filter cannot be read: {problem}",
    "Clear the filter, then set it again.",
    status=422,
)
SELECTION_CHANGED = add(
    "SELECTION_CHANGED",
    "{users:user matches|users match} now, but {confirmed} were confirmed.",
    "Check the new number, then confirm it.",
)
SIGN_IN_THROTTLED = add(
    "SIGN_IN_THROTTLED",
    "Too many failed sign-ins as {actor}: this name cannot sign in with a password for {minutes:minute}.",
    "If the attempts were not yours, change the password.",
    WARNING,
)
ORIGIN_NOT_TRUSTED = add(
    "ORIGIN_NOT_TRUSTED",
    "The browser reaches the console at {origin}, but the console takes itself to be {seen}: the form was refused.",
    "Set CSRF_TRUSTED_ORIGINS={origin} and start the console again, or let the proxy pass Host and X-Forwarded-Proto; "
    "see docs/operations.md.",
    status=403,
)
PAGE_TOO_OLD = add(
    "PAGE_TOO_OLD", "This page is from an earlier sign-in.", "Reload it and try again; nothing was changed.", status=403
)

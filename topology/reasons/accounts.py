"""Reasons: signing in, what a request may carry, accounts, roles and tokens."""

from topology.reasons.reason import NEWS, WARNING, add_reason

SESSIONS_ENDED = add_reason("SESSIONS_ENDED", "{actor} ended {sessions:session} of {account}.", level=NEWS)
ROLE_SET = add_reason("ROLE_SET", "{account} has {role} {where}.", level=NEWS)
ROLE_NOT_KNOWN = add_reason("ROLE_NOT_KNOWN", "There is no role {role}.", "Known: {roles}.", status=422)
ACCOUNT_ACTIVATED = add_reason("ACCOUNT_ACTIVATED", "{account} may sign in again.", level=NEWS)
ACCOUNT_DEACTIVATED = add_reason("ACCOUNT_DEACTIVATED", "{account} may not sign in any more.", level=NEWS)
TOKENS_LEFT = add_reason(
    "TOKENS_LEFT",
    "{account} made {tokens:token} that can still be used.",
    "Revoke what {account} should not use, on the page Accounts or with: manage.py token revoke ID",
    WARNING,
)
ACCOUNT_DELETED = add_reason(
    "ACCOUNT_DELETED",
    "{actor} deleted the account {account}: {sessions:session} ended, {tokens:token} revoked.",
    "If that was a mistake, create a sign-in link for the same name and revoked tokens anew.",
    WARNING,
)
ACCOUNT_NOT_CONFIRMED = add_reason(
    "ACCOUNT_NOT_CONFIRMED", "{account} was not deleted.", "Tick the box that says you mean it.", status=422
)
ACCOUNT_CLOSED = add_reason(
    "ACCOUNT_CLOSED",
    "{account} is deactivated: a link would not sign in.",
    "Activate it first, on the page Accounts or with: manage.py accounts activate {account}",
)
PERSON_INVITED = add_reason("PERSON_INVITED", "{actor} created a sign-in link for {account}.", level=NEWS)
ACCOUNT_NAME_NOT_VALID = add_reason(
    "ACCOUNT_NAME_NOT_VALID",
    "“{name}” is not a valid account name.",
    "Use 1 to 150 letters, digits and @ . + - _, and one of the roles.",
    status=422,
)
NO_SUCH_ACCOUNT = add_reason(
    "NO_SUCH_ACCOUNT", "There is no account {account}{removed}.", "The page Accounts lists them.", status=404
)
LAST_ADMINISTRATOR = add_reason(
    "LAST_ADMINISTRATOR",
    "{account} is the last administrator.",
    "Make another user an administrator first.",
)
TOKEN_CREATED = add_reason("TOKEN_CREATED", "{actor} created the token {token}: {role} of {reach}.", level=NEWS)
TOKEN_REVOKED = add_reason("TOKEN_REVOKED", "{actor} revoked the token {token}.", level=NEWS)
TOKEN_NOT_VALID = add_reason(
    "TOKEN_NOT_VALID",
    "A token needs a name of 1 to {name} characters, one of the roles {roles}, and an end in 1 to {days} days or none.",
    "Correct it and try again.",
    status=422,
)
TOKEN_NAME_TAKEN = add_reason(
    "TOKEN_NAME_TAKEN", "A token named {name} already exists.", "Choose another name, or revoke it."
)
NO_SUCH_TOKEN = add_reason(
    "NO_SUCH_TOKEN", "There is no token {token}{removed}.", "List them with: manage.py token list", status=404
)
TOKEN_NEEDED = add_reason(
    "TOKEN_NEEDED",
    "This needs a valid token.",
    "Send “Authorization: Bearer TOKEN”; make one with: manage.py token create NAME --role viewer",
    status=401,
)
RATE_LIMITED = add_reason(
    "RATE_LIMITED",
    "{token} sent more than {limit} requests this minute.",
    "Try again in {seconds:second}.",
    status=429,
)
ROLE_NEEDED = add_reason(
    "ROLE_NEEDED",
    "This needs the role {role} {where}.",
    "Ask an administrator for it: {grant}.",
    status=403,
)
LINK_NOT_VALID = add_reason(
    "LINK_NOT_VALID",
    "This sign-in link was used before or is older than {minutes:minute}.",
    "Make a new one with: manage.py sign_in_link",
    status=403,
)
SIGNED_IN = add_reason("SIGNED_IN", "{actor} signed in.", level=NEWS)
INPUT_NOT_READABLE = add_reason(
    "INPUT_NOT_READABLE",
    "{name} contains a character that is not text (NUL or half a character).",
    "Remove it, or copy the text again.",
    status=422,
)
INPUT_NOT_A_NUMBER = add_reason(
    "INPUT_NOT_A_NUMBER",
    "“{value}” is not a whole number{where}.",
    "Write digits only, at most 18 of them.",
    status=422,
)
INPUT_TOO_LARGE = add_reason(
    "INPUT_TOO_LARGE",
    "The form is larger than the console accepts.",
    "Choose by a filter where there is one, or send it in parts.",
    status=413,
)
FILTER_NOT_READABLE = add_reason(
    "FILTER_NOT_READABLE",
    "The filter cannot be read: {problem}",
    "Clear the filter, then set it again.",
    status=422,
)
SELECTION_CHANGED = add_reason(
    "SELECTION_CHANGED",
    "{users:user matches|users match} now, but {confirmed} were confirmed.",
    "Check the new number, then confirm it.",
)
SIGN_IN_THROTTLED = add_reason(
    "SIGN_IN_THROTTLED",
    "Too many failed sign-ins as {actor}: this name cannot sign in with a password for {minutes:minute}.",
    "If the attempts were not yours, change the password.",
    WARNING,
)
ORIGIN_NOT_TRUSTED = add_reason(
    "ORIGIN_NOT_TRUSTED",
    "The browser reaches the console at {origin}, but the console takes itself to be {seen}: the form was refused.",
    "Set CSRF_TRUSTED_ORIGINS={origin} and start the console again, or let the proxy pass Host and X-Forwarded-Proto; "
    "see docs/operations.md.",
    status=403,
)
SIGNED_OUT = add_reason(
    "SIGNED_OUT", "You are signed out: nothing was changed.", "Sign in again, then repeat it.", status=401
)
PAGE_TOO_OLD = add_reason(
    "PAGE_TOO_OLD", "This page is from an earlier sign-in.", "Reload it and try again; nothing was changed.", status=403
)

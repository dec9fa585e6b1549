"""Reasons: access."""

from topology.reasons.reason import NEWS, add

ROLE_NEEDED = add("ROLE_NEEDED", "This needs the role {role}.", "Ask an administrator for the role {role}.", status=403)
LINK_NOT_VALID = add(
    "LINK_NOT_VALID",
    "This sign-in link was used before or is older than {minutes} minutes.",
    "Make a new one with: manage.py sign_in_link",
    status=403,
)
SIGNED_IN = add("SIGNED_IN", "{actor} signed in.", level=NEWS)

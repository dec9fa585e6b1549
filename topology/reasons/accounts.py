"""Reasons: accounts, roles and tokens."""

from topology.reasons.reason import NEWS, WARNING, add

SESSIONS_ENDED = add("SESSIONS_ENDED", "{actor} ended {sessions:session} of {account}.", level=NEWS)
ROLE_SET = add("ROLE_SET", "{account} has {role} {where}.", level=NEWS)
ROLE_NOT_KNOWN = add("ROLE_NOT_KNOWN", "There is no role {role}.", "Known: {roles}.", status=422)
ACCOUNT_ACTIVATED = add("ACCOUNT_ACTIVATED", "{account} may sign in again.", level=NEWS)
ACCOUNT_DEACTIVATED = add("ACCOUNT_DEACTIVATED", "{account} may not sign in any more.", level=NEWS)
ACCOUNT_DELETED = add(
    "ACCOUNT_DELETED",
    "{actor} deleted the account {account}: {sessions:session} ended, {tokens:token} revoked.",
    "If that was a mistake, create a sign-in link for the same name and revoked tokens anew.",
    WARNING,
)
ACCOUNT_NOT_CONFIRMED = add(
    "ACCOUNT_NOT_CONFIRMED", "{account} was not deleted.", "Tick the box that says you mean it.", status=422
)
ACCOUNT_CLOSED = add(
    "ACCOUNT_CLOSED",
    "{account} is deactivated: a link would not sign in.",
    "Activate it first, on the page Accounts or with: manage.py accounts activate {account}",
)
PERSON_INVITED = add("PERSON_INVITED", "{actor} created a sign-in link for {account}.", level=NEWS)
ACCOUNT_NAME_NOT_VALID = add(
    "ACCOUNT_NAME_NOT_VALID",
    "“{name}” is not a valid account name.",
    "Use 1 to 150 letters, digits and @ . + - _, and one of the roles.",
    status=422,
)
NO_SUCH_ACCOUNT = add("NO_SUCH_ACCOUNT", "There is no account {account}.", "The page Accounts lists them.", status=404)
LAST_ADMINISTRATOR = add(
    "LAST_ADMINISTRATOR",
    "{account} is the last administrator.",
    "Make another user an administrator first.",
)
TOKEN_CREATED = add("TOKEN_CREATED", "{actor} created the token {token}: {role} of {reach}.", level=NEWS)
TOKEN_REVOKED = add("TOKEN_REVOKED", "{actor} revoked the token {token}.", level=NEWS)
TOKEN_NOT_VALID = add(
    "TOKEN_NOT_VALID",
    "A token needs a name of 1 to {name} characters, one of the roles {roles}, and an end in 1 to {days} days or none.",
    "Correct it and try again.",
    status=422,
)
TOKEN_NAME_TAKEN = add("TOKEN_NAME_TAKEN", "A token named {name} already exists.", "Choose another name, or revoke it.")
NO_SUCH_TOKEN = add("NO_SUCH_TOKEN", "There is no token {token}.", "List them with: manage.py token list", status=404)
TOKEN_NEEDED = add(
    "TOKEN_NEEDED",
    "This needs a valid token.",
    "Send “Authorization: Bearer TOKEN”; make one with: manage.py token create NAME --role viewer",
    status=401,
)
RATE_LIMITED = add(
    "RATE_LIMITED",
    "{token} sent more than {limit} requests this minute.",
    "Try again in {seconds:second}.",
    status=429,
)

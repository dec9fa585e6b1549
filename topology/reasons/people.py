"""Reasons: pins, traces and lists of users."""

from topology.reasons.reason import ALARM, NEWS, WARNING, add_reason

PEOPLE_NOBODY = add_reason(
    "PEOPLE_NOBODY", "None of these users is in {cluster}.", "Choose users of the cluster.", status=422
)
PIN_NEEDS_REASON = add_reason(
    "PIN_NEEDS_REASON",
    "A pin needs a reason of at most {limit} characters; this one has {length}.",
    "Say why the users must stay where they are.",
    status=422,
)
PIN_UNASSIGNED = add_reason(
    "PIN_UNASSIGNED",
    "{user} has no home node to be pinned to ({users} of {chosen} without one).",
    "Assign them to a node first.",
)
PIN_OF_ANOTHER = add_reason(
    "PIN_OF_ANOTHER",
    "{owner} already pinned {user}: {because} ({users} of {chosen} pinned by someone else).",
    "Ask {owner}, or unpin first.",
)
PIN_NOT_PINNED = add_reason(
    "PIN_NOT_PINNED", "{user} is not pinned ({users} of {chosen} not pinned).", "Choose pinned users."
)
USERS_WERE_PINNED = add_reason(
    "USERS_WERE_PINNED",
    "{actor} pinned {users:user to the home node|users to their home nodes} ({because}); {left} left alone.",
    level=NEWS,
)
USERS_WERE_UNPINNED = add_reason(
    "USERS_WERE_UNPINNED",
    "{actor} unpinned {users:user}, {foreign} of them pinned by someone else.",
    level=NEWS,
)
WHY_NOT_ASSIGNED = add_reason(
    "WHY_NOT_ASSIGNED",
    "Unassigned: a user without a home node has no service.",
    "Drag the user onto a node, or choose “Move to…”.",
    level=WARNING,
)
WHY_SERVED_AWAY = add_reason(
    "WHY_SERVED_AWAY",
    "{serving} serves the user for {home}, which is {state}. A failover does not change the home node.",
    "Nothing is lost; when {home} runs again, fall back.",
    level=WARNING,
)
WHY_AWAY_AND_OUT = add_reason(
    "WHY_AWAY_AND_OUT",
    "Out of service: {home} is {state}, and {serving}, which took over, is {reached}.",
    "Bring one of the two nodes up; the user is served again by itself.",
    level=ALARM,
)
WHY_SIGNING_IN = add_reason(
    "WHY_SIGNING_IN",
    "Without service: the client lost its connection and waits for its turn to sign in at {serving}.",
    "Wait: clients come back as fast as the node takes them.",
    level=ALARM,
)
WHY_OUT = add_reason(
    "WHY_OUT",
    "Out of service: {home} is {state} and serves no users.",
    "Start {home}, or move the user to a node that serves.",
    level=ALARM,
)
PEOPLE_NOT_ONE = add_reason(
    "PEOPLE_NOT_ONE", "Details are for one user; {users:user is|users are} chosen.", "Choose one user.", status=422
)
EXPORT_NAMES_HIDDEN = add_reason(
    "EXPORT_NAMES_HIDDEN",
    "An export contains real names, and names are hidden now.",
    "Show names again in the menu of your account, then export.",
)
VIEW_NEEDS_NAME = add_reason(
    "VIEW_NEEDS_NAME",
    "A view needs a name of at most {limit} characters; this one has {length}.",
    "Give it another name.",
    status=422,
)
VIEWS_ENOUGH = add_reason(
    "VIEWS_ENOUGH", "You already have {most:view} of this cluster, the maximum.", "Delete one first."
)
NO_SUCH_USER = add_reason(
    "NO_SUCH_USER",
    "There is no user {user} in {cluster}{removed}.",
    "{again}Search for the user in all clusters: Find users.",
    status=422,
)

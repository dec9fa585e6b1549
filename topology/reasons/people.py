"""Reasons: people: pins, traces, lists."""

from topology.reasons.reason import ALARM, NEWS, WARNING, add

PEOPLE_NOBODY = add("PEOPLE_NOBODY", "None of these users is in {cluster}.", "Choose users of the cluster.", status=422)
PIN_NEEDS_REASON = add(
    "PIN_NEEDS_REASON",
    "A pin needs a reason of at most {limit} characters; this one has {length}.",
    "Say why the users must stay where they are.",
    status=422,
)
PIN_UNASSIGNED = add(
    "PIN_UNASSIGNED",
    "{user} has no home node to be pinned to (users without one: {users} of {chosen}).",
    "Assign them to a node first.",
)
PIN_OF_ANOTHER = add(
    "PIN_OF_ANOTHER",
    "{owner} pinned {user} already: {because} (pinned by somebody else: {users} of {chosen}).",
    "Ask {owner}, or unpin first.",
)
PIN_NOT_PINNED = add("PIN_NOT_PINNED", "{user} is not pinned (not pinned: {users} of {chosen}).")
USERS_WERE_PINNED = add(
    "USERS_WERE_PINNED",
    "{actor} pinned users to their home nodes: {users} ({because}); left alone: {left}.",
    level=NEWS,
)
USERS_WERE_UNPINNED = add(
    "USERS_WERE_UNPINNED",
    "{actor} unpinned users: {users}, of them pinned by somebody else: {foreign}.",
    level=NEWS,
)
WHY_NOT_ASSIGNED = add(
    "WHY_NOT_ASSIGNED", "Unassigned: without a home node the user is served by nobody.", level=WARNING
)
WHY_SERVED_AWAY = add(
    "WHY_SERVED_AWAY",
    "{serving} serves the user for {home}, which is {state}. The home node does not change by a failover.",
    level=WARNING,
)
WHY_AWAY_AND_OUT = add(
    "WHY_AWAY_AND_OUT", "Out of service: {home} is {state}, and {serving}, which took over, is {reached}.", level=ALARM
)
WHY_OUT = add("WHY_OUT", "Out of service: {home} is {state} and serves nobody.", level=ALARM)
PEOPLE_NOT_ONE = add(
    "PEOPLE_NOT_ONE", "Details are those of one user; {users} are chosen.", "Choose one user.", status=422
)
EXPORT_NAMES_HIDDEN = add(
    "EXPORT_NAMES_HIDDEN",
    "An export has the real names of people, and names are hidden now.",
    "Show names again in the menu of your account, then export.",
)
VIEW_NEEDS_NAME = add(
    "VIEW_NEEDS_NAME",
    "A view needs a name of at most {limit} characters; this one has {length}.",
    "Give it another name.",
    status=422,
)
VIEWS_ENOUGH = add("VIEWS_ENOUGH", "You have {most} views of this cluster already.", "Delete one first.")
NO_SUCH_USER = add(
    "NO_SUCH_USER", "There is no user {user} in {cluster}.", "Look for the user in the list of all users.", status=422
)

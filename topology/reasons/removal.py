"""Reasons: clusters and users that are removed, what is taken back, and what the history no longer keeps."""

from topology.reasons.reason import NEWS, WARNING, add_reason

REMOVAL_NOT_CONFIRMED = add_reason(
    "REMOVAL_NOT_CONFIRMED",
    "Removing {cluster} removes all its users, and that was not confirmed.",
    "Type the name {cluster}; on the command line add --yes-remove-all-users.",
    status=422,
)
CLUSTER_HAS_RUN = add_reason(
    "CLUSTER_HAS_RUN",
    "Operation {operation} ({kind}) is in progress in {cluster}.",
    "Wait until it ends, or cancel it.",
)
CLUSTER_IN_RECOVERY = add_reason(
    "CLUSTER_IN_RECOVERY",
    "A failover is in progress in {cluster}: {node} is {state}.",
    "Fall back or recover first, or disable HA for the pair.",
)
CLUSTER_REMOVED = add_reason(
    "CLUSTER_REMOVED",
    "{actor} removed the cluster {name} with {nodes:node} and {users:user}.",
    "If that was a mistake, restore a backup.",
    level=WARNING,
)
NOWHERE_ELSE = add_reason(
    "NOWHERE_ELSE",
    "{cluster} has no other subcluster that could take the users of {node}.",
    "Unassign them, or add a subcluster with a node first.",
)
USER_HELD_BY_RUN = add_reason(
    "USER_HELD_BY_RUN", "A run is going to move {user}.", "Wait until it ends, or cancel it.", status=409
)
NOBODY_REMOVED = add_reason(
    "NOBODY_REMOVED", "No users were removed: {users:user|users} cannot be removed now. {because}", "{remedy}"
)
USERS_REMOVED = add_reason(
    "USERS_REMOVED",
    "{actor} removed {users:user} from {name}, {pinned} of them pinned. Left as they are: {left}.",
    level=NEWS,
)
USERS_UNDONE = add_reason(
    "USERS_UNDONE",
    "{actor} undid operation {undone} ({what}). Users removed: {removed:,}, restored: {restored:,}, unassigned again: "
    "{unassigned:,}, brought back: {returned:,}. Left as they are, because they changed since: {left}.",
    level=NEWS,
)
UNDO_NOT_POSSIBLE = add_reason(
    "UNDO_NOT_POSSIBLE",
    "Operation {operation} cannot be undone: it was undone already, or is an undo, or nothing was kept of it.",
    "Look at the history of the cluster.",
)
UNDO_NOTHING_LEFT = add_reason(
    "UNDO_NOTHING_LEFT",
    "Nothing of operation {operation} can be undone: all of its users were changed, moved or removed since.",
    "Change them one by one, or import a list.",
)
UNDO_USER_GONE = add_reason(
    "UNDO_USER_GONE",
    "{user} is no longer a user of the cluster.",
    "If the user belongs here, import them again.",
    level=WARNING,
)
UNDO_USER_MOVED = add_reason(
    "UNDO_USER_MOVED",
    "{user} was moved since and stays.",
    "If {user} should go back, move them by hand.",
    level=WARNING,
)
UNDO_USER_PINNED = add_reason(
    "UNDO_USER_PINNED",
    "{user} was pinned since and stays.",
    "If {user} should go back, unpin and move them by hand.",
    level=WARNING,
)
UNDO_USER_CHANGED = add_reason(
    "UNDO_USER_CHANGED",
    "{user} was changed since; what was changed stays.",
    "If the old values are right, import them.",
    level=WARNING,
)
UNDO_ID_TAKEN = add_reason(
    "UNDO_ID_TAKEN",
    "There is another user {user} by now.",
    "Find out who of the two is meant; one of them needs another user ID.",
    level=WARNING,
)
UNDO_NO_HOME = add_reason(
    "UNDO_NO_HOME",
    "The home node of {user} is gone, takes no users now or has no room: unassigned.",
    "Move {user} to a node that takes users.",
    level=WARNING,
)
REMOVAL_NAMES_NOBODY = add_reason(
    "REMOVAL_NAMES_NOBODY", "No user is named.", "Name user IDs, or a file with --file.", status=422
)
REMOVAL_COUNT_NEEDED = add_reason(
    "REMOVAL_COUNT_NEEDED",
    "Removing {users:user} must be confirmed, and there is no terminal to ask on.",
    "Add --yes, or run it on a terminal and type the number.",
    status=422,
)
RETENTION_REMOVED = add_reason(
    "RETENTION_REMOVED",
    "Removed what is no longer kept: {said}. Events were first written to {files:file}.",
    level=NEWS,
)
RETENTION_WAITS = add_reason(
    "RETENTION_WAITS",
    "Nothing more is removed while a failover or fallback moves users.",
    "It continues by itself; from the command line, run the command again.",
    WARNING,
)
RETENTION_CONTINUES = add_reason(
    "RETENTION_CONTINUES",
    "The time for one run is over; there is more to remove.",
    "It continues by itself; from the command line, run the command again.",
    WARNING,
)
RETENTION_ELSEWHERE = add_reason(
    "RETENTION_ELSEWHERE",
    "Another process is removing old rows.",
    "Wait until it has finished.",
    WARNING,
)
ARCHIVE_NOT_WRITTEN = add_reason(
    "ARCHIVE_NOT_WRITTEN",
    "Events cannot be written to {folder}, so none were removed: {problem}.",
    "Make ARCHIVE_DIR a folder that the worker may write to and that has room.",
)
PLAN_ROWS_GONE = add_reason(
    "PLAN_ROWS_GONE",
    "The rows of this plan were removed: they are kept for {days:day}.",
    "Make a new plan.",
)
UNDO_TOO_LATE = add_reason(
    "UNDO_TOO_LATE",
    "Operation {operation} could be undone until {until}; its moves are no longer kept.",
    "Make a new plan.",
)

"""Reasons: moves of users."""

from topology.reasons.reason import NEWS, WARNING, add_reason

MOVE_FITS = add_reason("MOVE_FITS", "{node} will have {users} of {capacity} users ({percent}%).", level=NEWS)
MOVE_PAIR_AFTER = add_reason(
    "MOVE_PAIR_AFTER", "If one node of {subcluster} fails, the other serves {users} of {capacity}.", level=NEWS
)
MOVE_SIGN_IN_AGAIN = add_reason(
    "MOVE_SIGN_IN_AGAIN", "{users:signed-in user signs|signed-in users sign} in again, within {seconds} s.", level=NEWS
)
MOVE_UNASSIGNS = add_reason(
    "MOVE_UNASSIGNS",
    "{users:user loses|users lose} home node and service.",
    "Assign them again, or undo.",
    WARNING,
)
MOVE_ABOVE_PEER = add_reason(
    "MOVE_ABOVE_PEER",
    "If its peer fails, {node} must serve {users}, and it is rated for {capacity}.",
    "Move fewer users, or choose a node with more room.",
    WARNING,
)
MOVE_NO_PROTECTION = add_reason(
    "MOVE_NO_PROTECTION",
    "{node} has no protection: {why}.",
    "Choose a node of a pair with HA, or enable HA for this one.",
    WARNING,
)
MOVE_TO_STANDBY = add_reason(
    "MOVE_TO_STANDBY",
    "{node} is the standby node, which should stay empty.",
    "Choose the first node of the subcluster.",
    WARNING,
)
MOVE_PINNED_STAY = add_reason(
    "MOVE_PINNED_STAY",
    "{users:pinned user stays|pinned users stay} in place.",
    "Unpin them first to move them too.",
    WARNING,
)
MOVE_SPREAD = add_reason("MOVE_SPREAD", "{users:user goes|users go} to equal shares of capacity: {shares}.", level=NEWS)
MOVE_ALL_TO_FIRST = add_reason(
    "MOVE_ALL_TO_FIRST", "Active/standby: all go to {node}, the first node of {subcluster}.", level=NEWS
)
MOVE_NODE_LEFT_OUT = add_reason(
    "MOVE_NODE_LEFT_OUT",
    "{node} gets none of them: {what}",
    "Repair it first, then drop them again to spread them.",
    WARNING,
)
MOVE_SUBCLUSTER_EMPTY = add_reason(
    "MOVE_SUBCLUSTER_EMPTY", "{subcluster} has no node, so it serves no users.", "Add a node to it first."
)
MOVE_NEW_DURING_FAILOVER = add_reason(
    "MOVE_NEW_DURING_FAILOVER",
    "{node} is {state}: users cannot be added while a node of the cluster is in a failover state.",
    "Fall back or recover first, then assign them.",
)
MOVE_PAIR_IN_FAILOVER = add_reason(
    "MOVE_PAIR_IN_FAILOVER",
    "{node} is {state}. Home nodes are locked until the failover ends.",
    "{remedy} Or disable HA for the pair.",
)
MOVE_OTHER_CLUSTER = add_reason(
    "MOVE_OTHER_CLUSTER",
    "{users:chosen user is|chosen users are} not in {cluster}.",
    "Choose users of this cluster. “To another cluster…” in “Move to…” moves users between clusters.",
)
MOVE_OTHER_TARGET = add_reason(
    "MOVE_OTHER_TARGET", "This is not a node of {cluster}.", "Reload the page and choose again.", status=422
)
MOVE_NAMES_NOBODY = add_reason(
    "MOVE_NAMES_NOBODY", "No user ID was given.", "Name users, or a file of user IDs with --file.", status=422
)
MOVE_GROUND_CHANGED = add_reason(
    "MOVE_GROUND_CHANGED",
    "{author} moved {user} to {node} at {at} ({users} of {chosen:chosen user} now at home elsewhere).",
    "Nothing was moved. Check the list, then move the users that are left.",
)
MOVE_NOT_THERE = add_reason(
    "MOVE_NOT_THERE",
    "{users:chosen user is|chosen users are} now at home elsewhere.",
    "Nothing was moved. Check the list, then move the users that are left.",
)
MOVE_NEEDS_TARGET = add_reason("MOVE_NEEDS_TARGET", "No target was given.", "Choose a target.", status=422)


RANGE_END_GONE = add_reason(
    "RANGE_END_GONE", "A user at one end of this range no longer exists.", "Choose the range again."
)
PASTE_TOO_LONG = add_reason(
    "PASTE_TOO_LONG",
    "{users:line was|lines were} pasted; at most {most} can be chosen this way.",
    "Paste fewer, or move them with: manage.py move_users --file",
    status=422,
)
RANGE_TOO_LONG = add_reason(
    "RANGE_TOO_LONG",
    "This range has more than {most:user}.",
    "Narrow the list with its filter, then use “Select all”, which takes any number.",
    status=422,
)

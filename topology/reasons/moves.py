"""Reasons: moves of users."""

from topology.reasons.reason import NEWS, WARNING, add

MOVE_FITS = add("MOVE_FITS", "{node} will have {users} of {capacity} users ({percent}\u00a0%).", level=NEWS)
MOVE_PAIR_AFTER = add(
    "MOVE_PAIR_AFTER", "If one node of {subcluster} fails, the other serves {users} of {capacity}.", level=NEWS
)
MOVE_SIGN_IN_AGAIN = add(
    "MOVE_SIGN_IN_AGAIN", "Signed-in users who sign in again: {users}, within {seconds} s.", level=NEWS
)
MOVE_UNASSIGNS = add(
    "MOVE_UNASSIGNS",
    "Users without a home node and without service from then on: {users}.",
    "Assign them again, or undo.",
    WARNING,
)
MOVE_ABOVE_PEER = add(
    "MOVE_ABOVE_PEER",
    "If its peer fails, {node} must serve {users}, and it is rated for {capacity}.",
    "Move fewer users, or choose a node with more room.",
    WARNING,
)
MOVE_NO_PROTECTION = add(
    "MOVE_NO_PROTECTION",
    "{node} has no protection: {why}.",
    "Choose a node of a pair with HA, or enable HA for this one.",
    WARNING,
)
MOVE_TO_STANDBY = add(
    "MOVE_TO_STANDBY",
    "{node} is the standby node, which is meant to be empty.",
    "Choose the first node of the subcluster.",
    WARNING,
)
MOVE_PINNED_STAY = add(
    "MOVE_PINNED_STAY", "Pinned users who stay where they are: {users}.", "Unpin them first to move them too.", WARNING
)
MOVE_CHOOSE_NODE = add(
    "MOVE_CHOOSE_NODE", "A user has one home node, not a subcluster.", "Drop on a node of {subcluster}: {nodes}."
)
MOVE_NEW_DURING_FAILOVER = add(
    "MOVE_NEW_DURING_FAILOVER",
    "{node} is {state}: users cannot be added while a node of the cluster is in a failover state.",
    "Fall back or recover first, then assign them.",
)
MOVE_PAIR_IN_FAILOVER = add(
    "MOVE_PAIR_IN_FAILOVER",
    "{node} is {state}: home nodes of its pair are locked until the failover ends.",
    "Fall back or recover first, or switch HA off for the pair.",
)
MOVE_OTHER_CLUSTER = add(
    "MOVE_OTHER_CLUSTER",
    "Of the chosen users {users} are not in {cluster}.",
    "Move users within their cluster; for another cluster export and import them.",
)
MOVE_OTHER_TARGET = add("MOVE_OTHER_TARGET", "That is no node of {cluster}.", "Look at the topology again.", status=422)
MOVE_GROUND_CHANGED = add(
    "MOVE_GROUND_CHANGED",
    "{author} moved {user} to {node} at {at} ({users} of the {chosen} chosen users have another home by now).",
    "Nothing was moved: look at the list again, then move who is left.",
)
MOVE_NOT_THERE = add(
    "MOVE_NOT_THERE",
    "Of the chosen users {users} have another home by now.",
    "Nothing was moved: look at the list again, then move who is left.",
)
MOVE_NEEDS_TARGET = add("MOVE_NEEDS_TARGET", "Where to is not said.", "Choose a target.", status=422)


RANGE_END_GONE = add("RANGE_END_GONE", "A user at an end of this range is gone.", "Choose the range again.")
RANGE_TOO_LONG = add(
    "RANGE_TOO_LONG",
    "More than {most} users are in this range.",
    "Narrow the list with its filter, then “Select all”: that takes any number.",
    status=422,
)

"""Reasons: automatic balancing."""

from topology.reasons.reason import NEWS, add_reason

BALANCER_OFF = add_reason("BALANCER_OFF", "Automatic balancing is off.", "Switch it on in the settings.", NEWS)
BALANCER_FAILOVER = add_reason(
    "BALANCER_FAILOVER",
    "Waiting: a failover is in progress in {subcluster}.",
    "It continues when the subcluster is Normal.",
    NEWS,
)
BALANCER_DEGRADED = add_reason("BALANCER_DEGRADED", "Waiting: {node} is not serving.", "Repair {node}.", NEWS)
BALANCER_BUSY = add_reason(
    "BALANCER_BUSY", "Waiting: {operation} is in progress.", "It checks again when that has ended.", NEWS
)
BALANCER_BALANCED = add_reason(
    "BALANCER_BALANCED",
    "Nothing to do: the fullest node is {excess}% above its fair share, below the threshold of {threshold}%.",
    level=NEWS,
)
BALANCER_HOLDING = add_reason(
    "BALANCER_HOLDING",
    "Watching: the fullest node has been {excess}% above its fair share for {held} of {rounds:round}.",
    level=NEWS,
)
BALANCER_COOLDOWN = add_reason("BALANCER_COOLDOWN", "Waiting until {until}: users were moved recently.", level=NEWS)
BALANCER_WINDOW = add_reason("BALANCER_WINDOW", "Waiting for its window {window}, which opens {opens}.", level=NEWS)
BALANCER_GAIN = add_reason(
    "BALANCER_GAIN",
    "No plan: the best one gains {gain} percentage points, less than the minimum of {minimum}.",
    "Lower the minimum gain in the settings.",
    NEWS,
)
BALANCER_RECOMMENDS = add_reason(
    "BALANCER_RECOMMENDS",
    "Recommends a plan of {moves:move} that lowers the excess of {excess}% by {gain} points.",
    "Review the plan and run it.",
    NEWS,
)
BALANCER_UNDONE = add_reason(
    "BALANCER_UNDONE",
    "Recommends a plan of {moves:move} and does not run it: someone has {how} {run}.",
    "Run the plan to let it act again, or leave the users in place.",
    NEWS,
)
BALANCER_MOVED_BY_HAND = add_reason(
    "BALANCER_MOVED_BY_HAND",
    "Recommends a plan of {moves:move} and does not run it: it would reverse manual moves ({users:user}).",
    "Run the plan to let it act again, or pin the users that should stay.",
    NEWS,
)
BALANCER_ACTS = add_reason(
    "BALANCER_ACTS", "Running a plan of {moves:move} that lowers the excess of {excess}% by {gain} points.", level=NEWS
)
BALANCER_MODE = add_reason(
    "BALANCER_MODE",
    "Not used in active/standby mode: the first node of each subcluster holds all users.",
    "Choose the mode balanced or manual, or plan the goal active/standby by hand.",
    NEWS,
)
RUN_POLICY_CHANGED = add_reason("RUN_POLICY_CHANGED", "{actor} changed the run rules: {changes}.", level=NEWS)
SETTING_UNKNOWN = add_reason("SETTING_UNKNOWN", "There is no setting {name}.", "Known: {known}.", status=422)
SETTING_NOT_VALID = add_reason(
    "SETTING_NOT_VALID", "{field} is not valid: {problem}.", "Correct it and save again.", status=422
)

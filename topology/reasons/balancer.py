"""Reasons: automatic balancing."""

from topology.reasons.reason import NEWS, add

BALANCER_OFF = add("BALANCER_OFF", "Automatic balancing is off.", "Switch it on in the settings.", NEWS)
BALANCER_FAILOVER = add(
    "BALANCER_FAILOVER", "Waits: {subcluster} is in a failover.", "It goes on when the subcluster is normal.", NEWS
)
BALANCER_DEGRADED = add("BALANCER_DEGRADED", "Waits: {node} does not serve.", "Repair {node}.", NEWS)
BALANCER_BUSY = add("BALANCER_BUSY", "Waits: {operation} is under way.", "It looks again when that has ended.", NEWS)
BALANCER_BALANCED = add(
    "BALANCER_BALANCED",
    "Nothing to do: the fullest node is {excess} % above its fair share, below the threshold of {threshold} %.",
    level=NEWS,
)
BALANCER_HOLDING = add(
    "BALANCER_HOLDING",
    "Watches: the fullest node is {excess} % above its fair share since {held} of {rounds} rounds.",
    level=NEWS,
)
BALANCER_COOLDOWN = add("BALANCER_COOLDOWN", "Waits until {until}: users were moved recently.", level=NEWS)
BALANCER_WINDOW = add("BALANCER_WINDOW", "Waits for its window {window}, which opens {opens}.", level=NEWS)
BALANCER_GAIN = add(
    "BALANCER_GAIN",
    "Leaves things as they are: the best plan gains {gain} percentage points, less than {minimum}.",
    "Lower the minimum gain in the settings.",
    NEWS,
)
BALANCER_RECOMMENDS = add(
    "BALANCER_RECOMMENDS",
    "Recommends a plan of {moves} moves that lowers the excess of {excess} % by {gain} points.",
    "Look at the plan and run it.",
    NEWS,
)
BALANCER_UNDONE = add(
    "BALANCER_UNDONE",
    "Recommends a plan of {moves} moves and does not run it: a person has {how} {run}.",
    "Run the plan, and it acts by itself again; or leave the users where they are.",
    NEWS,
)
BALANCER_MOVED_BY_HAND = add(
    "BALANCER_MOVED_BY_HAND",
    "Recommends a plan of {moves} moves and does not run it: it would reverse what was moved by hand ({users} users).",
    "Run the plan, and it acts by itself again; or pin the users who are to stay.",
    NEWS,
)
BALANCER_ACTS = add(
    "BALANCER_ACTS", "Runs a plan of {moves} moves that lowers the excess of {excess} % by {gain} points.", level=NEWS
)
BALANCER_MODE = add(
    "BALANCER_MODE",
    "Does nothing: in active/standby the first node of each subcluster holds all users.",
    "Choose the mode balanced or manual, or plan the goal active/standby by hand.",
    NEWS,
)
RUN_POLICY_CHANGED = add("RUN_POLICY_CHANGED", "{actor} changed the rules of runs: {changes}.", level=NEWS)
SETTING_UNKNOWN = add("SETTING_UNKNOWN", "There is no setting {name}.", "Known: {known}.", status=422)
SETTING_NOT_VALID = add(
    "SETTING_NOT_VALID", "{name} is not valid: {problem}.", "Correct it and save again.", status=422
)

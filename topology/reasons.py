"""The closed list of codes: every refusal, skip, wait and automatic act has one, with a sentence and a fix.

The page, the commands, the HTTP API, the history and the documents share it. A sentence is a format string
filled with the facts of the case; a fix tells what to do about it and may be empty for plain news.
"""

from dataclasses import dataclass
from typing import Any

REFUSED, WARNING, NEWS, ALARM = "refused", "warning", "news", "alarm"


@dataclass(frozen=True)
class Reason:
    """One entry of the list; `status` is the HTTP status of a refusal (409 state, 422 input, 403 right)."""

    code: str
    sentence: str
    fix: str = ""
    level: str = REFUSED
    status: int = 409

    def say(self, **facts: Any) -> str:
        """The sentence with the facts filled in; a missing fact shows as its name."""
        return self.sentence.format_map(_Facts(facts))

    def say_fix(self, **facts: Any) -> str:
        """The fix with the facts filled in."""
        return self.fix.format_map(_Facts(facts))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class Refused(Exception):
    """Something that was asked for and is not done, with its code, the facts and the fix."""

    def __init__(self, reason: Reason, **facts: Any) -> None:
        self.reason, self.facts = reason, facts
        super().__init__(self.message)

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def message(self) -> str:
        return self.reason.say(**self.facts)

    @property
    def fix(self) -> str:
        return self.reason.say_fix(**self.facts)

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the commands and the API give."""
        return {"code": self.code, "message": self.message, "fix": self.fix}


REASONS: dict[str, Reason] = {}


def _add(code: str, sentence: str, fix: str = "", level: str = REFUSED, status: int = 409) -> Reason:
    if code in REASONS:
        raise ValueError(f"{code} is in the list twice")
    REASONS[code] = Reason(code, sentence, fix, level, status)
    return REASONS[code]


# --- Access ---------------------------------------------------------------------------------------
ROLE_NEEDED = _add(
    "ROLE_NEEDED", "This needs the role {role}.", "Ask an administrator for the role {role}.", status=403
)
LINK_NOT_VALID = _add(
    "LINK_NOT_VALID",
    "This sign-in link was used before or is older than {minutes} minutes.",
    "Make a new one with: manage.py sign_in_link",
    status=403,
)
SIGNED_IN = _add("SIGNED_IN", "{actor} signed in.", level=NEWS)

# --- Names and lookups ----------------------------------------------------------------------------
NO_SUCH_CLUSTER = _add("NO_SUCH_CLUSTER", "There is no cluster {name}.", "Known: {known}.", status=422)
NO_SUCH_SUBCLUSTER = _add(
    "NO_SUCH_SUBCLUSTER", "There is no subcluster {name} in {cluster}.", "Known: {known}.", status=422
)
NO_SUCH_NODE = _add("NO_SUCH_NODE", "There is no node {name}.", "Known: {known}.", status=422)

# --- Moves of users (assignments/services/moves.py) -----------------------------------------------

# --- Plans and runs (assignments/planner.py, services/plans.py, services/operations.py) -----------
PLAN_NO_TARGET = _add(
    "PLAN_NO_TARGET",
    "None of the {nodes} nodes in question can take users.",
    "Put a node that is in service into a subcluster.",
)
PLAN_NO_NODE = _add("PLAN_NO_NODE", "The node {node} is not in this cluster.", status=422)
PLAN_TARGET_DOWN = _add(
    "PLAN_TARGET_DOWN",
    "{node} cannot take users: it is out of service or in no subcluster.",
    "Bring {node} into service, or leave it out.",
)
PLAN_NO_ROOM_USERS = _add(
    "PLAN_NO_ROOM_USERS",
    "{users} users do not fit: the rated capacity of the nodes in service ({nodes}) is {room}.",
    "Add capacity for {missing} users, or unassign {missing}.",
)
PLAN_NO_ROOM_ENDPOINTS = _add(
    "PLAN_NO_ROOM_ENDPOINTS",
    "{users} users do not fit: with their endpoints the nodes in service ({nodes}) hold {room}.",
    "Add endpoint capacity for {missing} users, or unassign {missing}.",
)
PLAN_NO_REDUNDANCY = _add(
    "PLAN_NO_REDUNDANCY",
    "{users} users do not fit when each node must be able to take over its peer's: then {room} do.",
    "Add a pair of nodes for {missing} users, unassign {missing}, or make the cluster non-redundant.",
)
PLAN_PINNED = _add(
    "PLAN_PINNED",
    "{pinned} users are pinned to {node}, where {room} may stay.",
    "Unpin {unpin} users of {node}.",
)
PLAN_PINNED_PAIR = _add(
    "PLAN_PINNED_PAIR",
    "{pinned} users cannot leave {nodes}, which may hold {room} together if each is to take over the other.",
    "Unpin {unpin} users, or make the cluster non-redundant.",
)
PLAN_EMPTY = _add("PLAN_EMPTY", "The plan moves nobody, so there is nothing to run.", "Make a new plan.")
PLAN_STALE = _add(
    "PLAN_STALE",
    "{stale} of {moves} planned moves are no longer valid: users were moved or pinned since.",
    "Run the {valid} valid ones, or make a new plan.",
)
NO_SUCH_PLAN = _add("NO_SUCH_PLAN", "There is no plan {hash}.", "Make a new plan.", status=422)
NO_SUCH_OPERATION = _add("NO_SUCH_OPERATION", "There is no operation {operation}.", status=422)
SCOPE_NOT_VALID = _add("SCOPE_NOT_VALID", "{problem}", "Name subclusters and nodes of this cluster.", status=422)
RUN_IN_PROGRESS = _add(
    "RUN_IN_PROGRESS",
    "{subcluster} is held by operation {operation} ({kind}), started by {author}.",
    "Wait until it ends, or pause and cancel it.",
)
RUN_STATE_WRONG = _add(
    "RUN_STATE_WRONG", "Operation {operation} is {state}, so it cannot be {wanted}.", "Look at it again."
)
RUN_NOT_YOURS = _add(
    "RUN_NOT_YOURS",
    "Operation {operation} is a {kind}: the recovery of the pair runs it.",
    "Use fallback or recover on the nodes.",
)
RUN_NOTHING_TO_UNDO = _add(
    "RUN_NOTHING_TO_UNDO",
    "Nobody whom operation {operation} moved can be moved back: {left} were moved or pinned since.",
)
RUN_RATE_NOT_VALID = _add(
    "RUN_RATE_NOT_VALID", "A rate of {rate} users per second is not allowed.", "Give a number above 0.", status=422
)
RUN_STARTED = _add("RUN_STARTED", "{actor} started to move {users} users ({goal}).", level=NEWS)
RUN_BATCH = _add(
    "RUN_BATCH",
    "Moved {done} users, skipped {skipped}; {notified} signed-in ones were sent a terminating notification.",
    level=NEWS,
)
RUN_FINISHED = _add("RUN_FINISHED", "Finished: {done} users moved, {skipped} skipped.", level=NEWS)
RUN_PAUSED = _add("RUN_PAUSED", "{actor} paused the run after {done} of {total}.", level=NEWS)
RUN_RESUMED = _add("RUN_RESUMED", "{actor} resumed the run.", level=NEWS)
RUN_CANCELLED = _add("RUN_CANCELLED", "{actor} cancelled the run after {done} of {total}.", level=NEWS)
RUN_RATE_SET = _add("RUN_RATE_SET", "{actor} set the rate to {rate} users per second and node.", level=NEWS)
RUN_TAKEN_UP = _add("RUN_TAKEN_UP", "The run was taken up again after an interruption.", level=WARNING)
RUN_YIELDED = _add("RUN_YIELDED", "The run waits: {subcluster} recovers from a failure first.", level=WARNING)
RUN_CONTINUED = _add("RUN_CONTINUED", "The run goes on: the recovery is over.", level=NEWS)
WAITS_FOR_RECOVERY = _add(
    "WAITS_FOR_RECOVERY", "It waits for a failover or failback to end.", "It goes on by itself.", WARNING
)
WAITS_FOR_NODE = _add(
    "WAITS_FOR_NODE",
    "It waits for a receiving node that is out of service.",
    "Bring the node back, or cancel.",
    WARNING,
)
PLANNED_REBALANCE = _add("PLANNED_REBALANCE", "Moved for balance.", level=NEWS)
PLANNED_STANDBY = _add("PLANNED_STANDBY", "Moved to the first node of a subcluster.", level=NEWS)
PLANNED_EVACUATION = _add("PLANNED_EVACUATION", "Moved off a node that was emptied.", level=NEWS)
PLANNED_FILL = _add("PLANNED_FILL", "Given a home for the first time.", level=NEWS)
PLANNED_UNDO = _add("PLANNED_UNDO", "Moved back by an undo.", level=NEWS)
MOVED_BY_HAND = _add("MOVED_BY_HAND", "Moved by hand.", level=NEWS)
SKIPPED_MOVED_SINCE = _add("SKIPPED_MOVED_SINCE", "Skipped: moved by somebody else since.", level=WARNING)
SKIPPED_PINNED = _add("SKIPPED_PINNED", "Skipped: pinned to its node.", "Unpin the user first.", WARNING)
SKIPPED_NODE_FULL = _add("SKIPPED_NODE_FULL", "Skipped: the node is full.", "Make a new plan.", WARNING)
SKIPPED_NODE_GONE = _add("SKIPPED_NODE_GONE", "Skipped: the node left its subcluster.", "Make a new plan.", WARNING)
SKIPPED_ALREADY_THERE = _add("SKIPPED_ALREADY_THERE", "Skipped: at home there already.", level=WARNING)
USER_MOVED_SINCE = _add(
    "USER_MOVED_SINCE",
    "{user} was moved to {node} by {author} meanwhile.",
    "Look where the user is now, then move it again.",
)
USERS_MOVED_SINCE = _add(
    "USERS_MOVED_SINCE",
    "All {users} users were moved by somebody else meanwhile.",
    "Look where they are now, then move them again.",
)
USER_PINNED = _add("USER_PINNED", "{user} is pinned to {node}.", "Unpin the user first.")
USERS_PINNED = _add("USERS_PINNED", "All {users} users are pinned to their nodes.", "Unpin them first.")
USER_ALREADY_THERE = _add("USER_ALREADY_THERE", "They are at home on {node} already.", "Choose another node.")
NO_USERS_TO_MOVE = _add("NO_USERS_TO_MOVE", "No such users in {cluster}.", "Choose users of the cluster.", status=422)
NODE_NOT_A_TARGET = _add(
    "NODE_NOT_A_TARGET",
    "{node} is out of service or in no subcluster, so it takes no users.",
    "Bring it into service, or put it into a subcluster first.",
)
NODE_NO_ROOM = _add(
    "NODE_NO_ROOM",
    "{node} has room for {room} more {what}, and {wanted} would come.",
    "Choose another node, or fewer users.",
)

# --- Recovery and faults (assignments/recovery.py, services/recovery.py) --------------------------

# --- Topology files and changes (topology/services.py) --------------------------------------------
TOPOLOGY_FILE_INVALID = _add("TOPOLOGY_FILE_INVALID", "{problem}", "{remedy}", status=422)
FILE_NOT_READABLE = _add("FILE_NOT_READABLE", "{file} cannot be read: {why}.", "{remedy}", status=422)
TOPOLOGY_CHANGED_MEANWHILE = _add(
    "TOPOLOGY_CHANGED_MEANWHILE",
    "{cluster} was changed after the difference was shown, so nothing was applied.",
    "Look at the difference again, then apply it.",
)
NAME_NOT_VALID = _add(
    "NAME_NOT_VALID", "“{name}” is not a name for a {kind}.", "Use {allowed}, at most {longest} characters.", status=422
)
VALUE_NOT_VALID = _add("VALUE_NOT_VALID", "{field} {value} is not allowed.", "{remedy}", status=422)
CLUSTER_NAME_TAKEN = _add("CLUSTER_NAME_TAKEN", "There is a cluster {cluster} already.", "Choose another name.")
SUBCLUSTER_NAME_TAKEN = _add(
    "SUBCLUSTER_NAME_TAKEN", "{cluster} has a subcluster {subcluster} already.", "Choose another name."
)
NODE_NAME_TAKEN = _add(
    "NODE_NAME_TAKEN", "{node} is a node of {cluster} already.", "Node names are unique everywhere: choose another one."
)
CLUSTER_HAS_SIX_NODES = _add(
    "CLUSTER_HAS_SIX_NODES",
    "{cluster} has {nodes} nodes, the most a cluster can have.",
    "Remove a node, or use another cluster.",
)
SUBCLUSTER_FULL = _add(
    "SUBCLUSTER_FULL",
    "{subcluster} has two nodes already: {nodes}.",
    "Take one of them out first, or use another subcluster.",
)
SUBCLUSTER_HA_ON = _add(
    "SUBCLUSTER_HA_ON",
    "HA is on for {subcluster}, so its nodes cannot change.",
    "Disable HA for {subcluster}, wait two minutes, then try again.",
)
SUBCLUSTER_BUSY = _add(
    "SUBCLUSTER_BUSY",
    "Operation {operation} is moving users of {subcluster}.",
    "Wait until it ends, or cancel it.",
)
NODE_HAS_USERS = _add(
    "NODE_HAS_USERS",
    "{node} has {users:,} users.",
    "Move its users to other nodes or unassign them first.",
)
PUBLISHER_STAYS = _add(
    "PUBLISHER_STAYS",
    "{node} is the publisher and cannot be taken out of {subcluster} directly.",
    "Unassign its users, then remove the whole subcluster {subcluster}.",
)
PUBLISHER_GOES_LAST = _add(
    "PUBLISHER_GOES_LAST",
    "{node} is the publisher: the database of the other nodes of {cluster} depends on it.",
    "Remove the other nodes first.",
)
PUBLISHER_FIXED = _add(
    "PUBLISHER_FIXED",
    "{publisher} is the publisher of {cluster}, and a node cannot change its type.",
    "Leave {publisher} the publisher, or remove the nodes and add them again.",
)
CAPACITY_BELOW_USERS = _add(
    "CAPACITY_BELOW_USERS",
    "{node} is home to {used:,} {what}, more than a capacity of {capacity:,}.",
    "Move users to other nodes first.",
)
CLUSTER_CREATED = _add("CLUSTER_CREATED", "{actor} created the cluster {name}.", level=NEWS)
CLUSTER_CHANGED = _add("CLUSTER_CHANGED", "{actor} changed {field} of {name} from {before} to {after}.", level=NEWS)
SUBCLUSTER_CREATED = _add("SUBCLUSTER_CREATED", "{actor} created the subcluster {name}.", level=NEWS)
SUBCLUSTER_CHANGED = _add(
    "SUBCLUSTER_CHANGED", "{actor} changed {field} of {name} from {before} to {after}.", level=NEWS
)
SUBCLUSTER_REMOVED = _add("SUBCLUSTER_REMOVED", "{actor} removed the subcluster {name}.", level=NEWS)
NODE_ADDED = _add("NODE_ADDED", "{actor} added the node {name} to {place}.", level=NEWS)
NODE_CHANGED = _add("NODE_CHANGED", "{actor} changed {field} of {name} from {before} to {after}.", level=NEWS)
NODE_PLACED = _add("NODE_PLACED", "{actor} put {name} into {place}.", level=NEWS)
NODE_UNASSIGNED = _add("NODE_UNASSIGNED", "{actor} took {name} out of {place}.", level=NEWS)
NODE_REMOVED = _add("NODE_REMOVED", "{actor} removed the node {name}.", level=NEWS)

# --- Import of users (assignments/services/imports.py) --------------------------------------------

# --- Automatic balancing (assignments/balancer.py) ------------------------------------------------
BALANCER_OFF = _add("BALANCER_OFF", "Automatic balancing is off.", "Switch it on in the settings.", NEWS)
BALANCER_FAILOVER = _add(
    "BALANCER_FAILOVER", "Waits: {subcluster} is in a failover.", "It goes on when the subcluster is normal.", NEWS
)
BALANCER_DEGRADED = _add("BALANCER_DEGRADED", "Waits: {node} does not serve.", "Repair {node}.", NEWS)
BALANCER_BUSY = _add("BALANCER_BUSY", "Waits: {operation} is under way.", "It looks again when that has ended.", NEWS)
BALANCER_BALANCED = _add(
    "BALANCER_BALANCED",
    "Nothing to do: the fullest node is {excess} % above its fair share, below the threshold of {threshold} %.",
    level=NEWS,
)
BALANCER_HOLDING = _add(
    "BALANCER_HOLDING",
    "Watches: the fullest node is {excess} % above its fair share since {held} of {rounds} rounds.",
    level=NEWS,
)
BALANCER_COOLDOWN = _add("BALANCER_COOLDOWN", "Waits until {until}: users were moved recently.", level=NEWS)
BALANCER_WINDOW = _add("BALANCER_WINDOW", "Waits for its window {window}, which opens {opens}.", level=NEWS)
BALANCER_GAIN = _add(
    "BALANCER_GAIN",
    "Leaves things as they are: the best plan gains {gain} percentage points, less than {minimum}.",
    "Lower the minimum gain in the settings.",
    NEWS,
)
BALANCER_RECOMMENDS = _add(
    "BALANCER_RECOMMENDS",
    "Recommends a plan of {moves} moves that lowers the excess of {excess} % by {gain} points.",
    "Look at the plan and run it.",
    NEWS,
)
BALANCER_ACTS = _add(
    "BALANCER_ACTS", "Runs a plan of {moves} moves that lowers the excess of {excess} % by {gain} points.", level=NEWS
)

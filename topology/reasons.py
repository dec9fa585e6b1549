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
CLUSTER_CREATED = _add("CLUSTER_CREATED", "{actor} created the cluster {cluster}.", level=NEWS)
CLUSTER_CHANGED = _add("CLUSTER_CHANGED", "{actor} changed {field} of {cluster} from {before} to {after}.", level=NEWS)
SUBCLUSTER_CREATED = _add("SUBCLUSTER_CREATED", "{actor} created the subcluster {subcluster}.", level=NEWS)
SUBCLUSTER_CHANGED = _add(
    "SUBCLUSTER_CHANGED", "{actor} changed {field} of {subcluster} from {before} to {after}.", level=NEWS
)
SUBCLUSTER_REMOVED = _add("SUBCLUSTER_REMOVED", "{actor} removed the subcluster {subcluster}.", level=NEWS)
NODE_ADDED = _add("NODE_ADDED", "{actor} added the node {node} to {place}.", level=NEWS)
NODE_CHANGED = _add("NODE_CHANGED", "{actor} changed {field} of {node} from {before} to {after}.", level=NEWS)
NODE_PLACED = _add("NODE_PLACED", "{actor} put {node} into {subcluster}.", level=NEWS)
NODE_UNASSIGNED = _add("NODE_UNASSIGNED", "{actor} took {node} out of {subcluster}.", level=NEWS)
NODE_REMOVED = _add("NODE_REMOVED", "{actor} removed the node {node}.", level=NEWS)

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

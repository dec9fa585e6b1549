"""The closed list of codes: every refusal, skip, wait and automatic act has one, with a sentence and a fix.

The page, the commands, the HTTP API, the history and the documents share it. A sentence is a format string
filled with the facts of the case; a fix tells what to do about it and may be empty for plain news.
"""

from dataclasses import dataclass
from typing import Any

from topology.accounts import pseudonyms

REFUSED, WARNING, NEWS, ALARM = "refused", "warning", "news", "alarm"
COUNTS = {"users", "moves", "done", "skipped", "total", "chosen", "wanted", "room", "pinned", "notified", "left"}


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
        return self.sentence.format_map(_readable(facts, self.code))

    def say_fix(self, **facts: Any) -> str:
        """The fix with the facts filled in."""
        return self.fix.format_map(_readable(facts, self.code))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class _Count(int):
    """A number of users, shown as 30,000; numbers that name something, as that of an operation, stay plain."""

    def __format__(self, form: str) -> str:
        return super().__format__(form or ",")


def _readable(facts: dict[str, Any], code: str) -> _Facts:
    shown = pseudonyms.facts(facts, code)
    return _Facts({key: _Count(fact) if key in COUNTS and type(fact) is int else fact for key, fact in shown.items()})


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

# --- Moves of users (assignments/moves/drop.py) -----------------------------------------------
MOVE_FITS = _add("MOVE_FITS", "{node} will have {users} of {capacity} users ({percent}\u00a0%).", level=NEWS)
MOVE_PAIR_AFTER = _add(
    "MOVE_PAIR_AFTER", "If one node of {subcluster} fails, the other serves {users} of {capacity}.", level=NEWS
)
MOVE_SIGN_IN_AGAIN = _add(
    "MOVE_SIGN_IN_AGAIN", "Signed-in users who sign in again: {users}, within {seconds} s.", level=NEWS
)
MOVE_UNASSIGNS = _add(
    "MOVE_UNASSIGNS",
    "Users without a home node and without service from then on: {users}.",
    "Assign them again, or undo.",
    WARNING,
)
MOVE_ABOVE_PEER = _add(
    "MOVE_ABOVE_PEER",
    "If its peer fails, {node} must serve {users}, and it is rated for {capacity}.",
    "Move fewer users, or choose a node with more room.",
    WARNING,
)
MOVE_NO_PROTECTION = _add(
    "MOVE_NO_PROTECTION",
    "{node} has no protection: {why}.",
    "Choose a node of a pair with HA, or enable HA for this one.",
    WARNING,
)
MOVE_TO_STANDBY = _add(
    "MOVE_TO_STANDBY",
    "{node} is the standby node, which is meant to be empty.",
    "Choose the first node of the subcluster.",
    WARNING,
)
MOVE_PINNED_STAY = _add(
    "MOVE_PINNED_STAY", "Pinned users who stay where they are: {users}.", "Unpin them first to move them too.", WARNING
)
MOVE_CHOOSE_NODE = _add(
    "MOVE_CHOOSE_NODE", "A user has one home node, not a subcluster.", "Drop on a node of {subcluster}: {nodes}."
)
MOVE_NEW_DURING_FAILOVER = _add(
    "MOVE_NEW_DURING_FAILOVER",
    "{node} is {state}: users cannot be added while a node of the cluster is in a failover state.",
    "Fall back or recover first, then assign them.",
)
MOVE_PAIR_IN_FAILOVER = _add(
    "MOVE_PAIR_IN_FAILOVER",
    "{node} is {state}: homes of its pair stay as they are until the failover is over.",
    "Fall back or recover first, or switch HA off for the pair.",
)
MOVE_OTHER_CLUSTER = _add(
    "MOVE_OTHER_CLUSTER",
    "Of the chosen users {users} are not in {cluster}.",
    "Move users within their cluster; for another cluster export and import them.",
)
MOVE_OTHER_TARGET = _add(
    "MOVE_OTHER_TARGET", "That is no node of {cluster}.", "Look at the topology again.", status=422
)
MOVE_GROUND_CHANGED = _add(
    "MOVE_GROUND_CHANGED",
    "{author} moved {user} to {node} at {at} ({users} of the {chosen} chosen users have another home by now).",
    "Nothing was moved: look at the list again, then move who is left.",
)
MOVE_NOT_THERE = _add(
    "MOVE_NOT_THERE",
    "Of the chosen users {users} have another home by now.",
    "Nothing was moved: look at the list again, then move who is left.",
)
MOVE_NEEDS_TARGET = _add("MOVE_NEEDS_TARGET", "Where to is not said.", "Choose a target.", status=422)


RANGE_END_GONE = _add("RANGE_END_GONE", "A user at an end of this range is gone.", "Choose the range again.")
RANGE_TOO_LONG = _add(
    "RANGE_TOO_LONG",
    "More than {most} users are in this range.",
    "Narrow the list with its filter, then “Select all”: that takes any number.",
    status=422,
)

# --- Plans and runs (assignments/planning/rules/goals.py, services/plans.py, services/operations.py) -----------
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
RUN_RATE_SET = _add("RUN_RATE_SET", "{actor} set the rate to {rate}.", level=NEWS)
RUN_TAKEN_UP = _add("RUN_TAKEN_UP", "The run was taken up again after an interruption.", level=WARNING)
RUN_YIELDED = _add("RUN_YIELDED", "The run waits: {pair} recovers from a failure first.", level=WARNING)
RUN_CONTINUED = _add("RUN_CONTINUED", "The run goes on: its subclusters are free again.", level=NEWS)
WAITS_FOR_RECOVERY = _add(
    "WAITS_FOR_RECOVERY", "It waits for a failover or failback to end.", "It goes on by itself.", WARNING
)
WAITS_FOR_TURN = _add(
    "WAITS_FOR_TURN",
    "It waits for another operation in its subclusters to end.",
    "It goes on by itself then.",
    WARNING,
)
WAITS_FOR_NODE = _add(
    "WAITS_FOR_NODE",
    "It waits for a receiving node that is out of service or in maintenance.",
    "Bring the node back, or cancel.",
    WARNING,
)
WAITS_FOR_WINDOW = _add(
    "WAITS_FOR_WINDOW",
    "It waits for the window {window}, which opens on {opens}.",
    "It goes on by itself then; or let it run at any time.",
    WARNING,
)
RUN_NO_WINDOW = _add(
    "RUN_NO_WINDOW",
    "{cluster} has no window: its runs may move users at any time.",
    "Set a window in the rules of runs first, or leave it out.",
)
RUN_INTO_WINDOW = _add("RUN_INTO_WINDOW", "{actor} let the run move users only inside the window {window}.", level=NEWS)
RUN_ANY_TIME = _add("RUN_ANY_TIME", "{actor} let the run move users at any time.", level=NEWS)
PLANNED_REBALANCE = _add("PLANNED_REBALANCE", "Moved for balance.", level=NEWS)
PLANNED_STANDBY = _add("PLANNED_STANDBY", "Moved to the first node of a subcluster.", level=NEWS)
PLANNED_EVACUATION = _add("PLANNED_EVACUATION", "Moved off a node that was emptied.", level=NEWS)
PLANNED_FILL = _add("PLANNED_FILL", "Given a home for the first time.", level=NEWS)
PLANNED_UNDO = _add("PLANNED_UNDO", "Moved back by an undo.", level=NEWS)
HAND_MOVED = _add(
    "HAND_MOVED",
    "{actor} moved {users} users to {to}, {skipped} were left alone; {notified} signed-in ones were sent a terminating"
    " notification.",
    level=NEWS,
)
MOVED_BY_HAND = _add("MOVED_BY_HAND", "Moved by hand.", level=NEWS)
SKIPPED_MOVED_SINCE = _add("SKIPPED_MOVED_SINCE", "Skipped: moved by somebody else since.", level=WARNING)
SKIPPED_PINNED = _add("SKIPPED_PINNED", "Skipped: pinned to its node.", "Unpin the user first.", WARNING)
SKIPPED_NODE_FULL = _add("SKIPPED_NODE_FULL", "Skipped: the node is full.", "Make a new plan.", WARNING)
SKIPPED_NODE_GONE = _add("SKIPPED_NODE_GONE", "Skipped: the node left its subcluster.", "Make a new plan.", WARNING)
SKIPPED_USER_GONE = _add("SKIPPED_USER_GONE", "Skipped: no longer a user of the cluster.", level=WARNING)
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

# --- Recovery and faults (assignments/recovery/rules/step.py, services/recovery.py) --------------------------
HA_NEEDS_TWO_NODES = _add(
    "HA_NEEDS_TWO_NODES",
    "{subcluster} has one node, so nothing protects its users.",
    "Add a second node, then enable HA.",
)
HA_NOT_ENABLED = _add("HA_NOT_ENABLED", "HA is off for {subcluster}.", "Enable HA for {subcluster} first.")
HA_ALREADY_ENABLED = _add("HA_ALREADY_ENABLED", "HA is on for {subcluster} already.")
HA_TRANSITION_RUNS = _add(
    "HA_TRANSITION_RUNS", "{subcluster} is in a transition: {node} is {state}.", "Wait until the transition ends."
)
NODE_NOT_IN_SUBCLUSTER = _add(
    "NODE_NOT_IN_SUBCLUSTER", "{node} is in no subcluster.", "Put it into a subcluster first.", status=422
)
FAILOVER_NOT_NORMAL = _add(
    "FAILOVER_NOT_NORMAL",
    "Failover needs a pair in Normal state; {node} is {state}.",
    "Fall back, recover or wait first, whichever the pair's state asks for.",
)
FAILOVER_NODE_NOT_HEARD = _add(
    "FAILOVER_NODE_NOT_HEARD",
    "{node} does not answer, so it cannot be told to stop its services.",
    "Wait: its peer takes over by itself when the heartbeat timeout has passed.",
)
FAILOVER_PEER_NOT_ABLE = _add(
    "FAILOVER_PEER_NOT_ABLE", "{peer} cannot take over: {trouble}.", "Repair {peer} first, then fail over."
)
FALLBACK_NOT_FAILED_OVER = _add(
    "FALLBACK_NOT_FAILED_OVER",
    "{node} is not failed over; it is {state}.",
    "Fall back only a node that is failed over.",
)
FALLBACK_SERVICES_NOT_RUNNING = _add(
    "FALLBACK_SERVICES_NOT_RUNNING",
    "{node} cannot serve its users yet: {trouble}.",
    "Start the services, or reboot the node, then fall back.",
)
FALLBACK_NODE_NOT_HEARD = _add(
    "FALLBACK_NODE_NOT_HEARD", "{node} does not answer: {trouble}.", "Bring {node} up, then fall back."
)
RECOVER_NOT_FAILED = _add(
    "RECOVER_NOT_FAILED",
    "{subcluster} is not in failed mode; {node} is {state}.",
    "Recover only when both nodes run in failed mode.",
)
SUBCLUSTER_BEING_CHANGED = _add(
    "SUBCLUSTER_BEING_CHANGED", "{subcluster} is being changed by somebody else right now.", "Try again in a moment."
)
NO_SUCH_SERVICE = _add("NO_SUCH_SERVICE", "There is no service {service}.", "Known: {known}.", status=422)
FAULT_KIND_UNKNOWN = _add("FAULT_KIND_UNKNOWN", "There is no fault {kind}.", "Known: {known}.", status=422)
FAULT_ALREADY_THERE = _add(
    "FAULT_ALREADY_THERE", "{node} has this fault already: {what}.", "Repair it, or choose another."
)
FAULT_NOT_THERE = _add("FAULT_NOT_THERE", "{node} does not have this fault: {what}.", "See its faults on the node.")
POLICY_OUT_OF_RANGE = _add("POLICY_OUT_OF_RANGE", "{field} cannot be {value}.", "It takes {allowed}.", status=422)
POLICY_FIELD_UNKNOWN = _add("POLICY_FIELD_UNKNOWN", "There is no parameter {field}.", "Known: {known}.", status=422)
CLOCK_SPEED_OUT_OF_RANGE = _add(
    "CLOCK_SPEED_OUT_OF_RANGE",
    "The clock cannot run at {speed} times real time.",
    "Choose a whole number from 1 to 600.",
    status=422,
)
SCENARIO_INVALID = _add("SCENARIO_INVALID", "{problem}", "{remedy}", status=422)

FAULT_INJECTED = _add("FAULT_INJECTED", "{actor} made {node} fail: {what}.", level=ALARM)
FAULT_REPAIRED = _add("FAULT_REPAIRED", "{actor} repaired {node}: {what}.", level=NEWS)
USERS_DISCONNECTED = _add(
    "USERS_DISCONNECTED",
    "{users:,} users of {node} lost their connection; their clients wait {wait} s before they sign in again.",
    level=ALARM,
)
FAILOVER_STARTED = _add(
    "FAILOVER_STARTED",
    "{peer} takes over from {node} ({cause}): {users:,} users at {rate:.3g} sign-ins per second.",
    "Wait; then repair {node} and fall back.",
    level=ALARM,
)
AUTO_RECOVERY_STARTED = _add(
    "AUTO_RECOVERY_STARTED",
    "{node} was the backup and failed ({cause}); {peer}, which is able to serve, takes {users:,} users.",
    "Repair {node}, then fall back.",
    level=ALARM,
)
FAILOVER_FINISHED = _add(
    "FAILOVER_FINISHED",
    "{peer} runs in backup mode and serves {served:,} users; {left:,} are left out of service.",
    "Repair {node}, then fall back.",
    level=NEWS,
)
BACKUP_FULL = _add(
    "BACKUP_FULL",
    "{node} serves {served:,} users, its rated {capacity:,}; {left:,} more have no room and stay out of service.",
    "Fall back soon, move users elsewhere, or let the policy serve beyond capacity.",
    level=ALARM,
)
BACKUP_HAS_ROOM = _add("BACKUP_HAS_ROOM", "All who waited for room on {node} are served again.", level=NEWS)
FALLBACK_STARTED = _add(
    "FALLBACK_STARTED",
    "{node} takes back {users:,} users from {peer} ({cause}) at {rate:.3g} sign-ins per second.",
    level=NEWS,
)
FALLBACK_FINISHED = _add("FALLBACK_FINISHED", "{node} serves its users again; both nodes are Normal.", level=NEWS)
FALLBACK_LIMIT_REACHED = _add(
    "FALLBACK_LIMIT_REACHED",
    "Automatic failovers within {hours} h: {failovers}, the limit. {node} stays failed over until a person falls back.",
    "Find out why it fails, then press Fallback.",
    level=ALARM,
)
FALLBACK_CANARY_WAITS = _add(
    "FALLBACK_CANARY_WAITS",
    "{users:,} users are back on {node}; the rest follow when it has run well for {wait} s.",
    level=NEWS,
)
WAITS_FOR_CANARY = _add(
    "WAITS_FOR_CANARY",
    "Canary: waits until the node has run well for a while.",
    "It goes on by itself.",
    WARNING,
)
WAITS_FOR_HOME = _add(
    "WAITS_FOR_HOME",
    "Waits: the node that takes its users back does not serve.",
    "Repair it; meanwhile its users stay at the backup.",
    WARNING,
)
TERMINATING_NOTIFY_SENT = _add(
    "TERMINATING_NOTIFY_SENT",
    "{source} sent terminating notifications to {users:,} users, who signed in at {node}.",
    level=NEWS,
)
USERS_SIGNED_IN = _add("USERS_SIGNED_IN", "{users:,} users signed in at {node}.", level=NEWS)
USERS_BACK = _add("USERS_BACK", "All users of {node} are signed in again.", level=NEWS)
PAIR_FAILED = _add(
    "PAIR_FAILED",
    "{subcluster} runs in failed mode ({cause}): its recovery managers move nobody any more.",
    "Repair what is broken, then press Recover; if that does not help, reboot both nodes.",
    level=ALARM,
)
RECOVER_STARTED = _add(
    "RECOVER_STARTED", "{actor} pressed Recover: the recovery managers of {subcluster} start again.", level=NEWS
)
PAIR_INITIALIZING = _add("PAIR_INITIALIZING", "The recovery managers of {subcluster} start.", level=NEWS)
PAIR_NORMAL = _add("PAIR_NORMAL", "Both nodes of {subcluster} are Normal.", level=NEWS)
PAIR_SILENT = _add(
    "PAIR_SILENT",
    "No recovery manager of {subcluster} is heard any more.",
    "Bring the nodes up, or start Cisco Server Recovery Manager on both.",
    level=ALARM,
)
NODE_LOST = _add(
    "NODE_LOST",
    "{node} sent no heartbeat for {seconds} s ({cause}).",
    "Bring {node} up or repair its network.",
    level=ALARM,
)
NODE_RETURNED = _add("NODE_RETURNED", "The recovery manager of {node} started again.", level=NEWS)
NODE_RECONNECTED = _add("NODE_RECONNECTED", "The heartbeats of {node} are heard again.", level=NEWS)
NODE_STATE_CHANGED = _add("NODE_STATE_CHANGED", "{node} is now {state} ({cause}).", level=NEWS)
NODE_ABLE = _add(
    "NODE_ABLE", "All critical services of {node} run again; it can take its users back.", "Press Fallback.", level=NEWS
)
NODE_NOT_ABLE = _add(
    "NODE_NOT_ABLE", "Critical services of {node} do not run: {trouble}.", "Start them, or reboot {node}.", level=ALARM
)
HA_ENABLED = _add("HA_ENABLED", "HA is on for {subcluster}.", level=NEWS)
HA_DISABLED = _add("HA_DISABLED", "HA is off for {subcluster}; nothing protects its users.", level=WARNING)
CLOCK_SPEED_CHANGED = _add(
    "CLOCK_SPEED_CHANGED", "{actor} set the clock of {name} to {speed} times real time.", level=NEWS
)
POLICY_CHANGED = _add("POLICY_CHANGED", "{actor} changed the recovery policy of {name}: {changes}.", level=NEWS)
WINDOW_CHANGED = _add(
    "WINDOW_CHANGED",
    "The re-login window of {subcluster} is now {lower} to {upper} s; it was {lower_before} to {upper_before} s. "
    "Its users, nodes or parameters changed. Sign-ins per second from now on: {rate:g}.",
    level=NEWS,
)

NODE_IN_MAINTENANCE = _add(
    "NODE_IN_MAINTENANCE",
    "{node} is in maintenance: nobody is sent there.",
    "End the maintenance when the work is done, or choose another node.",
)
MAINTENANCE_ALREADY = _add(
    "MAINTENANCE_ALREADY", "{node} is in maintenance already.", "Give it another end, or end it first."
)
MAINTENANCE_NOT_ON = _add("MAINTENANCE_NOT_ON", "{node} is not in maintenance.")
MAINTENANCE_OF_PEER = _add(
    "MAINTENANCE_OF_PEER",
    "{peer}, the other node of the pair, is in maintenance: somebody must be left to serve.",
    "Finish the work on {peer} first.",
)
MAINTENANCE_LAST_NODE = _add(
    "MAINTENANCE_LAST_NODE",
    "{node} is the only one of its pair that serves: {peer} does not ({state}).",
    "Repair {peer}, or fall back, first.",
)
MAINTENANCE_END_NOT_VALID = _add(
    "MAINTENANCE_END_NOT_VALID",
    "A maintenance ends later than now and within {days} days.",
    "Give another end, for example 2h, or a time such as 05:30.",
    status=422,
)
MAINTENANCE_NO_REASON = _add(
    "MAINTENANCE_NO_REASON",
    "A maintenance needs a reason, of at most {longest} characters.",
    "Say what is done to {node}, so that whoever finds it knows.",
    status=422,
)
MAINTENANCE_NOT_READY = _add(
    "MAINTENANCE_NOT_READY",
    "{node} is in maintenance and cannot serve yet: {trouble}.",
    "Finish the work on it, then enable HA; or end the maintenance first.",
)
MAINTENANCE_BEGUN = _add(
    "MAINTENANCE_BEGUN", "{owner} works on {node} for {minutes} min: {what}. Nothing begins by itself.", level=WARNING
)
MAINTENANCE_EXTENDED = _add(
    "MAINTENANCE_EXTENDED", "The maintenance of {node} goes on for {minutes} min from now.", level=WARNING
)
MAINTENANCE_ENDED = _add("MAINTENANCE_ENDED", "{actor} ended the maintenance of {node}.", level=NEWS)
MAINTENANCE_OVER = _add(
    "MAINTENANCE_OVER",
    "The maintenance of {node} was over: what happens by itself may begin again.",
    "If the work goes on, put it into maintenance again.",
    level=WARNING,
)
MAINTENANCE_HOLDS = _add(
    "MAINTENANCE_HOLDS",
    "{node} would fail over, but {worked_on} is in maintenance: nothing begins by itself.",
    "If this is not part of the work, end the maintenance.",
    level=ALARM,
)
BALANCER_MAINTENANCE = _add("BALANCER_MAINTENANCE", "Waits: {node} is in maintenance.", "End the maintenance.", NEWS)

PACE_NOTHING_MOVES = _add(
    "PACE_NOTHING_MOVES",
    "No failover or fallback of {subcluster} is under way.",
    "Change the budget in the settings; it counts for the next one.",
)
PACE_CHANGED = _add(
    "PACE_CHANGED",
    "{actor} changed how fast {users:,} more users sign in at {node}: {budget}, {rate:.3g} per second.",
    level=NEWS,
)

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
NODE_RENAMED = _add("NODE_RENAMED", "{actor} renamed the node {before} to {name}.", level=NEWS)
NODE_RENAMED_MEANWHILE = _add(
    "NODE_RENAMED_MEANWHILE",
    "{before} was renamed to {node} meanwhile.",
    "Look at its name once more, then store it again.",
)
NODE_PLACED = _add("NODE_PLACED", "{actor} put {name} into {place}.", level=NEWS)
NODE_UNASSIGNED = _add("NODE_UNASSIGNED", "{actor} took {name} out of {place}.", level=NEWS)
NODE_ALREADY_THERE = _add("NODE_ALREADY_THERE", "{name} is in {place} already.")
NODE_JOINS = _add("NODE_JOINS", "{name} joins {place}, which has no other node.", level=NEWS)
NODE_JOINS_PEER = _add(
    "NODE_JOINS_PEER",
    "{name} joins {peer} in {place}, whose services restart.",
    "Choose a quiet hour: those whom {peer} serves are interrupted.",
    WARNING,
)
NODE_LEAVES = _add(
    "NODE_LEAVES",
    "{name} leaves {place} and serves nobody until it is in a subcluster again.",
    "Choose a quiet hour: the services of {place} restart.",
    WARNING,
)
NODE_MOVED_MEANWHILE = _add(
    "NODE_MOVED_MEANWHILE",
    "{name} is not where it was picked up any more. {what}",
    "Look at the map again, then move it from there.",
)
NODE_PAIR_AFTER = _add(
    "NODE_PAIR_AFTER",
    "{place} will have {users} of {capacity} users; once HA is on, either node can serve them all.",
    level=NEWS,
)
NODE_PAIR_TOO_SMALL = _add(
    "NODE_PAIR_TOO_SMALL",
    "{place} will have {users} of {capacity} users; if one node fails, {node} must serve them and is rated for {room}.",
    "Choose a node with more room, or move users to other subclusters.",
    WARNING,
)
NODE_LEFT_ALONE = _add(
    "NODE_LEFT_ALONE",
    "{peer} stays alone in {place} with {users} of {capacity} users: nobody takes over when it fails.",
    "Put another node into {place}.",
    WARNING,
)
NODE_SIGN_IN_AGAIN = _add(
    "NODE_SIGN_IN_AGAIN",
    "Signed-in users of {peer} who sign in again: {users}, within {seconds} s.",
    level=NEWS,
)
NODE_REMOVED = _add("NODE_REMOVED", "{actor} removed the node {name}.", level=NEWS)

# --- Import of users (assignments/users/imports.py) --------------------------------------------
IMPORT_NO_HEADER = _add(
    "IMPORT_NO_HEADER",
    "The first line names no column user_id or USER ID; it begins with: {begins}.",
    "The first line names the columns: user_id, and if you like name, mail, endpoints, contacts, node.",
    status=422,
)
IMPORT_COLUMN_TWICE = _add(
    "IMPORT_COLUMN_TWICE", "The column {column} is there twice.", "Leave one of them.", status=422
)
IMPORT_TOO_LARGE = _add(
    "IMPORT_TOO_LARGE", "The file is larger than {limit}.", "Split it into several files.", status=422
)
IMPORT_BAD_ENCODING = _add(
    "IMPORT_BAD_ENCODING", "Not UTF-8: {begins}.", "Save the file as UTF-8, with or without BOM.", status=422
)
IMPORT_BAD_LINE = _add(
    "IMPORT_BAD_LINE", "Not a line of CSV: {why}.", "Check the quotes and the number of cells.", status=422
)
IMPORT_ID_MISSING = _add(
    "IMPORT_ID_MISSING", "The user ID is missing.", "Give every line a user ID, or leave the line out.", status=422
)
IMPORT_ID_TOO_LONG = _add(
    "IMPORT_ID_TOO_LONG", "The user ID {user_id} has {length} characters.", "At most {limit} are allowed.", status=422
)
IMPORT_ID_TWICE = _add(
    "IMPORT_ID_TWICE",
    "The user ID {user_id} is in line {first} already; upper and lower case are the same.",
    "Leave one of the lines.",
    status=422,
)
IMPORT_TEXT_TOO_LONG = _add(
    "IMPORT_TEXT_TOO_LONG", "The {column} has {length} characters.", "At most {limit} are allowed.", status=422
)
IMPORT_CONTACTS_NOT_A_NUMBER = _add(
    "IMPORT_CONTACTS_NOT_A_NUMBER", "Contacts “{value}” is not a number.", "Write 0 to {limit}.", status=422
)
IMPORT_TOO_MANY_CONTACTS = _add(
    "IMPORT_TOO_MANY_CONTACTS", "{value} contacts are more than {limit}.", "A list holds at most {limit}.", status=422
)
IMPORT_UNKNOWN_ENDPOINT = _add(
    "IMPORT_UNKNOWN_ENDPOINT", "“{value}” is not a kind of endpoint.", "Known: {known}.", status=422
)
IMPORT_UNKNOWN_NODE = _add(
    "IMPORT_UNKNOWN_NODE", "“{value}” is not a node of {cluster}.", "Known: {known}.", status=422
)
IMPORT_NODE_UNASSIGNED = _add(
    "IMPORT_NODE_UNASSIGNED",
    "{node} is in no subcluster, so no user can be at home there.",
    "Put {node} into a subcluster, or name another node.",
    status=422,
)
IMPORT_NODE_FULL = _add(
    "IMPORT_NODE_FULL",
    "{node} would have {after:,} {what}, more than its capacity of {capacity:,}.",
    "Name another node, or leave the node out.",
    status=422,
)
IMPORT_CLUSTER_FULL = _add(
    "IMPORT_CLUSTER_FULL",
    "There is room for {room:,} more users in {cluster}, this is number {number:,} of {users:,}. {why}",
    "Add nodes, import fewer users, or write - as their node to leave them unassigned.",
    status=422,
)
IMPORT_OTHER_CLUSTER = _add(
    "IMPORT_OTHER_CLUSTER",
    "{user_id} is a user of the cluster {other}; a user homed twice breaks presence.",
    "Leave the line out.",
    status=422,
)
IMPORT_STAYS = _add(
    "IMPORT_STAYS",
    "{user_id} stays on {node}: an import does not move users who have a home.",
    "Move them on the page, where runs are throttled.",
    level=WARNING,
)
CLUSTER_IN_FAILOVER = _add(
    "CLUSTER_IN_FAILOVER",
    "{node} is {state}: users cannot be added while a node of {cluster} is in a failover state.",
    "Bring {node} back first (fallback or recover), then import again.",
)
USERS_IMPORTED = _add(
    "USERS_IMPORTED",
    "{actor} imported {lines:,} users into {name}: {created:,} new, {updated:,} changed, {assigned:,} given a home.",
    level=NEWS,
)

# --- People: pins, traces, lists (assignments/moves/pins.py, trace_selectors.py, saved_views.py) -----
PEOPLE_NOBODY = _add(
    "PEOPLE_NOBODY", "None of these users is in {cluster}.", "Choose users of the cluster.", status=422
)
PIN_NEEDS_REASON = _add(
    "PIN_NEEDS_REASON",
    "A pin needs a reason of at most {limit} characters; this one has {length}.",
    "Say why the users must stay where they are.",
    status=422,
)
PIN_UNASSIGNED = _add(
    "PIN_UNASSIGNED",
    "{user} has no home node to be pinned to (users without one: {users} of {chosen}).",
    "Assign them to a node first.",
)
PIN_OF_ANOTHER = _add(
    "PIN_OF_ANOTHER",
    "{owner} pinned {user} already: {because} (pinned by somebody else: {users} of {chosen}).",
    "Ask {owner}, or unpin first.",
)
PIN_NOT_PINNED = _add("PIN_NOT_PINNED", "{user} is not pinned (not pinned: {users} of {chosen}).")
USERS_WERE_PINNED = _add(
    "USERS_WERE_PINNED",
    "{actor} pinned users to their home nodes: {users} ({because}); left alone: {left}.",
    level=NEWS,
)
USERS_WERE_UNPINNED = _add(
    "USERS_WERE_UNPINNED",
    "{actor} unpinned users: {users}, of them pinned by somebody else: {foreign}.",
    level=NEWS,
)
WHY_NOT_ASSIGNED = _add(
    "WHY_NOT_ASSIGNED", "Unassigned: without a home node the user is served by nobody.", level=WARNING
)
WHY_SERVED_AWAY = _add(
    "WHY_SERVED_AWAY",
    "{serving} serves the user for {home}, which is {state}. The home node does not change by a failover.",
    level=WARNING,
)
WHY_AWAY_AND_OUT = _add(
    "WHY_AWAY_AND_OUT", "Out of service: {home} is {state}, and {serving}, which took over, is {reached}.", level=ALARM
)
WHY_OUT = _add("WHY_OUT", "Out of service: {home} is {state} and serves nobody.", level=ALARM)
PEOPLE_NOT_ONE = _add(
    "PEOPLE_NOT_ONE", "Details are those of one user; {users} are chosen.", "Choose one user.", status=422
)
EXPORT_NAMES_HIDDEN = _add(
    "EXPORT_NAMES_HIDDEN",
    "An export has the real names of people, and names are hidden now.",
    "Show names again in the menu of your account, then export.",
)
VIEW_NEEDS_NAME = _add(
    "VIEW_NEEDS_NAME",
    "A view needs a name of at most {limit} characters; this one has {length}.",
    "Give it another name.",
    status=422,
)
VIEWS_ENOUGH = _add("VIEWS_ENOUGH", "You have {most} views of this cluster already.", "Delete one first.")
NO_SUCH_USER = _add(
    "NO_SUCH_USER", "There is no user {user} in {cluster}.", "Look for the user in the list of all users.", status=422
)

# --- Automatic balancing (assignments/runs/rules/balancer.py) ------------------------------------------------
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
BALANCER_MODE = _add(
    "BALANCER_MODE",
    "Does nothing: in active/standby the first node of each subcluster holds all users.",
    "Choose the mode balanced or manual, or plan the goal active/standby by hand.",
    NEWS,
)
RUN_POLICY_CHANGED = _add("RUN_POLICY_CHANGED", "{actor} changed the rules of runs: {changes}.", level=NEWS)
SETTING_UNKNOWN = _add("SETTING_UNKNOWN", "There is no setting {name}.", "Known: {known}.", status=422)
SETTING_NOT_VALID = _add(
    "SETTING_NOT_VALID", "{name} is not valid: {problem}.", "Correct it and save again.", status=422
)

# --- What-if (assignments/simulation/whatif.py) -----------------------------------------------------
NO_SUCH_SIMULATION = _add(
    "NO_SUCH_SIMULATION",
    "There is no what-if run {key}.",
    "It may have been deleted by its author or an administrator; run its scenario again.",
    status=404,
)
SIMULATION_NOT_YOURS = _add(
    "SIMULATION_NOT_YOURS",
    "This what-if run was made by {author}.",
    "Ask {author} or an administrator to delete it.",
    status=403,
)
SIMULATION_EMPTY = _add(
    "SIMULATION_EMPTY",
    "{cluster} has no node in a subcluster, so nothing can fail.",
    "Choose a sized topology, or put a node into a subcluster.",
    status=422,
)
SIMULATION_TOO_LONG = _add(
    "SIMULATION_TOO_LONG",
    "The run would go on until {until}; on the page it is at most {most}.",
    "Choose an earlier end, or run the scenario with: manage.py simulate FILE",
    status=422,
)
SIMULATION_DELETED = _add("SIMULATION_DELETED", "{actor} deleted the what-if run {name} of {author}.", level=NEWS)
NO_RECOMMENDATION = _add(
    "NO_RECOMMENDATION", "The balancer of {cluster} recommends nothing now.", "Plan a rebalance yourself.", status=409
)

# --- Approvals (assignments/planning/approvals.py) ------------------------------------------------
PLAN_NOT_APPROVED = _add(
    "PLAN_NOT_APPROVED",
    "Plan {hash} by {author} needs the approval of a second person before it runs.",
    "Ask another operator to open Operations and approve it.",
)
APPROVAL_OWN = _add(
    "APPROVAL_OWN",
    "Plan {hash} is by {author}: the second person must be somebody else.",
    "Ask another operator to approve it.",
)
PLAN_APPROVED = _add("PLAN_APPROVED", "{actor} approved plan {hash} by {author}: {moves} moves.", level=NEWS)

# --- Removing a cluster (assignments/board/removal.py) -----------------------------------------
REMOVAL_NOT_CONFIRMED = _add(
    "REMOVAL_NOT_CONFIRMED",
    "Removing {cluster} takes all its users away, and nobody has confirmed that.",
    "Type the name {cluster}; on the command line add --yes-remove-all-users.",
    status=422,
)
CLUSTER_HAS_RUN = _add(
    "CLUSTER_HAS_RUN",
    "Operation {operation} ({kind}) is under way in {cluster}.",
    "Wait until it ends, or cancel it.",
)
CLUSTER_IN_RECOVERY = _add(
    "CLUSTER_IN_RECOVERY",
    "{node} is {state}: a failover is on in {cluster}.",
    "Fall back or recover first, or disable HA for the pair.",
)
CLUSTER_REMOVED = _add(
    "CLUSTER_REMOVED",
    "{actor} removed the cluster {name} with {nodes} nodes and {users:,} users.",
    level=WARNING,
)
NOWHERE_ELSE = _add(
    "NOWHERE_ELSE",
    "{cluster} has no other subcluster that could take the users of {node}.",
    "Unassign them, or add a subcluster with a node first.",
)

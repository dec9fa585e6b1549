"""Reasons: plans, their approval, and runs."""

from topology.reasons.reason import NEWS, WARNING, add_reason

PLAN_NO_TARGET = add_reason(
    "PLAN_NO_TARGET",
    "No node can take users ({nodes:node} in scope).",
    "Put a node that is in service into a subcluster.",
)
PLAN_NO_NODE = add_reason(
    "PLAN_NO_NODE", "The node {node} is not in this cluster.", "Name a node of this cluster.", status=422
)
PLAN_TARGET_DOWN = add_reason(
    "PLAN_TARGET_DOWN",
    "{node} is out of service.",
    "Bring {node} into service first, or leave it out.",
)
PLAN_NO_ROOM_USERS = add_reason(
    "PLAN_NO_ROOM_USERS",
    "{users:user does|users do} not fit: the rated capacity of the nodes in service ({nodes}) is {room}.",
    "Add capacity for {missing:user}, or unassign {missing}.",
)
PLAN_NO_ROOM_ENDPOINTS = add_reason(
    "PLAN_NO_ROOM_ENDPOINTS",
    "The users do not fit: the nodes in service ({nodes}) lack capacity for {missing:endpoint}.",
    "Add capacity for {missing:endpoint}, or unassign users with that many.",
)
PLAN_NO_REDUNDANCY_ENDPOINTS = add_reason(
    "PLAN_NO_REDUNDANCY_ENDPOINTS",
    "The endpoints do not fit if each node must be able to take over its peer's: {missing} too many for {nodes:node}.",
    "Add a pair of nodes, unassign users with that many endpoints, or make the cluster non-redundant.",
)
PLAN_OUT_OF_TIME = add_reason(
    "PLAN_OUT_OF_TIME",
    "No placement within all limits was found in {seconds} s.",
    "Plan fewer subclusters at once, or add endpoint capacity.",
)
PLAN_NO_REDUNDANCY = add_reason(
    "PLAN_NO_REDUNDANCY",
    "{users:user does|users do} not fit if each node must be able to take over its peer's: there is room for {room}.",
    "Add a pair of nodes for {missing:user}, unassign {missing}, or make the cluster non-redundant.",
)
PLAN_PINNED = add_reason(
    "PLAN_PINNED",
    "{pinned:user is|users are} pinned to {node}, which has room for {room}.",
    "Unpin {unpin:user} of {node}.",
)
PLAN_PINNED_PAIR = add_reason(
    "PLAN_PINNED_PAIR",
    "{pinned:user|users} cannot leave {nodes}, which hold {room} together if each must be able to take over the other.",
    "Unpin {unpin:user}, or make the cluster non-redundant.",
)
PLAN_EMPTY = add_reason("PLAN_EMPTY", "The plan has no moves, so there is nothing to run.", "Make a new plan.")
PLAN_STALE = add_reason(
    "PLAN_STALE",
    "No longer valid: {stale} of {moves:planned move}. Users were moved, pinned or removed since.",
    "Run the {valid:valid move}, or make a new plan.",
)
PLAN_LOAD_CHANGED = add_reason(
    "PLAN_LOAD_CHANGED",
    "Users were moved or changed while the plan was made, so it no longer fits ({nodes:node}).",
    "Make the plan again.",
)
PLAN_NODE_GONE = add_reason(
    "PLAN_NODE_GONE",
    "The plan is no longer valid: the target of {users} of {moves:planned move} was removed.",
    "Make a new plan.",
)
NO_SUCH_PLAN = add_reason("NO_SUCH_PLAN", "There is no plan {hash}.", "Make a new plan.", status=422)
NO_SUCH_OPERATION = add_reason(
    "NO_SUCH_OPERATION", "There is no operation {operation}.", "The page Operations lists them.", status=422
)
SCOPE_NOT_VALID = add_reason("SCOPE_NOT_VALID", "{problem}", "Name subclusters and nodes of this cluster.", status=422)
RUN_IN_PROGRESS = add_reason(
    "RUN_IN_PROGRESS",
    "{subcluster} is held by operation {operation} ({kind}), started by {author}.",
    "Wait until it ends, or cancel it.",
)
RUN_BOOKED = add_reason(
    "RUN_BOOKED",
    "Operation {operation} runs this plan inside the window already.",
    "Wait until the window opens, or cancel that operation first.",
)
RUN_STATE_WRONG = add_reason(
    "RUN_STATE_WRONG", "Operation {operation} is {state}, so it cannot be {wanted}.", "Reload it."
)
RUN_NOT_YOURS = add_reason(
    "RUN_NOT_YOURS",
    "Operation {operation} is a {kind}: recovery controls it.",
    "Use fallback or recover on the nodes.",
)
RUN_NOTHING_TO_UNDO = add_reason(
    "RUN_NOTHING_TO_UNDO",
    "Operation {operation} cannot be undone: {left:user was|users were} moved or pinned since,"
    " or the node was removed.",
    "Move users by hand, or plan a rebalance.",
)
RUN_MOVED_NO_ONE = add_reason(
    "RUN_MOVED_NO_ONE",
    "Operation {operation} moved no one who is still a user, so there is nothing to undo.",
    "Nothing is left to do.",
)
RUN_RATE_NOT_VALID = add_reason(
    "RUN_RATE_NOT_VALID",
    "A rate of {rate} users per second is not allowed.",
    "Give at least {least} and less than {most}.",
    status=422,
)
RUN_STARTED = add_reason("RUN_STARTED", "{actor} started to move {users:user} ({goal}).", level=NEWS)
RUN_BATCH = add_reason(
    "RUN_BATCH",
    "Moved {done:user}, skipped {skipped}; sent {notified:terminating notification}.",
    level=NEWS,
)
RUN_FINISHED = add_reason("RUN_FINISHED", "Finished: {done:user} moved, {skipped} skipped.", level=NEWS)
RUN_PAUSED = add_reason("RUN_PAUSED", "{actor} paused the run after {done} of {total}.", level=NEWS)
RUN_RESUMED = add_reason("RUN_RESUMED", "{actor} resumed the run.", level=NEWS)
RUN_CANCELLED = add_reason("RUN_CANCELLED", "{actor} cancelled the run after {done} of {total}.", level=NEWS)
RUN_RATE_SET = add_reason("RUN_RATE_SET", "{actor} set the rate to {rate}.", level=NEWS)
RUN_TAKEN_UP = add_reason(
    "RUN_TAKEN_UP",
    "The run resumed after an interruption.",
    "Nothing is lost; if it happens often, read the log of the worker.",
    level=WARNING,
)
RUN_YIELDED = add_reason(
    "RUN_YIELDED", "The run is waiting while {pair} recovers from a failure.", "It continues by itself.", level=WARNING
)
RUN_CONTINUED = add_reason("RUN_CONTINUED", "The run continues: its subclusters are free again.", level=NEWS)
WAITS_FOR_RECOVERY = add_reason(
    "WAITS_FOR_RECOVERY", "Waiting for a failover or fallback to end.", "It continues by itself.", WARNING
)
WAITS_FOR_FAILOVER = add_reason(
    "WAITS_FOR_FAILOVER",
    "{node} is {state}. Home nodes are locked until the failover ends.",
    "It continues by itself when both nodes of the pair are Normal. Fall back or recover, or cancel the run.",
    WARNING,
)
WAITS_FOR_TURN = add_reason(
    "WAITS_FOR_TURN",
    "Waiting for another operation in its subclusters to end.",
    "It continues by itself then.",
    WARNING,
)
WAITS_FOR_NODE = add_reason(
    "WAITS_FOR_NODE",
    "Waiting for a receiving node that is out of service or in maintenance.",
    "Bring the node back, or cancel the run.",
    WARNING,
)
WAITS_FOR_WINDOW = add_reason(
    "WAITS_FOR_WINDOW",
    "Waiting for the window {window}, which opens {opens}.",
    "It continues by itself then, or let it run at any time.",
    WARNING,
)
RUN_NO_WINDOW = add_reason(
    "RUN_NO_WINDOW",
    "{cluster} has no window: its runs may move users at any time.",
    "Set a window in the run rules first, or run at any time.",
)
RUN_INTO_WINDOW = add_reason("RUN_INTO_WINDOW", "{actor} limited the run to the window {window}.", level=NEWS)
RUN_ANY_TIME = add_reason("RUN_ANY_TIME", "{actor} let the run go on at any time.", level=NEWS)
PLANNED_REBALANCE = add_reason("PLANNED_REBALANCE", "Moved for balance.", level=NEWS)
PLANNED_STANDBY = add_reason("PLANNED_STANDBY", "Moved to the first node of a subcluster.", level=NEWS)
PLANNED_EVACUATION = add_reason("PLANNED_EVACUATION", "Moved off a node that was emptied.", level=NEWS)
PLANNED_FILL = add_reason("PLANNED_FILL", "Given a first home node.", level=NEWS)
PLANNED_UNDO = add_reason("PLANNED_UNDO", "Moved back by an undo.", level=NEWS)
HAND_MOVED = add_reason(
    "HAND_MOVED",
    "{actor} moved {users:user} to {to} from {source}{people}, skipped {skipped};"
    " sent {notified:terminating notification}.",
    level=NEWS,
)
MOVED_BY_HAND = add_reason("MOVED_BY_HAND", "Moved by hand.", level=NEWS)
SKIPPED_MOVED_SINCE = add_reason(
    "SKIPPED_MOVED_SINCE",
    "Skipped: moved by someone else since.",
    "If it should move nevertheless, make a new plan.",
    level=WARNING,
)
SKIPPED_PINNED = add_reason("SKIPPED_PINNED", "Skipped: pinned to its node.", "Unpin the user first.", WARNING)
SKIPPED_NODE_FULL = add_reason("SKIPPED_NODE_FULL", "Skipped: the node is full.", "Make a new plan.", WARNING)
SKIPPED_NODE_GONE = add_reason(
    "SKIPPED_NODE_GONE", "Skipped: the node left its subcluster.", "Make a new plan.", WARNING
)
SKIPPED_USER_GONE = add_reason(
    "SKIPPED_USER_GONE", "Skipped: no longer a user of the cluster.", "Nothing is left to do.", level=WARNING
)
SKIPPED_ALREADY_THERE = add_reason(
    "SKIPPED_ALREADY_THERE", "Skipped: already there.", "Nothing is left to do.", level=WARNING
)
USER_MOVED_SINCE = add_reason(
    "USER_MOVED_SINCE",
    "{author} has since moved {user} to {node}.",
    "Check where the user is now, then move again.",
)
USERS_MOVED_SINCE = add_reason(
    "USERS_MOVED_SINCE",
    "{users:user was|users were} moved by someone else meanwhile.",
    "Check where they are now, then move them again.",
)
USER_PINNED = add_reason("USER_PINNED", "{user} is pinned to {node}.", "Unpin the user first.")
USERS_PINNED = add_reason("USERS_PINNED", "{users:user is|users are} pinned.", "Unpin them first.")
USER_ALREADY_THERE = add_reason("USER_ALREADY_THERE", "Already on {node}.", "Choose another node.")
NO_USERS_TO_MOVE = add_reason(
    "NO_USERS_TO_MOVE", "No such users in {cluster}.", "Choose users of the cluster.", status=422
)
NODE_NOT_A_TARGET = add_reason(
    "NODE_NOT_A_TARGET",
    "{node} {why}.",
    "{remedy}",
)
NODE_WITHOUT_SUBCLUSTER = add_reason(
    "NODE_WITHOUT_SUBCLUSTER", "{node} is in no subcluster.", "Put it into a subcluster first."
)
NODE_NO_ROOM = add_reason(
    "NODE_NO_ROOM",
    "{node} has room for {room} more {what}, and {wanted} would come.",
    "Choose another node, or fewer users.",
)
PLAN_NOT_APPROVED = add_reason(
    "PLAN_NOT_APPROVED",
    "Plan {hash} by {author} needs the approval of a second person before it runs.",
    "Send another operator the address of the plan, /plans/{hash}/: it is approved there, for one run.",
)
APPROVAL_OWN = add_reason(
    "APPROVAL_OWN",
    "Plan {hash} is by {author}, who cannot approve it too.",
    "Ask another operator to approve it.",
)
APPROVAL_OWN_TOKEN = add_reason(
    "APPROVAL_OWN_TOKEN",
    "Plan {hash} is by {author}, which {maker} made: a person and their program are no two persons.",
    "Ask another operator to approve it.",
)
PLAN_APPROVED = add_reason("PLAN_APPROVED", "{actor} approved plan {hash} by {author}: {moves:move}.", level=NEWS)

"""Reasons: failover, fallback and their rehearsal."""

from topology.reasons.reason import ALARM, NEWS, WARNING, add_reason

HA_NEEDS_TWO_NODES = add_reason(
    "HA_NEEDS_TWO_NODES",
    "{subcluster} has one node, so its users are not protected.",
    "Add a second node, then enable HA.",
)
HA_NOT_ENABLED = add_reason("HA_NOT_ENABLED", "HA is off for {subcluster}.", "Enable HA for {subcluster} first.")
HA_ALREADY_ENABLED = add_reason("HA_ALREADY_ENABLED", "HA is already on for {subcluster}.", "Nothing is left to do.")
HA_TRANSITION_RUNS = add_reason(
    "HA_TRANSITION_RUNS", "{subcluster} is in a transition: {node} is {state}.", "Wait until the transition ends."
)
NODE_NOT_IN_SUBCLUSTER = add_reason(
    "NODE_NOT_IN_SUBCLUSTER", "{node} is in no subcluster.", "Put it into a subcluster first.", status=422
)
FAILOVER_NOT_NORMAL = add_reason(
    "FAILOVER_NOT_NORMAL",
    "Failover needs a pair in Normal state; {node} is {state}.",
    "Fall back, recover or wait first, depending on the state of the pair.",
)
FAILOVER_NODE_NOT_HEARD = add_reason(
    "FAILOVER_NODE_NOT_HEARD",
    "{node} does not answer, so it cannot be told to stop its services.",
    "Wait: its peer takes over by itself when the heartbeat timeout has passed.",
)
FAILOVER_PEER_NOT_ABLE = add_reason(
    "FAILOVER_PEER_NOT_ABLE", "{peer} cannot take over: {trouble}.", "Repair {peer} first, then fail over."
)
FALLBACK_NOT_FAILED_OVER = add_reason(
    "FALLBACK_NOT_FAILED_OVER",
    "{node} is not failed over; it is {state}.",
    "Fall back only a node that is failed over.",
)
FALLBACK_SERVICES_NOT_RUNNING = add_reason(
    "FALLBACK_SERVICES_NOT_RUNNING",
    "{node} cannot serve its users yet: {trouble}.",
    "Start the services, or reboot the node, then fall back.",
)
FALLBACK_NODE_NOT_HEARD = add_reason(
    "FALLBACK_NODE_NOT_HEARD", "{node} does not answer: {trouble}.", "Bring {node} up, then fall back."
)
RECOVER_NOT_FAILED = add_reason(
    "RECOVER_NOT_FAILED",
    "{subcluster} is not in failed mode; {node} is {state}.",
    "Recover only when both nodes run in failed mode.",
)
SUBCLUSTER_BEING_CHANGED = add_reason(
    "SUBCLUSTER_BEING_CHANGED", "{subcluster} is being changed by someone else.", "Try again in a moment."
)
NO_SUCH_SERVICE = add_reason("NO_SUCH_SERVICE", "There is no service {service}.", "Known: {known}.", status=422)
FAULT_KIND_UNKNOWN = add_reason("FAULT_KIND_UNKNOWN", "There is no fault {kind}.", "Known: {known}.", status=422)
FAULT_ALREADY_THERE = add_reason(
    "FAULT_ALREADY_THERE", "{node} already has this fault: {what}.", "Repair it, or choose another."
)
FAULT_NOT_THERE = add_reason(
    "FAULT_NOT_THERE", "{node} does not have this fault: {what}.", "The map shows the faults of each node."
)
POLICY_OUT_OF_RANGE = add_reason("POLICY_OUT_OF_RANGE", "{field} cannot be {value}.", "It takes {allowed}.", status=422)
POLICY_FIELD_UNKNOWN = add_reason(
    "POLICY_FIELD_UNKNOWN", "There is no parameter {field}.", "Known: {known}.", status=422
)
CLOCK_SPEED_OUT_OF_RANGE = add_reason(
    "CLOCK_SPEED_OUT_OF_RANGE",
    "The clock cannot run at {speed} times real time.",
    "Choose a whole number from 1 to 600.",
    status=422,
)
SCENARIO_INVALID = add_reason("SCENARIO_INVALID", "{problem}", "{remedy}", status=422)
SCENARIO_KEY_NOT_USED = add_reason(
    "SCENARIO_KEY_NOT_USED", "{what} takes no {key}", "Leave {key} out{instead}.", status=422
)
SCENARIO_PLACES_DIFFER = add_reason(
    "SCENARIO_PLACES_DIFFER",
    "{node} is in {home}, not in {subcluster}",
    "Leave {key} out: {what} goes by {by}; or write the {by} that is meant.",
    status=422,
)

FAULT_INJECTED = add_reason(
    "FAULT_INJECTED", "{actor} made {node} fail: {what}.", "Repair it when the rehearsal is over.", level=ALARM
)
FAULT_REPAIRED = add_reason("FAULT_REPAIRED", "{actor} repaired {node}: {what}.", level=NEWS)
USERS_DISCONNECTED = add_reason(
    "USERS_DISCONNECTED",
    "{users:user|users} of {node} lost the connection; clients wait {wait} s before they sign in again.",
    "They come back by themselves when a node of the pair serves them.",
    level=ALARM,
)
SECOND_CONNECTIONS_KEPT = add_reason(
    "SECOND_CONNECTIONS_KEPT",
    "{peer} serves {users:user|users} of {node} at once: their clients hold a second connection.",
    level=NEWS,
)
NODE_FLAPPING = add_reason(
    "NODE_FLAPPING",
    "{node} is flapping: it stopped serving {times} times within {seconds} s, each time before its"
    " {users:user was|users were} back. From here on its repetitions are not shown one by one.",
    "Switch it off, or fail it over by hand, so that its peer serves its users; then repair it.",
    level=ALARM,
)
FAILOVER_STARTED = add_reason(
    "FAILOVER_STARTED",
    "{peer} takes over from {node} ({cause}): {users:user} at {rate:.3g} sign-ins per second.",
    "Wait; then repair {node} and fall back.",
    level=ALARM,
)
AUTO_RECOVERY_STARTED = add_reason(
    "AUTO_RECOVERY_STARTED",
    "{node} was the backup and failed ({cause}); {peer}, which is able to serve, takes {users:user}.",
    "Repair {node}, then fall back.",
    level=ALARM,
)
FAILOVER_FINISHED = add_reason(
    "FAILOVER_FINISHED",
    "{peer} runs in backup mode and serves {served:user}; {left:,} left without service.",
    "Repair {node}, then fall back.",
    level=NEWS,
)
BACKUP_FULL = add_reason(
    "BACKUP_FULL",
    "{node} is full ({served:,} of {capacity:user}): {left:more user stays|more users stay} without service.",
    "Fall back soon, move users elsewhere, or let the policy serve beyond capacity.",
    level=ALARM,
)
BACKUP_HAS_ROOM = add_reason(
    "BACKUP_HAS_ROOM", "All users that waited for room on {node} are served again.", level=NEWS
)
FALLBACK_STARTED = add_reason(
    "FALLBACK_STARTED",
    "{node} takes back {users:user} from {peer} ({cause}) at {rate:.3g} sign-ins per second.",
    level=NEWS,
)
FALLBACK_FINISHED = add_reason("FALLBACK_FINISHED", "{node} serves its users again; both nodes are Normal.", level=NEWS)
FALLBACK_LIMIT_REACHED = add_reason(
    "FALLBACK_LIMIT_REACHED",
    "{failovers:automatic failover} within {hours} h, the limit: {node} stays failed over until someone falls back.",
    "Find out why it fails, then press Fallback.",
    level=ALARM,
)
FALLBACK_CANARY_WAITS = add_reason(
    "FALLBACK_CANARY_WAITS",
    "{users:user is|users are} back on {node}; the rest follow when it has run well for {wait} s.",
    level=NEWS,
)
WAITS_FOR_CANARY = add_reason(
    "WAITS_FOR_CANARY",
    "Canary: waiting until the node has run well for a while.",
    "It continues by itself.",
    WARNING,
)
WAITS_FOR_HOME = add_reason(
    "WAITS_FOR_HOME",
    "Waiting: the node that takes its users back is not serving.",
    "Repair it; its users stay on the backup meanwhile.",
    WARNING,
)
TERMINATING_NOTIFY_SENT = add_reason(
    "TERMINATING_NOTIFY_SENT",
    "{source} sent terminating notifications to {users:user}, who signed in at {node}.",
    level=NEWS,
)
USERS_SIGNED_IN = add_reason("USERS_SIGNED_IN", "{users:user|users} signed in at {node}.", level=NEWS)
USERS_BACK = add_reason("USERS_BACK", "All users of {node} are signed in again.", level=NEWS)
PAIR_FAILED = add_reason(
    "PAIR_FAILED",
    "{subcluster} runs in failed mode ({cause}): its recovery managers no longer move users.",
    "Repair what is broken, then press Recover; if that does not help, reboot both nodes.",
    level=ALARM,
)
RECOVER_STARTED = add_reason(
    "RECOVER_STARTED", "{actor} pressed Recover: the recovery managers of {subcluster} start again.", level=NEWS
)
PAIR_INITIALIZING = add_reason("PAIR_INITIALIZING", "The recovery managers of {subcluster} start.", level=NEWS)
PAIR_NORMAL = add_reason("PAIR_NORMAL", "Both nodes of {subcluster} are Normal.", level=NEWS)
PAIR_SILENT = add_reason(
    "PAIR_SILENT",
    "The recovery managers of {subcluster} are no longer heard.",
    "Bring the nodes up, or start Cisco Server Recovery Manager on both.",
    level=ALARM,
)
NODE_LOST = add_reason(
    "NODE_LOST",
    "{node} sent no heartbeat for {seconds} s ({cause}).",
    "Bring {node} up or repair its network.",
    level=ALARM,
)
NODE_RETURNED = add_reason("NODE_RETURNED", "The recovery manager of {node} started again.", level=NEWS)
NODE_RECONNECTED = add_reason("NODE_RECONNECTED", "The heartbeats of {node} are heard again.", level=NEWS)
NODE_STATE_CHANGED = add_reason("NODE_STATE_CHANGED", "{node} is now {state} ({cause}).", level=NEWS)
NODE_ABLE = add_reason(
    "NODE_ABLE", "All critical services of {node} run again; it can take its users back.", "Press Fallback.", level=NEWS
)
NODE_NOT_ABLE = add_reason(
    "NODE_NOT_ABLE", "Critical services of {node} do not run: {trouble}.", "Start them, or reboot {node}.", level=ALARM
)
HA_ENABLED = add_reason("HA_ENABLED", "HA is on for {subcluster}.", level=NEWS)
HA_DISABLED = add_reason(
    "HA_DISABLED",
    "HA is off for {subcluster}; its users are not protected.",
    "Enable HA when the work is done.",
    level=WARNING,
)
CLOCK_SPEED_CHANGED = add_reason(
    "CLOCK_SPEED_CHANGED", "{actor} set the clock of {name} to {speed} times real time.", level=NEWS
)
POLICY_CHANGED = add_reason("POLICY_CHANGED", "{actor} changed the recovery policy of {name}: {changes}.", level=NEWS)
WINDOW_CHANGED = add_reason(
    "WINDOW_CHANGED",
    "The re-login window of {subcluster} is now {lower} to {upper} s; it was {lower_before} to {upper_before} s. "
    "Its users, nodes or parameters changed. Sign-ins per second from now on: {rate:g}.",
    level=NEWS,
)

NODE_IN_MAINTENANCE = add_reason(
    "NODE_IN_MAINTENANCE",
    "{node} is in maintenance and takes no users.",
    "End the maintenance when the work is done, or choose another node.",
)
MAINTENANCE_ALREADY = add_reason(
    "MAINTENANCE_ALREADY", "{node} is already in maintenance.", "Change its end, or end it first."
)
MAINTENANCE_NOT_ON = add_reason("MAINTENANCE_NOT_ON", "{node} is not in maintenance.", "Nothing is left to do.")
MAINTENANCE_OF_PEER = add_reason(
    "MAINTENANCE_OF_PEER",
    "{peer}, the other node of the pair, is in maintenance: one node must keep serving.",
    "Finish the work on {peer} first.",
)
MAINTENANCE_LAST_NODE = add_reason(
    "MAINTENANCE_LAST_NODE",
    "{node} is the only one of its pair that serves: {peer} does not ({state}).",
    "Repair {peer}, or fall back, first.",
)
MAINTENANCE_END_NOT_VALID = add_reason(
    "MAINTENANCE_END_NOT_VALID",
    "A maintenance must end in the future, within {days:day}.",
    "Give another end, for example 2h, or a time such as 05:30.",
    status=422,
)
MAINTENANCE_NO_REASON = add_reason(
    "MAINTENANCE_NO_REASON",
    "A maintenance needs a reason of at most {longest} characters.",
    "Say what is being done to {node}, so that others know.",
    status=422,
)
MAINTENANCE_NOT_READY = add_reason(
    "MAINTENANCE_NOT_READY",
    "{node} is in maintenance and cannot serve yet: {trouble}.",
    "Finish the work on it, then enable HA; or end the maintenance first.",
)
MAINTENANCE_BEGUN = add_reason(
    "MAINTENANCE_BEGUN",
    "{owner} works on {node} for {minutes} min: {what}. No automatic failover or fallback meanwhile.",
    "End the maintenance as soon as the work is done.",
    level=WARNING,
)
MAINTENANCE_EXTENDED = add_reason(
    "MAINTENANCE_EXTENDED",
    "The maintenance of {node} now ends in {minutes} min.",
    "End the maintenance as soon as the work is done.",
    level=WARNING,
)
MAINTENANCE_ENDED = add_reason("MAINTENANCE_ENDED", "{actor} ended the maintenance of {node}.", level=NEWS)
MAINTENANCE_OVER = add_reason(
    "MAINTENANCE_OVER",
    "The maintenance of {node} has ended: automatic recovery is on again.",
    "If the work continues, put it into maintenance again.",
    level=WARNING,
)
MAINTENANCE_HOLDS = add_reason(
    "MAINTENANCE_HOLDS",
    "{node} would fail over, but {worked_on} is in maintenance: no automatic failover.",
    "If this is not part of the work, end the maintenance.",
    level=ALARM,
)
BALANCER_MAINTENANCE = add_reason(
    "BALANCER_MAINTENANCE", "Waiting: {node} is in maintenance.", "End the maintenance.", NEWS
)

PACE_NOTHING_MOVES = add_reason(
    "PACE_NOTHING_MOVES",
    "No failover or fallback is in progress in {subcluster}.",
    "Change the budget in the settings; it applies to the next one.",
)
PACE_CHANGED = add_reason(
    "PACE_CHANGED",
    "{actor} changed how fast {users:more user signs|more users sign} in at {node}: {budget}, {rate:.3g} per second.",
    level=NEWS,
)
NO_SUCH_SIMULATION = add_reason(
    "NO_SUCH_SIMULATION",
    "There is no what-if run {key}.",
    "It may have been deleted by its author or an administrator; run its scenario again.",
    status=404,
)
SIMULATION_NOT_YOURS = add_reason(
    "SIMULATION_NOT_YOURS",
    "This what-if run was made by {author}.",
    "Ask {author} or an administrator to delete it.",
    status=403,
)
SIMULATION_EMPTY = add_reason(
    "SIMULATION_EMPTY",
    "{cluster} has no node in a subcluster, so nothing can fail.",
    "Choose a sized topology, or put a node into a subcluster.",
    status=422,
)
SIMULATION_TOO_LONG = add_reason(
    "SIMULATION_TOO_LONG",
    "The run would last until {until}; on the page the limit is {most}.",
    "Choose an earlier end, or run the scenario with: manage.py simulate FILE",
    status=422,
)
SIMULATION_TOO_MANY_LINES = add_reason(
    "SIMULATION_TOO_MANY_LINES",
    "The timeline has {lines:line}; on the page the limit is {most}.",
    "Change its file, and run it with: manage.py simulate FILE",
    status=422,
)
SIMULATION_DELETED = add_reason("SIMULATION_DELETED", "{actor} deleted the what-if run {name} of {author}.", level=NEWS)
NO_RECOMMENDATION = add_reason(
    "NO_RECOMMENDATION", "The balancer of {cluster} recommends nothing now.", "Plan a rebalance yourself.", status=409
)

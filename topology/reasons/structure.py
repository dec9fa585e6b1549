"""Reasons: clusters, subclusters and nodes, their names and settings."""

from topology.reasons.reason import NEWS, WARNING, add_reason

TOPOLOGY_FILE_INVALID = add_reason("TOPOLOGY_FILE_INVALID", "{problem}", "{remedy}", status=422)
FILE_NOT_READABLE = add_reason("FILE_NOT_READABLE", "{file} cannot be read: {why}.", "{remedy}", status=422)
FILE_NOT_WRITABLE = add_reason(
    "FILE_NOT_WRITABLE", "{file} cannot be written: {why}.", "Name a file that can.", status=422
)
TOPOLOGY_CHANGED_MEANWHILE = add_reason(
    "TOPOLOGY_CHANGED_MEANWHILE",
    "{cluster} was changed after the difference was shown, so nothing was applied.",
    "Review the difference again, then apply it.",
)
TOPOLOGY_NOT_THERE = add_reason(
    "TOPOLOGY_NOT_THERE",
    "There is no cluster {cluster}, and the request is only for one that is there.",
    "Check the name, or leave out the header If-Match to create it.",
    status=412,
)
NAME_NOT_VALID = add_reason(
    "NAME_NOT_VALID", "“{name}” is not a valid name for a {kind}: {rule}.", "{remedy}", status=422
)
VALUE_NOT_VALID = add_reason("VALUE_NOT_VALID", "{field} {value} is not allowed.", "{remedy}", status=422)
CLUSTER_NAME_TAKEN = add_reason(
    "CLUSTER_NAME_TAKEN", "A cluster named {cluster} already exists.", "Choose another name."
)
SUBCLUSTER_NAME_TAKEN = add_reason(
    "SUBCLUSTER_NAME_TAKEN", "{cluster} already has a subcluster {subcluster}.", "Choose another name."
)
NODE_NAME_TAKEN = add_reason(
    "NODE_NAME_TAKEN", "{node} is already a node of {cluster}.", "Node names are unique everywhere: choose another one."
)
CLUSTER_HAS_SIX_NODES = add_reason(
    "CLUSTER_HAS_SIX_NODES",
    "{cluster} has {nodes:node}, the maximum.",
    "Remove a node, or use another cluster.",
)
SUBCLUSTER_FULL = add_reason(
    "SUBCLUSTER_FULL",
    "{subcluster} already has two nodes: {nodes}.",
    "Remove one of them first, or use another subcluster.",
)
SUBCLUSTER_HA_ON = add_reason(
    "SUBCLUSTER_HA_ON",
    "HA is on for {subcluster}, so its nodes cannot change.",
    "Disable HA for {subcluster}, wait two minutes, then try again.",
)
SUBCLUSTER_BUSY = add_reason(
    "SUBCLUSTER_BUSY",
    "Operation {operation} is moving users of {subcluster}.",
    "Wait until it ends, or cancel it.",
)
NODE_HAS_USERS = add_reason(
    "NODE_HAS_USERS",
    "{node} has {users:user}.",
    "Move its users to other nodes or unassign them first.",
)
PUBLISHER_STAYS = add_reason(
    "PUBLISHER_STAYS",
    "{node} is the publisher and cannot be taken out of {subcluster} directly.",
    "Unassign its users, then remove the whole subcluster {subcluster}.",
)
PUBLISHER_GOES_LAST = add_reason(
    "PUBLISHER_GOES_LAST",
    "{node} is the publisher: the database of the other nodes of {cluster} depends on it.",
    "Remove the other nodes first.",
)
PUBLISHER_FIXED = add_reason(
    "PUBLISHER_FIXED",
    "{publisher} is the publisher of {cluster}, and a node cannot change its type.",
    "Leave {publisher} the publisher, or remove the nodes and add them again.",
)
CAPACITY_BELOW_USERS = add_reason(
    "CAPACITY_BELOW_USERS",
    "{node} is home to {used:,} {what}, more than a capacity of {capacity:,}.",
    "Move users to other nodes first.",
)
CLUSTER_CREATED = add_reason("CLUSTER_CREATED", "{actor} created the cluster {name}.", level=NEWS)
CLUSTER_CHANGED = add_reason(
    "CLUSTER_CHANGED", "{actor} changed {field} of {name} from {before} to {after}.", level=NEWS
)
SUBCLUSTER_CREATED = add_reason("SUBCLUSTER_CREATED", "{actor} created the subcluster {name}.", level=NEWS)
SUBCLUSTER_CHANGED = add_reason(
    "SUBCLUSTER_CHANGED", "{actor} changed {field} of {name} from {before} to {after}.", level=NEWS
)
SUBCLUSTER_REMOVED = add_reason("SUBCLUSTER_REMOVED", "{actor} removed the subcluster {name}.", level=NEWS)
NODE_ADDED = add_reason("NODE_ADDED", "{actor} added the node {name} to {place}.", level=NEWS)
NODE_CHANGED = add_reason("NODE_CHANGED", "{actor} changed {field} of {name} from {before} to {after}.", level=NEWS)
NODE_RENAMED = add_reason("NODE_RENAMED", "{actor} renamed the node {before} to {name}.", level=NEWS)
NODE_RENAMED_MEANWHILE = add_reason(
    "NODE_RENAMED_MEANWHILE",
    "{before} was renamed to {node} meanwhile.",
    "Check the name, then save again.",
)
NODE_PLACED = add_reason("NODE_PLACED", "{actor} put {name} into {place}.", level=NEWS)
NODE_UNASSIGNED = add_reason("NODE_UNASSIGNED", "{actor} took {name} out of {place}.", level=NEWS)
NODE_ALREADY_THERE = add_reason("NODE_ALREADY_THERE", "{name} is already in {place}.", "Choose another place.")
NODE_JOINS = add_reason("NODE_JOINS", "{name} joins {place}, which has no other node.", level=NEWS)
NODE_JOINS_PEER = add_reason(
    "NODE_JOINS_PEER",
    "{name} joins {peer} in {place}, whose services restart.",
    "Choose a quiet hour: users of {peer} are interrupted.",
    WARNING,
)
NODE_LEAVES = add_reason(
    "NODE_LEAVES",
    "{name} leaves {place} and serves no users until it is in a subcluster again.",
    "Choose a quiet hour: the services of {place} restart.",
    WARNING,
)
NODE_MOVED_MEANWHILE = add_reason(
    "NODE_MOVED_MEANWHILE",
    "{name} was moved meanwhile. {what}",
    "Check the map, then move it from there.",
)
NODE_PAIR_AFTER = add_reason(
    "NODE_PAIR_AFTER",
    "{place} will have {users} of {capacity} users; once HA is on, either node can serve them all.",
    level=NEWS,
)
NODE_PAIR_TOO_SMALL = add_reason(
    "NODE_PAIR_TOO_SMALL",
    "{place} will have {users} of {capacity} users; if one node fails, {node} must serve them and is rated for {room}.",
    "Choose a node with more room, or move users to other subclusters.",
    WARNING,
)
NODE_LEFT_ALONE = add_reason(
    "NODE_LEFT_ALONE",
    "{peer} stays alone in {place} with {users} of {capacity} users: no node takes over if it fails.",
    "Put another node into {place}.",
    WARNING,
)
NODE_SIGN_IN_AGAIN = add_reason(
    "NODE_SIGN_IN_AGAIN",
    "{users:signed-in user|signed-in users} of {peer} must sign in again, within {seconds} s.",
    level=NEWS,
)
REMOVED_BY = add_reason("REMOVED_BY", ": {actor} removed it at {at}", level=NEWS)  # part of a sentence
NODE_REMOVED = add_reason("NODE_REMOVED", "{actor} removed the node {name}.", level=NEWS)
NO_SUCH_CLUSTER = add_reason(
    "NO_SUCH_CLUSTER", "There is no cluster {name}{removed}.", "{again}Known: {known}.", status=422
)
NO_SUCH_SUBCLUSTER = add_reason(
    "NO_SUCH_SUBCLUSTER", "There is no subcluster {name} in {cluster}{removed}.", "{again}Known: {known}.", status=422
)
SUBCLUSTER_IN_SEVERAL = add_reason(
    "SUBCLUSTER_IN_SEVERAL",
    "Several clusters have a subcluster {name}: {clusters}.",
    "Name the cluster: --cluster {first}.",
    status=422,
)
NODE_TO_EVACUATE = add_reason(
    "NODE_TO_EVACUATE",
    "An evacuation needs the node that it empties.",
    'Name it: --node NAME, or "node" of a request.',
    status=422,
)
NO_SUCH_NODE = add_reason("NO_SUCH_NODE", "There is no node {name}{removed}.", "{again}Known: {known}.", status=422)

"""Reasons: removing a cluster."""

from topology.reasons.reason import WARNING, add

REMOVAL_NOT_CONFIRMED = add(
    "REMOVAL_NOT_CONFIRMED",
    "Removing {cluster} removes all its users, and that was not confirmed.",
    "Type the name {cluster}; on the command line add --yes-remove-all-users.",
    status=422,
)
CLUSTER_HAS_RUN = add(
    "CLUSTER_HAS_RUN",
    "Operation {operation} ({kind}) is in progress in {cluster}.",
    "Wait until it ends, or cancel it.",
)
CLUSTER_IN_RECOVERY = add(
    "CLUSTER_IN_RECOVERY",
    "A failover is in progress in {cluster}: {node} is {state}.",
    "Fall back or recover first, or disable HA for the pair.",
)
CLUSTER_REMOVED = add(
    "CLUSTER_REMOVED",
    "{actor} removed the cluster {name} with {nodes:node} and {users:user}.",
    "If that was a mistake, restore a backup.",
    level=WARNING,
)
NOWHERE_ELSE = add(
    "NOWHERE_ELSE",
    "{cluster} has no other subcluster that could take the users of {node}.",
    "Unassign them, or add a subcluster with a node first.",
)

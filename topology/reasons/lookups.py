"""Reasons: names and lookups."""

from topology.reasons.reason import add

NO_SUCH_CLUSTER = add("NO_SUCH_CLUSTER", "There is no cluster {name}.", "Known: {known}.", status=422)
NO_SUCH_SUBCLUSTER = add(
    "NO_SUCH_SUBCLUSTER", "There is no subcluster {name} in {cluster}.", "Known: {known}.", status=422
)
SUBCLUSTER_IN_SEVERAL = add(
    "SUBCLUSTER_IN_SEVERAL",
    "Several clusters have a subcluster {name}: {clusters}.",
    "Name the cluster: --cluster {first}.",
    status=422,
)
NODE_TO_EVACUATE = add(
    "NODE_TO_EVACUATE", "An evacuation needs the node that it empties.", "Name it: --node NAME.", status=422
)
NO_SUCH_NODE = add("NO_SUCH_NODE", "There is no node {name}.", "Known: {known}.", status=422)

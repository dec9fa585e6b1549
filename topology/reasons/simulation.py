"""Reasons: What-if."""

from topology.reasons.reason import NEWS, add

NO_SUCH_SIMULATION = add(
    "NO_SUCH_SIMULATION",
    "There is no what-if run {key}.",
    "It may have been deleted by its author or an administrator; run its scenario again.",
    status=404,
)
SIMULATION_NOT_YOURS = add(
    "SIMULATION_NOT_YOURS",
    "This what-if run was made by {author}.",
    "Ask {author} or an administrator to delete it.",
    status=403,
)
SIMULATION_EMPTY = add(
    "SIMULATION_EMPTY",
    "{cluster} has no node in a subcluster, so nothing can fail.",
    "Choose a sized topology, or put a node into a subcluster.",
    status=422,
)
SIMULATION_TOO_LONG = add(
    "SIMULATION_TOO_LONG",
    "The run would last until {until}; on the page the limit is {most}.",
    "Choose an earlier end, or run the scenario with: manage.py simulate FILE",
    status=422,
)
SIMULATION_DELETED = add("SIMULATION_DELETED", "{actor} deleted the what-if run {name} of {author}.", level=NEWS)
NO_RECOMMENDATION = add(
    "NO_RECOMMENDATION", "The balancer of {cluster} recommends nothing now.", "Plan a rebalance yourself.", status=409
)

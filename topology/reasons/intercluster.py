"""Reasons: many clusters, their peers, duplicates, and moves between them."""

from topology.reasons.reason import NEWS, add

# --- Duplicates -----------------------------------------------------------------------------------
NO_DOUBLED_URI = add(
    "NO_DOUBLED_URI",
    "No user of {cluster} shares a directory URI with another one, or only the first who has it is left.",
    "Reload the page of duplicates.",
)
URI_NOT_VALID = add(
    "URI_NOT_VALID",
    "A directory URI has at most {limit} characters, and no spaces or line breaks.",
    "Write it like sip:ann@example.org, or leave it empty.",
    status=422,
)
URI_TAKEN = add(
    "URI_TAKEN",
    "{user} in {cluster} has this directory URI; calls to it would reach only one of the two.",
    "Choose another one, or change that of {user} first.",
)
URIS_CHANGED = add("URIS_CHANGED", "{actor} {what} the directory URI of {users:user}.", level=NEWS)

# --- Moves between clusters -----------------------------------------------------------------------
MOVED_TO_CLUSTER = add("MOVED_TO_CLUSTER", "Moved from one cluster to another.", level=NEWS)
SAME_CLUSTER = add(
    "SAME_CLUSTER",
    "The users are in {cluster} already.",
    "Name another cluster, or move them to a node: manage.py move_users {cluster} … --to NODE",
    status=422,
)
ALREADY_IN_CLUSTER = add("ALREADY_IN_CLUSTER", "{user} is in {cluster} already.", "Leave them out.")
USER_OF_OTHER_CLUSTER = add(
    "USER_OF_OTHER_CLUSTER", "{user} is a user of {cluster}.", "Move them from {cluster}: name it as the first cluster."
)
CLUSTER_WITHOUT_NODES = add(
    "CLUSTER_WITHOUT_NODES",
    "{cluster} has no node in a subcluster, so no user can be at home there.",
    "Put a node into a subcluster first.",
)

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

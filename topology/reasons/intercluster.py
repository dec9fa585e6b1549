"""Reasons: many clusters, their peers, duplicates, and moves between them."""

from topology.reasons.reason import ALARM, NEWS, WARNING, add_reason

# --- Duplicates -----------------------------------------------------------------------------------
NO_DOUBLED_URI = add_reason(
    "NO_DOUBLED_URI",
    "No user of {cluster} shares a directory URI with another one, or only the first who has it is left.",
    "Reload the page of duplicates.",
)
URI_NOT_VALID = add_reason(
    "URI_NOT_VALID",
    "A directory URI has at most {limit} characters, and no spaces or line breaks.",
    "Write it like sip:ann@example.org, or leave it empty.",
    status=422,
)
URI_TAKEN = add_reason(
    "URI_TAKEN",
    "{user} in {cluster} has this directory URI; calls to it would reach only one of the two.",
    "Choose another one, or change that of {user} first.",
)
NOT_REPORTED_ELSEWHERE = add_reason(
    "NOT_REPORTED_ELSEWHERE",
    "No monitor reports that these users of {cluster} are at home in another cluster too.",
    "Reload the page of duplicates: they may have been unassigned, or a newer list came.",
)
URIS_CHANGED = add_reason("URIS_CHANGED", "{actor} {what} the directory URI of {users:user}.", level=NEWS)

# --- Moves between clusters -----------------------------------------------------------------------
MOVED_TO_CLUSTER = add_reason("MOVED_TO_CLUSTER", "Moved from one cluster to another.", level=NEWS)
SAME_CLUSTER = add_reason(
    "SAME_CLUSTER",
    "The users are in {cluster} already.",
    "Name another cluster, or move them to a node: manage.py move_users {cluster} … --to NODE",
    status=422,
)
ALREADY_IN_CLUSTER = add_reason("ALREADY_IN_CLUSTER", "{user} is in {cluster} already.", "Leave them out.")
USER_OF_OTHER_CLUSTER = add_reason(
    "USER_OF_OTHER_CLUSTER", "{user} is a user of {cluster}.", "Move them from {cluster}: name it as the first cluster."
)
CLUSTER_WITHOUT_NODES = add_reason(
    "CLUSTER_WITHOUT_NODES",
    "{cluster} has no node in a subcluster, so no user can be at home there.",
    "Put a node into a subcluster first.",
)

# --- Peers: what a relation is in -----------------------------------------------------------------
PEER_MISSING = add_reason(
    "PEER_MISSING",
    "{cluster} and {remote} have no relation: their users do not see each other.",
    "Make it on the page Peers, or run manage.py peers {cluster} --make {remote}",
    WARNING,
)
PEER_ONE_SIDED = add_reason(
    "PEER_ONE_SIDED",
    "{cluster} knows {remote}, but {remote} does not know {cluster}: nothing is synced.",
    "Complete it on both sides, or remove it: manage.py peers {cluster} --make {remote}",
    WARNING,
)
PEER_STALE = add_reason(
    "PEER_STALE",
    "{cluster} has heard nothing of {remote} for {age}: it looks for moved users where they were.",
    "Choose “Sync now”. If nothing changes, restart the Intercluster Sync Agent of {remote}.",
    WARNING,
)
PEER_UNREACHABLE = add_reason(
    "PEER_UNREACHABLE",
    "{cluster} does not reach the publisher of {remote} at {address}.",
    "Check that it runs, and that ports 8443 and 7400 are open between the two publishers.",
    ALARM,
)
PEER_OWN_PUBLISHER = add_reason(
    "PEER_OWN_PUBLISHER",
    "The publisher of {cluster} does not run, so it syncs with no other cluster.",
    "Start the publisher of {cluster}.",
    ALARM,
)
PEER_ADDRESS_WRONG = add_reason(
    "PEER_ADDRESS_WRONG",
    "{cluster} looks for {remote} at {address}, which is not its publisher.",
    "Enter the present name of the publisher of {remote}. Was it renamed?",
    ALARM,
)
PEER_CERTIFICATE = add_reason(
    "PEER_CERTIFICATE",
    "{cluster} does not trust the certificate of {remote}.",
    "Accept the present certificate of its publisher on the page Peers, then choose “Sync now”.",
    ALARM,
)

PEER_REPORT_OLD = add_reason(
    "PEER_REPORT_OLD",
    "{source} has reported nothing on {cluster} and {remote} for {age}: what it said may not be true any more.",
    "See whether {source} runs and reaches this console, or end its reports on the page Peers of {cluster}.",
    WARNING,
)

# --- Peers: refusals ------------------------------------------------------------------------------
PEER_ITSELF = add_reason("PEER_ITSELF", "{cluster} cannot be its own peer.", "Name another cluster.", status=422)
PEER_EXISTS = add_reason("PEER_EXISTS", "{cluster} and {remote} have this relation already.", "Reload the page.")
NO_SUCH_PEER = add_reason("NO_SUCH_PEER", "{cluster} has no relation with {remote}.", "Reload the page.")
PEER_IS_REPORTED = add_reason(
    "PEER_IS_REPORTED",
    "What {cluster} knows of {remote} is reported by {source}; the console does not sync it.",
    "Sync it on the publisher of {cluster}, or end the reports first.",
)
PEER_NOT_REPORTED = add_reason(
    "PEER_NOT_REPORTED",
    "No monitor reports what {cluster} knows of {remote}.",
    "Reports begin with: manage.py report_peer {cluster} {remote} --source NAME --state in_sync.",
)
PEER_REPORT_OLDER = add_reason(
    "PEER_REPORT_OLDER",
    "{source} has reported on {cluster} and {remote} as of {until} already; this report is older.",
    "Send what is true now.",
)
PEER_REPORT_NOT_VALID = add_reason(
    "PEER_REPORT_NOT_VALID",
    "The report has a fault at {place}: {problem}.",
    "See docs/files.md, “Reports on real clusters”.",
    status=422,
)
PEER_NO_PUBLISHER = add_reason(
    "PEER_NO_PUBLISHER", "{remote} has no publisher to sync with.", "Add its publisher, or enter an address."
)
PEER_ADDRESS_NOT_VALID = add_reason(
    "PEER_ADDRESS_NOT_VALID",
    "“{address}” is not the name of a host.",
    "Enter a name like imp1.example.org.",
    status=422,
)
PEER_FAULT_UNKNOWN = add_reason("PEER_FAULT_UNKNOWN", "There is no fault {fault}.", "Known: {known}.", status=422)
PEER_NEEDS_CLUSTER = add_reason(
    "PEER_NEEDS_CLUSTER", "It is not said which cluster.", "Run manage.py peers CLUSTER with the option.", status=422
)
PEERS_FILE_INVALID = add_reason(
    "PEERS_FILE_INVALID", "The file of peers is not valid.", "See docs/files.md, “Peers”.", status=422
)
RELEASE_NOT_VALID = add_reason(
    "RELEASE_NOT_VALID", "A release has at most {limit} characters.", "Write it like 14.0.1.", status=422
)

# --- Peers: history -------------------------------------------------------------------------------
PEER_MADE = add_reason("PEER_MADE", "{remote} is now a peer of {name}.", level=NEWS)
PEER_REMOVED = add_reason("PEER_REMOVED", "{remote} is no longer a peer of {name}.", level=NEWS)
PEER_SYNC_FAILED = add_reason(
    "PEER_SYNC_FAILED", "The sync of {name} with {remote} fails. {said}", "Open the page Peers.", ALARM
)
PEER_SYNC_BACK = add_reason("PEER_SYNC_BACK", "{name} is in sync with {remote} again.", level=NEWS)
PEER_REPORTS_BEGAN = add_reason(
    "PEER_REPORTS_BEGAN", "{source} reports what {name} knows of {remote} from now on.", level=NEWS
)
PEER_REPORTS_ENDED = add_reason(
    "PEER_REPORTS_ENDED", "{source} no longer reports what {name} knows of {remote}; the console syncs it.", level=NEWS
)
PEER_FAULT_SET = add_reason(
    "PEER_FAULT_SET", "Fault injected into the side of {name} towards {remote}: {fault}.", level=NEWS
)
PEER_FAULT_REPAIRED = add_reason("PEER_FAULT_REPAIRED", "The fault of {name} towards {remote} is repaired.", level=NEWS)
RELEASE_NOTED = add_reason("RELEASE_NOTED", "Release of {name}: {release}.", level=NEWS)

BALANCE_NEEDS_CLUSTERS = add_reason(
    "BALANCE_NEEDS_CLUSTERS",
    "Users can be balanced over two clusters or more; here fewer can give and take users now.",
    "End failovers first, or put nodes into subclusters.",
)

"""What a reason says where its facts are not known.

An alert of Prometheus has the code and the cluster alone; users who were moved, left alone or wait have the code alone.

Each that has an alert and whose sentence or fix names a fact has both without facts here; a test holds that none lacks.
"""

from topology.reasons import REASONS, Reason

GENERAL: dict[str, tuple[str, str]] = {
    "AUTO_RECOVERY_STARTED": (
        "A node that stood in for its peer failed; the peer is able to serve and takes the users back.",
        "Repair the node, then fall back.",
    ),
    "BACKUP_FULL": (
        "A node that stands in for its peer is full: more users stay without service.",
        "Fall back soon, move users elsewhere, or let the policy serve beyond capacity.",
    ),
    "DIRECTORY_ATTRIBUTE_GONE": (
        "A mapped attribute is gone from all people of the directory: many would lose a value. Nothing was changed.",
        "Let the account read the attribute, or correct the map.",
    ),
    "DIRECTORY_BASE_UNREADABLE": (
        "The base of the directory cannot be read.",
        "Check the base, what the account may read, and whether this server holds it.",
    ),
    "DIRECTORY_BIND_REFUSED": ("The server of the directory refuses the sign-in.", "Check bind DN and password."),
    "DIRECTORY_CA_UNKNOWN": (
        "The certificate of the directory's server is not trusted.",
        "Give the certificate of the authority that signed it, use a name that stands in it, or renew an expired one.",
    ),
    "DIRECTORY_GUARD": (
        "Too many users would be set aside or renamed by the directory, or lose a value. Nothing was changed.",
        "Look at the list, then accept exactly these changes or correct the filter.",
    ),
    "DIRECTORY_LOST": (
        "The connection to the directory broke while users were read.",
        "Nothing was changed; the next run tries again.",
    ),
    "DIRECTORY_SEARCH_FAILED": (
        "The directory ended the search before all users were read.",
        "Nothing was changed. Check limits of size and time for this account; the next run tries again.",
    ),
    "DIRECTORY_STOPPED": (
        "A run of the directory stopped before changing anything.",
        "Open the page Directory.",
    ),
    "DIRECTORY_TLS_DEMANDED": (
        "The server of the directory takes no password over an unencrypted connection.",
        "Use ldaps:// or StartTLS.",
    ),
    "DIRECTORY_UNREACHABLE": (
        "No server of the directory answers.",
        "Check addresses, ports and the network; for ldaps:// and StartTLS, whether that port speaks TLS.",
    ),
    "FAILOVER_STARTED": (
        "A node failed over: its peer takes over its users.",
        "Wait; then repair the node and fall back.",
    ),
    "FALLBACK_LIMIT_REACHED": (
        "A node reached the limit of automatic failovers and stays failed over until someone falls back.",
        "Find out why it fails, then press Fallback.",
    ),
    "FAULT_INJECTED": (
        "Someone made a node fail for a rehearsal.",
        "Repair it when the rehearsal is over.",
    ),
    "MAINTENANCE_HOLDS": (
        "A node would fail over, but its pair is in maintenance: no automatic failover.",
        "If this is not part of the work, end the maintenance.",
    ),
    "NODE_FLAPPING": (
        "A node is flapping: it stops serving again and again before its users are back.",
        "Switch it off, or fail it over by hand, so that its peer serves its users; then repair it.",
    ),
    "NODE_LOST": (
        "A node sends no heartbeats.",
        "Bring the node up or repair its network.",
    ),
    "NODE_NOT_ABLE": (
        "Critical services of a node do not run.",
        "Start them, or reboot the node.",
    ),
    "PAIR_FAILED": (
        "A subcluster runs in failed mode: its recovery managers no longer move users.",
        "Repair what is broken, then press Recover; if that does not help, reboot both nodes.",
    ),
    "PAIR_SILENT": (
        "The recovery managers of a subcluster are no longer heard.",
        "Bring the nodes up, or start Cisco Server Recovery Manager on both.",
    ),
    "PEER_ADDRESS_WRONG": (
        "This cluster looks for a peer at an address that is not its publisher's.",
        "Enter the present name of the peer's publisher: it may have been renamed.",
    ),
    "PEER_CERTIFICATE": (
        "This cluster does not trust the certificate of a peer.",
        "Accept the present certificate of its publisher on the page Peers, then choose “Sync now”.",
    ),
    "PEER_OWN_PUBLISHER": (
        "The publisher of this cluster does not run, so it syncs with no other cluster.",
        "Start the publisher.",
    ),
    "PEER_SYNC_FAILED": ("The sync with a peer fails.", "Open the page Peers."),
    "PEER_UNREACHABLE": (
        "This cluster does not reach the publisher of a peer.",
        "Check that it runs, and that ports 8443 and 7400 are open between the two publishers.",
    ),
    "SRV_CHECKED_BAD": (
        "DNS records of this cluster are wrong or missing.",
        "The page DNS lists them, each with its fix.",
    ),
    "SRV_AMBIGUOUS": (
        "A DNS name of the cluster stands for several of its subclusters, and has a record.",
        "Remove the record, or rename one of the subclusters: the DNS check names them.",
    ),
    "SRV_EXTRA": (
        "An SRV record points to a host that is none of the servers of this cluster.",
        "Remove the record, or add the server to the cluster.",
    ),
    "SRV_NAME_MISSING": (
        "An SRV name of this cluster has no record.",
        "The page DNS says what to add to the zone.",
    ),
    "SRV_NODE_GONE": (
        "An SRV record points to a host that was a node of this cluster and is none of its servers now.",
        "Remove the record.",
    ),
    "SRV_NOT_QUALIFIED": (
        "The target of an SRV record is not the full name of the host.",
        "Write the full name with the dot at the end.",
    ),
    "SRV_NO_ANSWER": (
        "The name server does not answer.",
        "Look whether the name server runs and its port is open from here, by UDP and TCP.",
    ),
    "SRV_RECORD_MISSING": (
        "A node of this cluster has no SRV record.",
        "The page DNS says what to add to the zone.",
    ),
    "SRV_RECORD_TWICE": (
        "A host has more than one SRV record of the same name.",
        "Remove all but one; the page DNS says which.",
    ),
    "SRV_SERVER_FAILS": (
        "The name server could not answer.",
        "Read the log of the name server: the zone may not be loaded.",
    ),
    "SRV_STALE": (
        "An SRV record points to the former name of a node.",
        "Replace it by the present name.",
    ),
    "SRV_TARGET_ALIAS": (
        "The target of an SRV record is an alias (CNAME), which it must not be (RFC 2782).",
        "Let the record point to the host name itself, and give that an address (A, AAAA).",
    ),
    "SRV_WRONG_PORT": ("An SRV record has the wrong port.", "The page DNS says which port is right."),
    "SRV_WRONG_PRIORITY": ("An SRV record has the wrong priority.", "The page DNS says which priority is right."),
    "SRV_WRONG_WEIGHT": ("An SRV record has the wrong weight.", "The page DNS says which weight is right."),
    "USERS_DISCONNECTED": (
        "Users of a node lost the connection; their clients wait before they sign in again.",
        "They come back by themselves when a node of the pair serves them.",
    ),
}

# Of a user: why the home was given or not, why the user was left alone or waits.
OF_A_USER: dict[str, str] = {
    "ALREADY_IN_CLUSTER": "The user is in that cluster already.",
    "CLUSTER_WITHOUT_NODES": "The cluster has no node in a subcluster.",
    "DIRECTORY_PLACED": "Given a home that the user, who came from the directory, had waited for.",
    "DIRECTORY_SYNCED": "Given a home when the directory was read.",
    "DIRECTORY_WAITS": "They get one within seconds.",
    "MOVE_NEW_DURING_FAILOVER": "A failover is in progress in the cluster.",
    "MOVE_PAIR_IN_FAILOVER": "The home node is in a failover state, which locks it.",
    "NODE_IN_MAINTENANCE": "The node is in maintenance and takes no users.",
    "NODE_WITHOUT_SUBCLUSTER": "The node is in no subcluster.",
    "NO_SUCH_USER": "The user is no longer there.",
    "PLAN_NO_NODE": "The node is not in the cluster.",
    "PLAN_NO_REDUNDANCY": "The users do not fit if each node must be able to take over its peer's.",
    "PLAN_NO_REDUNDANCY_ENDPOINTS": "The endpoints do not fit if each node must be able to take over its peer's.",
    "PLAN_NO_ROOM_ENDPOINTS": "The nodes have no room for so many endpoints.",
    "PLAN_NO_ROOM_USERS": "The nodes have no room for so many users.",
    "PLAN_NO_TARGET": "No node takes users.",
    "PLAN_OUT_OF_TIME": "No places were found in time.",
    "PLAN_PINNED": "More users are pinned than there is room for.",
    "PLAN_PINNED_PAIR": "More users are pinned than there is room for.",
    "PLAN_TARGET_DOWN": "The node does not run.",
    "UNDO_ID_TAKEN": "There is another user of this ID by now.",
    "UNDO_NO_HOME": "The home node is gone, takes no users now or has no room: unassigned.",
    "UNDO_USER_CHANGED": "The user was changed since; what was changed stays.",
    "UNDO_USER_GONE": "The user is no longer one of the cluster.",
    "UNDO_USER_MOVED": "The user was moved since and stays.",
    "UNDO_USER_PINNED": "The user was pinned since and stays.",
    "USERS_IMPORTED": "Given a home by an import.",
    "USERS_UNDONE": "An import or a removal was undone.",
    "USER_HELD_BY_RUN": "A run is going to move the user.",
    "USER_OF_OTHER_CLUSTER": "The user is in another cluster.",
    "USER_PINNED": "The user is pinned.",
}


def said_of_a_user(code: str) -> str:
    """Why something was done to a user, or was not, where the code alone is kept."""
    if code in OF_A_USER:
        return OF_A_USER[code]
    return REASONS[code].sentence if code in REASONS and "{" not in REASONS[code].sentence else code


def reason_of_users(code: str) -> Reason:
    """The same as a reason, with its fix where that names no fact."""
    known = REASONS.get(code)
    return Reason(code, said_of_a_user(code), known.fix if known and "{" not in known.fix else "")

"""Reasons: the DNS records of clients, the settings they are made of, and what a name server lacks."""

from topology.reasons.reason import ALARM, NEWS, add_reason

# --- Settings that cannot be ----------------------------------------------------------------------
DNS_SETTING_NOT_VALID = add_reason("DNS_SETTING_NOT_VALID", "“{value}” for {field}: {rule}.", "{remedy}", status=422)
DNS_SETTINGS_CHANGED = add_reason(
    "DNS_SETTINGS_CHANGED", "{actor} changed the DNS settings of {name}: {changes}.", level=NEWS
)

DNS_NO_SERVER = add_reason(
    "DNS_NO_SERVER", "No name server is set for {cluster}.", "Set one in the settings of the cluster."
)

# --- Records that cannot be said yet --------------------------------------------------------------
SRV_NO_DOMAIN = add_reason(
    "SRV_NO_DOMAIN",
    "The domain of {cluster} is not known: its publisher has no full name.",
    "Give the domain in the settings of the cluster.",
)
SRV_NO_CALL_MANAGERS = add_reason(
    "SRV_NO_CALL_MANAGERS", "No call managers are given.", "Name them in the settings of the cluster."
)
SRV_SAME_NAME = add_reason(
    "SRV_SAME_NAME",
    "{subclusters} have one name in DNS: a client of one would be sent to the nodes of another.",
    "Rename all but one of them so that they differ in more than capitals, _ and -, within 63 letters.",
)

# --- What is wrong with the answers of a name server ----------------------------------------------
SRV_SERVER_NOT_FOUND = add_reason(
    "SRV_SERVER_NOT_FOUND",
    "The address of the name server {server} was not found.",
    "Give its IP address and port, such as 192.0.2.53:53.",
    status=422,
)
SRV_NO_ANSWER = add_reason(
    "SRV_NO_ANSWER",
    "{server} did not answer for {name} within {detail} s.",
    "Look whether the name server runs and its port is open from here, by UDP and TCP.",
    ALARM,
)
SRV_SERVER_FAILS = add_reason(
    "SRV_SERVER_FAILS",
    "{server} could not answer for {name}: {detail}.",
    "Read the log of the name server: the zone may not be loaded.",
    ALARM,
)
SRV_NAME_MISSING = add_reason(
    "SRV_NAME_MISSING",
    "{name} has no SRV record{detail}.",
    "Add to the zone: {values}",
    ALARM,
)
SRV_RECORD_MISSING = add_reason(
    "SRV_RECORD_MISSING", "{name} lacks the record {record}", "Add it: {name}. IN SRV {record}", ALARM
)
SRV_WRONG_PORT = add_reason(
    "SRV_WRONG_PORT", "{name} has the wrong port {there} for {target}.", "Change the port to {right}.", ALARM
)
SRV_WRONG_PRIORITY = add_reason(
    "SRV_WRONG_PRIORITY",
    "{name} has the wrong priority {there} for {target}.",
    "Change the priority to {right}.",
    ALARM,
)
SRV_WRONG_WEIGHT = add_reason(
    "SRV_WRONG_WEIGHT", "{name} has the wrong weight {there} for {target}.", "Change the weight to {right}.", ALARM
)
SRV_TARGET_ALIAS = add_reason(
    "SRV_TARGET_ALIAS",
    "{name} points to {target}, an alias (CNAME) of {canonical}; a target must not be one (RFC 2782).",
    "Let the record point to the host name itself, and give that an address (A, AAAA).",
    ALARM,
)
SRV_NOT_QUALIFIED = add_reason(
    "SRV_NOT_QUALIFIED",
    "{name} points to {target}, which is not the full name of the host.",
    "Write {meant}. with the dot at the end.",
    ALARM,
)
SRV_STALE = add_reason(
    "SRV_STALE", "{name} points to {target}, the former name of {now}.", "Replace {target} by {now}.", ALARM
)
SRV_NODE_GONE = add_reason(
    "SRV_NODE_GONE",
    "{name} points to {target}, which was a node of the cluster and is none of its servers now.",
    "Remove the record.",
    ALARM,
)
SRV_EXTRA = add_reason(
    "SRV_EXTRA",
    "{name} points to {target}, which is none of its servers.",
    "Remove the record, or add the server to the cluster.",
    ALARM,
)
SRV_AMBIGUOUS = add_reason(
    "SRV_AMBIGUOUS",
    "{name} stands for several subclusters, and points to {target}.",
    "Remove the record, as the input of nsupdate does, or rename one of the subclusters.",
    ALARM,
)
SRV_RECORD_TWICE = add_reason(
    "SRV_RECORD_TWICE", "{name} has more than one record for {target}.", "Remove the one with port {port}.", ALARM
)

# --- What was found, in the history ---------------------------------------------------------------
SRV_CHECKED_BAD = add_reason(
    "SRV_CHECKED_BAD",
    "DNS records of {name}: {problems:problem}, such as {first}",
    "The page DNS lists them, each with its fix.",
    ALARM,
)
SRV_CHECKED_GOOD = add_reason("SRV_CHECKED_GOOD", "{server} has all DNS records of {name}.", level=NEWS)

"""Reasons: the directory, its agreement, and the people in it."""

from topology.reasons.reason import ALARM, NEWS, WARNING, add_reason

# --- An agreement that cannot be stored -----------------------------------------------------------
DIRECTORY_SERVERS = add_reason(
    "DIRECTORY_SERVERS",
    "{count:server is|servers are} given; 1 to {most} are allowed.",
    "Name at most {most} servers.",
    status=422,
)
DIRECTORY_ADDRESS = add_reason(
    "DIRECTORY_ADDRESS",
    "“{value}” is not the address of a directory.",
    "Write ldaps://host:636 or ldap://host:389, without a path.",
    status=422,
)
DIRECTORY_TLS_TWICE = add_reason(
    "DIRECTORY_TLS_TWICE",
    "{server} is encrypted already: StartTLS is for ldap://.",
    "Turn StartTLS off, or write ldap://.",
    status=422,
)
DIRECTORY_PASSWORD_OPEN = add_reason(
    "DIRECTORY_PASSWORD_OPEN",
    "{server} would carry the password unencrypted.",
    "Use ldaps:// or StartTLS, or allow it with insecure: true.",
    status=422,
)
DIRECTORY_UNENCRYPTED = add_reason(
    "DIRECTORY_UNENCRYPTED",
    "The connection to {server} is not encrypted.",
    "Use ldaps:// or StartTLS.",
    WARNING,
    status=422,
)
DIRECTORY_NO_BASE = add_reason(
    "DIRECTORY_NO_BASE", "The base is missing.", "Name the branch that holds the people, such as ou=people,dc=example.",
    status=422,
)  # fmt: skip
DIRECTORY_VARIABLE = add_reason(
    "DIRECTORY_VARIABLE",
    "“{value}” is not the name of an environment variable.",
    "Use letters, digits and underscores.",
    status=422,
)
DIRECTORY_FILTER = add_reason(
    "DIRECTORY_FILTER",
    "The filter {value} cannot be read.",
    "Write an LDAP filter, such as (objectClass=inetOrgPerson), and close each bracket.",
    status=422,
)
DIRECTORY_NO_USER_ID = add_reason(
    "DIRECTORY_NO_USER_ID",
    "No attribute is mapped to the user ID.",
    "Map user_id, for example to uid or sAMAccountName.",
    status=422,
)
DIRECTORY_FIELD = add_reason("DIRECTORY_FIELD", "A user has no {field}.", "Known: {known}.", status=422)
DIRECTORY_ATTRIBUTE = add_reason(
    "DIRECTORY_ATTRIBUTE",
    "“{value}” for {field} is not the name of an attribute.",
    "Name one attribute of the directory, such as mail.",
    status=422,
)
DIRECTORY_RANGE = add_reason(
    "DIRECTORY_RANGE", "{field} must be {low} to {high} {unit}.", "Choose a value in that range.", status=422
)
DIRECTORY_FILE = add_reason("DIRECTORY_FILE", "The agreement is not valid: {problem}", "{remedy}", status=422)
DIRECTORY_NONE = add_reason(
    "DIRECTORY_NONE",
    "{cluster} has no agreement with a directory.",
    "Make one on the page Directory, or with manage.py apply_directory.",
    status=404,
)
DIRECTORY_END_NOT_CONFIRMED = add_reason(
    "DIRECTORY_END_NOT_CONFIRMED", "The name does not match.", "Type {cluster} to confirm.", status=422
)
DIRECTORY_NO_RUN = add_reason("DIRECTORY_NO_RUN", "There is no run {run}.", "Choose one from the list.", status=404)
DIRECTORY_CA = add_reason(
    "DIRECTORY_CA",
    "The CA certificate cannot be read.",
    "Give its text in PEM form; a file for apply_directory may name the path of one.",
    status=422,
)

# --- What the directory says ----------------------------------------------------------------------
DIRECTORY_UNREACHABLE = add_reason(
    "DIRECTORY_UNREACHABLE",
    "No server of the directory answers: {why}.",
    "Check addresses, ports and the network; for ldaps:// and StartTLS, whether that port speaks TLS.",
    ALARM,
)
DIRECTORY_CA_UNKNOWN = add_reason(
    "DIRECTORY_CA_UNKNOWN",
    "The certificate of {server} is not trusted: {why}.",
    "Give the certificate of the authority that signed it, use a name that stands in it, or renew an expired one.",
    ALARM,
)
DIRECTORY_TLS_DEMANDED = add_reason(
    "DIRECTORY_TLS_DEMANDED",
    "{server} takes no password over an unencrypted connection: {why}.",
    "Use ldaps:// or StartTLS.",
    ALARM,
)
DIRECTORY_BIND_REFUSED = add_reason(
    "DIRECTORY_BIND_REFUSED",
    "{server} refuses the sign-in of {who}: {why}.",
    "Check bind DN and password.",
    ALARM,
)
DIRECTORY_BASE_UNREADABLE = add_reason(
    "DIRECTORY_BASE_UNREADABLE",
    "The base {base} cannot be read: {why}.",
    "Check the base, what the account may read, and whether this server holds it.",
    ALARM,
)
DIRECTORY_SEARCH_FAILED = add_reason(
    "DIRECTORY_SEARCH_FAILED",
    "The directory ended the search after {read:person|people}: {why}.",
    "Nothing was changed. Check limits of size and time for this account; the next run tries again.",
    ALARM,
)
DIRECTORY_LOST = add_reason(
    "DIRECTORY_LOST",
    "The connection to the directory broke after {read:person|people}: {why}.",
    "Nothing was changed; the next run tries again.",
    ALARM,
)
DIRECTORY_ATTRIBUTE_UNUSED = add_reason(
    "DIRECTORY_ATTRIBUTE_UNUSED",
    "None of the {read:person|people} read has the attribute {attribute}, which is mapped to {field}.",
    "Check the name of the attribute, and whether the account may read it.",
    WARNING,
)
DIRECTORY_PASSWORD_LOST = add_reason(
    "DIRECTORY_PASSWORD_LOST",
    "The stored password cannot be decrypted: the key was lost or changed.",
    "Enter the password again.",
    ALARM,
)
DIRECTORY_PASSWORD_MISSING = add_reason(
    "DIRECTORY_PASSWORD_MISSING",
    "No password is given for {who}.",
    "Enter it on the page, send it as password, or set the variable that password_env names for apply_directory.",
    status=422,
)

DIRECTORY_KEY_MISSING = add_reason(
    "DIRECTORY_KEY_MISSING",
    "There is no key to encrypt passwords with, and none can be made: {why}.",
    "Set DIRECTORY_KEY.",
    status=422,
)

# --- The guard ------------------------------------------------------------------------------------
DIRECTORY_EMPTY = add_reason(
    "DIRECTORY_EMPTY",
    "The directory gave no one. Nothing was changed.",
    "Check base and filter; a run that reads no one is never carried out.",
    ALARM,
)
DIRECTORY_GUARD = add_reason(
    "DIRECTORY_GUARD",
    "{people:user} ({percent}%) would be set aside, be renamed or lose a value. Nothing was changed.",
    "Look at the list, then accept exactly these changes or correct the filter.",
    ALARM,
)
DIRECTORY_ATTRIBUTE_GONE = add_reason(
    "DIRECTORY_ATTRIBUTE_GONE",
    "None of the {read:person|people} read has {attribute} any more: {users:user} would lose their {field}. "
    "Nothing was changed.",
    "Let the account read the attribute, or correct the map. With guard_percent at 100 a run goes on.",
    ALARM,
)
DIRECTORY_ACCEPTED_OTHER = add_reason(
    "DIRECTORY_ACCEPTED_OTHER",
    "The changes are not the ones that were accepted. Nothing was changed.",
    "Look at the new list and accept that.",
)
DIRECTORY_RUNNING = add_reason(
    "DIRECTORY_RUNNING", "A run of the directory of {cluster} is in progress.", "Wait until it has ended."
)
DIRECTORY_TEST_RUNNING = add_reason(
    "DIRECTORY_TEST_RUNNING",
    "Another test of a directory is at work.",
    "Wait until it has ended, {seconds:second} at most, and test again.",
)
DIRECTORY_TEST_LONG = add_reason(
    "DIRECTORY_TEST_LONG",
    "The directory answers, but {seconds:second} were not enough to test it: {read:person was|people were} read.",
    "Test with a filter or a base for fewer; sync_directory --dry-run takes as long as it needs.",
)

# --- People who cannot be taken, or wait ----------------------------------------------------------
DIRECTORY_NO_KEY = add_reason(
    "DIRECTORY_NO_KEY",
    "The entry has neither entryUUID nor objectGUID.",
    "Let the account read the attribute.",
    WARNING,
)
DIRECTORY_ELSEWHERE = add_reason(
    "DIRECTORY_ELSEWHERE",
    "This part of the directory lies on another server and was not read.",
    "Name a server that holds all of it, or a base without that part.",
    WARNING,
)
DIRECTORY_ID_MISSING = add_reason(
    "DIRECTORY_ID_MISSING", "The entry has no {attribute}, which is the user ID.", "Give it one in the directory.",
    WARNING,
)  # fmt: skip
DIRECTORY_TOO_LONG = add_reason(
    "DIRECTORY_TOO_LONG",
    "{attribute} has {length:character}; at most {most} are allowed.",
    "Shorten it in the directory.",
    WARNING,
)
DIRECTORY_CHARACTER = add_reason(
    "DIRECTORY_CHARACTER",
    "{attribute} has a character that no one can see ({sign}).",
    "Remove it in the directory.",
    WARNING,
)
DIRECTORY_ENDPOINT = add_reason(
    "DIRECTORY_ENDPOINT", "“{value}” in {attribute} is not a kind of endpoint.", "Known: {known}.", WARNING
)
DIRECTORY_ID_TWICE = add_reason(
    "DIRECTORY_ID_TWICE",
    "The user ID {user_id} stands in another entry too: {other}.",
    "Give each person a user ID of their own.",
    WARNING,
)
DIRECTORY_ID_TAKEN = add_reason(
    "DIRECTORY_ID_TAKEN",
    "The user ID {user_id} belongs to another user, in {other}.",
    "Remove that user, or change the ID in the directory.",
    WARNING,
)
DIRECTORY_ID_ELSEWHERE = add_reason(
    "DIRECTORY_ID_ELSEWHERE",
    "{user_id} is at home in the cluster {other}; a user with two homes breaks presence.",
    "Leave the person out by the filter, or move them here: manage.py move_users {other} {user_id} "
    "--to-cluster {cluster}",
    WARNING,
)
DIRECTORY_STAYS = add_reason(
    "DIRECTORY_STAYS",
    "{user_id} left the directory and is kept until the failover of its pair ends.",
    "The next run after it sets the user aside.",
    WARNING,
)

DIRECTORY_WAITS = add_reason("DIRECTORY_WAITS", "{user_id} waits for a home node.", "The next run gives one.", WARNING)

# --- History --------------------------------------------------------------------------------------
DIRECTORY_AGREED = add_reason(
    "DIRECTORY_AGREED", "The agreement with the directory of {name} was changed: {fields}.", level=NEWS
)
DIRECTORY_ENDED = add_reason("DIRECTORY_ENDED", "The agreement with the directory of {name} was removed.", level=NEWS)
DIRECTORY_SYNCED = add_reason(
    "DIRECTORY_SYNCED",
    "Directory of {name}: {read} read, {new} new, {changed} changed, {gone} set aside, {back} back, {skipped} skipped.",
    level=NEWS,
)
DIRECTORY_STOPPED = add_reason(
    "DIRECTORY_STOPPED",
    "A run of the directory of {name} stopped before changing anything: {because}",
    "Open the page Directory.",
    ALARM,
)
DIRECTORY_ACCEPTED = add_reason(
    "DIRECTORY_ACCEPTED", "{people:change of|changes of} the directory of {name} accepted (set {set}).", level=NEWS
)
DIRECTORY_DROPPED = add_reason(
    "DIRECTORY_DROPPED", "The stopped run of the directory of {name} was dropped.", level=NEWS
)
DIRECTORY_PLACED = add_reason(
    "DIRECTORY_PLACED", "{users:user} of the directory of {name} who waited got a home node.", level=NEWS
)
DIRECTORY_REMOVED = add_reason(
    "DIRECTORY_REMOVED",
    "{users:user} of {name} removed: gone from the directory for more than {days:day}.",
    level=NEWS,
)
DIRECTORY_LATE = add_reason(
    "DIRECTORY_LATE",
    "A run of the directory was due {late} ago and has not begun; the schedule is every {schedule}.",
    "See whether worker and beat run (/readyz), and read it now on the page Directory.",
    WARNING,
)

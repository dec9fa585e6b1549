"""Reasons: import of users."""

from topology.reasons.reason import NEWS, WARNING, add_reason

IMPORT_WRONG_KIND = add_reason("IMPORT_WRONG_KIND", "This is {kind}, not a CSV.", "{remedy}", status=422)
IMPORT_TEXT_AFTER_END = add_reason(
    "IMPORT_TEXT_AFTER_END",
    "The text ends here (character 1A), but more follows: {begins}.",
    "Remove the character or what follows it. Were files joined?",
    status=422,
)
IMPORT_HEADER_AGAIN = add_reason(
    "IMPORT_HEADER_AGAIN",
    "The header is repeated here: were files joined?",
    "Remove the line if both files have the same columns, or import them one after the other.",
    status=422,
)
IMPORT_SECOND_TABLE = add_reason(
    "IMPORT_SECOND_TABLE",
    "Another table begins here, after an empty line: {begins}. It is not read.",
    "Remove it, or save it as a file of its own.",
    status=422,
)
IMPORT_TOTAL_LINE = add_reason(
    "IMPORT_TOTAL_LINE",
    "“{value}” is a total of what stands above, not a user.",
    "Remove the line. If it is a user, write it further up or give it a name.",
    status=422,
)
IMPORT_LIKE_A_REMARK = add_reason(
    "IMPORT_LIKE_A_REMARK",
    "“{value}” reads like a remark, a total or the name of a column; it is imported as a user ID.",
    "Remove the line if it is no user.",
    level=WARNING,
)
IMPORT_LINE_BREAK = add_reason(
    "IMPORT_LINE_BREAK",
    "The quote that opens here, in the column {column}, closes only in line {end}.",
    "Close it in its line, or write a quote that belongs to the text twice.",
    status=422,
)
IMPORT_CHARACTER = add_reason(
    "IMPORT_CHARACTER",
    "The {column} contains an invisible character, {character}, {place}.",
    "Remove it.",
    status=422,
)
IMPORT_NOT_YES_OR_NO = add_reason(
    "IMPORT_NOT_YES_OR_NO", "“{value}” in the column {column} is neither yes nor no.", "Write t or f.", status=422
)
IMPORT_HALF_KEPT = add_reason(
    "IMPORT_HALF_KEPT",
    "Half of the name is “{keep}”, but first and last name can only be kept together.",
    "Write first and last name, or {keep} in both.",
    status=422,
)
IMPORT_HALF_NAME = add_reason(
    "IMPORT_HALF_NAME",
    "The column “{column}” is half of a name and no column is the other half, which stored names would lose.",
    "Say which column is the other half, or call this one name.",
    status=422,
)
IMPORT_COLUMNS_NOT_USED = add_reason(
    "IMPORT_COLUMNS_NOT_USED",
    "Not used: {value}{hint}.",
    "To use the column, rename it, or say what it is when you import.",
    level=WARNING,
)
IMPORT_COLUMN_NOT_THERE = add_reason(
    "IMPORT_COLUMN_NOT_THERE",
    "No column is called “{value}”, so nothing is read as {column}.",
    "Write its name as it stands in the first line.",
    level=WARNING,
)
IMPORT_MARKS_TAKEN = add_reason(
    "IMPORT_MARKS_TAKEN",
    "{count:cell begins|cells begin} with an apostrophe that marks text for spreadsheets; it was removed.",
    "Write two apostrophes where the text itself begins with one.",
    level=WARNING,
)
IMPORT_TEXT_FORMS = add_reason(
    "IMPORT_TEXT_FORMS",
    '{count:cell is|cells are} written as a formula for a text, such as ="0123"; the text was read.',
    "Put an apostrophe before the = where it belongs to the text.",
    level=WARNING,
)
IMPORT_NO_USERS = add_reason(
    "IMPORT_NO_USERS",
    "There are no users in the file: nothing follows its header.",
    "Compare it with the list it comes from.",
    level=WARNING,
)
IMPORT_OPEN_END = add_reason(
    "IMPORT_OPEN_END",
    "The last line has no line end: if the file was cut off, its last cell is not whole and users are missing.",
    "Compare it with the end of the list it comes from.",
    level=WARNING,
)
IMPORT_NOT_A_MAIL = add_reason(
    "IMPORT_NOT_A_MAIL",
    "{user_id}: “{value}” in the column mail is not a mail address; it is imported unchanged.",
    "Correct it in the list and import it again.",
    level=WARNING,
)
IMPORT_MEANS_NOTHING = add_reason(
    "IMPORT_MEANS_NOTHING",
    "“{value}” in the column {column} is what programs write where they show nothing; it is imported as a text.",
    "Leave the cell empty if there is no value.",
    level=WARNING,
)
IMPORT_ID_SHORTENED = add_reason(
    "IMPORT_ID_SHORTENED",
    "The {column} “{value}” looks like a number that a spreadsheet has shortened: digits are missing.",
    "Format the column as text and export the list again.",
    level=WARNING,
)
IMPORT_ID_REWRITTEN = add_reason(
    "IMPORT_ID_REWRITTEN",
    "The user ID “{value}” looks like {what} that a program made of it; it is imported unchanged.",
    "Format the column as text, write the ID anew, and export the list again.",
    level=WARNING,
)
IMPORT_FORMULA = add_reason(
    "IMPORT_FORMULA",
    "“{value}” in the column {column} is a formula, not what a spreadsheet shows for it; it is imported unchanged.",
    "Export the values of the cells, not their formulas.",
    level=WARNING,
)
IMPORT_ODD_SPACE = add_reason(
    "IMPORT_ODD_SPACE",
    "“{value}” in the column {column} has {character} where one sees a space; no search that is typed finds it.",
    "Write a plain space.",
    level=WARNING,
)
IMPORT_ZEROS_GONE = add_reason(
    "IMPORT_ZEROS_GONE",
    "{user_id} is a new user, beside {user}: spreadsheets take zeros off the beginning of numbers.",
    "Format the column as text, and export the list again.",
    level=WARNING,
)
IMPORT_QUOTES_STAY = add_reason(
    "IMPORT_QUOTES_STAY",
    '“{value}” in the column {column} keeps its quotes: only a pair of " around a cell is taken off.',
    "Remove them where they do not belong to the text.",
    level=WARNING,
)
IMPORT_ONE_COLUMN = add_reason(
    "IMPORT_ONE_COLUMN",
    "“{value}” is read as one user ID, for the first line names one column only.",
    "If it is several cells, name each column in the first line.",
    level=WARNING,
)
IMPORT_LETTERS_LOST = add_reason(
    "IMPORT_LETTERS_LOST",
    "“{value}” in the column {column} {how}: a program could not read or write them and put {sign} instead.",
    "Export the list again, as UTF-8.",
    level=WARNING,
)
IMPORT_LOOKS_ALIKE = add_reason(
    "IMPORT_LOOKS_ALIKE",
    "The user ID “{value}” {how}; it is imported unchanged.",
    "Check whether it is written as in the directory.",
    level=WARNING,
)
IMPORT_LOOKS_MISREAD = add_reason(
    "IMPORT_LOOKS_MISREAD",
    "“{value}” in the column {column} looks misread by another program; it is imported unchanged.{hint}",
    "Export the list again, as UTF-8.",
    level=WARNING,
)
IMPORT_NOT_ENABLED = add_reason(
    "IMPORT_NOT_ENABLED",
    "{user_id} is left out: not enabled for presence.",
    "Enable the user in the directory first.",
    level=WARNING,
)
IMPORT_OTHER_HOME_CLUSTER = add_reason(
    "IMPORT_OTHER_HOME_CLUSTER",
    "{user_id} is left out: at home in another cluster.",
    "Import the list into that cluster.",
    level=WARNING,
)
IMPORT_KEPT_OF_NEW = add_reason(
    "IMPORT_KEPT_OF_NEW",
    "{user_id} is new, so there is nothing to keep: the cell is empty.",
    "Write the value when there is one.",
    level=WARNING,
)
IMPORT_NODE_GONE = add_reason(
    "IMPORT_NODE_GONE",
    "{value} is not in {cluster}; {count:line names|lines name} it for users who keep their home. Was it renamed?",
    "Known: {known}.",
    level=WARNING,
)
IMPORT_PIN_STAYS = add_reason(
    "IMPORT_PIN_STAYS",
    "{user_id} stays pinned by {owner} ({because}): an import takes no pin off.",
    "Unpin the user on the page.",
    level=WARNING,
)
IMPORT_PIN_REASON_LEFT = add_reason(
    "IMPORT_PIN_REASON_LEFT",
    "The reason “{value}” is not stored: {user_id} is {state}.",
    "To pin a user, write t in the column pinned; to change a reason, pin the user anew on the page.",
    level=WARNING,
)
IMPORT_PIN_UNASSIGNED = add_reason(
    "IMPORT_PIN_UNASSIGNED",
    "{user_id} is not pinned: without a home node there is nothing to be pinned to.",
    "Assign the user first.",
    level=WARNING,
)
IMPORT_EMPTYING = add_reason(
    "IMPORT_EMPTYING",
    "{what} would be emptied.",
    "Leave the column out to keep stored values, or confirm: tick “Empty them”, on the command line --allow-emptying.",
    status=422,
)

IMPORT_COLUMN_CHOICE = add_reason(
    "IMPORT_COLUMN_CHOICE",
    "“{choice}” does not say how a column is read.",
    "Write HEADER=COLUMN, or HEADER= to leave it out. Columns: {known}.",
    status=422,
)
IMPORT_NO_HEADER = add_reason(
    "IMPORT_NO_HEADER",
    "The first line names no column user_id or USER ID; it begins with: {begins}.{hint}",
    "The first line names the columns: user_id, and optionally name, mail, directory_uri, department, endpoints, "
    "contacts, node.",
    status=422,
)
IMPORT_COLUMN_TWICE = add_reason(
    "IMPORT_COLUMN_TWICE", "The column {column} appears twice.", "Remove one of them.", status=422
)
IMPORT_TOO_LARGE = add_reason(
    "IMPORT_TOO_LARGE", "The file is larger than {limit}.", "Split it into several files.", status=422
)
IMPORT_BAD_ENCODING = add_reason(
    "IMPORT_BAD_ENCODING",
    "Not {encoding}: {begins}.{hint}",
    "Save the file as UTF-8, with or without BOM.",
    status=422,
)
IMPORT_BAD_LINE = add_reason(
    "IMPORT_BAD_LINE", "Not a line of CSV: {why}.", "Check the quotes and the number of cells.", status=422
)
IMPORT_ID_MISSING = add_reason(
    "IMPORT_ID_MISSING", "The user ID is missing.", "Give every line a user ID, or leave the line out.", status=422
)
IMPORT_ID_TOO_LONG = add_reason(
    "IMPORT_ID_TOO_LONG", "The user ID {user_id} has {length:character}.", "At most {limit} are allowed.", status=422
)
IMPORT_ID_TWICE = add_reason(
    "IMPORT_ID_TWICE",
    "The user ID {user_id} is already in line {first}; upper and lower case do not differ.",
    "Remove one of the lines.",
    status=422,
)
IMPORT_TEXT_TOO_LONG = add_reason(
    "IMPORT_TEXT_TOO_LONG", "The {column} has {length:character}.", "At most {limit} are allowed.", status=422
)
IMPORT_CONTACTS_NOT_A_NUMBER = add_reason(
    "IMPORT_CONTACTS_NOT_A_NUMBER", "Contacts “{value}” is not a number.", "Write 0 to {limit}.", status=422
)
IMPORT_TOO_MANY_CONTACTS = add_reason(
    "IMPORT_TOO_MANY_CONTACTS", "{value} contacts are more than {limit}.", "A list holds at most {limit}.", status=422
)
IMPORT_UNKNOWN_ENDPOINT = add_reason(
    "IMPORT_UNKNOWN_ENDPOINT",
    "“{value}” is not a kind of endpoint.",
    "Write one or more of these, with a comma, ; or | between: {known}.",
    status=422,
)
IMPORT_UNKNOWN_NODE = add_reason(
    "IMPORT_UNKNOWN_NODE", "“{value}” is not a node of {cluster}.", "Known: {known}.", status=422
)
IMPORT_NODE_UNASSIGNED = add_reason(
    "IMPORT_NODE_UNASSIGNED",
    "{node} is in no subcluster, so no user can be at home there.",
    "Put {node} into a subcluster, or name another node.",
    status=422,
)
IMPORT_NODE_FULL = add_reason(
    "IMPORT_NODE_FULL",
    "{node} would have {after:,} {what}, more than its capacity of {capacity:,}.",
    "Name another node, or leave the node out.",
    status=422,
)
IMPORT_CLUSTER_FULL = add_reason(
    "IMPORT_CLUSTER_FULL",
    "{cluster} has room for {room:more user|more users}; this is number {number:,} of {users:,}. {why}",
    "Add nodes, import fewer users, or give them - as their node to leave them unassigned.",
    status=422,
)
IMPORT_OTHER_CLUSTER = add_reason(
    "IMPORT_OTHER_CLUSTER",
    "{user_id} is a user of the cluster {other}; a user with two homes breaks presence.",
    "Leave the line out, or move the user here: manage.py move_users {other} {user_id} --to-cluster {cluster}",
    status=422,
)
IMPORT_STAYS = add_reason(
    "IMPORT_STAYS",
    "{user_id} stays on {node}: an import does not move users who have a home.",
    "Move them on the page, where runs are throttled.",
    level=WARNING,
)
CLUSTER_IN_FAILOVER = add_reason(
    "CLUSTER_IN_FAILOVER",
    "{node} is {state}: users cannot be added while a node of {cluster} is in a failover state.",
    "Bring {node} back first (fallback or recover), then import again.",
)
USERS_IMPORTED = add_reason(
    "USERS_IMPORTED",
    "{actor} imported {lines:user} into {name}: {created:,} new, {updated:,} changed, {assigned:,} given a home.",
    level=NEWS,
)
USERS_IMPORT_LEFT = add_reason(
    "USERS_IMPORT_LEFT",
    "Import by {actor} into {name}: {left:user was|users were} left out; columns not used: {columns}.",
    level=NEWS,
)

"""Reasons: what is wrong with a YAML file, one code for each kind of problem."""

from topology.reasons.reason import WARNING, add_reason

FILE_NOT_YAML = add_reason("FILE_NOT_YAML", "{problem}", "{remedy}", status=422)
FILE_TOO_LARGE = add_reason("FILE_TOO_LARGE", "{found:,} {what} are more than {most:,}", "{remedy}", status=422)
FILE_TOO_SHORT = add_reason("FILE_TOO_SHORT", "it has {has}, fewer than {least}", "{remedy}", status=422)
FILE_EMPTY = add_reason("FILE_EMPTY", "nothing is written here", "{remedy}", status=422)
FILE_KEY_UNKNOWN = add_reason("FILE_KEY_UNKNOWN", "this key is not known", "{remedy}", status=422)
FILE_KEY_TWICE = add_reason(
    "FILE_KEY_TWICE",
    "the key {key} is there twice, first on line {line}",
    "Keep the one that is meant.",
    status=422,
)
FILE_KEY_NOT_PLAIN = add_reason(
    "FILE_KEY_NOT_PLAIN", "{written} cannot be a key", "A key is a word before a colon: name: value.", status=422
)
FILE_KEY_MISSING = add_reason("FILE_KEY_MISSING", "is missing", "{remedy}", status=422)
FILE_PLACEHOLDER = add_reason(
    "FILE_PLACEHOLDER",
    "{written} is a placeholder that nothing was filled into",
    "Fill in the template, or write the value itself.",
    status=422,
)
FILE_TAG_NOT_KNOWN = add_reason(
    "FILE_TAG_NOT_KNOWN", "the tag {tag} is not known", "Leave it out: write the value alone.", status=422
)
FILE_NOT_TEXT = add_reason("FILE_NOT_TEXT", "{written} is not text", "{remedy}", status=422)
FILE_NOT_A_NUMBER = add_reason("FILE_NOT_A_NUMBER", "{written} is not a {kind}number", "{remedy}", status=422)
FILE_NOT_IN_RANGE = add_reason("FILE_NOT_IN_RANGE", "{written} is not {range}", "{remedy}", status=422)
FILE_NOT_TRUE_OR_FALSE = add_reason("FILE_NOT_TRUE_OR_FALSE", "{written} is not true or false", "{remedy}", status=422)
FILE_NOT_A_LIST = add_reason(
    "FILE_NOT_A_LIST", "{written} is not a list", "Write one item per line, each with a dash.", status=422
)
FILE_NOT_A_MAPPING = add_reason(
    "FILE_NOT_A_MAPPING", "{written} is not a mapping of keys", "Write key: value, one a line.", status=422
)
FILE_NOT_ONE_OF = add_reason("FILE_NOT_ONE_OF", "{written} is not one of {known}", "{remedy}", status=422)
FILE_NAME_NOT_VALID = add_reason("FILE_NAME_NOT_VALID", "{written} is not a name: {rule}", "{remedy}", status=422)
FILE_TEXT_NOT_VALID = add_reason("FILE_TEXT_NOT_VALID", "{written} is not a {kind}", "{remedy}", status=422)
FILE_VALUES_CONFLICT = add_reason("FILE_VALUES_CONFLICT", "{problem}", "{remedy}", status=422)
NODE_PERHAPS_RENAMED = add_reason(
    "NODE_PERHAPS_RENAMED",
    "{node} is not in the cluster; {other} is not in the file: renamed?",
    "If it was, write {other} in the file, or rename the node.",
    level=WARNING,
    status=422,
)

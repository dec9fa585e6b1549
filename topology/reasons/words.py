"""Words that sentences share: counts beside their nouns ("1 user", "4,822 moves"), and what has no name."""

UNASSIGNED_USERS = "the unassigned users"  # where users without a home node are, come from and go to
UNASSIGNED_LIST = f"the list of {UNASSIGNED_USERS}"  # the same as a place to be at home
UNASSIGNED = "unassigned"  # the same in place of a node's name
REMOVED_NODE = "a removed node"  # in place of its name, where it is not known any more
NAMELESS = "without a name"  # what was asked for by no name: "There is no node without a name."


def counted(number: int, noun: str) -> str:
    """A number with a noun that agrees: `noun` is the singular, or "singular|plural" where an s is not enough.

    What stands beside the noun may agree too: counted(1, "user is|users are") is "1 user is".
    """
    return f"{number:,} {noun.partition('|')[0] if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """The plural of a noun that is given as `counted` takes it."""
    one, _, many = noun.partition("|")
    return many or one + "s"


def ended(sentence: str) -> str:
    """A sentence with its end: a full stop where it has none of its own."""
    return sentence if sentence.endswith((".", "?", "!")) else sentence + "."

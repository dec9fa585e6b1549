"""What may be a name, and which rule a wrong one breaks (domain.md §1.3; RFC 1123 for the names of hosts)."""

import re
from dataclasses import dataclass

LONGEST_NODE, LONGEST_LABEL, LONGEST_GROUP = 255, 63, 128


@dataclass(frozen=True)
class Broken:
    """The rule that a name breaks, and what to do."""

    rule: str
    fix: str


NODE_FIX = (
    f"Use letters, digits, . and -, at most {LONGEST_NODE}, and 1 to {LONGEST_LABEL} between dots, "
    "with a letter or digit at both ends."
)
GROUP_FIX = f"Use letters, digits, _ and -, at most {LONGEST_GROUP}."


def broken_by_node(name: str) -> Broken | None:
    """The rule that the name of a node breaks; None for a good one."""
    rule = _length(name, LONGEST_NODE) or _characters(name, "A-Za-z0-9.-") or _labels(name)
    return Broken(rule, NODE_FIX) if rule else None


def broken_by_group(name: str) -> Broken | None:
    """The rule that the name of a cluster or subcluster breaks; None for a good one."""
    rule = _length(name, LONGEST_GROUP) or _characters(name, "A-Za-z0-9_-")
    return Broken(rule, GROUP_FIX) if rule else None


def _length(name: str, most: int) -> str:
    if not name:
        return "it is empty"
    return f"it has {len(name)} characters, more than {most}" if len(name) > most else ""


def _characters(name: str, allowed: str) -> str:
    match = re.search(f"[^{allowed}]", name)
    if not match:
        return ""
    char = match[0]
    return f"it has {'a space' if char == ' ' else char if char.isprintable() else f'U+{ord(char):04X}'}"


def _labels(name: str) -> str:
    labels = name.split(".")
    if "" in labels:
        return "nothing stands before, after or between its dots" if labels != ["", ""] else "it is only a dot"
    if long := next((label for label in labels if len(label) > LONGEST_LABEL), ""):
        return f"{long[:12]}… between its dots has {len(long)} characters, more than {LONGEST_LABEL}"
    if name[0] == "-" or name[-1] == "-":
        return "it begins or ends with -"
    if odd := next((label for label in labels if label[0] == "-" or label[-1] == "-"), ""):
        return f"{odd} between its dots begins or ends with -"
    return ""

"""Lines of a list that are no users: totals, the header of a second table, what somebody wrote below.

Refused is only what cannot be a person: a line "Total" whose other cells are numbers that no person has there, or that
count what stands above. What merely looks so is a user with a warning. Standard library only.
"""

import re
from collections.abc import Mapping, Sequence

from assignments.users.rules.columns import ALIASES, HEADERS, MEANT, USED, column_name

TOTALS = {
    "total", "totals", "grand total", "subtotal", "sub total", "sub-total", "sum", "sums", "count", "total users",
    "total count", "number of users", "users", "users total", "all users", "summe", "summen", "gesamt", "gesamtsumme",
    "zwischensumme", "insgesamt", "anzahl", "anzahl benutzer", "totaal", "somme", "nombre", "total general",
    "total général", "suma", "totale", "somma", "soma", "итого", "всего", "razem", "ogółem", "celkem", "összesen",
    "yhteensä", "i alt", "totalt", "sammanlagt", "toplam", "σύνολο", "合計", "总计", "總計", "합계",
}  # fmt: skip
NUMBER = re.compile(r"\d[\d.,'\u2019\u202f\xa0 ]*%?")
UNIT = r"(?:more )?(?:rows?|records?|lines?|entries|users?|people|accounts?|benutzer|zeilen|einträge|nutzer)"
TALLY = re.compile(
    rf"(?P<before>[^\d:=]+?) ?(?P<mark>[:= ]) *(?P<count>\d[\d.,']*)(?: {UNIT})?|(?P<alone>\d[\d.,']*) {UNIT}",
    re.IGNORECASE,
)
LEFT_OUT = re.compile(rf"\(\d[\d.,']* {UNIT}\b[^)]*\)|(?:\.{{3,}}|…)(?: ?\d[\d.,']* {UNIT})?", re.IGNORECASE)
REMARK = re.compile(r"(?:# |//|-- |;|/\*|\*\*|\\\.$)")
NO_NUMBERS = ("name", "first_name", "last_name", "mail", "node", "endpoints")  # where no person has a number alone
# What heads the columns of a table of something else, beside the names that our own columns have or may have.
HEADS = {
    "key", "value", "number", "count", "total", "sum", "percent", "share", "date", "day", "month", "year", "time",
    "created", "changed", "version", "status", "state", "type", "kind", "group", "role", "site", "location", "region",
    "country", "city", "cluster", "subcluster", "servers", "nodes", "users", "capacity", "license", "licenses",
    "comment", "remark", "description", "anzahl", "summe", "gesamt", "prozent", "anteil", "datum", "stand",
    "standort", "gruppe", "rolle", "wert", "bemerkung", "beschreibung", "lizenz", "lizenzen", "server_name", "host",
    "hostname", "ip", "address",
}  # fmt: skip


def is_total_word(user_id: str) -> bool:
    """Whether a user ID is what people write before a total."""
    return user_id.casefold().rstrip(" :=.") in TOTALS


def is_total(user_id: str, others: Mapping[str, str], seen: Sequence[int]) -> bool | None:
    """Whether a line is a total of what stands above: None where it may be a person; `seen` is what it may count.

    `others` are its filled cells by their column.
    """
    numbers = [_number(cell) for cell in others.values()]
    if is_total_word(user_id):
        if None in numbers:
            return False
        counted = seen[0] > 1 and any(number in seen for number in numbers)  # users above, or contacts
        return True if counted or any(column in NO_NUMBERS for column in others) else None
    if others or not (tally := TALLY.fullmatch(user_id)):
        return False
    if tally["before"] and not is_total_word(tally["before"]):
        return False
    says = (tally["mark"] or " ") != " " or _number(tally["count"] or tally["alone"]) in seen
    return True if says else None


def _number(cell: str) -> int | None:
    """The whole number that a cell shows; -1 for another number, None for what is none."""
    if not NUMBER.fullmatch(cell):
        return None
    digits = re.sub(r"[.,'\u2019\u202f\xa0 ](?=\d{3}(?!\d))", "", cell)
    return int(digits) if digits.isdigit() and len(digits) < 12 else -1


def is_left_out(cells: Sequence[str]) -> bool:
    """Whether a line stands for others that a program did not write: dots, or how many there are."""
    return all(LEFT_OUT.fullmatch(cell) for cell in cells)


def is_remark(user_id: str, others: Mapping[str, str], width: int) -> bool:
    """Whether a line reads like a remark: words alone in a line of several cells, or the mark of a comment.

    Or like a line of a table that lies on its side, whose first cells are the names of columns.
    """
    if user_id.lower() in HEADERS:
        return True
    return (width > 1 and not others and " " in user_id) or REMARK.match(user_id) is not None


def names_columns(cells: Sequence[str], *, of_others: bool = False) -> bool:
    """Whether all filled cells name different columns, ours as somebody may write them; `of_others`: any table's."""
    names = [column_name(cell) for cell in cells if cell.strip()]
    meant = [ALIASES.get(name, MEANT.get(name, name)) for name in names]
    if len(names) < 2 or len(set(meant)) < len(names):
        return False
    return all(column in USED or (of_others and column in HEADS) for column in meant)


# Lines with a user ID that has one of these signs, or is one of these words in lower case, are looked at with care.
SIGNS = " :="
LOOKED_AT = TOTALS | {*USED, *ALIASES, *MEANT} | {name.replace("_", "-") for name in (*ALIASES, *MEANT)}

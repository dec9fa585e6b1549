"""Records that need no care, read at once: most records of most lists, and reading them costs most of the time.

    cells --all visible, composed, no mark, each as its column has it--> UserLine
          --anything else--> None: user_file.py reads them with care and says what is wrong

What is read here is what user_file.py would read, without a word; tests/users/test_clean_records.py holds the two
together. Standard library only.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from assignments.users.rules.cells import SHOWS_NOTHING
from assignments.users.rules.columns import HALVES, Columns
from assignments.users.rules.not_users import may_be_none
from assignments.users.rules.oddities import BEGINS, MAIL, looks_alike, may_be_odd
from assignments.users.rules.records import SEPARATORS
from assignments.users.rules.user_line import DRAWN, MAX_REASON, MAX_TEXT, NO, YES, Limits, Reading, UserLine

BETWEEN = "\x1f"  # cells of one record; no visible text holds it
ANY = f"[^{BETWEEN}]"
YES_OR_NO: Mapping[str, bool] = {"": False} | dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
Kinds = Mapping[str, tuple[str, ...] | str]  # what cells of endpoints say; a text says that there is no such kind
READ = ("line", "none", "empty", "false", "halves", "endpoints", "contacts", "pinned")  # before the cells of a record


class CleanRecords:
    """Reads the clean records of one file; `kinds` fills while the others are read."""

    def __init__(self, columns: Columns, header: Sequence[str], limits: Limits, reading: Reading, kinds: Kinds) -> None:
        self.width, self.keep, self.kinds = columns.width, reading.keep, kinds
        self.header_id = header[columns.places["user_id"]]
        of_place = {place: column for column, place in columns.places.items()}
        cells = (_pattern(of_place.get(place), limits) for place in range(columns.width))
        lone = f"(?!.*[{SEPARATORS}])" if columns.width == 1 else ""  # where these may part what is read as one cell
        self._match = re.compile(lone + BETWEEN.join(cells)).fullmatch
        at = {of_place[place]: index for index, place in enumerate(sorted(of_place))}
        self._who, self._endpoints = at["user_id"], at.get("endpoints")
        self._contacts, self._pinned = at.get("contacts"), at.get("pinned")
        self._halves = [at[column] for column in HALVES if column in at]
        self._pick = itemgetter(*(_source(field, at) for field in UserLine._fields))
        self._numbers = {"": 0} | {str(number): number for number in range(limits.contacts + 1)}
        wanted = {"enabled": {"", *YES}, "home_cluster": {"", *YES, reading.cluster.lower()}}
        self._wanted = [(at[column], said) for column, said in wanted.items() if column in at]

    def read(self, number: int, cells: list[str]) -> UserLine | None:
        """The user of a clean record that begins in this line; None for any other record."""
        record = "".join(cells)
        if not record.isprintable() or (self.keep and self.keep in record) or len(cells) != self.width:
            return None
        if not record.isascii() and (SHOWS_NOTHING.search(record) or not unicodedata.is_normalized("NFC", record)):
            return None
        if may_be_odd(record):
            return None
        match = self._match(BETWEEN.join(cells))
        return self._user(number, match.groups()) if match else None

    def _user(self, number: int, said: Sequence[str]) -> UserLine | None:
        who = said[self._who]
        if who == self.header_id or may_be_none(who) or (not who.isascii() and looks_alike(who)):
            return None
        if self._wanted and not all(said[at] in words for at, words in self._wanted):
            return None
        if (read := self._words(said)) is None or (name := self._name(said)) is None:
            return None
        return UserLine._make(self._pick((number, None, "", False, name, *read, *said)))

    def _words(self, said: Sequence[str]) -> tuple[Any, Any, Any] | None:
        """Endpoints, contacts and pinned, each None where there is no such column; None where a word is unknown."""
        kinds = contacts = pinned = None
        if self._endpoints is not None and not isinstance(kinds := self.kinds.get(said[self._endpoints]), tuple):
            return None
        if self._contacts is not None and (contacts := self._numbers.get(said[self._contacts])) is None:
            return None
        if self._pinned is not None and (pinned := YES_OR_NO.get(said[self._pinned])) is None:
            return None
        return kinds, contacts, pinned

    def _name(self, said: Sequence[str]) -> str | None:
        """The halves of a name as one; None where that is too long."""
        name = " ".join(filter(None, [said[at] for at in self._halves])) if self._halves else ""
        return name if len(name) <= MAX_TEXT else None


def _source(field: str, at: Mapping[str, int]) -> int:
    """Where the value of a field stands: among what was worked out, or behind that with the cells."""
    if field in at and field not in READ:
        return len(READ) + at[field]
    if field == "name":
        return READ.index("halves" if {*HALVES} & {*at} else "none")
    return READ.index(field if field in READ else {"node": "empty", "kept": "false"}.get(field, "none"))


def _pattern(column: str | None, limits: Limits) -> str:
    """What a cell of a column looks like: nothing to take off, no mark of a spreadsheet at its beginning."""
    if column is None:
        return f"{ANY}*"
    if column == "user_id":
        return f"(?![ '(/;*….{re.escape(DRAWN)}]|{BEGINS})({ANY}{{1,{limits.user_id}}})(?<! )"
    if column == "mail":
        return f"(?![ '=]|{BEGINS})(?={ANY}{{0,{MAX_TEXT}}}(?!{ANY}))(|{MAIL})"
    most = MAX_REASON if column == "pin_reason" else MAX_TEXT
    return f"(?![ '=]|{BEGINS})({ANY}{{0,{most}}})(?<! )"

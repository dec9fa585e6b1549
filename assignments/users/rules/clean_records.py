"""Records that need no care, read at once: most records of most lists, and reading them costs most of the time.

    lines without quotes --all of them clean--> UserLines
                         --anything else--> None: they are read record by record
    cells --all visible, composed, no mark, each as its column has it--> UserLine
          --anything else--> None: user_file.py reads them with care and says what is wrong

What is read here is what user_file.py would read, without a word; tests/users/files/test_clean_records.py holds the
three together. Standard library only.
"""

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from assignments.users.rules.cells import SHOWS_NOTHING
from assignments.users.rules.columns import HALVES, Columns
from assignments.users.rules.not_users import LOOKED_AT, SIGNS
from assignments.users.rules.oddities import BEGINS, BEGINS_REWRITTEN, MAIL, looks_alike, may_be_odd
from assignments.users.rules.records import SEPARATORS
from assignments.users.rules.user_line import DRAWN, MAX_REASON, MAX_TEXT, NO, YES, Limits, Reading, UserLine, UserLines

BETWEEN = "\x1f"  # cells of one record; no visible text holds it
ANY = f"[^{BETWEEN}\n]"
CLEAN_MAIL = MAIL.replace(r"\s", f" {BETWEEN}\n")  # what can be seen has no other white space, and a class is quicker
YES_OR_NO: Mapping[str, bool] = {"": False} | dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
Kinds = Mapping[str, tuple[str, ...] | str]  # what cells of endpoints say; a text says that there is no such kind
READ = ("line", "none", "empty", "false", "halves", "endpoints", "contacts", "pinned")  # before the cells of a record


class CleanRecords:
    """Reads the clean records of one file; `kinds` fills while the others are read."""

    def __init__(self, columns: Columns, header: Sequence[str], limits: Limits, reading: Reading, kinds: Kinds) -> None:
        self.width, self.keep = columns.width, reading.keep
        self.header_id = header[columns.places["user_id"]]
        of_place = {place: column for column, place in columns.places.items()}
        lone = f"(?!.*[{SEPARATORS}])" if columns.width == 1 else ""  # where these may part what is read as one cell
        one, every = (
            lone + BETWEEN.join(_pattern(of_place.get(place), limits, group) for place in range(columns.width))
            for group in ("(", "(?:")
        )
        self._match, self._match_all = re.compile(one).fullmatch, re.compile(f"(?:{every}\n)+").fullmatch
        self._places = sorted(of_place)
        at = {of_place[place]: index for index, place in enumerate(self._places)}
        self._who = at["user_id"]
        self._halves = [at[column] for column in HALVES if column in at]
        self._pick = itemgetter(*(_source(field, at) for field in UserLine._fields))
        numbers: Mapping[str, int] = {"": 0} | {str(number): number for number in range(limits.contacts + 1)}
        columns_of_words = (("endpoints", kinds), ("contacts", numbers), ("pinned", YES_OR_NO))
        self._meanings: list[tuple[int | None, Mapping[str, Any]]] = [
            (at.get(column), meaning) for column, meaning in columns_of_words
        ]
        wanted = {"enabled": {"", *YES}, "home_cluster": {"", *YES, reading.cluster.lower()}}
        self._wanted = [(at[column], said) for column, said in wanted.items() if column in at]

    def read(self, number: int, cells: list[str]) -> UserLine | None:
        """The user of a clean record that begins in this line; None for any other record."""
        if len(cells) != self.width or not self._is_clean("".join(cells)):
            return None
        match = self._match(BETWEEN.join(cells))
        return self._user(number, match.groups()) if match else None

    def read_all(self, first: int, text: str, separator: str) -> UserLines | None:
        """The users of lines without quotes, the first of which has this number; None where any of them needs care."""
        if not self._is_clean(text.replace(separator, "").replace("\n", "")):
            return None
        if not self._match_all(text := text.replace(separator, BETWEEN)):
            return None
        cells = text.replace("\n", BETWEEN).split(BETWEEN)[:-1]
        return self._users(first, [cells[place :: self.width] for place in self._places])

    def _is_clean(self, text: str) -> bool:
        """Whether there are only letters that can be seen, composed, without a mark or a sign of an oddity."""
        if not text.isprintable() or (self.keep and self.keep in text):
            return False
        if not text.isascii() and (SHOWS_NOTHING.search(text) or not unicodedata.is_normalized("NFC", text)):
            return False
        return not may_be_odd(text)

    def _users(self, first: int, said: Sequence[Sequence[str]]) -> UserLines | None:
        """The same as `_user` for many records, column by column; a column of few words is judged by its words."""
        who = said[self._who]
        if self.header_id in who or not LOOKED_AT.isdisjoint(map(str.lower, who)):
            return None
        if not "".join(who).isascii() and any(map(looks_alike, who)):
            return None
        if not all(wanted.issuperset(said[at]) for at, wanted in self._wanted):
            return None
        columns, nothing = list[Sequence[Any]](), [None] * len(who)
        for at, meaning in self._meanings:
            if at is None:
                columns.append(nothing)
                continue
            words = set(said[at])
            if not words <= meaning.keys() or any(isinstance(meaning[word], str) for word in words):
                return None
            columns.append(list(map(meaning.__getitem__, said[at])))
        names = [" ".join(filter(None, halves)) for halves in zip(*(said[at] for at in self._halves), strict=True)]
        if names and max(map(len, names)) > MAX_TEXT:
            return None
        lines = range(first, first + len(who))
        return UserLines(self._pick((lines, nothing, [""] * len(who), [False] * len(who), names, *columns, *said)))

    def _user(self, number: int, said: Sequence[str]) -> UserLine | None:
        who = said[self._who]
        if who == self.header_id or who.lower() in LOOKED_AT or (not who.isascii() and looks_alike(who)):
            return None
        if self._wanted and not all(said[at] in words for at, words in self._wanted):
            return None
        words = []
        for at, meaning in self._meanings:  # a text is no meaning: it says which word has none
            word = None if at is None else meaning.get(said[at], "")
            if isinstance(word, str):
                return None
            words.append(word)
        if (name := self._name(said)) is None:
            return None
        return UserLine._make(self._pick((number, None, "", False, name, *words, *said)))

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


def _pattern(column: str | None, limits: Limits, group: str) -> str:
    """What a cell of a column looks like: nothing to take off, no mark of a spreadsheet at its beginning.

    Where a cell ends is plain, so no part of it is ever tried at a shorter length (the + behind a repetition).
    """
    if column is None:
        return f"{ANY}{{0,{csv.field_size_limit()}}}+"
    if column in ("contacts", "pinned"):  # judged by their words, all of which are known
        return f"{group}{ANY}*+)"
    if column == "user_id":
        plain = ANY.replace("]", f"{SIGNS}]")
        odd = rf"[ '(/;*…\\.{re.escape(DRAWN)}]|{BEGINS}|{BEGINS_REWRITTEN}"
        return f"(?!{odd}){group}{plain}{{1,{limits.user_id}}}+)(?<!\\.)"
    if column == "mail":
        return f"(?![ '=]|{BEGINS})(?!{ANY}{{{MAX_TEXT + 1}}}){group}|{CLEAN_MAIL})"
    most = MAX_REASON if column == "pin_reason" else MAX_TEXT
    return f"(?![ '=]|{BEGINS}){group}{ANY}{{0,{most}}}+)(?<! )"

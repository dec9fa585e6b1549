"""Lists of users as files: a plain CSV, or the bulk-administration export of the product (domain.md §6.4).

    bytes -> lines of text -> cells -> Row, one at a time; what cannot be used becomes a Problem with its line number

The columns of the first line tell the format: `user_id`, or `USER ID` with `FIRST NAME`, `LAST NAME` and `MAIL ID`.
The separator is a comma or a semicolon. Standard library only.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from topology import reasons
from topology.reasons import Reason

T = TypeVar("T")
PLAIN, BULK = "plain", "bulk_administration"
PLAIN_COLUMNS = ("user_id", "name", "mail", "endpoints", "contacts", "node")
BULK_COLUMNS = ("user_id", "first_name", "last_name", "mail_id")
NO_NODE = "-"  # in the column node: leave this user unassigned
MAX_BYTES = 512 * 1024 * 1024
MAX_LINE = 1024 * 1024
MAX_TEXT = 255
LISTED = 1000  # problems that are kept; the others are counted


class Readable(Protocol):
    """A file opened for bytes, on disk or uploaded."""

    def readline(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one line of the file."""

    line: int
    reason: Reason
    facts: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the commands and the API give."""
        message, fix = self.reason.say(**self.facts), self.reason.say_fix(**self.facts)
        return {"line": self.line, "code": self.reason.code, "message": message, "fix": fix}


@dataclass
class Problems:
    """The first problems and the number of all."""

    listed: list[Problem] = field(default_factory=list)
    total: int = 0

    def add(self, line: int, reason: Reason, **facts: Any) -> None:
        self.total += 1
        if len(self.listed) < LISTED:
            self.listed.append(Problem(line, reason, facts))

    def add_counted(self, found: Iterable[Problem], total: int) -> None:
        """Problems that were found at once, in order of lines, and how many there are of them."""
        self.total += total
        self.listed = sorted([*self.listed, *found], key=lambda problem: problem.line)[:LISTED]


@dataclass(frozen=True, slots=True)
class Row:
    """One user of the file; None means that the file has no such column."""

    line: int
    user_id: str
    name: str | None
    mail: str | None
    endpoints: tuple[str, ...] | None
    contacts: int | None
    node: str


@dataclass(frozen=True)
class Limits:
    """What the cells may say."""

    user_id: int
    contacts: int
    endpoints: Mapping[str, str]  # code and label of each kind


class UserList:
    """Reads one file from beginning to end; `format` and `problems` are complete when the rows are used up."""

    def __init__(self, file: Readable, limits: Limits) -> None:
        self.file, self.limits = file, limits
        self.problems = Problems()
        self.format = PLAIN
        self.lines = 0  # with a user, good or bad
        self.columns: dict[str, int] = {}
        self._endpoints: dict[str, tuple[str, ...] | str] = {"": ()}
        self._known = {word.lower(): code for code, label in limits.endpoints.items() for word in (code, label)}
        self._header_line = self._width = 0

    def rows(self) -> Iterator[Row]:
        """Every line with a usable user ID, also those with other problems, so that all are found at once."""
        lines = self._text()
        reader = csv.reader(lines, delimiter=self._header(lines), strict=True, skipinitialspace=True)
        if "user_id" not in self.columns:
            return
        for number, cells in self._cells(reader):
            if any(cells):
                self.lines += 1
                if row := self._row(number, self._fitted(number, cells)):
                    yield row

    # Bytes and lines

    def _text(self) -> Iterator[str]:
        read, number = 0, 0
        while raw := self.file.readline(MAX_LINE + 1):
            number += 1
            read += len(raw)
            if read > MAX_BYTES or len(raw) > MAX_LINE:
                limit = f"{MAX_BYTES >> 20} MB" if read > MAX_BYTES else f"{MAX_LINE >> 20} MB in one line"
                self.problems.add(number, reasons.IMPORT_TOO_LARGE, limit=limit)
                return
            yield self._decoded(number, raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw)

    def _decoded(self, number: int, raw: bytes) -> str:
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            begins = raw[max(0, error.start - 20) : error.start + 5].decode(errors="replace").strip()
            self.problems.add(number, reasons.IMPORT_BAD_ENCODING, begins=begins)
            return raw.decode(errors="replace").replace("\0", "")
        if "\0" in text:
            begins = text.replace("\0", "·")[:25].strip()
            self.problems.add(number, reasons.IMPORT_BAD_ENCODING, begins=begins)
        return text.replace("\0", "")

    def _cells(self, reader: Any) -> Iterator[tuple[int, list[str]]]:
        """Cells of each line, stripped, with the number of the line they begin in (the header is line 1)."""
        while True:
            number = self._header_line + reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.lines += 1
                self.problems.add(number, reasons.IMPORT_BAD_LINE, why=str(error))
                continue
            yield number, [cell.strip() for cell in cells]

    def _fitted(self, number: int, cells: list[str]) -> list[str]:
        """As many cells as the header has; more of them mean that a separator in a text was not quoted."""
        if any(cells[self._width :]):
            why = f"{len(cells)} cells, the first line has {self._width}"
            self.problems.add(number, reasons.IMPORT_BAD_LINE, why=why)
        return cells + [""] * (self._width - len(cells))

    # The first line

    def _header(self, lines: Iterator[str]) -> str:
        """Find the columns in the first line that is not blank, and return the separator."""
        first = ""
        for first in lines:
            self._header_line += 1
            if first.strip():
                break
        separator = ";" if first.count(";") > first.count(",") else ","
        names = self._names(first, separator)
        self._width = len(names)
        self.format = BULK if "user_id" in names and {"first_name", "last_name", "mail_id"} & set(names) else PLAIN
        known = BULK_COLUMNS if self.format == BULK else PLAIN_COLUMNS
        for index, name in enumerate(names):
            if name in self.columns:
                self.problems.add(self._header_line, reasons.IMPORT_COLUMN_TWICE, column=name)
            elif name in known:
                self.columns[name] = index
        if "user_id" not in self.columns:
            begins = first.strip()[:40] or "nothing"
            self.problems.add(max(1, self._header_line), reasons.IMPORT_NO_HEADER, begins=begins)
        return separator

    def _names(self, first: str, separator: str) -> list[str]:
        try:
            return [_column(name) for name in next(csv.reader([first], delimiter=separator, skipinitialspace=True), [])]
        except csv.Error as error:
            self.problems.add(self._header_line, reasons.IMPORT_BAD_LINE, why=str(error))
            return []

    # Cells

    def _row(self, number: int, cells: list[str]) -> Row | None:
        user_id = cells[self.columns["user_id"]]
        if not self._id_usable(number, user_id):
            return None
        return Row(
            line=number,
            user_id=user_id,
            name=self._full_name(number, cells),
            mail=self._wordings(number, cells, "mail_id" if self.format == BULK else "mail"),
            endpoints=self._read(cells, "endpoints", lambda cell: self._kinds(number, cell)),
            contacts=self._read(cells, "contacts", lambda cell: self._number(number, cell)),
            node=cells[self.columns["node"]] if "node" in self.columns else "",
        )

    def _id_usable(self, number: int, user_id: str) -> bool:
        if not user_id:
            self.problems.add(number, reasons.IMPORT_ID_MISSING)
        elif len(user_id) > self.limits.user_id:
            shown, length = user_id[:20] + "…", len(user_id)
            self.problems.add(
                number, reasons.IMPORT_ID_TOO_LONG, user_id=shown, length=length, limit=self.limits.user_id
            )
        return bool(user_id) and len(user_id) <= self.limits.user_id

    def _full_name(self, number: int, cells: list[str]) -> str | None:
        if self.format == PLAIN:
            return self._wordings(number, cells, "name")
        parts = [cells[self.columns[column]] for column in ("first_name", "last_name") if column in self.columns]
        return self._short(number, "name", " ".join(filter(None, parts))) if parts else None

    def _wordings(self, number: int, cells: list[str], column: str) -> str | None:
        return self._read(cells, column, lambda cell: self._short(number, column, cell))

    def _read(self, cells: list[str], column: str, read: Callable[[str], T]) -> T | None:
        return read(cells[self.columns[column]]) if column in self.columns else None

    def _short(self, number: int, column: str, text: str) -> str:
        if len(text) > MAX_TEXT:
            self.problems.add(number, reasons.IMPORT_TEXT_TOO_LONG, column=column, length=len(text), limit=MAX_TEXT)
        return text[:MAX_TEXT]

    def _number(self, number: int, cell: str) -> int:
        limit = self.limits.contacts
        if not cell:
            return 0
        if not (cell.isascii() and cell.isdigit()) or len(cell) > 9:
            self.problems.add(number, reasons.IMPORT_CONTACTS_NOT_A_NUMBER, value=cell[:20], limit=limit)
            return 0
        if int(cell) > limit:
            self.problems.add(number, reasons.IMPORT_TOO_MANY_CONTACTS, value=int(cell), limit=limit)
        return min(int(cell), limit)

    def _kinds(self, number: int, cell: str) -> tuple[str, ...]:
        found = self._endpoints.get(cell)
        if found is None:
            found = self._endpoints[cell] = self._split(cell)
        if isinstance(found, str):
            known = ", ".join(self.limits.endpoints)
            self.problems.add(number, reasons.IMPORT_UNKNOWN_ENDPOINT, value=found[:40], known=known)
            return ()
        return found

    def _split(self, cell: str) -> tuple[str, ...] | str:
        """The codes of a cell in the order of the product's list, or the word that is not one of them."""
        codes: set[str] = set()
        for part in cell.replace("|", ";").split(";"):
            words = [part] if part.strip().lower() in self._known else part.split()
            for word in filter(None, (word.strip().lower() for word in words)):
                if word not in self._known:
                    return word
                codes.add(self._known[word])
        return tuple(code for code in self.limits.endpoints if code in codes)


def _column(name: str) -> str:
    return "_".join(name.strip().strip('"').lower().replace("-", " ").replace("_", " ").split())

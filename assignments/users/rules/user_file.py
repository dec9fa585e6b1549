"""Lists of users as files: a plain CSV, or the bulk-administration export of the product (domain.md §6.4).

    what kind of file -> encoding -> lines -> separator and header -> records -> cells -> UserLine, one at a time
    file_kind.py         text_lines.py  records.py, columns.py              cells.py   here

What cannot be used becomes a Problem with its line number, each step with reasons of its own. Nothing is guessed, cut
or made up: a cell that is not there is no empty cell. Memory stays flat. Standard library only.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from assignments.users.rules.cells import code_point, composed, restored, said_in, unseen
from assignments.users.rules.clean_records import CleanRecords
from assignments.users.rules.columns import HALVES, HEADERS, Columns, how_many_known, read_columns
from assignments.users.rules.file_kind import Readable, WrongKind, opened
from assignments.users.rules.not_users import is_left_out, is_remark, is_total, names_columns
from assignments.users.rules.oddities import is_mail, oddity
from assignments.users.rules.problems import Problems
from assignments.users.rules.records import SEPARATORS, Records, cells_inside
from assignments.users.rules.text_lines import TextLines
from assignments.users.rules.user_line import (
    DRAWN,
    MAX_REASON,
    MAX_TEXT,
    NO,
    YES,
    Limits,
    Reading,
    UserLine,
)
from topology import reasons
from topology.reasons.words import counted

EXPORTED = ("serving_node",)  # of our own export; nobody expects an import to say who serves
NAMED = 20  # columns that are not used
REMEMBERED = 10_000  # different cells of endpoints


class UserList:
    """Reads one file from beginning to end; all but `limits` is complete when the rows are used up."""

    def __init__(self, file: Readable, limits: Limits, reading: Reading | None = None) -> None:
        self.file, self.limits, self.reading = file, limits, reading or Reading()
        self.problems, self.warnings, self.left_out = Problems(), Problems(), Problems()
        self.found = Columns()
        self.lines = 0  # with a user, good or bad
        self.contacts = 0  # of all of them
        self._counted = (0, 0)  # lines and contacts above the last total
        self._plain = False  # whether the record that is read now holds printable ASCII only
        self.marked = 0  # cells that a spreadsheet's mark was taken from
        self.formed = 0  # cells that say a text as a formula
        self._endpoints: dict[str, tuple[str, ...] | str] = {"": ()}
        self._known = {word.lower(): code for code, label in limits.endpoints.items() for word in (code, label)}
        self._header: list[str] = []
        self._lines: TextLines | None = None

    @property
    def undecodable(self) -> bytes:
        """The first lines that are not in the encoding of the file, as they are; nothing when all are."""
        return self._lines.sample if self._lines else b""

    @property
    def format(self) -> str:
        """Whose columns they are: plain or bulk_administration."""
        return self.found.format

    @property
    def columns(self) -> Mapping[str, int]:
        """Where each column stands."""
        return self.found.places

    def rows(self) -> Iterator[UserLine]:
        """Every line with a usable user ID, also those with other problems, so that all are found at once."""
        try:
            source, encoding = opened(self.file)
        except WrongKind as wrong:
            self.problems.add(1, reasons.IMPORT_WRONG_KIND, kind=wrong.kind, remedy=wrong.remedy)
            return
        self._lines = TextLines(source, encoding, self.problems)
        records = Records(self._lines, self.problems)
        self._read_header(records)
        if "user_id" not in self.columns:
            return
        clean = CleanRecords(self.found, self._header, self.limits, self.reading, self._endpoints)
        is_after_gap = False
        for number, written in records:
            if is_after_gap and names_columns(written, of_others=True):
                begins = ", ".join(filter(None, map(str.strip, written)))[:60]
                self.problems.add(number, reasons.IMPORT_SECOND_TABLE, begins=begins)
                break
            if row := clean.read(number, written):
                self.lines += 1
                self.contacts += row.contacts or 0
                yield row
            elif any(map(str.strip, written)):
                if (cells := self._fitted(number, written)) and (row := self._row(number, cells)):
                    self.contacts += row.contacts or 0
                    yield row
                self.lines += 1
            else:
                is_after_gap = self.lines > 0
                continue
            is_after_gap = False
        self.lines += records.broken
        if self._lines.open_end and self.lines:
            self.warnings.add(self._lines.number, reasons.IMPORT_OPEN_END)
        if not self.lines and not self.problems.total:
            self.warnings.add(records.header_line, reasons.IMPORT_NO_USERS)
        if self.marked:
            self.warnings.add(records.header_line, reasons.IMPORT_MARKS_TAKEN, count=self.marked)
        if self.formed:
            self.warnings.add(records.header_line, reasons.IMPORT_TEXT_FORMS, count=self.formed)

    # The header

    def _read_header(self, records: Records) -> None:
        line, self._header = records.header_line, records.header
        for cell in self._header:
            self._seen(line, "header", cell.replace("\n", " "))
        self.found = read_columns(self._header, line, self.problems, self.reading.mapping)
        if "user_id" not in self.columns:
            if not records.unreadable:
                begins = records.separator.join(self._header).strip().replace("\n", " ")[:40] or "nothing"
                self.problems.add(line, reasons.IMPORT_NO_HEADER, begins=begins, hint=self._no_header_hint(records))
        elif foreign := [unused for unused in self.found.unused if unused.column not in EXPORTED]:
            columns = ", ".join(unused.column.replace("\n", " ")[:40] for unused in foreign[:NAMED])
            columns += f" and {len(foreign) - NAMED:,} more" if len(foreign) > NAMED else ""
            meant = ", ".join(unused.meant for unused in foreign if unused.meant)
            hint = f" (did you mean {meant}?)" if meant else ""
            self.warnings.add(line, reasons.IMPORT_COLUMNS_NOT_USED, value=columns, hint=hint)

    def _no_header_hint(self, records: Records) -> str:
        if not self._header:
            return " Is the file empty?"
        if len(self._header) == 1 and how_many_known(cells_inside(self._header[0])) > 1:
            return " Each line stands in one pair of quotes as a whole: was the list saved twice?"
        for unused in self.found.unused:
            if unused.meant == "user_id":
                return f" Is “{unused.column[:40]}” the user ID? Then say so when you import."
            if any(word in unused.column.lower() for word in ("user_id", "user id")):
                return " Are its cells parted by another mark? A first line such as sep=^ names it."
        later = records.later_header()
        return f" Line {later} names one: remove what stands above it." if later else ""

    # Records

    def _fitted(self, number: int, cells: list[str]) -> list[str] | None:
        """Exactly as many cells as the header has, without line breaks that swallowed others; None when it is not."""
        width = self.found.width
        if how := self._misfit(cells, width):
            self.problems.add(number, reasons.IMPORT_BAD_LINE, why=how)
            if len(cells) < width:
                return None
        if self._is_header(cells):
            self.problems.add(number, reasons.IMPORT_HEADER_AGAIN)
            return None
        drawn = "".join(cells).lstrip()[:1] in DRAWN
        if drawn and all(len(cell) > 2 and not cell.strip(DRAWN) for cell in map(str.strip, cells) if cell):
            self.problems.add(number, reasons.IMPORT_BAD_LINE, why="it draws a table")
            return None
        if is_left_out([cell for cell in map(str.strip, cells) if cell]):
            self.problems.add(number, reasons.IMPORT_BAD_LINE, why="it counts or leaves out lines of a table")
            return None
        return cells if self._unbroken(number, cells) else None

    def _misfit(self, cells: Sequence[str], width: int) -> str:
        if len(cells) == width:
            return ""
        if len(cells) > width and (self.found.ends_with_devices or not any(cells[width:])):
            return ""
        return f"{counted(len(cells), 'cell')}, the first line has {width}"

    def _is_header(self, cells: Sequence[str]) -> bool:
        if names_columns(cells):
            return True
        user_id = cells[self.columns["user_id"]].strip()
        if user_id.lower() not in HEADERS and user_id != self._header[self.columns["user_id"]]:
            return False
        if [cell.strip() for cell in cells] == self._header:
            return True
        return how_many_known(cells) > 1 and how_many_known(cells) * 2 >= len(cells)

    def _unbroken(self, number: int, cells: Sequence[str]) -> bool:
        """Whether no cell holds a line break that nobody meant; a quote that is not closed swallows whole lines."""
        if "\n" not in "".join(cells):
            return True
        line, used = number, self.columns.values()
        for index, cell in enumerate(cells):
            if "\n" not in cell:
                continue
            if index in used or self._swallowed(cell, index):
                column, end = self._header[index] if index < len(self._header) else "", line + cell.count("\n")
                self.problems.add(line, reasons.IMPORT_LINE_BREAK, column=column.replace("\n", " ")[:40], end=end)
                return False
            line += cell.count("\n")
        return True

    def _swallowed(self, cell: str, index: int) -> bool:
        """Whether the last line of a cell looks like the beginning of a record, up to this column."""
        last = cell.rsplit("\n", 1)[1]
        return any(last.count(mark) >= max(1, index) for mark in ",;\t|")

    # Cells

    def _row(self, number: int, cells: list[str]) -> UserLine | None:
        record, keep, marked = "".join(cells), self.reading.keep, set[str]()
        self._plain = record.isascii() and record.isprintable()  # nothing to compose, nothing unseen
        said = {column: composed(cells[index]) for column, index in self.columns.items()}
        if not self._plain or "'" in record or '="' in record or (keep and keep in record):
            marked = {column for column, cell in said.items() if keep and cell == keep and column != "user_id"}
            said = {column: self._restored(cell, keep if column != "user_id" else "") for column, cell in said.items()}
        user_id = said["user_id"]
        if self._is_no_user(number, user_id, cells):
            return None
        if not self._id_usable(number, user_id) or not self._wanted(number, user_id, said):
            return None
        halves = marked & {*HALVES}
        for column in marked - halves:
            del said[column]
        return UserLine(
            line=number,
            user_id=user_id,
            name=self._full_name(number, said, halves),
            mail=self._mail(number, user_id, said),
            directory_uri=self._text_in(number, said, "directory_uri"),
            department=self._text_in(number, said, "department"),
            endpoints=None if (kinds := said.get("endpoints")) is None else self._kinds(number, kinds),
            contacts=None if (contacts := said.get("contacts")) is None else self._number(number, contacts),
            node=said.get("node", ""),
            kept=bool(marked),
            pinned=None if (pinned := said.get("pinned")) is None else self._yes(number, "pinned", pinned),
            pin_reason=self._text_in(number, said, "pin_reason", MAX_REASON),
        )

    def _is_no_user(self, number: int, user_id: str, cells: Sequence[str]) -> bool:
        """Whether a line counts what stands above; what may do so, and what reads like a remark, is said."""
        columns = {place: column for column, place in self.columns.items()}
        filled = {columns.get(place, str(place)): cell.strip() for place, cell in enumerate(cells) if cell.strip()}
        filled.pop("user_id", None)
        lines, contacts = self._counted
        total = is_total(user_id, filled, (self.lines, self.contacts, self.lines - lines, self.contacts - contacts))
        if total is not False:
            self._counted = self.lines + 1, self.contacts
        if total:
            self.problems.add(number, reasons.IMPORT_TOTAL_LINE, value=" ".join((user_id, *filled.values()))[:60])
        elif total is None or is_remark(user_id, filled, self.found.width):
            self.warnings.add(number, reasons.IMPORT_LIKE_A_REMARK, value=user_id[:60])
        return bool(total)

    def _text_in(self, number: int, said: Mapping[str, str], column: str, limit: int = MAX_TEXT) -> str | None:
        return None if (text := said.get(column)) is None else self._text(number, column, text, limit)

    def _mail(self, number: int, user_id: str, said: Mapping[str, str]) -> str | None:
        mail = self._text_in(number, said, "mail")
        if mail and not is_mail(mail):
            self.warnings.add(number, reasons.IMPORT_NOT_A_MAIL, user_id=user_id, value=mail[:60])
        return mail

    def _restored(self, cell: str, keep: str) -> str:
        if cell[:1] == "'" and (plain := restored(cell, keep)) != cell:
            self.marked += 1
            return plain
        if (plain := said_in(cell)) != cell:
            self.formed += 1
            return plain
        return cell

    def _id_usable(self, number: int, user_id: str) -> bool:
        if not user_id:
            self.problems.add(number, reasons.IMPORT_ID_MISSING)
        elif len(user_id) > self.limits.user_id:
            shown, length = user_id[:20] + "…", len(user_id)
            self.problems.add(
                number, reasons.IMPORT_ID_TOO_LONG, user_id=shown, length=length, limit=self.limits.user_id
            )
        elif self._seen(number, "user ID", user_id, strict=True):
            self._note_oddity(number, "user ID", user_id)
            if self.found.width == 1 and any(mark in user_id for mark in SEPARATORS):
                self.warnings.add(number, reasons.IMPORT_ONE_COLUMN, value=user_id[:60])
            return True
        return False

    def _note_oddity(self, number: int, column: str, text: str) -> None:
        if found := oddity(column, text):
            self.warnings.add(number, found.reason, **found.facts)

    def _seen(self, number: int, column: str, text: str, *, strict: bool = False) -> bool:
        at = None if self._plain else unseen(text, strict=strict)
        if at is not None:
            facts = {"column": column, "character": code_point(text[at]), "value": text[max(0, at - 20) : at]}
            self.problems.add(number, reasons.IMPORT_CHARACTER, **facts)
        return at is None

    def _wanted(self, number: int, user_id: str, said: Mapping[str, str]) -> bool:
        """Whether the person is enabled for presence and at home in this cluster, where the file says so."""
        if "enabled" not in said and "home_cluster" not in said:
            return True
        if self._says_no(number, "enabled", said):
            self.left_out.add(number, reasons.IMPORT_NOT_ENABLED, user_id=user_id)
            return False
        if self._elsewhere(said.get("home_cluster", "")):
            self.left_out.add(number, reasons.IMPORT_OTHER_HOME_CLUSTER, user_id=user_id)
            return False
        return True

    def _says_no(self, number: int, column: str, said: Mapping[str, str]) -> bool:
        cell = said.get(column, "").lower()
        if cell and cell not in YES and cell not in NO and cell != self.reading.keep:
            self.problems.add(number, reasons.IMPORT_NOT_YES_OR_NO, column=column, value=cell[:40])
        return cell in NO

    def _elsewhere(self, cell: str) -> bool:
        """The column says t or f, or names the cluster."""
        said = cell.lower()
        return bool(said) and said not in {*YES, self.reading.keep, self.reading.cluster.lower()}

    def _full_name(self, number: int, said: Mapping[str, str], kept: Collection[str]) -> str | None:
        if "name" in said:
            return self._text(number, "name", said["name"])
        parts = [said[column] for column in HALVES if column in said]
        if len(kept) == len(parts):
            return None
        if kept:
            self.problems.add(number, reasons.IMPORT_HALF_KEPT, keep=self.reading.keep)
            return None
        return self._text(number, "name", " ".join(filter(None, parts)))

    def _text(self, number: int, column: str, text: str, limit: int = MAX_TEXT) -> str:
        if self._seen(number, column, text) and column != "mail":
            self._note_oddity(number, column, text)
        if len(text) > limit:
            self.problems.add(number, reasons.IMPORT_TEXT_TOO_LONG, column=column, length=len(text), limit=limit)
        return text[:limit]

    def _yes(self, number: int, column: str, cell: str) -> bool:
        said = cell.lower()
        if said and said not in YES and said not in NO:
            self.problems.add(number, reasons.IMPORT_NOT_YES_OR_NO, column=column, value=cell[:40])
        return said in YES

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
        kinds = self._endpoints.get(cell)
        if kinds is None:
            kinds = self._split(cell)
            if len(self._endpoints) < REMEMBERED:
                self._endpoints[cell] = kinds
        if isinstance(kinds, str):
            known = ", ".join(self.limits.endpoints)
            self.problems.add(number, reasons.IMPORT_UNKNOWN_ENDPOINT, value=kinds[:40], known=known)
            return ()
        return kinds

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

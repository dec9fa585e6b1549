"""Lists of users as files: a plain CSV, or the bulk-administration export of the product (domain.md §6.4).

    what kind of file -> encoding -> lines -> separator and header -> records -> cells -> UserLine, one at a time
    file_kind.py         text_lines.py  records.py, columns.py         here        user_cells.py

What cannot be used becomes a Problem with its line number, each step with reasons of its own. Nothing is guessed, cut
or made up: a cell that is not there is no empty cell. Memory stays flat. Standard library only.
"""

from collections.abc import Iterator, Mapping, Sequence

from assignments.users.rules.clean_records import CleanRecords
from assignments.users.rules.columns import HEADERS, USED, Columns, column_name, how_many_known, read_columns
from assignments.users.rules.file_kind import Readable, WrongKind, opened
from assignments.users.rules.not_users import is_left_out, names_columns
from assignments.users.rules.problems import Problems
from assignments.users.rules.records import Records, cells_inside
from assignments.users.rules.text_lines import TextLines
from assignments.users.rules.user_cells import CellReader
from assignments.users.rules.user_line import DRAWN, Limits, Reading, UserLine, UserLines
from topology import reasons
from topology.reasons.words import counted

EXPORTED = ("serving_node",)  # of our own export; no one expects an import to say who serves
BATCH = 1000  # lines that are read one by one
NAMED = 20  # columns that are not used


class UserList:
    """Reads one file from beginning to end; all but `limits` is complete when the rows are used up."""

    def __init__(self, file: Readable, limits: Limits, reading: Reading | None = None) -> None:
        self.file, self.limits, self.reading = file, limits, reading or Reading()
        self.problems, self.warnings, self.left_out = Problems(), Problems(), Problems()
        self.header = Columns()
        self.lines = 0  # with a user, good or bad
        self.contacts = 0  # of all of them
        self.cells = CellReader(limits, self.reading, self.problems, self.warnings, self.left_out)
        self._titles: list[str] = []
        self._lines: TextLines | None = None

    @property
    def undecodable(self) -> bytes:
        """The first lines that are not in the encoding of the file, as they are; nothing when all are."""
        return self._lines.sample if self._lines else b""

    @property
    def format(self) -> str:
        """Whose columns they are: plain or bulk_administration."""
        return self.header.format

    @property
    def columns(self) -> Mapping[str, int]:
        """Where each column stands."""
        return self.header.places

    def rows(self) -> Iterator[UserLine]:
        """Every line with a usable user ID, also those with other problems, so that all are found at once."""
        for part in self._parts():
            if isinstance(part, UserLine):
                yield part
            else:
                yield from part

    def batches(self) -> Iterator[UserLines]:
        """The same lines, many at a time."""
        rows = list[UserLine]()
        for part in self._parts():
            if isinstance(part, UserLine):
                rows.append(part)
            if rows and (len(rows) == BATCH or isinstance(part, UserLines)):
                yield UserLines(zip(*rows, strict=True))
                rows.clear()
            if isinstance(part, UserLines):
                yield part
        if rows:
            yield UserLines(zip(*rows, strict=True))

    def _parts(self) -> Iterator[UserLine | UserLines]:
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
        clean = CleanRecords(self.header, self._titles, self.limits, self.reading, self.cells.kinds)
        is_after_gap, each = False, iter(records)
        while True:
            if not is_after_gap and (rows := records.at_once(clean.read_all)):
                self.lines += len(rows)
                self.contacts += sum(filter(None, rows.columns["contacts"]))
                yield rows
                continue
            if (record := next(each, None)) is None:
                break
            number, written = record
            if is_after_gap and names_columns(written, of_others=True):
                begins = ", ".join(filter(None, map(str.strip, written)))[:60]
                self.problems.add(number, reasons.IMPORT_SECOND_TABLE, begins=begins)
                break
            if row := clean.read(number, written):
                self.lines += 1
                self.contacts += row.contacts or 0
                yield row
            elif any(map(str.strip, written)):
                above = self.lines, self.contacts
                self.cells.is_damaged = self._lines.damaged >= number
                if (cells := self._fitted(number, written)) and (row := self.cells.read(number, cells, above)):
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
        if self.cells.marked:
            self.warnings.add(records.header_line, reasons.IMPORT_MARKS_TAKEN, count=self.cells.marked)
        if self.cells.formed:
            self.warnings.add(records.header_line, reasons.IMPORT_TEXT_FORMS, count=self.cells.formed)

    # The header

    def _read_header(self, records: Records) -> None:
        line, self._titles = records.header_line, records.header
        for cell in self._titles:
            self.cells.is_text(line, "header", cell.replace("\n", " "))
        wanted = ("user_id",) if self.reading.ids_only else USED
        self.header = self.cells.columns = read_columns(self._titles, line, self.problems, self.reading.mapping, wanted)
        if "user_id" not in self.columns:
            if not records.unreadable:
                begins = records.separator.join(self._titles).strip().replace("\n", " ")[:40] or "nothing"
                self.problems.add(line, reasons.IMPORT_NO_HEADER, begins=begins, hint=self._no_header_hint(records))
        elif foreign := [unused for unused in self.header.unused if unused.column not in EXPORTED]:
            columns = ", ".join(unused.column.replace("\n", " ")[:40] for unused in foreign[:NAMED])
            columns += f" and {len(foreign) - NAMED:,} more" if len(foreign) > NAMED else ""
            meant = ", ".join(unused.meant for unused in foreign if unused.meant)
            hint = f" (did you mean {meant}?)" if meant else ""
            self.warnings.add(line, reasons.IMPORT_COLUMNS_NOT_USED, value=columns, hint=hint)
        self._warn_of_no_column(line)

    def _warn_of_no_column(self, line: int) -> None:
        """Columns that somebody named and the file has not, where nothing else is read as they are."""
        there = {column_name(cell) for cell in self._titles}
        for written, column in self.reading.said.items():
            if column and column not in self.columns and column_name(written) not in there:
                self.warnings.add(line, reasons.IMPORT_COLUMN_NOT_THERE, value=written[:60], column=column)

    def _no_header_hint(self, records: Records) -> str:
        if not self._titles:
            return " Is the file empty?"
        if len(self._titles) == 1 and how_many_known(cells_inside(self._titles[0])) > 1:
            if records.declared and records.declared not in self._titles[0]:
                said = records.declared.replace("\t", "\\t")
                return f" Its cells are not parted as the line sep={said} above it says: remove that line."
            return " Each line stands in one pair of quotes as a whole: was the list saved twice?"
        parted = len(self._titles) > 1
        for unused in self.header.unused:
            names_it = any(word in unused.column.lower() for word in ("user_id", "user id"))
            if unused.meant == "user_id" or (names_it and parted):
                then = "call it user_id" if self.reading.ids_only else "say so when you import"
                return f" Is “{unused.column[:40]}” the user ID? Then {then}."
            if names_it:
                return " Are its cells parted by another mark? A first line such as sep=^ names it."
        later = records.later_header()
        return f" Line {later} names one: remove what stands above it." if later else ""

    # Records

    def _fitted(self, number: int, cells: list[str]) -> list[str] | None:
        """Exactly as many cells as the header has, without line breaks that swallowed others; None when it is not."""
        width = self.header.width
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
        if len(cells) > width and (self.header.ends_with_devices or not any(cells[width:])):
            return ""
        if width < len(self._titles) and any(cells[width:]):
            place = next(place for place, cell in enumerate(cells[width:], width + 1) if cell)
            return f"cell {place} is filled, but the first line names only {counted(width, 'column')}"
        return f"{counted(len(cells), 'cell')}, the first line has {width}"

    def _is_header(self, cells: Sequence[str]) -> bool:
        if names_columns(cells):
            return True
        user_id = cells[self.columns["user_id"]].strip()
        if user_id.lower() not in HEADERS and user_id != self._titles[self.columns["user_id"]]:
            return False
        if [cell.strip() for cell in cells] == self._titles:
            return True
        return how_many_known(cells) > 1 and how_many_known(cells) * 2 >= len(cells)

    def _unbroken(self, number: int, cells: Sequence[str]) -> bool:
        """Whether no cell holds a line break that no one meant; a quote that is not closed swallows whole lines."""
        if "\n" not in "".join(cells):
            return True
        line, used = number, self.columns.values()
        for index, cell in enumerate(cells):
            if "\n" not in cell:
                continue
            if index in used or self._swallowed(cell, index):
                column, end = self._titles[index] if index < len(self._titles) else "", line + cell.count("\n")
                self.problems.add(line, reasons.IMPORT_LINE_BREAK, column=column.replace("\n", " ")[:40], end=end)
                return False
            line += cell.count("\n")
        return True

    def _swallowed(self, cell: str, index: int) -> bool:
        """Whether the last line of a cell looks like the beginning of a record, up to this column."""
        last = cell.rsplit("\n", 1)[1]
        return any(last.count(mark) >= max(1, index) for mark in ",;\t|")

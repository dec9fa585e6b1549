"""Lines of text to records of cells: what comes before the header, the separator, the header, and all that follow.

    [sep=;] [#TYPE …] [empty lines]  header  record, record, …

The header is a record like all others, so a line break in one of its cells does not end it. Standard library only.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from assignments.users.rules.columns import how_many_known, how_many_meant, names_user_id
from assignments.users.rules.problems import Problems
from assignments.users.rules.text_lines import TextLines
from topology import reasons

T = TypeVar("T")
SEPARATORS = ",;\t|"
MOST_HEADER_LINES = 50
DECLARED = re.compile(rf'"?sep\s*=\s*(\\t|[^\w\s"]|\t)"?[{SEPARATORS}\s]*', re.IGNORECASE)  # as Excel reads it
ERRORS = (
    ("expected after", "text follows a closing quote; a quote inside a cell is written twice"),
    ("unexpected end of data", "the quote that opens here is never closed"),
    ("field larger", f"a cell has more than {csv.field_size_limit():,} characters, as where a quote is not closed"),
    ("new-line", "a line break outside of quotes"),
)


class Records:
    """The records of one file, each with the number of the line it begins in."""

    def __init__(self, lines: TextLines, problems: Problems) -> None:
        self.problems = problems
        self.header: list[str] = []
        self.header_line = 1
        self.separator = ","
        self.declared = ""  # the separator that a line such as sep=; names
        self.unreadable = False  # the header is no CSV
        self.broken = 0  # records that are no CSV
        self._lines, self._iterator = lines, iter(lines)
        self._offset = 0
        self._read_header()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self._iterator, delimiter=self.separator, strict=True, skipinitialspace=True)
        while True:
            number = self._offset + reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.broken += 1
                self.problems.add(number, reasons.IMPORT_BAD_LINE, why=_in_own_words(error))
                continue
            yield number, cells

    def at_once(self, read: Callable[[int, str, str], T | None]) -> T | None:
        """What is made of many lines without quotes, from their first number, text and separator; None: one by one."""
        text = self._lines.ahead()
        if not text or '"' in text:
            return None
        made = read(self._lines.number + 1, text, self.separator)
        if made is not None:
            self._lines.skip()
            self._offset += text.count("\n")
        return made

    def later_header(self) -> int | None:
        """The line of a header further down; the lines before it are read then, so only a file that is refused asks."""
        for line in islice(self._iterator, MOST_HEADER_LINES):
            if any(names_user_id(_parsed([line], mark)) for mark in SEPARATORS):
                return self._lines.number
        return None

    def _read_header(self) -> None:
        separator = ""
        for line in self._iterator:
            text = line.strip(" \n")
            if not text.strip(SEPARATORS + '"') or text.upper().startswith("#TYPE "):
                continue
            if not separator and (separator := _declared(text)):
                continue
            self.header_line = self._lines.number
            self.declared = separator
            self._choose(self._whole(line), separator)
            self._offset = self._lines.number
            return
        self.header_line = max(1, self._lines.number)

    def _whole(self, line: str) -> list[str]:
        """The lines of a header whose quoted cells may hold line breaks."""
        lines = [line]
        while sum(part.count('"') for part in lines) % 2 and len(lines) < MOST_HEADER_LINES:
            if not (more := next(self._iterator, "")):
                break
            lines.append(more)
        return lines

    def _choose(self, lines: Sequence[str], declared: str) -> None:
        """Read the header with the separator that makes the most sense of it."""
        parsed = [(mark, _parsed(lines, mark)) for mark in declared or SEPARATORS]
        self.separator, cells = max(parsed, key=lambda pair: _sense(pair[1]))
        errors = [cells for _, cells in parsed if isinstance(cells, csv.Error)]
        # By another mark it is one cell that says nothing; where it is several, these are columns of unknown names.
        if errors and (isinstance(cells, csv.Error) or (len(cells) < 2 and _sense(cells)[0] < 1)):
            self.unreadable = True
            self.problems.add(self.header_line, reasons.IMPORT_BAD_LINE, why=_in_own_words(errors[0]))
        else:
            self.header = [cell.strip() for cell in cells]


def _declared(text: str) -> str:
    """The separator that a first line such as sep=; names."""
    said = DECLARED.fullmatch(text)
    return said[1].replace("\\t", "\t") if said else ""


def _parsed(lines: Sequence[str], separator: str) -> Any:
    try:
        records = list(csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True))
    except csv.Error as error:
        return error
    return records[0] if records else []


def _sense(cells: Any) -> tuple[int, int, int]:
    if isinstance(cells, csv.Error):
        return -1, 0, 0
    return how_many_known(cells), how_many_meant(cells), len(cells)


def cells_inside(cell: str) -> list[str]:
    """The cells of a line that stands in one cell as a whole, by the mark that makes the most sense of it."""
    return list(max((_parsed([cell], mark) for mark in SEPARATORS), key=_sense))


def _in_own_words(error: csv.Error) -> str:
    text = str(error)
    return next((words for part, words in ERRORS if part in text), "the quotes cannot be understood")

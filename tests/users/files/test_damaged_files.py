"""The catalogue of damage: what happens to files on their way; each is refused or read, never changed in silence.

A table is written as a spreadsheet or a shell would, hurt in one of the ways that people report, and read. What is read
without a problem is what was in the table; where nobody can know, at least there is a warning.
"""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assignments.users.importing.encodings import add_hint
from tests.support import torture
from tests.users.files.file_reading import read
from tests.users.files.test_user_file_tables import IDS, PLAIN_TEXTS

HEADER = ("user_id", "name", "mail")
Table = list[tuple[str, str, str]]


@dataclass(frozen=True)
class Sheet:
    """A table and how it is written."""

    table: Table
    separator: str
    end: str
    quoting: int

    def lines(self) -> list[str]:
        """The records as text, without line ends."""
        return [self.line(row) for row in (HEADER, *self.table)]

    def line(self, cells: tuple[str, ...]) -> str:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=self.separator, lineterminator="", quoting=self.quoting).writerow(cells)  # type: ignore[arg-type]
        return out.getvalue()

    def text(self, lines: list[str] | None = None) -> str:
        return "".join(line + self.end for line in lines or self.lines())


def no_mark(text: str) -> bool:
    """Whether no mark of a spreadsheet stands at the beginning: an apostrophe, or a text as a formula."""
    return text[:1] != "'" and text[:2] != '="'


CELLS = PLAIN_TEXTS.filter(no_mark)
TABLES = st.lists(st.tuples(IDS.filter(no_mark), CELLS, CELLS), min_size=2, max_size=5, unique_by=lambda row: row[0])
SHEETS = st.builds(
    Sheet,
    table=TABLES,
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
Hurt = Callable[[Sheet, Callable[[int, int], int]], bytes]


def cells_lost(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """Trailing blanks left out, or a line cut at a separator."""
    lines, at = sheet.lines(), pick(1, len(sheet.table))
    lines[at] = sheet.line(sheet.table[at - 1][: pick(1, 2)])
    return sheet.text(lines).encode()


def quote_opened(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """One stray quote where a cell begins."""
    lines, at = sheet.lines(), pick(1, len(sheet.table))
    row, column = sheet.table[at - 1], pick(0, 2)
    assume(not row[column].startswith('"'))
    bare = Sheet(sheet.table, sheet.separator, sheet.end, csv.QUOTE_MINIMAL)
    cells = [bare.line((cell,)) if cell else "" for cell in row]
    assume(not cells[column].startswith('"'))
    cells[column] = '"' + cells[column]
    lines[at] = sheet.separator.join(cells)
    return sheet.text(lines).encode()


def separator_unquoted(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """A program that does not quote wrote a name with the separator in it."""
    lines, at = sheet.lines(), pick(1, len(sheet.table))
    who, _, mail = sheet.table[at - 1]
    assume(mail)
    lines[at] = sheet.separator.join([sheet.line((who,)), "Hort", "Sam", sheet.line((mail,))])
    return sheet.text(lines).encode()


def lines_glued(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """A line end was lost."""
    lines, at = sheet.lines(), pick(1, len(sheet.table) - 1)
    assume(any(cell for cell in sheet.table[at][1:]))
    lines[at : at + 2] = [lines[at] + lines[at + 1]]
    return sheet.text(lines).encode()


def line_broken(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """A line end came into a name."""
    lines, at = sheet.lines(), pick(1, len(sheet.table))
    who, name, mail = sheet.table[at - 1]
    quoted = [f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in (who, f"x{sheet.end}{name}", mail)]
    lines[at] = sheet.separator.join(quoted)
    return sheet.text(lines).encode()


def nul_inside(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """Memory that was never written, or UTF-16 taken for text."""
    data = sheet.text().encode()
    at = pick(4, len(data))
    return data[:at] + b"\0" * pick(1, 3) + data[at:]


def unseen_inside(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """A character that nobody sees came along in a user ID or a name."""
    rows, at = list(sheet.table), pick(0, len(sheet.table) - 1)
    odd = "\u200b\u202e\x07\xad\u2028\x85\ufeff"[pick(0, 6)]
    who, name, mail = rows[at]
    rows[at] = (f"a{odd}{who}", name, mail) if pick(0, 1) else (who, f"a{odd}b{name}", mail)
    return Sheet(rows, sheet.separator, sheet.end, sheet.quoting).text().encode()


def in_another_encoding(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """Saved as the machine does it, with letters that are no UTF-8 then."""
    rows = [(who, "Möser" + "ß" * pick(1, 2), mail) for who, _, mail in sheet.table]
    text = Sheet(rows, sheet.separator, sheet.end, sheet.quoting).text()
    return text.encode(["cp1252", "mac_roman", "cp437"][pick(0, 2)], errors="replace")


def byte_lost(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """UTF-16 of which one byte is gone."""
    data = sheet.text().encode("utf-16-le")
    at = pick(0, len(data) - 1)
    return b"\xff\xfe" + data[:at] + data[at + 1 :]


def joined_behind_the_end(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """Files of old systems, joined: the mark of the end stands in the middle."""
    return (sheet.text() + "\x1a" + sheet.text(sheet.lines()[1:])).encode()


def joined_with_headers(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """Two lists joined by hand, each with its header and its mark of byte order."""
    return sheet.text().encode("utf-8-sig") * 2


def packed(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """Not the list but what it came in."""
    data, out = sheet.text().encode(), io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("users.csv", data)
    return [gzip.compress(data), out.getvalue(), out.getvalue()[: len(out.getvalue()) // 2]][pick(0, 2)]


def another_separator_said(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """A first line names a separator which the file does not have."""
    other = ",;\t|".replace(sheet.separator, "")[pick(0, 2)]
    return f"sep={other}{sheet.end}{sheet.text()}".encode()


def backslash_for_a_quote(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """Databases and shells escape a quote with a backslash."""
    lines, at = sheet.lines(), pick(1, len(sheet.table))
    who = sheet.table[at - 1][0]
    lines[at] = sheet.separator.join(f'"{cell}"' for cell in (who.replace('"', ""), 'Sam \\"Hort\\"', "m@x.org"))
    return sheet.text(lines).encode()


REFUSED: list[Hurt] = [
    cells_lost, quote_opened, separator_unquoted, lines_glued, line_broken, nul_inside, unseen_inside,
    in_another_encoding, byte_lost, joined_behind_the_end, joined_with_headers, packed, another_separator_said,
    backslash_for_a_quote,
]  # fmt: skip


@pytest.mark.parametrize("hurt", REFUSED)
@settings(max_examples=torture.many(30))
@given(data=st.data(), sheet=SHEETS)
def test_what_cannot_be_known_is_refused(hurt: Hurt, data: st.DataObject, sheet: Sheet) -> None:
    file = hurt(sheet, lambda low, high: data.draw(st.integers(low, high)))
    rows, users = read(file)
    assert users.problems.total, [(row.user_id, row.name, row.mail) for row in rows]


def lines_doubled(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """CR CR LF, as a text mode makes of CR LF, and empty lines between the others."""
    return sheet.text().replace(sheet.end, ["\r\r\n", sheet.end * 2][pick(0, 1)]).encode()


def blanks_behind(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """Empty cells behind the last one, and empty rows at the end, as a spreadsheet keeps them."""
    lines, at = sheet.lines(), pick(1, len(sheet.table))
    lines[at] += sheet.separator * pick(1, 3)
    return sheet.text([*lines, sheet.separator * 2]).encode()


def marks_inside(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """A mark of byte order where a line begins."""
    lines, at = sheet.lines(), pick(0, len(sheet.table))
    lines[at] = "\ufeff" + lines[at]
    return sheet.text(lines).encode()


def ended_twice(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """The mark of the end, with zeros up to the end of a sector."""
    return sheet.text().encode() + b"\x1a" * pick(1, 2) + b"\0" * pick(0, 9)


def columns_turned(sheet: Sheet, pick: Callable[[int, int], int]) -> bytes:
    """Columns in another order, with a capital, a blank or a hyphen in their names."""
    lines = [sheet.line((name, mail, who)) for who, name, mail in sheet.table]
    header = sheet.line(("Name", " MAIL ", ["User ID", "user-id", "USER_ID"][pick(0, 2)]))
    return sheet.text([header, *lines]).encode()


READ: list[Hurt] = [lines_doubled, blanks_behind, marks_inside, ended_twice, columns_turned]


@pytest.mark.parametrize("hurt", READ)
@settings(max_examples=torture.many(30))
@given(data=st.data(), sheet=SHEETS)
def test_what_can_be_known_is_read_as_it_was(hurt: Hurt, data: st.DataObject, sheet: Sheet) -> None:
    rows, users = read(hurt(sheet, lambda low, high: data.draw(st.integers(low, high))))
    assert [problem.as_dict() for problem in users.problems.listed] == []
    assert [(row.user_id, row.name, row.mail) for row in rows] == sheet.table


@settings(max_examples=torture.many(100))
@given(data=st.data(), sheet=SHEETS)
def test_a_file_that_was_cut_off_is_refused_or_said(data: st.DataObject, sheet: Sheet) -> None:
    whole = sheet.text().encode()
    begin = len(sheet.text(sheet.lines()[:2]).encode())
    cut = whole[: data.draw(st.integers(begin, len(whole) - 1))]
    rows, users = read(cut)
    read_rows = [(row.user_id, row.name, row.mail) for row in rows]
    if not (users.problems.total or users.warnings.total):
        assert read_rows == sheet.table[: len(read_rows)]


def test_the_hint_is_of_the_lines_that_are_not_in_the_encoding() -> None:
    rows, users = read("user_id,name\nann,Zoë Møller\n".encode() + "bob,Müller\n".encode("cp1252"))
    assert [row.name for row in rows] == ["Zoë Møller", "M\ufffdller"]
    add_hint(users)
    assert (
        "It may be Windows-1252 (Western Europe), which reads: bob,Müller"
        in users.problems.listed[0].as_dict()["message"]
    )


def test_what_follows_the_end_of_a_text_is_told_in_one_line() -> None:
    _, users = read(b"user_id,name\nann,A\x1ann\nbob,B\n")
    assert "more follows: nn bob,B." in users.problems.listed[0].as_dict()["message"]

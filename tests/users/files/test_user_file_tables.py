"""Any list of users is read back equal, in flat memory; a damaged one is refused or read, never changed in silence."""

import csv
import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.users.importing.imports import LIMITS
from assignments.users.rules.cells import SPACES, defused, restored, unseen
from assignments.users.rules.columns import HEADERS
from assignments.users.rules.user_file import UserList
from tests.support import torture
from tests.users.files.file_reading import codes, read


def test_memory_stays_flat() -> None:
    class Endless:
        left = 40_000

        def read(self, size: int = -1, /) -> bytes:
            if not self.left:
                return b""
            self.left -= 1000
            head = b"user_id,name,mail\n" if self.left == 39_000 else b""
            return head + b"".join(b"u%d-%d,Name,m@example.org\n" % (self.left, n) for n in range(1000))

    tracemalloc.start()
    users = UserList(Endless(), LIMITS)
    assert sum(1 for _ in users.rows()) == 40_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Co", "Zl", "Zp"])
TEXTS = st.text(LETTERS, max_size=12).map(lambda text: unicodedata_nfc(text).strip(SPACES))


def unicodedata_nfc(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)


IDS = TEXTS.filter(lambda text: text and text.lower() not in HEADERS and unseen(text, strict=True) is None)
PLAIN_TEXTS = TEXTS.filter(lambda text: text != "#" and unseen(text, strict=False) is None)


@settings(max_examples=torture.many(100))
@given(
    table=st.lists(st.tuples(IDS, PLAIN_TEXTS, PLAIN_TEXTS), max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be"]),
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    before=st.sampled_from(["", "sep", "#TYPE X", "empty"]),
    last=st.booleans(),
)
def test_any_table_is_read_back_equal(
    table: list[tuple[str, str, str]],
    encoding: str,
    separator: str,
    end: str,
    quoting: int,
    before: str,
    last: bool,
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting)
    out.write({"": "", "sep": f"sep={separator}{end}", "#TYPE X": f"#TYPE X{end}", "empty": end * 2}[before])
    writer.writerow(["user_id", "name", "mail"])
    for row in table:
        writer.writerow([defused(cell) for cell in row])
    text = out.getvalue()
    data = (text if last or not table else text.removesuffix(end)).encode(encoding)
    if encoding == "utf-16-be":
        data = b"\xfe\xff" + data
    rows, users = read(data)
    assert codes(users) == []
    assert [(row.user_id, row.name, row.mail) for row in rows] == table


@settings(max_examples=torture.many(100))
@given(data=st.data(), table=st.lists(st.tuples(IDS, PLAIN_TEXTS), min_size=1, max_size=5))
def test_a_damaged_table_is_refused_or_read_and_never_loses_users(
    data: st.DataObject, table: list[tuple[str, str]]
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["user_id", "name"])
    writer.writerows([[defused(cell) for cell in row] for row in table])
    lines = out.getvalue().splitlines(keepends=True) if out.getvalue().count("\n") == len(table) + 1 else []
    if not lines:
        return
    hurt = data.draw(st.integers(1, len(lines) - 1))
    cut = data.draw(st.integers(1, max(1, len(lines[hurt]) - 2)))
    lines[hurt] = lines[hurt][:cut] + "\n"
    rows, users = read("".join(lines).encode())
    assert users.problems.total or len(rows) >= len(table) - 1
    untouched = {row for at, row in enumerate(table, 1) if at != hurt}
    if not users.problems.total:
        assert untouched <= {(row.user_id, row.name) for row in rows}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="00123"', "00123"),
        ('"=""00123"""', "00123"),
        ('" =""00123"" "', "00123"),
        ('="O""Neil"', 'O"Neil'),
        ('"=""a"" & ""b"""', '="a" & "b"'),
        ("=00123", "=00123"),
        ('\'="00123"', '="00123"'),
    ],
)
def test_a_text_as_a_formula_is_read_as_the_text_that_it_shows(cell: str, text: str) -> None:
    rows, users = read(f"user_id,name\n{cell},A\n".encode())
    assert [row.user_id for row in rows] == [text]
    said = [problem.reason.code for problem in users.warnings.listed]
    assert said == (["IMPORT_TEXT_FORMS"] if text[0] != "=" else ["IMPORT_MARKS_TAKEN"] if cell[0] == "'" else [])


@given(st.text(alphabet="'=+-@\ta ", max_size=6))
def test_what_is_defused_for_a_spreadsheet_is_restored(text: str) -> None:
    assert restored(defused(text), "#") == text
    assert defused(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")

"""Records that are read at once are read as those that are read with care."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assignments.users.importing.imports import LIMITS
from assignments.users.rules import text_lines
from assignments.users.rules.clean_records import CleanRecords
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import Reading, UserLine
from tests.support import torture

HEADERS = [
    ["user_id", "name", "mail", "endpoints", "contacts"],
    ["town", "user_id", "node", "mail", "pinned", "pin_reason", "department"],
    ["USER ID", "FIRST NAME", "LAST NAME", "MAIL ID", "HOME CLUSTER", "ENABLE USER FOR UNIFIED CM IM AND PRESENCE"],
    ["LAST NAME", "user_id", "directory_uri", "CONTROLLED DEVICE 1"],
]
WORDS = [
    *("", " ", "a", "ann", "O'Neil", "'=x", "=1", '="1"', "-", "--", "---", "===", "#", "# 1", "'#", "t", "T", "f"),
    *("0", "007", "200", "201", "1e3", "desk_phone", "Desk phone;sametime", "desk_phone|fax", "a@b.org", "@b", "a@"),
    *("acme", "ACME", "user_id", "USER_ID", "town", "name", "é", "e\u0301", "ﬁ", "山田", "a\u200bb", "a\xa0", "\xa0a"),
    *("a\u00adb", "a\ufe0f", "\u3164", "👨\u200d👩", "a\tb", "a\nb", "a\x1fb", " a", "a ", "x" * 132, "x" * 133),
    *("NULL", "null", "(null)", "<null>", "n/a", "N/A", "none", "nobody", "undefined", "1e+5", "1.5E+10", "1.5"),
    *("#N/A", "“x”", "`x`", "«x»", "&amp;", "a%40b", "=C3=BC", "Ã¼", "a\ufffdb", "mailto:a@b", "a@b@c", "a b@c"),
    *("Total", "sum.", "x" * 200, "x" * 201, "x" * 255, "x" * 256, "x" * 128, "\\", "\\N", "{", '"', "@@b", "a:b"),
    *("(3 rows)", "...", "…", "// x", "/* x", "=?utf-8?q?a?=", "?x", "(x)", "*x", "u1|u2", "nil", "-x", "@x", "a."),
]  # fmt: skip
CLEAN = {
    "user_id": st.text(st.sampled_from("abnuU0129.-_é"), min_size=1, max_size=6),
    "USER ID": st.text(st.sampled_from("abnuU0129.-_é"), min_size=1, max_size=6),
    "mail": st.sampled_from(["", "a@b.org", "ann@lab.example.org", "@@b"]),
    "endpoints": st.sampled_from(["", "desk_phone", "desk_phone|sametime"]),
    "contacts": st.integers(0, 201).map(str),
    "pinned": st.sampled_from(["", "t", "no"]),
}
CELLS = st.sampled_from(WORDS) | st.text(max_size=4) | st.text(st.characters(codec="ascii"), max_size=9)
READINGS = st.sampled_from([Reading(cluster="acme"), Reading(keep="", cluster="acme"), Reading(keep="a")])


def found(data: bytes, reading: Reading) -> tuple[list[UserLine], object]:
    users = UserList(io.BytesIO(data), LIMITS, reading)
    rows = list(users.rows())
    said = [[each.as_dict() for each in kind.listed] for kind in (users.problems, users.warnings, users.left_out)]
    return rows, (users.lines, users.contacts, users.undecodable, said, users.cells.marked, users.cells.formed)


@settings(max_examples=torture.many(100, 30))
@given(data=st.data(), header=st.sampled_from(HEADERS), reading=READINGS, quoting=st.sampled_from([0, 1]))
@example(data=None, header=HEADERS[0], reading=Reading(), quoting=0)
def test_a_record_read_at_once_is_read_as_with_care(
    data: st.DataObject | None, header: list[str], reading: Reading, quoting: int
) -> None:
    width = len(header)
    table = (
        data.draw(st.lists(st.lists(CELLS, min_size=width, max_size=width) | st.lists(CELLS, max_size=8), max_size=8))
        if data
        else [[word] * width for word in WORDS]
    )
    out = io.StringIO(newline="")
    csv.writer(out, quoting=quoting).writerows([header, *table])  # type: ignore[arg-type]
    written = out.getvalue().encode(errors="replace")
    assert_read_alike(written, reading)


def assert_read_alike(written: bytes, reading: Reading) -> None:
    """Many lines at once, record by record, and with care."""
    at_once = found(written, reading)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CleanRecords, "read_all", lambda *_: None)
        by_record = found(written, reading)
        patch.setattr(CleanRecords, "read", lambda *_: None)
        with_care = found(written, reading)
    assert at_once == by_record == with_care


@pytest.mark.parametrize(
    ("header", "record"),
    [
        (HEADERS[0], ["ann", "Ann O'Neil", "ann@lab.example.org", "", "12"]),
        (HEADERS[0], ["jörg.müller", "Jörg Müller", "", "", ""]),
        (HEADERS[1], ["Kyōto", "山田", "-", "", "t", "her wish", "R & D"]),
        (HEADERS[2], ["LAB\\ann", "Ann", "", "a@b", "t", "t"]),
    ],
)
def test_the_records_of_most_lists_are_read_at_once(
    header: list[str], record: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, record])
    users = UserList(io.BytesIO(out.getvalue().encode()), LIMITS)
    monkeypatch.setattr(users, "_fitted", None)
    assert [row.user_id for row in users.rows()] == [record[0 if header[0] in ("user_id", "USER ID") else 1]]


PLAIN = st.text(st.sampled_from("abnuU0129.-@_ é"), max_size=6) | st.sampled_from(WORDS)
FEW = st.integers(0, 9).flatmap(lambda n: st.just("x") if n else st.sampled_from(WORDS))
ODD = st.sampled_from(
    ["\n", "\n\n", "\r", "\r\n", ",", ";;", "\t", '"', "\x1a", "\x1f", "\0", "\ufeff", "\x0c", "\u2028", "'", "#"]
)


@pytest.mark.in_turns
@settings(max_examples=torture.many(200, 30))
@given(data=st.data(), header=st.sampled_from(HEADERS), reading=READINGS, separator=st.sampled_from(",;\t|^"))
def test_lines_are_read_at_once_as_with_care_whatever_is_among_them(
    data: st.DataObject, header: list[str], reading: Reading, separator: str
) -> None:
    """Pieces of a few lines, most of them clean, with a letter too much or too few anywhere; no quotes are needed."""
    clean = st.tuples(*(CLEAN.get(column, PLAIN) | FEW for column in header)).map(separator.join)
    lines = data.draw(st.lists(clean | CELLS, max_size=12))
    text = "\n".join([separator.join(header), *lines, *data.draw(st.sampled_from([[""], []]))])
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(len(separator.join(header)), len(text)))
        text = text[:at] + data.draw(ODD) + text[at + data.draw(st.integers(0, 1)) :]
    written = (f"sep={separator}\n" * (separator == "^") + text).encode(errors="replace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "PIECE", data.draw(st.sampled_from([1, 20, 200])))
        patch.setattr(text_lines, "PART", data.draw(st.sampled_from([7, 50, 10_000])))
        assert_read_alike(written, reading)


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("reading", [Reading(cluster="acme"), Reading(keep="", cluster="acme")])
def test_each_odd_cell_in_each_column_is_read_alike(
    header: list[str], reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in a line that is clean otherwise, which is read alone."""
    monkeypatch.setattr(text_lines, "PIECE", 1)
    usual = {"user_id": "ann", "USER ID": "ann", "mail": "a@b.org", "contacts": "7", "endpoints": "desk_phone"}
    record = [usual.get(column, "") for column in header]
    lines = [[*record[:at], word, *record[at + 1 :]] for at in range(len(header)) for word in WORDS]
    text = "\n".join(map("^".join, [["sep="], header, record, *lines, record])).replace("sep=", "sep=^", 1) + "\n"
    assert_read_alike(text.encode(errors="replace"), reading)


def test_lines_that_need_no_care_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "PIECE", 100)
    lines = [f"u{n:04},Person {n},u{n}@lab.example.org,desk_phone|sametime,{n % 201}" for n in range(500)]
    lines[0] = lines[250] = '"quoted",,,desk_phone|sametime,7'
    alone, read = [], CleanRecords.read
    monkeypatch.setattr(CleanRecords, "read", lambda *given: alone.append(given[1]) or read(*given))
    users = UserList(io.BytesIO("\n".join([",".join(HEADERS[0]), *lines, ""]).encode()), LIMITS)
    batches = list(users.batches())
    assert [row.line for batch in batches for row in batch] == list(range(2, 502))
    assert [row.contacts for batch in batches for row in batch][1:250] == [n % 201 for n in range(1, 250)]
    assert (users.lines, users.contacts) == (500, sum(n % 201 for n in range(500)) - 250 % 201 + 14)
    assert len(alone) < 10

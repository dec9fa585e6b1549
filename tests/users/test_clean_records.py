"""Records that are read at once are read as those that are read with care."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assignments.users.importing.imports import LIMITS
from assignments.users.rules.clean_records import CleanRecords
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import Reading, UserLine
from tests import torture

HEADERS = [
    ["user_id", "name", "mail", "endpoints", "contacts"],
    ["town", "user_id", "node", "mail", "pinned", "pin_reason", "department"],
    ["USER ID", "FIRST NAME", "LAST NAME", "MAIL ID", "HOME CLUSTER", "ENABLE USER FOR UNIFIED CM IM AND PRESENCE"],
    ["LAST NAME", "user_id", "directory_uri", "CONTROLLED DEVICE 1"],
]
WORDS = [
    *(
        "",
        " ",
        "a",
        "ann",
        "O'Neil",
        "'=x",
        "=1",
        '="1"',
        "-",
        "--",
        "---",
        "===",
        "#",
        "# 1",
        "'#",
        "t",
        "T",
        "f",
        "no",
    ),
    *("0", "007", "200", "201", "1e3", "desk_phone", "Desk phone;sametime", "desk_phone|fax", "a@b.org", "@b", "a@"),
    *("acme", "ACME", "user_id", "USER_ID", "town", "name", "é", "e\u0301", "ﬁ", "山田", "a\u200bb", "a\xa0", "\xa0a"),
    *(
        "a\u00adb",
        "a\ufe0f",
        "\u3164",
        "👨\u200d👩",
        "a\tb",
        "a\nb",
        "a\x1fb",
        " a",
        "a ",
        "x" * 132,
        "x" * 133,
        "x" * 200,
    ),
    *("x" * 201, "x" * 255, "x" * 256, "x" * 128, "\\", "\\N", "{", '"'),
]
CELLS = st.sampled_from(WORDS) | st.text(max_size=4) | st.text(st.characters(codec="ascii"), max_size=9)
READINGS = st.sampled_from([Reading(cluster="acme"), Reading(keep="", cluster="acme"), Reading(keep="a")])


def found(data: bytes, reading: Reading) -> tuple[list[UserLine], object]:
    users = UserList(io.BytesIO(data), LIMITS, reading)
    rows = list(users.rows())
    said = [[each.as_dict() for each in kind.listed] for kind in (users.problems, users.warnings, users.left_out)]
    return rows, (users.lines, said, users.cells.marked, users.cells.formed)


@settings(max_examples=torture.many(300))
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
    at_once = found(written, reading)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CleanRecords, "read", lambda *_: None)
        with_care = found(written, reading)
    assert at_once == with_care


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

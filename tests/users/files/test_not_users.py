"""Lines that are no users: refused where no person can be meant, named where one may be, read where one is."""

import pytest

from assignments.users.rules.clean_records import CleanRecords
from tests.users.files.file_reading import codes, read

TOTAL, SECOND, AGAIN, LINE = "IMPORT_TOTAL_LINE", "IMPORT_SECOND_TABLE", "IMPORT_HEADER_AGAIN", "IMPORT_BAD_LINE"
LISTED = "user_id,name,mail,contacts\nann,Ann,a@x.org,5\nbob,Bob,b@x.org,7\n"


@pytest.mark.parametrize(
    "line",
    [
        "Total,30000,,",
        "TOTAL:,2,,12",
        "Summe,,,12",
        "Grand Total,,2,",
        'Total,"30,000",,',
        "Gesamt:,,30.000,",
        "Total: 30000,,,",
        "2 users,,,",
        "Total 2,,,",
        "合計,2,,",
    ],
)
def test_a_total_under_a_list_makes_no_user(line: str) -> None:
    rows, users = read(f"{LISTED}{line}\n".encode())
    assert ([row.user_id for row in rows], codes(users)) == (["ann", "bob"], [(4, TOTAL)])


def test_totals_of_parts_make_no_users() -> None:
    text = "user_id,name,contacts\nann,Ann,5\nbob,Bob,7\nSubtotal,,12\neve,Eve,3\nSubtotal,,3\nTotal,,15\n"
    rows, users = read(text.encode())
    assert [row.user_id for row in rows] == ["ann", "bob", "eve"]
    assert codes(users) == [(4, TOTAL), (6, TOTAL), (7, TOTAL)]


@pytest.mark.parametrize("text", ["user_id\nann\nbob\nTotal: 2\n", "user_id\nann\nbob\n2 users\n"])
def test_a_total_in_a_list_of_one_column_makes_no_user(text: str) -> None:
    rows, users = read(text.encode())
    assert ([row.user_id for row in rows], codes(users)) == (["ann", "bob"], [(4, TOTAL)])


@pytest.mark.parametrize(
    "line", ["total,Tomas Tal,t@x.org,12", "sum,Summer Lee,,2", "Count,Count Basie,,", "users,,u@x.org,"]
)
def test_a_person_of_that_name_is_a_user(line: str) -> None:
    rows, users = read(f"{LISTED}{line}\n".encode())
    assert ([row.user_id for row in rows][2:], codes(users)) == ([line.partition(",")[0]], [])
    assert not users.warnings.total


@pytest.mark.parametrize(
    "line",
    [
        "sum,,,9",
        "total,,,",
        "Created by HR,,,",
        "Page 1 of 3,,,",
        "*** End of report ***,,,",
        "# bob,Bob,b@x.org,7",
        "// x,,,",
    ],
)
def test_what_may_be_none_is_a_user_with_a_warning(line: str) -> None:
    rows, users = read(f"{LISTED}{line}\n".encode())
    assert ([row.user_id for row in rows][2:], codes(users)) == ([line.partition(",")[0]], [])
    assert [(problem.line, problem.reason.code) for problem in users.warnings.listed] == [(4, "IMPORT_LIKE_A_REMARK")]


@pytest.mark.parametrize(
    "table",
    [
        "user_id,node,contacts\nann,imp1a,5\n",
        "user_id,node\nann,imp1a\n",
        "node,users,,\nimp1a,15000,,\n",
        "Standort,Anzahl,Stand,\nWien,15000,2026,\n",
        "user_id,name,mail,contacts,department\nann,Ann,a@x.org,5,R&D\n",
    ],
)
@pytest.mark.parametrize("gap", ["\n", ",,,\n\n"])
def test_a_second_table_is_said_once_and_not_read(table: str, gap: str) -> None:
    rows, users = read(f"{LISTED}{gap}{table}".encode())
    assert [row.user_id for row in rows] == ["ann", "bob"]
    assert codes(users) == [(4 + gap.count("\n"), SECOND)]


@pytest.mark.parametrize("header", ["Login,Full name,E-Mail,", "User ID,Display name,,", "mail,name,user id,contacts"])
def test_a_header_in_other_words_makes_no_user(header: str) -> None:
    rows, users = read(f"{LISTED}{header}\neve,Eve,e@x.org,1\n".encode())
    assert ([row.user_id for row in rows], codes(users)) == (["ann", "bob", "eve"], [(4, AGAIN)])


@pytest.mark.parametrize(
    "line", ["server,Server,,", "login,Login,l@x.org,", "status,Host,s@x.org,1", "eve,Eve,e@x.org,1"]
)
def test_users_after_an_empty_line_are_users(line: str) -> None:
    rows, users = read(f"{LISTED}\n{line}\n".encode())
    assert ([row.user_id for row in rows][2:], codes(users)) == ([line.partition(",")[0]], [])


@pytest.mark.parametrize(
    "line", ["...,...,...,...", "…,…,…,…", "(29998 more rows),,,", "(2 rows),,,", "... 4 more users,,,"]
)
def test_lines_that_a_program_left_out_make_no_user(line: str) -> None:
    rows, users = read(f"{LISTED}{line}\n".encode())
    assert ([row.user_id for row in rows], codes(users)) == (["ann", "bob"], [(4, LINE)])


def test_a_mail_with_the_word_before_it_is_named() -> None:
    _, users = read(b"user_id,mail\nann,mailto:a@x.org\nbob,SMTP:b@x.org\neve,smtp@x.org\n")
    assert [(p.line, p.reason.code) for p in users.warnings.listed] == [(n, "IMPORT_NOT_A_MAIL") for n in (2, 3)]


def test_what_is_looked_at_with_care_is_never_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick reading knows none of this: it has to leave these lines alone."""
    read_at_once: list[str] = []
    quick = CleanRecords.read

    def noting(self: CleanRecords, number: int, cells: list[str]) -> object:
        row = quick(self, number, cells)
        read_at_once.extend([row.user_id] if row else [])
        return row

    monkeypatch.setattr(CleanRecords, "read", noting)
    ids = ("Total", "SUMME", "Total:", "2 users", "Created by HR", "// x", "# x", "login", "e-mail", "...", "…", "* x")
    read("".join(["user_id,name\nann,Ann\n", *(f"{each},\n" for each in ids)]).encode())
    assert read_at_once == ["ann"]

"""The rules of a list of users: kinds of files, encodings, headers, marks, and what each damage is called."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from assignments.users.importing.encodings import add_hint
from assignments.users.importing.imports import LIMITS
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import Reading, UserLine
from tests.users.files.file_reading import codes, read

CASES = Path(__file__).parent / "cases"


def case(name: str) -> tuple[list[UserLine], UserList]:
    return read((CASES / name).read_bytes())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a11-concat-bom.csv", [(3, "IMPORT_HEADER_AGAIN")]),
        ("c02-short-rows.csv", [(2, "IMPORT_BAD_LINE"), (3, "IMPORT_BAD_LINE")]),
        ("d01-quote-swallows.csv", [(2, "IMPORT_LINE_BREAK")]),
        ("a17.zip", [(1, "IMPORT_WRONG_KIND")]),
    ],
)
def test_damaged_files_are_refused_where_the_damage_is(name: str, expected: list[tuple[int, str]]) -> None:
    assert codes(case(name)[1]) == expected


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("a01-utf16le-bom.csv", ["kmoser", "bgruen"]),
        ("a04-tab-utf8.tsv", ["kmoser", "bgruen"]),
        ("a05-sep-line.csv", ["kmoser", "bgruen"]),
        ("a07-cr-only.csv", ["kmoser", "bgruen"]),
        ("a10-ctrl-z.csv", ["zed1"]),
        ("b02-bat-more-devices.csv", ["zquill", "zreed"]),
        ("d09-header-newline2.csv", ["qb1"]),
    ],
)
def test_files_of_spreadsheets_and_shells_are_read(name: str, ids: list[str]) -> None:
    rows, users = case(name)
    assert ([row.user_id for row in rows], codes(users)) == (ids, [])
    if "kmoser" in ids:
        assert [row.name for row in rows] == ["Käthe Möser", "Björn Grün"]


def test_the_counts_of_cells_are_said() -> None:
    assert case("c02-short-rows.csv")[1].problems.listed[0].facts["why"] == "2 cells, the first line has 6"


def test_the_keep_mark_keeps() -> None:
    rows, users = case("b04-bat-update-hash.csv")
    assert not users.problems.total
    assert [(row.name, row.mail, row.kept) for row in rows] == [
        (None, "ada.quill@lab.example.org", True),
        (None, None, True),
    ]
    _, found = read(b"USER ID,FIRST NAME,LAST NAME\na,#,Smith\n")
    assert codes(found) == [(2, "IMPORT_HALF_KEPT")]
    other, _ = read(b"user_id,name\na,#\nb,~\n", Reading(keep="~"))
    assert [row.name for row in other] == ["#", None]


def test_a_list_with_half_of_a_name_alone_is_refused_for_stored_names_would_lose_the_other_half() -> None:
    for header, written in (("first_name", "first_name"), ("LAST NAME,SURNAME", "LAST NAME"), ("Vorname", "Vorname")):
        _, users = read(f"user_id,{header}\na,Ann{',Lee' * header.count(',')}\n".encode(),
                        Reading(mapping={"Vorname": "first_name"}))  # fmt: skip
        assert codes(users) == [(1, "IMPORT_HALF_NAME")]
        assert users.problems.listed[0].facts["column"] == written
    for mapping in ({"SURNAME": "last_name"}, {"first name": "name"}):
        (row,), users = read(b"user_id,first name,SURNAME\na,Ann,Lee\n", Reading(mapping=mapping))
        assert (codes(users), row.name) == ([], "Ann Lee" if "SURNAME" in mapping else "Ann")


def test_a_column_that_another_one_replaces_may_not_have_meant_itself() -> None:
    for header in ("user_id,name,first_name,last_name", "user_id,first_name,last_name,name"):
        _, users = read(f"{header}\na,Ann,Ann,Lee\n".encode())
        assert [facts.facts["hint"] for facts in users.warnings.listed] == [""]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("sep=,\nuser_id;name\nann;Ann\n", "sep=, above"),
        ("sep=\\t\nuser_id,name\nann,Ann\n", "sep=\\t above"),
        ('"user_id,name"\n"ann,Ann"\n', "saved twice"),
        ('sep=,\n"user_id,name"\n"ann,Ann"\n', "saved twice"),
    ],
)
def test_why_a_header_is_one_cell_is_said_as_it_is(text: str, hint: str) -> None:
    _, users = read(text.encode())
    assert hint in users.problems.listed[0].facts["hint"]


def test_bytes_that_are_no_text_are_said_once_and_not_as_letters_that_another_program_lost() -> None:
    text = 'user_id,name\nann,J\udcfcrgen\nbob,M\ufffdller\ncy,"a\nb\udcfc"\ndan,x\n'
    _, users = read(text.encode(errors="surrogateescape"))
    assert codes(users) == [(2, "IMPORT_BAD_ENCODING"), (4, "IMPORT_LINE_BREAK"), (5, "IMPORT_BAD_ENCODING")]
    assert [(p.line, p.reason.code) for p in users.warnings.listed] == [(3, "IMPORT_LETTERS_LOST")]


def test_a_cell_beyond_the_columns_with_a_name_is_named() -> None:
    _, users = read(b"user_id,name,,,\nann,Ann,,x,\nbob,Bob,,,\ncy,Cy\n")
    assert codes(users) == [(2, "IMPORT_BAD_LINE")]
    assert users.problems.listed[0].facts["why"] == "cell 4 is filled, but the first line names only 2 columns"


def test_the_presence_server_of_a_bulk_export_is_the_node() -> None:
    rows, users = case("b01-bat-assigned.csv")
    assert [(row.user_id, row.node) for row in rows] == [
        (who, "imp1b.lab.example.org") for who in ("zquill", "zreed", "zusher")
    ]
    assert [(p.line, p.reason.code) for p in users.left_out.listed] == [
        (4, "IMPORT_NOT_ENABLED"),
        (5, "IMPORT_NOT_ENABLED"),
    ]


def test_columns_that_are_not_used_are_named_with_what_they_may_mean() -> None:
    _, users = case("b07-misspelt.csv")
    assert [(unused.column, unused.meant) for unused in users.header.unused] == [
        ("e-mail", "mail"),
        ("home node", "node"),
        ("contact", "contacts"),
    ]
    assert "did you mean mail, node, contacts?" in users.warnings.listed[0].as_dict()["message"]
    mapped, _ = read(
        (CASES / "b07-misspelt.csv").read_bytes(), Reading(mapping={"e-mail": "mail", "Contact": "contacts"})
    )
    assert (mapped[0].mail, mapped[0].contacts) == ("ms1@lab.example.org", 150)


def test_odd_but_visible_ids_are_welcome_and_unseen_characters_are_not() -> None:
    rows, users = case("c04-ids.csv")
    refused = {problem.line: problem.facts.get("character", "") for problem in users.problems.listed}
    said = " ".join(refused.values())
    for point in ("U+0009", "U+200B", "U+00AD", "U+202E", "U+0007", "U+FEFF"):
        assert point in said
    ids = {row.user_id for row in rows}
    assert {"o'brien", "ann+test", "LAB\\frank", "#hash", "=cmd|' /C calc'!A0", 'x"quoted', "comma,id", "😀"} <= ids
    assert len(rows) + len(refused) == users.lines == 46


def test_letters_are_composed() -> None:
    rows, _ = case("c05-nfc-nfd.csv")
    assert len({row.user_id for row in rows}) == 1


def test_a_swallowed_line_is_found_in_a_column_that_is_not_used() -> None:
    _, users = read(b'user_id,name,dept\na,A,"Sales\nb,B,Sales"\nc,C,x\n')
    assert codes(users) == [(2, "IMPORT_LINE_BREAK")]
    rows, users = read(b'user_id,name,address\na,A,"Main St 1\nBerlin"\nb,B,x\n')
    assert ([row.line for row in rows], codes(users)) == ([2, 4], [])


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x1f\x8b\x08\0abc", "gzip"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'{"users": []}', "JSON"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "workbook"),
        ("user_id,name\r\na,b\r\n".encode("utf-16-le"), "UTF-16"),
    ],
)
def test_what_is_no_csv_is_named(data: bytes, kind: str) -> None:
    rows, users = read(data)
    assert (rows, codes(users)) == ([], [(1, "IMPORT_WRONG_KIND")])
    assert kind in users.problems.listed[0].as_dict()["message"]


def test_a_tar_with_one_list_is_read_and_one_with_two_is_named() -> None:
    assert [row.user_id for row in read(tar({"header.txt": b"x", "users.csv": b"user_id\na\n"}))[0]] == []
    assert [row.user_id for row in read(tar({"users.csv": b"user_id\na\n"}))[0]] == ["a"]
    rows, users = read(tar({"a.csv": b"user_id\na\n", "b.csv": b"user_id\nb\n"}))
    assert not rows
    assert "a.csv, b.csv" in users.problems.listed[0].as_dict()["message"]


def test_a_tar_from_a_pipe_is_called_one() -> None:
    end, begin = os.pipe()
    with os.fdopen(begin, "wb") as out:
        out.write(tar({"users.csv": b"user_id\na\n"}))
    with os.fdopen(end, "rb") as file:
        users = UserList(file, LIMITS)
        assert list(users.rows()) == []
        assert codes(users) == [(1, "IMPORT_WRONG_KIND")]


def tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def test_what_follows_the_end_of_an_old_text_is_not_lost_in_silence() -> None:
    assert codes(read(b"user_id\na\n\x1a\x1a\0\0")[1]) == []
    assert codes(read(b"user_id\na\n\x1auser_id\nb\n")[1]) == [(3, "IMPORT_TEXT_AFTER_END")]


def test_a_type_line_and_empty_rows_before_the_header_are_passed_over() -> None:
    rows, users = read(b'#TYPE System.Object\r\n\r\n,,\r\n"user_id","name"\r\n"a","A"\r\n')
    assert ([(row.line, row.name) for row in rows], codes(users)) == ([(5, "A")], [])


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("a,Käthe Möser", "cp1252", "Windows-1252"),
        ("a,“Möser” \u2013 x", "cp1252", "Windows-1252"),
        ("a,Käthe Möser", "cp437", "code page 437"),
        ("a,Łukasz Żółć", "cp1250", "Windows-1250"),
        ("a,Иван Петров", "koi8_r", "KOI8-R"),
        ("a,Änn Müller", "mac_roman", "Mac OS Roman"),
        ("a,Иван Петров", "cp1251", "Windows-1251"),
        ("a,山田太郎", "shift_jis", "Shift JIS"),
    ],
)
def test_another_encoding_is_hinted_at_and_never_read(text: str, encoding: str, name: str) -> None:
    _, users = read(b"user_id,name\n" + text.encode(encoding) + b"\n")
    add_hint(users)
    assert codes(users) == [(2, "IMPORT_BAD_ENCODING")]
    assert f"It may be {name}" in users.problems.listed[0].as_dict()["message"]
    assert text in users.problems.listed[0].as_dict()["message"]


def test_a_file_that_says_what_it_is_and_is_not_names_its_own_encoding() -> None:
    _, users = read("user_id,name\na,b\n".encode("utf-16") + b"a")
    add_hint(users)
    assert "Not UTF-16-LE" in users.problems.listed[0].as_dict()["message"]


def test_zeros_in_a_text_are_named_for_what_they_are() -> None:
    for data, line in ((b"user_id,name\na,b\0c\n", 2), (b"user_id,name\na,b\n" + b"\0" * 500, 3)):
        _, users = read(data)
        assert codes(users)[0] == (line, "IMPORT_CHARACTER")
        assert "U+0000" in users.problems.listed[0].as_dict()["message"]


def test_columns_without_a_name_are_none_at_the_end_and_named_by_place_elsewhere() -> None:
    rows, users = read(b"user_id,name,,\na,A\nb,B,,\n")
    assert ([row.name for row in rows], codes(users), users.header.unused) == (["A", "B"], [], [])
    assert codes(read(b"user_id,name,\na,A,lost\n")[1]) == [(2, "IMPORT_BAD_LINE")]
    _, users = read(b",user_id\n0,a\n")
    assert [unused.column for unused in users.header.unused] == ["column 1"]


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("UserID;E-Mail", "“UserID” the user ID"),
        ("user_id:name", "sep=^"),
        ("name,mail", "begins with: name,mail."),
    ],
)
def test_a_header_without_a_user_id_says_what_may_be_meant(header: str, hint: str) -> None:
    _, users = read(f"{header}\na{header[6]}b\n".encode())
    assert codes(users) == [(1, "IMPORT_NO_HEADER")]
    assert hint in users.problems.listed[0].as_dict()["message"]


def test_line_ends_that_nobody_knows_do_not_hide_users_in_the_header() -> None:
    rows, users = read("user_id,name\u2028a,A\u2028b,B".encode())
    assert (rows, set(codes(users))) == ([], {(1, "IMPORT_CHARACTER")})
    assert "The header contains" in users.problems.listed[0].as_dict()["message"]
    assert "U+2028" in users.problems.listed[0].as_dict()["message"]


def test_a_drawn_table_makes_no_user_of_its_lines() -> None:
    rows, users = read(b"| user_id | name |\n|---|:---|\n| a | b |\n")
    assert ([row.user_id for row in rows], codes(users)) == (["a"], [(2, "IMPORT_BAD_LINE")])


def test_a_marked_keep_mark_is_a_text() -> None:
    rows, users = read(b"user_id,name,mail\na,'#,#\nb,''#,'~\n")
    assert [(row.name, row.mail, row.kept) for row in rows] == [("#", None, True), ("'#", "'~", False)]
    assert users.cells.marked == 2


@pytest.mark.parametrize("mark", ["|", ";", ",", " ", ", ", " | "])
def test_kinds_of_endpoints_stand_with_any_of_the_usual_marks_between(mark: str) -> None:
    rows, users = read(f'user_id\tendpoints\nann\t"sametime{mark}desk_phone"\n'.encode())
    assert (rows[0].endpoints, codes(users)) == (("desk_phone", "sametime"), [])

"""What other programs make of lists: named with a hint where it is refused, with a warning where it is read."""

import re

import pytest

from assignments.users.rules.cells import code_point
from assignments.users.rules.oddities import BEGINS, BEGINS_REWRITTEN, is_mail, may_be_odd, oddity
from tests.users.files.file_reading import codes, read, said


def warned(text: str) -> list[tuple[int, str]]:
    _, users = read(text.encode())
    assert codes(users) == []
    return [(problem.line, problem.reason.code) for problem in users.warnings.listed]


@pytest.mark.parametrize(
    ("text", "code", "meant"),
    [
        ("MÃ¶ller", "IMPORT_LOOKS_MISREAD", "“Möller”"),
        ("Ã…se ZoÃ«", "IMPORT_LOOKS_MISREAD", "“Åse Zoë”"),
        ("M&ouml;ller &amp; Co", "IMPORT_LOOKS_MISREAD", "“Möller & Co”"),
        ("J%C3%B6rg%20M", "IMPORT_LOOKS_MISREAD", "“Jörg M”"),
        ("J=C3=B6rg", "IMPORT_LOOKS_MISREAD", "“Jörg”"),
        ("=?utf-8?Q?J=C3=B6rg?= M", "IMPORT_LOOKS_MISREAD", "“Jörg M”"),
        ("M\ufffdller", "IMPORT_LETTERS_LOST", "U+FFFD"),
        ("NULL", "IMPORT_MEANS_NOTHING", "“NULL”"),
        ("None", "IMPORT_MEANS_NOTHING", "“None”"),
        ("\\N", "IMPORT_MEANS_NOTHING", "“\\N”"),
        ("#N/A", "IMPORT_MEANS_NOTHING", "“#N/A”"),
        ("#DIV/0!", "IMPORT_MEANS_NOTHING", "“#DIV/0!”"),
        ("#NV", "IMPORT_MEANS_NOTHING", "“#NV”"),
        ("#BEZUG!", "IMPORT_MEANS_NOTHING", "“#BEZUG!”"),
        ("#¿NOMBRE?", "IMPORT_MEANS_NOTHING", "“#¿NOMBRE?”"),
        ("#ИМЯ?", "IMPORT_MEANS_NOTHING", "“#ИМЯ?”"),
        ("#####", "IMPORT_MEANS_NOTHING", "“#####”"),
        ("<NA>", "IMPORT_MEANS_NOTHING", "“<NA>”"),
        ("System.Object[]", "IMPORT_MEANS_NOTHING", "“System.Object[]”"),
        ("Microsoft.ActiveDirectory.Management.ADPropertyValueCollection", "IMPORT_MEANS_NOTHING", "“Microsoft"),
        ("[object Object]", "IMPORT_MEANS_NOTHING", "“[object Object]”"),
        ("M\\u00f6ller", "IMPORT_LOOKS_MISREAD", "“Möller”"),
        ("M%u00F6ller", "IMPORT_LOOKS_MISREAD", "“Möller”"),
        ("M\\303\\266ller", "IMPORT_LOOKS_MISREAD", "“Möller”"),
        ("M\\C3\\B6ller", "IMPORT_LOOKS_MISREAD", "“Möller”"),
        ("M\\xc3\\xb6ller", "IMPORT_LOOKS_MISREAD", "“Möller”"),
        ("M\\xf6ller", "IMPORT_LOOKS_MISREAD", "“Möller”"),
        ("M+APY-ller", "IMPORT_LOOKS_MISREAD", "“Möller”"),
        ("TcO2bGxlcg==", "IMPORT_LOOKS_MISREAD", "“Möller”"),
        ("M?ller", "IMPORT_LETTERS_LOST", "put ? instead"),
        ("Jos?", "IMPORT_LETTERS_LOST", "may have lost letters"),
        ("???? ??????", "IMPORT_LETTERS_LOST", "may have lost letters"),
        ("=VLOOKUP(A2;B:C;2)", "IMPORT_FORMULA", "is a formula"),
        ('=B2&" "&C2', "IMPORT_FORMULA", "is a formula"),
        ("Ann\xa0Fox", "IMPORT_ODD_SPACE", "U+00A0 NO-BREAK SPACE"),
        ("'Ann'", "IMPORT_QUOTES_STAY", "“'Ann'”"),
        ("„Ann“", "IMPORT_QUOTES_STAY", "„Ann“"),
    ],
)
def test_what_other_programs_made_of_a_text_is_read_with_a_warning(text: str, code: str, meant: str) -> None:
    rows, users = read(f"user_id,name,mail\nbob,Bob,b@x.org\nann,{text},a@x.org\n".encode())
    assert ([row.name for row in rows], codes(users)) == (["Bob", text], [])
    assert [(problem.line, problem.reason.code) for problem in users.warnings.listed] == [(3, code)]
    assert meant in users.warnings.listed[0].as_dict()["message"]


@pytest.mark.parametrize(
    "text",
    [
        "Möller",
        "Ñandú",
        "Ãlvaro",
        "São João",
        "Ça va",
        "AT&T",
        "R&D; B",
        "100%de",
        "5 %20",
        "a=41",
        "=AB=CD",
        "O'Neil",
        "Null Anders",
        "'t Hooft",
        "Nan",
        "#1",
        "=1+1",
        "LAB\\adam",
        "LAB\\beef\\x",
        "山田\u3000太郎",
        "ann+test-x",
        "ann+abc-x",
        "R+D-team",
        "12=",
    ],
)
def test_what_people_are_called_is_not_odd(text: str) -> None:
    assert (oddity("name", text) is None) == (text != "Nan")  # nobody can know


def test_a_number_that_a_spreadsheet_shortened_is_named_as_user_id_only() -> None:
    assert warned("user_id,name\n1.23457E+11,1.2E+3\n1e5,Ann\n") == [(2, "IMPORT_ID_SHORTENED")]


@pytest.mark.parametrize(
    ("user_id", "how"),
    [("\u0430nn", "Latin and Cyrillic"), ("\u03bd\u043e", "Cyrillic and Greek"), ("\uff41\uff4e\uff4e", "“ann”")],
)
def test_a_user_id_that_looks_like_another_is_named(user_id: str, how: str) -> None:
    rows, users = read(f"user_id,name\n{user_id},Ann\nжюли,Anna Ж\nψψ,Sofía\n".encode())
    assert [row.user_id for row in rows] == [user_id, "жюли", "ψψ"]
    (warning,) = users.warnings.listed
    assert (warning.line, warning.reason.code) == (2, "IMPORT_LOOKS_ALIKE")
    assert how in warning.as_dict()["message"]


@pytest.mark.parametrize(
    "user_id",
    [
        "1-Mar",
        "Mar-01",
        "01. Mrz",
        "1. Mär",
        "01-mars",
        "3/1/2026",
        "01.03.26",
        "2026-03-01 00:00:00",
        "12:30:00",
        "SEP-02",
    ],
)
def test_a_date_that_a_spreadsheet_made_of_a_user_id_is_named(user_id: str) -> None:
    assert warned(f"user_id;name\n{user_id};{user_id}\n") == [(2, "IMPORT_ID_REWRITTEN")]


@pytest.mark.parametrize(
    "user_id", ["mar1", "1mar", "may", "march-hare", "12-ann", "1.2", "v1.2.3.4", "jan.bauer", "1-marta"]
)
def test_a_user_id_that_is_no_date_is_none(user_id: str) -> None:
    assert warned(f"user_id,name\n{user_id},Ann\n") == []


def test_an_apostrophe_before_a_user_id_is_named() -> None:
    assert warned("user_id,name\n'00123,'t Hooft\n") == [(2, "IMPORT_QUOTES_STAY")]


@pytest.mark.parametrize("text", ["user_id,ann\nname,Ann\nmail,a@x.org\n", "user_id\nann\n\\.\n"])
def test_a_name_of_a_column_or_the_end_of_a_dump_is_no_user_in_silence(text: str) -> None:
    assert (3, "IMPORT_LIKE_A_REMARK") in warned(text)


def test_a_formula_around_a_mail_is_no_mail_address() -> None:
    assert warned('user_id\tmail\nann\t=HYPERLINK("mailto:a@x.org")\n') == [(2, "IMPORT_NOT_A_MAIL")]


def test_a_question_in_a_reason_or_an_address_is_one() -> None:
    assert warned("user_id,directory_uri,pinned,pin_reason\nann,sip:a@x.org?b=c,t,who knows?\n") == []


def test_a_directory_uri_may_be_quoted() -> None:
    assert warned("user_id,directory_uri\nann,sip:ann%20b@x.org\n") == []


def test_what_parts_cells_elsewhere_is_named_in_a_list_of_one_column() -> None:
    assert warned("user_id\nann;Ann;a@x.org\nbob\n") == [(2, "IMPORT_ONE_COLUMN")]
    assert warned('user_id,name\n"hort,ann",Ann\n') == []


@pytest.mark.parametrize(
    "mail",
    ["a@b;c@d", "Ann <a@b>", "a @b", "@b", "a@", "ann", "a@@b", "a@b@c", "@a@b", "a@b..org", "a@.b", "a@b.org."],
)
def test_what_is_no_mail_address_is_named(mail: str) -> None:
    assert warned(f"user_id,mail\nann,{mail}\n") == [(2, "IMPORT_NOT_A_MAIL")]
    assert not is_mail(mail)
    assert warned("user_id,mail\nann,Ann.O'Neil+x@lab.example.org\n") == []


def test_a_clean_record_is_none_that_is_odd() -> None:
    """Both tell by signs; what `oddity` finds must not look clean."""
    for text in ("null", "NaN", "<NULL>", "(null)", "n/a", "#REF!", "'a'", '"a"', "«a»", "`a`", "1,5E+10", "7e+8"):
        assert oddity("user ID", text), text
        assert re.match(BEGINS, text) or text[0] in "('", text
    for text in (
        "1001.0",
        "123456789.00",
        "1.234.567",
        "1,234",
        "1-Mar",
        "Mar-01",
        "01.03.2026",
        "2026-03-01",
        "'00123",
    ):
        assert oddity("user ID", text), text
        assert re.match(BEGINS_REWRITTEN, text) or re.match(BEGINS, text), text
    for text in ("M?ller", "\\u00f6", "%u00f6", "\\303\\266", "\\xf6", "+APY-", "TcO2bGxlcg=="):
        assert oddity("name", text), text
        assert may_be_odd(text), text
    for text in ("Ã¶", "\ufffd", "&#246;", "&amp;", "%40", "=C3=B6", "=?utf-8?Q?=C3=B6?="):
        assert oddity("name", text), text
        assert may_be_odd(text), text


@pytest.mark.parametrize("declared", ["sep=;", "SEP = ;", '"sep=;"', "sep=;;;", '"sep=;";;'])
def test_a_separator_is_declared_as_spreadsheets_write_it(declared: str) -> None:
    rows, users = read(f"{declared}\nuser_id;name;mail\na;A;a@x.org\n".encode())
    assert ([row.name for row in rows], codes(users)) == (["A"], [])


@pytest.mark.parametrize("declared", ["sep=\t", "sep=\\t"])
def test_a_tab_is_declared_as_it_is_or_in_words(declared: str) -> None:
    rows, users = read(f"{declared}\nuser_id\tname\na\tA\n".encode())
    assert ([row.name for row in rows], codes(users)) == (["A"], [])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "Users of ACME,,\nExported today,,\nuser_id,name,mail\na,A,a@b\n",
            "Line 3 names one: remove what stands above",
        ),
        ("# exported\nUSER ID;NAME\na;A\n", "Line 2 names one"),
        ("+---+---+\n| user_id | name |\n+---+---+\n| a | A |\n", "Line 2 names one"),
        ('"user_id,name,mail"\n"a,A,a@b"\n', "in one pair of quotes"),
        ('"user_id;""name"""\n"a;""A"""\n', "in one pair of quotes"),
        ("", "Is the file empty?"),
        ("\ufeff\n\n", "Is the file empty?"),
        ("Benutzer-ID;Name\na;A\n", "“Benutzer-ID” the user ID"),
    ],
)
def test_a_header_that_is_not_there_is_looked_for(text: str, hint: str) -> None:
    (message,) = said(text)
    assert hint in message


def test_a_quote_that_opens_in_the_header_is_named_and_nothing_else() -> None:
    assert said('user_id,"name\na,A\nb,B\n') == ["Not a line of CSV: the quote that opens here is never closed."]


def test_a_blank_of_braille_is_an_invisible_character() -> None:
    _, users = read("user_id,name\nann\u2800,A\n".encode())
    assert codes(users) == [(2, "IMPORT_CHARACTER")]
    assert "BRAILLE PATTERN BLANK" in users.problems.listed[0].as_dict()["message"]


@pytest.mark.parametrize(
    ("user_id", "place"),
    [("ann\u200bxy", "after “ann”."), ("\u200bann", "before “ann”."), ("\u200b\u200b", "with nothing else in it.")],
)
def test_an_invisible_character_is_placed_by_what_can_be_seen(user_id: str, place: str) -> None:
    (message,) = said(f"user_id,name\n{user_id},A\n".encode())
    assert message.endswith(f"U+200B ZERO WIDTH SPACE, {place}")


def test_the_count_of_rows_under_a_table_makes_no_user() -> None:
    rows, users = read(b"user_id\nann\n(1 row)\n")
    assert ([row.user_id for row in rows], codes(users)) == (["ann"], [(3, "IMPORT_BAD_LINE")])


def test_of_very_many_columns_that_are_not_used_the_first_are_named() -> None:
    _, users = read(("user_id" + ",x" * 5000 + "\nann" + ",y" * 5000 + "\n").encode())
    (warning,) = users.warnings.listed
    assert warning.as_dict()["message"] == f"Not used: {', '.join(['x'] * 20)} and 4,980 more."
    assert len(users.header.unused) == 5000


@pytest.mark.parametrize(
    ("character", "named"),
    [
        ("\a", "U+0007 BELL"), ("\0", "U+0000 NULL"), ("\x1b", "U+001B ESCAPE"), ("\x1f", "U+001F UNIT SEPARATOR"),
        ("\x7f", "U+007F DELETE"), ("\x85", "U+0085 NEXT LINE"), ("\x9f", "U+009F APPLICATION PROGRAM COMMAND"),
    ],
)  # fmt: skip
def test_a_control_character_is_called_by_its_name_and_place(character: str, named: str) -> None:
    _, users = read(f"user_id,name\nann,An{character}na\n".encode())
    assert [code for _, code in codes(users)] == ["IMPORT_CHARACTER"]
    message = users.problems.listed[0].as_dict()["message"]
    assert f"{named}, after “" in message
    assert "An”" in message


def test_every_control_character_has_a_name() -> None:
    assert all(code_point(chr(code))[7:] for code in (*range(0x20), *range(0x7F, 0xA0)))

"""Users in from files: what is read, what is refused line by line, and what the same file does again."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.models import Assignment, Move, Operation
from assignments.users import undo
from assignments.users.importing.imports import LIMITS, import_users
from assignments.users.rules import text_lines, user_file
from tests.structure.test_constraints import assert_counts_true
from tests.support import torture
from tests.support.lists import csv_of, numbered
from tests.users.pairs import codes, make
from topology.models import Cluster, EndUser, Event
from topology.structure.nodes import add_node

BULK = (
    '"USER ID","FIRST NAME","LAST NAME","MIDDLE NAME","MAIL ID","DEPARTMENT","PIN","DEFAULT PROFILE","USER LOCALE"',
    '"jdoe","John","Doe","","jdoe@example.org","R&D, Lab","****","",""',
    '"asmith","Anna","Smith","B","","","","",""',
)


@pytest.fixture
def acme(db: None) -> Cluster:
    return make()


def test_a_plain_list_in_any_order_of_columns(acme: Cluster) -> None:
    file = csv_of("Contacts,MAIL,User_ID,Name,Endpoints,phone", '7,j@x.org, jdoe ,"Doe, John",Desk phone|sametime,1')
    report = import_users(acme, file)
    assert report.ok
    user = EndUser.objects.get()
    assert (user.user_id, user.name, user.mail, user.contacts) == ("jdoe", "Doe, John", "j@x.org", 7)
    assert user.endpoints == ["desk_phone", "sametime"]
    assert user.assignment.endpoints == 2
    assert report.format == "plain"


def test_the_export_of_the_product(acme: Cluster) -> None:
    report = import_users(acme, csv_of(*BULK, end="\r\n", encoding="utf-8-sig"))
    assert (report.ok, report.format, report.created) == (True, "bulk_administration", 2)
    assert EndUser.objects.get(user_id="jdoe").name == "John Doe"
    assert EndUser.objects.get(user_id="asmith").mail == ""


@pytest.mark.parametrize(
    ("file", "created"),
    [
        (csv_of("user_id;name", "jdoe;Doe, John", "asmith;"), 2),
        (csv_of("user_id,name", "jdoe,John", end="\r\n"), 1),
        (io.BytesIO(b"user_id,name\njdoe,John"), 1),
        (io.BytesIO(b"\xef\xbb\xbfuser_id\nj\xc3\xb6rg\n"), 1),
        (io.BytesIO(b'\n\n"user_id","name","address"\n\njdoe,John,"Two\nlines"\n\n'), 1),
        (csv_of("user_id,name"), 0),
        (csv_of("user_id,name", "jdoe,"), 1),
        (csv_of('user_id, "name"', 'jdoe, "Doe, John"'), 1),
    ],
    ids=[
        "semicolon",
        "crlf",
        "no last newline",
        "bom",
        "blank lines and a line break",
        "only header",
        "empty cell",
        "spaces",
    ],
)
def test_files_as_programs_write_them(acme: Cluster, file: io.BytesIO, created: int) -> None:
    report = import_users(acme, file)
    assert (report.problems.listed, report.created) == ([], created)


@pytest.mark.parametrize(
    "cell",
    [
        "desk_phone;sametime",
        "desk_phone|sametime",
        "sametime desk_phone",
        "DESK PHONE | Sametime",
        "desk_phone;;sametime;",
    ],
)
def test_endpoints_in_every_notation(cell: str) -> None:
    users = user_file.UserList(csv_of("user_id,endpoints", f'a,"{cell}"'), LIMITS)
    assert [row.endpoints for row in users.rows()] == [("desk_phone", "sametime")]
    assert not users.problems.total


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (io.BytesIO(b""), [(1, "IMPORT_NO_HEADER")]),
        (io.BytesIO(b"\n\n"), [(2, "IMPORT_NO_HEADER")]),
        (csv_of("jdoe,John", "asmith,Anna"), [(1, "IMPORT_NO_HEADER")]),
        (csv_of("user_id,USER ID", "a,b"), [(1, "IMPORT_COLUMN_TWICE")]),
        (csv_of("user_id,name", "a,Jörg", "b,x", encoding="latin-1"), [(2, "IMPORT_BAD_ENCODING")]),
        (csv_of("user_id", "a\0b", "c"), [(2, "IMPORT_CHARACTER")]),
        (csv_of("user_id,name", ",x", "b,x", "  ,x"), [(2, "IMPORT_ID_MISSING"), (4, "IMPORT_ID_MISSING")]),
        (csv_of("user_id", "x" * 132, "x" * 133), [(3, "IMPORT_ID_TOO_LONG")]),
        (csv_of("user_id", "Ann", "bob", "ANN", "ann"), [(4, "IMPORT_ID_TWICE"), (5, "IMPORT_ID_TWICE")]),
        (csv_of("user_id,name", f"a,{'x' * 256}"), [(2, "IMPORT_TEXT_TOO_LONG")]),
        (
            csv_of("user_id,contacts", "a,200", "b,201", "c,many", "d,-1", "e,"),
            [(3, "IMPORT_TOO_MANY_CONTACTS"), (4, "IMPORT_CONTACTS_NOT_A_NUMBER"), (5, "IMPORT_CONTACTS_NOT_A_NUMBER")],
        ),
        (csv_of("user_id,endpoints", "a,desk_phone", "b,telex"), [(3, "IMPORT_UNKNOWN_ENDPOINT")]),
        (csv_of("user_id,node", "a,ACME-1A", "b,nowhere"), [(3, "IMPORT_UNKNOWN_NODE")]),
        (csv_of("user_id,node", "a,spare"), [(2, "IMPORT_NODE_UNASSIGNED")]),
        (csv_of("user_id,name", "a,Doe, John", "b,x"), [(2, "IMPORT_BAD_LINE")]),
        (csv_of("user_id,name", 'a,"open', "b,x"), [(2, "IMPORT_BAD_LINE")]),
        (
            csv_of("user_id,name,contacts", ",x,999", 'a,"x"y,1', "b,x,1,2"),
            [(2, "IMPORT_ID_MISSING"), (3, "IMPORT_BAD_LINE"), (4, "IMPORT_BAD_LINE")],
        ),
    ],
)
def test_bad_lines_are_named_and_nothing_is_imported(
    acme: Cluster, file: io.BytesIO, expected: list[tuple[int, str]]
) -> None:
    add_node(acme, "spare")
    report = import_users(acme, file)
    assert codes(report) == expected
    assert not report.ok
    assert not EndUser.objects.exists()
    for problem in report.as_dict()["problems"]:
        assert problem["message"]
        assert "{" not in problem["message"] + problem["fix"]
        assert problem["fix"]


def test_a_user_of_another_cluster_is_a_bad_line(acme: Cluster) -> None:
    import_users(make("other"), csv_of("user_id", "ann"))
    report = import_users(acme, csv_of("user_id", "bob", "Ann"))
    assert codes(report) == [(3, "IMPORT_OTHER_CLUSTER")]
    assert "other" in report.as_dict()["problems"][0]["message"]


def test_a_user_of_another_cluster_is_none_whose_values_would_change(acme: Cluster) -> None:
    import_users(make("other"), csv_of("user_id,name,mail", "ann,Ann,ann@x.org"))
    import_users(acme, csv_of("user_id,name,mail", "bob,Bob,bob@x.org"))
    report = import_users(acme, csv_of("user_id,name,mail", "bob,Rob,bob@x.org", "ann,Anna,"))
    told = report.as_dict()
    assert (told["changed_fields"], told["emptied_fields"]) == ({"name": 1}, {})
    assert codes(report) == [(3, "IMPORT_OTHER_CLUSTER")], "nor would values of theirs be emptied"


def test_only_the_first_thousand_are_listed_and_all_are_counted(acme: Cluster) -> None:
    lines = [f"{n},999" for n in range(700)] + [f"{n},1" for n in range(700)]
    report = import_users(acme, csv_of("user_id,contacts", *lines))
    assert report.problems.total == 1400
    assert len(report.problems.listed) == 1000
    assert codes(report)[700] == (702, "IMPORT_ID_TWICE")


def test_a_file_that_is_too_large_ends_early(acme: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "MAX_BYTES", 1000)
    assert codes(import_users(acme, numbered(100)))[-1][1] == "IMPORT_TOO_LARGE"
    long = io.BytesIO(b"user_id\n" + b"x" * (text_lines.MAX_LINE + 5))
    monkeypatch.setattr(text_lines, "MAX_BYTES", 1 << 30)
    assert codes(import_users(acme, long)) == [(2, "IMPORT_TOO_LARGE")]


def test_the_same_file_twice_changes_nothing(acme: Cluster) -> None:
    first = import_users(acme, numbered(100))
    events, moves = Event.objects.count(), Move.objects.count()
    second = import_users(acme, numbered(100))
    assert (first.created, first.assigned) == (100, 100)
    assert (second.created, second.updated, second.unchanged, second.assigned) == (0, 0, 100, 0)
    assert (Event.objects.count(), Move.objects.count()) == (events, moves)


def test_a_changed_line_changes_its_user_only(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,name,endpoints,contacts", "ann,Ann,desk_phone,5", "bob,Bob,,6"))
    report = import_users(acme, csv_of("user_id,name,endpoints", "ANN,Anna,desk_phone|sametime", "bob,Bob,", "cy,,"))
    assert (report.created, report.updated, report.unchanged) == (1, 1, 1)
    ann = EndUser.objects.get(user_id="ann")
    assert (ann.name, ann.contacts, ann.assignment.endpoints) == ("Anna", 5, 2)
    assert_counts_true()


def test_a_dry_run_reports_the_same_and_writes_nothing(acme: Cluster) -> None:
    dry = import_users(acme, numbered(50), dry_run=True)
    assert not EndUser.objects.exists()
    real = import_users(acme, numbered(50))
    assert real.as_dict() == {**dry.as_dict(), "dry_run": False}


def test_history_says_who_came_and_why_they_are_where_they_are(acme: Cluster, django_user_model: Any) -> None:
    ada = django_user_model.objects.create(username="ada")
    import_users(acme, numbered(8), actor=ada)
    event = Event.objects.latest("id")
    assert event.sentence == "ada imported 8 users into acme: 8 new, 0 changed, 8 given a home."
    operation = Operation.objects.get(pk=event.operation_id)
    assert (operation.state, operation.done, operation.total, operation.author_name) == ("finished", 8, 8, "ada")
    move = Move.objects.filter(user__user_id="u000001").get()
    assert (move.from_node, move.to_node) == (None, move.user.assignment.home_node)
    assert move.code == "USERS_IMPORTED"
    assert Assignment.objects.filter(signed_in=True).count() == 8
    assert_counts_true()


def test_the_command_reports_as_json(acme: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "users.csv"
    file.write_bytes(csv_of(*BULK).getvalue())
    call_command("import_users", "acme", str(file), "--dry-run", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert (shown["dry_run"], shown["created"], shown["problems"]) == (True, 2, [])
    call_command("import_users", "acme", str(file))
    assert "2 users: 2 created" in capsys.readouterr().out
    file.write_bytes(csv_of("user_id", "").getvalue() + b",\nx,y\n")
    with pytest.raises(SystemExit):
        call_command("import_users", "acme", str(file))
    assert "line 4: IMPORT_BAD_LINE" in capsys.readouterr().out
    with pytest.raises(CommandError, match="FILE_NOT_READABLE"):
        call_command("import_users", "acme", str(tmp_path / "none.csv"))


def test_an_import_can_be_undone(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", "ann,acme-1a", "bob,-"))
    imported = Operation.objects.latest("id")
    assert undo.undo_import(imported).removed == 2
    assert not Assignment.objects.exists()


@settings(max_examples=torture.many(50), deadline=None)
@given(
    header=st.sampled_from(
        [b"", b"user_id,name,node\n", b"USER ID;MAIL ID\n", b"\xef\xbb\xbfuser_id,endpoints,contacts\n"]
    ),
    body=st.binary(max_size=300) | st.lists(st.sampled_from(list(b'a,;"\n\r\x00\xe4 9|-')), max_size=80).map(bytes),
)
def test_any_bytes_are_read_or_refused_by_line(header: bytes, body: bytes) -> None:
    users = user_file.UserList(io.BytesIO(header + body), LIMITS)
    rows = list(users.rows())
    lines = (header + body).count(b"\n") + (header + body).count(b"\r") + 1
    assert all(1 <= row.line <= lines and 0 < len(row.user_id) <= 132 and "\0" not in row.user_id for row in rows)
    assert all(1 <= problem.line <= lines for problem in users.problems.listed)
    assert header or "user_id" in users.columns or users.problems.total

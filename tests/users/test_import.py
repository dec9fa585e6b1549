"""Users in from files: what is read, what is refused line by line, where the users go, and what it costs."""

import io
import json
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.board.topology_file import apply_topology
from assignments.models import Assignment, Move, Operation, Population
from assignments.users import undo
from assignments.users.importing.imports import LIMITS, import_users
from assignments.users.importing.report import Report
from assignments.users.rules import text_lines, user_file
from demo.users import CROWDS
from tests import torture
from tests.lists import csv_of, numbered
from tests.structure.test_constraints import assert_counts_true
from topology.models import Cluster, EndUser, Event, Node, Subcluster
from topology.reasons import Refused
from topology.rules.states import State
from topology.structure.clusters import create_cluster
from topology.structure.nodes import add_node
from topology.structure.subclusters import create_subcluster

BULK = (
    '"USER ID","FIRST NAME","LAST NAME","MIDDLE NAME","MAIL ID","DEPARTMENT","PIN","DEFAULT PROFILE","USER LOCALE"',
    '"jdoe","John","Doe","","jdoe@example.org","R&D, Lab","****","",""',
    '"asmith","Anna","Smith","B","","","","",""',
)


def make(name: str = "acme", *, mode: str = "balanced", profile: int = 5000, pairs: int = 2) -> Cluster:
    """A cluster of pairs: acme-1a, acme-1b, acme-2a, …"""
    cluster = create_cluster(name, mode=mode, model="balanced_non_redundant")
    for number in range(1, pairs + 1):
        group = create_subcluster(cluster, f"sc-{number}")
        for letter in "ab":
            add_node(cluster, f"{name}-{number}{letter}", subcluster=group, profile=profile)
    return cluster


@pytest.fixture
def acme(db: None) -> Cluster:
    return make()


def codes(report: Report) -> list[tuple[int, str]]:
    return [(problem.line, problem.reason.code) for problem in report.problems.listed]


def homes(cluster: Cluster) -> dict[str, int]:
    counts = {node.name: 0 for node in Node.objects.filter(cluster=cluster)}
    for place in Assignment.objects.filter(cluster=cluster, home_node__isnull=False).select_related("home_node"):
        counts[place.home_node.name] += 1
    return counts


# --- What is read ---------------------------------------------------------------------------------


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


# --- What is refused ------------------------------------------------------------------------------


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


# --- Again ----------------------------------------------------------------------------------------


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


def test_an_import_never_moves_who_has_a_home(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", "ann,acme-1a", "bob,-"))
    report = import_users(acme, csv_of("user_id,node", "ann,acme-2b", "bob,acme-2b"))
    assert (report.ok, report.assigned, report.warnings.total) == (True, 1, 1)
    assert report.warnings.listed[0].reason.code == "IMPORT_STAYS"
    assert homes(acme) == {"acme-1a": 1, "acme-1b": 0, "acme-2a": 0, "acme-2b": 1}


def test_the_unassigned_stay_unassigned_until_a_node_is_named(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", "ann,-"))
    assert import_users(acme, csv_of("user_id", "ann")).unchanged == 1
    assert Assignment.objects.get().home_node is None


def test_a_dry_run_reports_the_same_and_writes_nothing(acme: Cluster) -> None:
    dry = import_users(acme, numbered(50), dry_run=True)
    assert not EndUser.objects.exists()
    real = import_users(acme, numbered(50))
    assert real.as_dict() == {**dry.as_dict(), "dry_run": False}


# --- Where they go --------------------------------------------------------------------------------


def test_balanced_spreads_evenly_around_those_who_are_there(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", *(f"x{n},acme-1a" for n in range(40))))
    report = import_users(acme, numbered(160))
    assert homes(acme) == {"acme-1a": 50, "acme-1b": 50, "acme-2a": 50, "acme-2b": 50}
    assert report.nodes == {"acme-1a": 10, "acme-1b": 50, "acme-2a": 50, "acme-2b": 50}


@pytest.mark.django_db
def test_active_standby_uses_the_first_nodes() -> None:
    cluster = make(mode="active_standby")
    import_users(cluster, numbered(100))
    assert homes(cluster) == {"acme-1a": 50, "acme-1b": 0, "acme-2a": 50, "acme-2b": 0}


@pytest.mark.django_db
def test_manual_assigns_nobody_who_names_no_node() -> None:
    cluster = make(mode="manual")
    report = import_users(cluster, csv_of("user_id,node", "ann,", "bob,acme-2a"))
    assert (report.assigned, report.left_unassigned) == (1, 1)
    assert homes(cluster)["acme-2a"] == 1


@pytest.mark.django_db
def test_lines_beyond_the_capacity_of_a_node_are_named() -> None:
    cluster = make(profile=500)
    lines = [f"u{n},acme-1a,desk_phone" for n in range(501)] + ["v,acme-1b,desk_phone"]
    report = import_users(cluster, csv_of("user_id,node,endpoints", *lines))
    assert codes(report) == [(502, "IMPORT_NODE_FULL")]
    assert "501 users" in report.as_dict()["problems"][0]["message"]


@pytest.mark.django_db
def test_endpoints_count_against_the_capacity_too() -> None:
    cluster = make(profile=500)
    kinds = "desk_phone|sametime|third_party"
    report = import_users(cluster, csv_of("user_id,node,endpoints", *(f"u{n},acme-1a,{kinds}" for n in range(334))))
    assert codes(report) == [(335, "IMPORT_NODE_FULL")]
    assert "1,002 endpoints" in report.as_dict()["problems"][0]["message"]
    import_users(cluster, csv_of("user_id,node,endpoints", *(f"u{n},acme-1a,{kinds}" for n in range(333))))
    more = import_users(cluster, csv_of("user_id,endpoints", "u0,desk_phone|sametime|third_party|office_communicator"))
    assert more.ok
    more = import_users(cluster, csv_of("user_id,endpoints", "u1,desk_phone|sametime|third_party|office_communicator"))
    assert codes(more) == [(2, "IMPORT_NODE_FULL")]


@pytest.mark.django_db
def test_lines_beyond_the_capacity_of_the_cluster_are_named() -> None:
    cluster = make(profile=500)
    assert import_users(cluster, numbered(1990)).ok
    report = import_users(cluster, numbered(13, start=5000))
    assert [line for line, _ in codes(report)] == [12, 13, 14]
    assert codes(report)[0][1] == "IMPORT_CLUSTER_FULL"
    assert "room for 10 more" in report.as_dict()["problems"][0]["message"]
    assert import_users(cluster, numbered(10, start=5000)).assigned == 10


@pytest.mark.django_db
def test_the_room_that_is_named_is_true_whoever_comes_first() -> None:
    """Those with most endpoints come first here: a mean over all would promise room for twice as many."""
    cluster = make(profile=500)
    many = "desk_phone|sametime|third_party|office_communicator"
    lines = [f"u{n},{many}" for n in range(1100)] + [f"v{n}," for n in range(400)]
    report = import_users(cluster, csv_of("user_id,endpoints", *lines))
    assert "room for 1,000 more" in report.as_dict()["problems"][0]["message"]
    assert import_users(cluster, csv_of("user_id,endpoints", *lines[:1000])).assigned == 1000


@pytest.mark.django_db
def test_a_cluster_without_nodes_in_subclusters_has_no_room() -> None:
    cluster = create_cluster("empty")
    assert codes(import_users(cluster, csv_of("user_id", "ann"))) == [(2, "IMPORT_CLUSTER_FULL")]
    assert import_users(cluster, csv_of("user_id,node", "ann,-")).left_unassigned == 1


def test_nobody_new_while_a_node_is_in_a_failover_state(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,name", "ann,Ann"))
    Subcluster.objects.update(ha_enabled=True)
    Node.objects.filter(name="acme-1a").update(state=State.FAILED_OVER)
    with pytest.raises(Refused) as refused:
        import_users(acme, csv_of("user_id", "bob"))
    assert refused.value.code == "CLUSTER_IN_FAILOVER"
    assert "acme-1a is failed over" in refused.value.message
    assert not EndUser.objects.filter(user_id="bob").exists()
    assert import_users(acme, csv_of("user_id,name", "ann,Anna")).updated == 1


# --- What is left behind --------------------------------------------------------------------------


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


def test_queries_do_not_grow_with_the_users(acme: Cluster) -> None:
    counts = []
    for start, users in ((0, 3), (1000, 3000)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            import_users(acme, numbered(users, start=start))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] < 50


@pytest.mark.django_db
def test_thirty_thousand_users_cost_the_statements_of_three_hundred() -> None:
    """How long they take is the benchmark's question, beside a bare COPY of the same run."""
    cluster = make(profile=15000, pairs=3)
    with CaptureQueriesContext(connection) as few:
        import_users(cluster, numbered(300, columns="desk_phone|personal_communicator,100"), dry_run=True)
    with CaptureQueriesContext(connection) as many:
        report = import_users(cluster, crowd())
    assert set(report.nodes.values()) == {5000}
    assert len(many) <= len(few) + 3
    assert Population.objects.get(home_node__name="acme-1a").endpoints == 10_000


def crowd() -> io.BytesIO:
    return numbered(30_000, columns="desk_phone|personal_communicator,100")


@pytest.mark.django_db
def test_an_import_does_not_depend_on_what_the_database_thinks_of_its_tables() -> None:
    """As after a trial run that autovacuum looked at: many pages, and nobody in them."""
    cluster = make(profile=15000, pairs=3)
    with connection.cursor() as cursor:
        stale = "UPDATE pg_class SET relpages = 5000, reltuples = 0 WHERE relname = ANY(%s)"
        cursor.execute(stale, [["topology_enduser", "assignments_assignment", "assignments_listing"]])
        cursor.execute("SET LOCAL statement_timeout = '30s'")
    assert import_users(cluster, crowd()).created == 30_000


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_are_one_after_the_other() -> None:
    cluster, other = make(pairs=3), make("other")
    reports: list[Report] = []
    start = threading.Barrier(3)

    def run(target: Cluster, first: int) -> None:
        try:
            start.wait()
            reports.append(import_users(target, numbered(2000, start=first)))
        finally:
            connection.close()

    plan = ((cluster, 0), (cluster, 1000), (other, 100_000))
    threads = [threading.Thread(target=run, args=args) for args in plan]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.created for report in reports) == [1000, 2000, 2000]
    assert sorted(homes(cluster).values()) == [500] * 6
    assert EndUser.objects.count() == 5000
    assert_counts_true()


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_person_into_two_clusters_leave_one_home() -> None:
    clusters = [make(), make("other")]
    reports: list[Report] = []
    start = threading.Barrier(2)

    def run(cluster: Cluster) -> None:
        try:
            start.wait()
            reports.append(import_users(cluster, csv_of("user_id", "ann")))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[cluster]) for cluster in clusters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.ok for report in reports) == [False, True]
    assert Assignment.objects.count() == 1


# --- Commands -------------------------------------------------------------------------------------


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


@pytest.mark.django_db
def test_the_demo_loads_once_and_gives_the_first_rebalance_work(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_demo")
    assert "Importing 30,000 users into acme" in capsys.readouterr().out
    acme = Cluster.objects.get(name="acme")
    assert Assignment.objects.filter(cluster=acme).count() == 30_000
    assert Assignment.objects.filter(cluster=acme, home_node=None).count() == CROWDS["acme"].homes["-"]
    counts = homes(acme)
    assert max(counts.values()) > 2 * min(counts.values())
    assert Cluster.objects.get(name="branch").nodes.filter(subcluster=None).count() == 1
    before = Event.objects.count()
    capsys.readouterr()
    call_command("load_demo")
    assert capsys.readouterr().out == "Nothing was loaded: there is acme, branch.\n"
    call_command("load_demo", "--first-start")
    assert capsys.readouterr().out == "", "each start asks it"
    assert Event.objects.count() == before


def test_an_import_can_be_undone(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,node", "ann,acme-1a", "bob,-"))
    imported = Operation.objects.latest("id")
    assert undo.undo_import(imported).removed == 2
    assert not Assignment.objects.exists()


# --- Whatever a file holds ------------------------------------------------------------------------


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


@pytest.mark.django_db
def test_a_demo_that_cannot_be_loaded_whole_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CROWDS, "branch", replace(CROWDS["branch"], homes={"nowhere": 1}))
    with pytest.raises(CommandError, match="IMPORT_UNKNOWN_NODE"):
        call_command("load_demo")
    assert not Cluster.objects.exists()


@pytest.mark.django_db
def test_the_examples_of_the_documents_work() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "files.md").read_text()
    blocks: dict[str, str] = {}
    for kind, block in re.findall(r"```(yaml|csv)(?: [\w.-]+)?\n(.*?)```", text, re.DOTALL):
        blocks.setdefault(kind, block)  # the first of a kind: later ones are parts of a file
    apply_topology(yaml.safe_load(blocks["yaml"]))
    report = import_users(Cluster.objects.get(), io.BytesIO(blocks["csv"].encode()))
    assert (report.problems.listed, report.assigned, report.left_unassigned) == ([], 2, 1)


def test_a_cluster_removed_meanwhile_is_named_and_not_imported_into(acme: Cluster) -> None:
    stale = Cluster.objects.get(pk=acme.pk)
    Node.objects.filter(cluster=acme).delete()
    acme.delete()
    with pytest.raises(Refused) as refused:
        import_users(stale, csv_of("user_id", "late"), actor=None)
    assert refused.value.code == "NO_SUCH_CLUSTER"
    assert not EndUser.objects.exists()

"""Runs of a directory against a real slapd: who comes, changes, goes and comes back, in so many statements."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from assignments.directory import sync
from assignments.models import (
    Assignment,
    DirectoryChange,
    DirectoryPerson,
    DirectoryRun,
    Kind,
    Move,
    Operation,
    Pin,
    RunState,
)
from assignments.moves import pins
from assignments.users import trace, undo
from assignments.users.export import assignments_csv
from assignments.users.importing.imports import import_users
from assignments.users.removal import remove_users
from tests.directory.conftest import Directory
from tests.directory.persons import ids, many
from tests.structure.test_constraints import assert_counts_true
from tests.support.crowd import make_crowd
from tests.support.lists import csv_of
from tests.support.lookups import believe, looked_up
from topology.models import Cluster, EndUser, Event, Node

pytestmark = pytest.mark.django_db


def test_people_come_with_their_values_and_get_a_home_by_the_mode(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 20))
    directory.add("ödön", departmentNumber="R&D", mail=None)
    report = sync.sync(directory.agree())
    assert (report.read, report.new, report.changed, report.gone, report.back) == (21, 21, 0, 0, 0)
    assert ids(assigned=True) == {*many(0, 20), "ödön"}
    assert sorted(Assignment.objects.values_list("home_node__number", flat=True)).count(1) in (10, 11)
    person = EndUser.objects.get(user_id="ödön")
    assert (person.name, person.mail, person.department) == ("N. ödön", "", "R&D")
    assert Move.objects.filter(done=True, code="DIRECTORY_SYNCED").count() == 21
    assert Event.objects.get(code="DIRECTORY_SYNCED").facts["new"] == 21
    assert trace.story(crowd, person.pk).here.why == "Given a home when the directory was read."
    assert_counts_true()


@pytest.mark.in_turns
@pytest.mark.django_db(transaction=True)
def test_a_thousand_come_to_tables_that_were_seen_empty(directory: Directory) -> None:
    make_crowd(0, 0, capacity=2000)
    directory.add(*(f"m{n:04}" for n in range(1200)))
    cluster = directory.agree()
    believe(rows=0, pages=500)
    with looked_up(1200):
        assert sync.sync(cluster).new == 1200


def test_a_second_run_writes_nothing(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 5))
    cluster = directory.agree()
    sync.sync(cluster)
    tables = ("topology_enduser", "assignments_assignment", "assignments_directoryperson", "topology_event")
    before = [_versions(table) for table in tables]
    report = sync.sync(cluster)
    assert (report.read, report.changes) == (5, 0)
    assert [_versions(table) for table in tables] == before
    assert DirectoryRun.objects.filter(state=RunState.FINISHED).count() == 2


def _versions(table: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ctid::text, xmin::text FROM {table} ORDER BY 1")
        return list(cursor.fetchall())


def test_a_rename_and_a_move_between_branches_keep_home_pin_and_history(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 4))
    directory.admin.add(f"ou=other,{directory.base}", "organizationalUnit")
    cluster = directory.agree()
    sync.sync(cluster)
    place = Assignment.objects.get(user__user_id="u01")
    Assignment.objects.filter(pk=place.pk).update(pinned=True)
    Pin.objects.create(user_id=place.pk, reason="VIP", owner_name="anna")
    directory.set("u01", uid="renamed", mail="new@example.org")
    assert directory.admin.modify_dn(directory.dn("u02"), "cn=u02", new_superior=f"ou=other,{directory.base}")
    report = sync.sync(cluster)
    assert (report.new, report.changed, report.gone, report.back) == (0, 1, 0, 0)
    now = Assignment.objects.get(user__user_id="renamed")
    assert (now.pk, now.home_node_id, now.pinned) == (place.pk, place.home_node_id, True)
    assert DirectoryChange.objects.get(kind="changed").fields == {"user_id": "u01", "mail": "u01@example.org"}
    assert Move.objects.filter(user_id=place.pk).count() == 1


def test_two_people_exchange_their_user_ids(crowd: Cluster, directory: Directory) -> None:
    directory.add("a", "b", "c")
    cluster = directory.agree(guard_people=10)
    sync.sync(cluster)
    keys = dict(DirectoryPerson.objects.values_list("user__user_id", "user_id"))
    directory.set("a", uid="b")
    directory.set("b", uid="a")
    assert sync.sync(cluster).changed == 2
    assert dict(DirectoryPerson.objects.values_list("user__user_id", "user_id")) == {
        "a": keys["b"],
        "b": keys["a"],
        "c": keys["c"],
    }


def test_who_is_gone_is_set_aside_and_comes_back_exactly_as_before(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 8))
    cluster = directory.agree()
    sync.sync(cluster)
    place = Assignment.objects.get(user__user_id="u03")
    other = Node.objects.exclude(pk=place.home_node_id).get()
    Assignment.objects.filter(pk=place.pk).update(home_node=other, serving_node=other, pinned=True)
    Pin.objects.create(user_id=place.pk, reason="VIP", owner_name="anna")
    directory.remove("u03")
    report = sync.sync(cluster)
    assert (report.gone, report.stopped) == (1, None)
    assert "u03" not in ids()
    assert EndUser.objects.filter(user_id="u03").exists()
    assert_counts_true()
    directory.add("u03")  # with another entryUUID: the person is known by the user ID
    report = sync.sync(cluster)
    assert (report.back, report.new) == (1, 0)
    back = Assignment.objects.get(user__user_id="u03")
    assert (back.pk, back.home_node_id, back.pinned) == (place.pk, other.pk, True)
    assert Pin.objects.get(user_id=place.pk).reason == "VIP"
    assert sync.sync(cluster).changes == 0
    assert_counts_true()


def with_pin_set_aside(directory: Directory) -> Cluster:
    """A cluster of eight people, of whom anna pinned u03 before the directory had them no more."""
    directory.add(*many(0, 8))
    cluster = directory.agree()
    sync.sync(cluster)
    pins.pin(pins.named(cluster, ["u03"]), "VIP", actor="anna")
    directory.remove("u03")
    sync.sync(cluster)
    return cluster


def test_who_comes_back_by_a_list_is_pinned_no_more_whatever_waits_for_a_return(
    crowd: Cluster, directory: Directory
) -> None:
    cluster = with_pin_set_aside(directory)
    import_users(cluster, csv_of("user_id", "u03"))
    assert trace.story(cluster, EndUser.objects.get(user_id="u03").pk).pin is None
    assert pins.pins_of(pins.named(cluster, ["u03"])) == []
    assert b"VIP" not in b"".join(assignments_csv(cluster))
    gone = remove_users(cluster, ["u03"], actor="anna")
    assert gone.pinned == 0
    assert undo.undo_import(Operation.objects.get(pk=gone.operation), actor="anna").pinned == 0
    assert not Assignment.objects.filter(pinned=True).exists()


def test_who_came_back_by_a_list_is_pinned_by_whoever_does_it_now(crowd: Cluster, directory: Directory) -> None:
    cluster = with_pin_set_aside(directory)
    before = Pin.objects.get().at
    import_users(cluster, csv_of("user_id", "u03"))
    assert pins.pin(pins.named(cluster, ["u03"]), "Gateway", actor="bert").users == 1
    pin = Pin.objects.get()
    assert (pin.owner_name, pin.reason, pin.at > before) == ("bert", "Gateway", True)


def test_a_list_that_pins_who_was_set_aside_pins_in_the_name_of_who_brings_it(
    crowd: Cluster, directory: Directory
) -> None:
    directory.add(*many(0, 8))
    cluster = directory.agree()
    sync.sync(cluster)
    pins.pin(pins.named(cluster, ["u03", "u04"]), "VIP", actor="anna")
    directory.remove("u03", "u04")
    sync.sync(cluster)
    import_users(cluster, csv_of("user_id,pinned,pin_reason", "u03,t,Gateway", "u04,f,"), actor="bert")
    assert list(Pin.objects.filter(user__assignment__pinned=True).values_list("owner_name", "reason")) == [
        ("bert", "Gateway")
    ]
    directory.add("u03", "u04")
    sync.sync(cluster)
    assert [pin.reason for pin in Pin.objects.all()] == ["Gateway"]
    assert undo.undo_import(Operation.objects.get(kind=Kind.IMPORT), actor="bert").left == 0


def test_an_attribute_is_found_by_each_of_its_names(crowd: Cluster, directory: Directory) -> None:
    directory.add("u0", departmentNumber="7")
    as_usual = {"user_id": "uid", "name": "cn", "mail": "mail", "department": "departmentNumber"}
    cluster = directory.agree(map=as_usual)
    sync.sync(cluster)
    before = list(EndUser.objects.values())
    other = {
        "user_id": "userid", "name": "commonName", "mail": "RFC822Mailbox",
        "department": "2.16.840.1.113730.3.1.2",
    }  # fmt: skip
    directory.agree(map=other)
    report = sync.sync(cluster)
    assert (report.changed, report.skipped_total) == (0, 0)
    assert {told["code"] for told in report.warnings} == {"DIRECTORY_UNENCRYPTED"}
    assert list(EndUser.objects.values()) == before


def test_users_of_a_file_come_under_the_directory_and_keep_their_home(crowd: Cluster, directory: Directory) -> None:
    cluster = make_crowd(3, 0, name="filed")
    before = dict(Assignment.objects.values_list("user__user_id", "home_node"))
    directory.add(*before)
    report = sync.sync(directory.agree(cluster="filed"))
    assert (report.new, report.changed) == (0, 3)
    assert dict(Assignment.objects.filter(cluster=cluster).values_list("user__user_id", "home_node")) == before


def test_who_was_brought_back_by_a_file_comes_under_the_directory_again(crowd: Cluster, directory: Directory) -> None:
    import io

    from assignments.users.importing.imports import import_users

    directory.add("a", "b")
    cluster = directory.agree()
    sync.sync(cluster)
    directory.remove("a")
    sync.sync(cluster)
    import_users(cluster, io.BytesIO(b"user_id\na\n"))
    assert sync.sync(cluster).gone == 0
    directory.add("a")
    report = sync.sync(cluster)
    assert (report.new, report.back, report.changed) == (0, 0, 1)
    assert not DirectoryPerson.objects.filter(gone_at__isnull=False).exists()
    directory.remove("a")
    assert sync.sync(cluster).gone == 1


def test_a_removed_user_or_cluster_takes_its_directory_along(crowd: Cluster, directory: Directory) -> None:
    from assignments.board.removal import remove_cluster

    directory.add("a", "b", "c")
    cluster = directory.agree()
    sync.sync(cluster)
    directory.remove("a")
    sync.sync(cluster)
    with connection.cursor() as cursor:
        user = EndUser.objects.get(user_id="b").pk
        cursor.execute("DELETE FROM assignments_assignment WHERE user_id = %s", [user])
        cursor.execute("DELETE FROM topology_enduser WHERE id = %s", [user])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert set(DirectoryPerson.objects.values_list("user__user_id", flat=True)) == {"a", "c"}
    remove_cluster(cluster, cluster.name, actor="test")
    assert not EndUser.objects.exists()


def test_no_statement_of_a_run_asks_once_for_each_person(crowd: Cluster, directory: Directory) -> None:
    """What PostgreSQL calls a SubPlan runs for each row: with a million people it would not end."""
    repeated: list[str] = []
    seen = 0

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        if sql.split(None, 1)[0] in ("UPDATE", "INSERT", "DELETE", "SELECT", "WITH") and "assignments_directory" in sql:
            seen += 1
            execute("EXPLAIN " + sql, params, many, context)
            if "SubPlan" in str(context["cursor"].fetchall()):
                repeated.append(sql)
        return execute(sql, params, many, context)

    directory.add(*many(0, 12))
    cluster = directory.agree(guard_people=100)
    sync.sync(cluster)
    directory.add(*many(12, 14))
    directory.remove(*many(0, 2))
    directory.set("u05", uid="other")
    with connection.execute_wrapper(explain):
        report = sync.sync(cluster)
    assert (report.new, report.changed, report.gone) == (2, 1, 2)
    assert seen > 10
    assert repeated == []


@pytest.mark.parametrize("line", ["u03,t,Gateway", "u03,f,"])
def test_the_undo_of_a_list_leaves_the_pin_that_waits_for_a_return(
    crowd: Cluster, directory: Directory, line: str
) -> None:
    cluster = with_pin_set_aside(directory)
    before = Pin.objects.values_list("reason", "owner_name", "at").get()
    import_users(cluster, csv_of("user_id,pinned,pin_reason", line), actor="bert")
    undo.undo_import(Operation.objects.get(kind=Kind.IMPORT), actor="bert")
    assert Pin.objects.values_list("reason", "owner_name", "at").get() == before
    directory.add("u03")
    sync.sync(cluster)
    assert Assignment.objects.get(user__user_id="u03").pinned
    assert Pin.objects.values_list("reason", "owner_name", "at").get() == before


def test_the_undo_of_a_list_leaves_no_pin_where_none_waits_any_more(crowd: Cluster, directory: Directory) -> None:
    cluster = with_pin_set_aside(directory)
    import_users(cluster, csv_of("user_id,pinned,pin_reason", "u03,t,Gateway"), actor="bert")
    directory.add("u03")
    sync.sync(cluster)
    undo.undo_import(Operation.objects.get(kind=Kind.IMPORT), actor="bert")
    assert not Pin.objects.exists()

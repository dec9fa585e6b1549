"""An import taken back: what it overwrote comes back, whom it created goes, what changed since stays and is listed."""

import io
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assignments.models import Assignment, FormerUser, Kind, Move, Operation, Pin
from assignments.moves import pins
from assignments.retention import batches
from assignments.runs import operations
from assignments.users import undo as undoing
from assignments.users.importing.imports import import_users
from assignments.users.removal import remove_users
from tests.structure.test_constraints import assert_counts_true, assert_lists_true
from tests.support.lists import csv_of
from tests.support.worlds import make_acme, node
from tests.users.test_remove_users import people
from topology.models import Cluster, EndUser
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
HEADER = "user_id,name,mail,endpoints,contacts,node"


@pytest.fixture
def acme() -> Cluster:
    cluster = make_acme(imp1a=3, imp1b=2, waiting=2)
    EndUser.objects.filter(user_id="imp1a-0001").update(mail="one@x.org", contacts=11)
    return cluster


def run(cluster: Cluster, *lines: str, header: str = HEADER, **how: Any) -> Operation:
    report = import_users(cluster, csv_of(header, *lines), allow_emptying=True, **how)
    assert report.ok, report.as_dict()
    return Operation.objects.filter(cluster=cluster, kind=Kind.IMPORT).latest("pk")


def test_an_import_that_overwrote_everything_is_taken_back_whole(acme: Cluster) -> None:
    before = people()
    operation = run(
        acme,
        *(f"{row[1]},Other {n},m{n}@y.org,sametime|third_party,{n},imp1a.acme.org" for n, row in enumerate(before)),
        "new-1,New,n@y.org,,3,imp1b.acme.org",
        "new-2,New,,,0,-",
    )
    assert people() != before
    dry = undoing.undo_import(operation, dry_run=True)
    found = undoing.undo_import(operation, actor="ann", confirmed=dry.users)
    assert (found.removed, found.restored, found.unassigned, found.left) == (2, 7, 2, 0)
    assert people() == before
    assert_counts_true()
    assert_lists_true()
    assert not FormerUser.objects.filter(operation=found.operation).exists()


def test_the_pins_of_an_import_are_taken_off_and_those_of_people_stay(acme: Cluster) -> None:
    pins.pin(pins.named(acme, ["imp1a-0003"]), "gateway", actor="ann")
    before = people()
    operation = run(
        acme,
        "imp1a-0001,one@x.org,t,by the list",
        "imp1a-0002,two@y.org,t,",
        "imp1a-0003,,t,by the list",
        "imp1b-0001,,f,",
        header="user_id,mail,pinned,pin_reason",
    )
    assert pinned() == {"imp1a-0001", "imp1a-0002", "imp1a-0003"}
    pins.unpin(pins.named(acme, ["imp1a-0002"]), actor="ann")
    pins.pin(pins.named(acme, ["imp1a-0002"]), "badge readers", actor="ann")
    found = undoing.undo_import(operation, actor="ann", confirmed=undoing.undo_import(operation, dry_run=True).users)
    assert found.restored == 2
    assert pinned() == {"imp1a-0002", "imp1a-0003"}
    assert [row for row in people() if row[1] != "imp1a-0002"] == [row for row in before if row[1] != "imp1a-0002"]
    assert set(Pin.objects.values_list("reason", flat=True)) == {"badge readers", "gateway"}
    assert_counts_true()


def pinned() -> set[str]:
    return set(Assignment.objects.filter(pinned=True).values_list("user__user_id", flat=True))


def test_what_changed_or_moved_since_stays_and_is_listed(acme: Cluster) -> None:
    operation = run(
        acme,
        "imp1a-0001,First,first@y.org,,1,",
        "imp1a-0002,Second,second@y.org,,1,",
        "waiting-0001,Third,,,1,imp1b.acme.org",
        "new-1,New,,,0,imp1a.acme.org",
        "new-2,New,,,0,imp1a.acme.org",
        "new-3,New,,,0,imp1a.acme.org",
        "new-4,New,,,0,imp1a.acme.org",
    )
    run(acme, "imp1a-0001,mine@z.org", "new-1,edited@z.org", header="user_id,mail")
    for user_id in ("waiting-0001", "new-2"):
        home = {"home_node": node(acme, "imp3a"), "serving_node": node(acme, "imp3a")}
        Assignment.objects.filter(user__user_id=user_id).update(**home)
    pins.pin(pins.named(acme, ["new-3"]), "gateway", actor="ann")
    remove_users(acme, ["new-4"])
    found = undoing.undo_import(operation)
    assert sorted((row["user_id"], row["code"]) for row in found.left_users) == [
        ("imp1a-0001", "UNDO_USER_CHANGED"),
        ("new-1", "UNDO_USER_CHANGED"),
        ("new-2", "UNDO_USER_MOVED"),
        ("new-3", "UNDO_USER_PINNED"),
        ("new-4", "UNDO_USER_GONE"),
        ("waiting-0001", "UNDO_USER_MOVED"),
    ]
    first = EndUser.objects.get(user_id="imp1a-0001")
    assert (first.name, first.mail, first.contacts) == ("Person 1 of imp1a", "mine@z.org", 11)
    assert EndUser.objects.get(user_id="imp1a-0002").name == "Person 2 of imp1a"
    assert Assignment.objects.get(user__user_id="waiting-0001").home_node == node(acme, "imp3a")
    assert EndUser.objects.filter(user_id__startswith="new").count() == 3
    assert_counts_true()
    assert_lists_true()


def test_imports_are_taken_back_in_any_order(acme: Cluster) -> None:
    before = people()
    first = run(acme, "imp1a-0001,A", "new-1,A", header="user_id,name")
    second = run(acme, "imp1a-0001,b@y.org", "new-2,", header="user_id,mail")
    undoing.undo_import(first)
    undoing.undo_import(second)
    assert people() == before


def test_it_is_undone_once_and_an_undo_is_not(acme: Cluster) -> None:
    operation = run(acme, "new-1,A", header="user_id,name")
    made = Operation.objects.get(pk=undoing.undo_import(operation).operation)
    assert made.undo_of == operation
    for each in (operation, made):
        with pytest.raises(Refused) as refused:
            undoing.undo_import(each)
        assert refused.value.code == "UNDO_NOT_POSSIBLE"


def test_an_undo_is_called_that_wherever_operations_are_named(acme: Cluster, admin_client: Client) -> None:
    taken_in = run(acme, "new-1,A", "imp1a-0001,B", header="user_id,name")
    people_gone = Operation.objects.get(pk=remove_users(acme, ["imp1a-0002"]).operation)
    for operation in (people_gone, taken_in):
        made = Operation.objects.get(pk=undoing.undo_import(operation).operation)
        assert operations.as_dict(made)["undo_of"] == operation.pk
        assert str(made) == f"Undo {made.pk}"
        bar = admin_client.get(reverse("operation-bar", args=[made.pk])).content.decode()
        assert "#undo" in bar
        assert ">Undo</a>" in re.sub(r"<svg.*?</svg>", "", bar)
        listed = io.StringIO()
        call_command("operations", "list", "--all", stdout=listed)
        assert re.search(rf"(?m)^ *{made.pk}  acme +undo +finished", listed.getvalue())


def test_what_was_kept_of_people_goes_with_the_traces(acme: Cluster) -> None:
    Assignment.objects.filter(user__user_id="waiting-0001").update(home_node=None)
    imported = run(acme, "new-1,A", "imp1a-0001,B", header="user_id,name")
    removed = Operation.objects.get(pk=remove_users(acme, ["new-1", "imp1b-0001"]).operation)
    assert FormerUser.objects.count() == 4
    later = timezone.now() + timedelta(days=1)
    assert batches.former_users(later) == (0, False)  # both can be undone still
    Operation.objects.update(thinned_at=timezone.now())
    assert batches.former_users(later) == (4, False)
    assert not Move.objects.filter(user__isnull=False).exclude(user__in=EndUser.objects.all()).exists()
    for operation in (imported, removed):
        assert not undoing.can_undo(operation)


def test_an_import_that_changes_nothing_leaves_no_operation(acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,name", "imp1a-0001,Person 1 of imp1a"))
    assert not Operation.objects.exists()


def test_the_statements_do_not_grow_with_the_users(acme: Cluster) -> None:
    counts = []
    for size in (1, 40):
        with CaptureQueriesContext(connection) as queries:
            undoing.undo_import(run(acme, *(f"u{size}-{n},A" for n in range(size)), header="user_id,name"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_back_at_once_one_does() -> None:
    acme = make_acme(imp1a=3)
    before = people()
    operation = run(acme, *(f"new-{n},A" for n in range(50)), header="user_id,name")
    said = race(lambda: undoing.undo_import(operation).removed, lambda: undoing.undo_import(operation).removed)
    assert sorted(map(str, said)) == ["50", "UNDO_NOT_POSSIBLE"]
    assert people() == before
    assert_counts_true()


@pytest.mark.django_db(transaction=True)
def test_removing_and_importing_the_same_people_at_once_loses_nobody() -> None:
    acme = make_acme(imp1a=30)
    ids = list(EndUser.objects.values_list("user_id", flat=True))
    lines = csv_of("user_id,name", *(f"{user_id},Other" for user_id in ids))
    race(lambda: remove_users(acme, ids).removed, lambda: import_users(acme, lines).lines)
    assert EndUser.objects.count() in (0, 30)
    assert_counts_true()
    assert_lists_true()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_remove_the_same_people_one_does() -> None:
    acme = make_acme(imp1a=30)
    ids = list(EndUser.objects.values_list("user_id", flat=True))
    said = race(lambda: remove_users(acme, ids).removed, lambda: remove_users(acme, ids).removed)
    assert sorted(map(str, said)) == ["30", "NOBODY_REMOVED"]
    assert FormerUser.objects.count() == 30
    assert_counts_true()


def race(*calls: Any) -> list[Any]:
    """What each of them answered, begun at the same moment in threads of their own."""
    start, said = threading.Barrier(len(calls)), []

    def one(call: Any) -> None:
        start.wait()
        try:
            said.append(call())
        except Refused as refused:
            said.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_an_undo_stays_one_when_what_it_took_back_is_removed_for_its_age(acme: Cluster, admin_client: Client) -> None:
    operation = run(acme, "imp1a-0001,B", header="user_id,name")
    made = Operation.objects.get(pk=undoing.undo_import(operation).operation)
    operation.delete()  # as the nightly removal does
    made.refresh_from_db()
    assert operations.as_dict(made)["undo_of"] == made.undo_of_id is not None
    assert str(made) == f"Undo {made.pk}"
    page = admin_client.get(reverse("operation", args=[made.pk])).content.decode()
    assert f"operation {made.undo_of_id}" in page
    assert f'href="{reverse("operation", args=[made.undo_of_id])}"' not in page, "there is no such page any more"
    assert f'hx-post="{reverse("undo", args=[made.pk])}"' not in page, "it could not be undone"

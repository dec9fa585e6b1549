"""Many rows at once are looked up by their key when they are stored, whatever was known of their tables."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection, transaction
from django.utils import timezone

from assignments.board.removal import remove_cluster
from assignments.directory import agreements, schedule
from assignments.models import Assignment, DirectoryAgreement, DirectoryPerson, Operation, Pin
from assignments.moves import pins
from assignments.moves.selection import Selection
from assignments.users import table_statistics
from assignments.users.importing.imports import import_users
from assignments.users.removal import remove_users
from assignments.users.undo import undo_import
from tests.browser.large import thousands
from tests.recovery import recovery_world
from tests.support import crowd as crowd_of_tests
from tests.support import shifted
from tests.support.crowd import make_crowd
from tests.support.lists import numbered
from tests.support.lookups import believe, looked_up
from tests.support.worlds import assign, make_acme, node
from topology.models import Cluster, EndUser

PEOPLE = 2000
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crowd() -> Cluster:
    return make_crowd(0, 0, 0, 0, capacity=PEOPLE * 2)


def test_an_import_into_tables_that_were_seen_empty(crowd: Cluster) -> None:
    believe(rows=0, pages=500)
    with looked_up(PEOPLE):
        assert import_users(crowd, numbered(PEOPLE)).created == PEOPLE


def test_an_import_into_tables_that_were_seen_with_a_few(crowd: Cluster) -> None:
    """A connection may keep what it planned for a few: to read them all for each that it looks up."""
    believe(rows=60, pages=1)
    with looked_up(PEOPLE):
        assert import_users(crowd, numbered(PEOPLE)).created == PEOPLE
    assert _known() == PEOPLE


@pytest.mark.parametrize("world", ["crowd", "assign", "thousands", "recovery"])
def test_worlds_of_tests_too(world: str) -> None:
    """A test that begins with so many waited a minute for them, where another had left the tables empty."""
    cluster = make_acme()
    believe(rows=60, pages=1)
    assign(cluster, [("imp1b", node(cluster, "imp1b"), 9)])  # its connection keeps the plans for a few
    with looked_up(PEOPLE):
        add: Callable[[], object] = {
            "crowd": lambda: crowd_of_tests.add_people(cluster, None, PEOPLE),
            "assign": lambda: assign(cluster, [("imp1a", node(cluster, "imp1a"), PEOPLE)]),
            "thousands": lambda: thousands.add_people(cluster, "imp1a", PEOPLE),
            "recovery": lambda: recovery_world.add_people(cluster, node(cluster, "imp1a"), PEOPLE),
        }[world]
        add()
    assert Assignment.objects.count() == PEOPLE + 9


def _undo_import(operation: Operation) -> None:
    assert undo_import(operation).removed == PEOPLE


def _remove(operation: Operation) -> None:
    assert remove_users(operation.cluster, Assignment.objects.filter(cluster=operation.cluster)).removed == PEOPLE


def _remove_cluster(operation: Operation) -> None:
    assert remove_cluster(operation.cluster, operation.cluster.name).users == PEOPLE


@pytest.mark.parametrize("take_away", [_undo_import, _remove, _remove_cluster])
def test_people_go_from_tables_that_were_seen_empty(crowd: Cluster, take_away: Callable[[Operation], None]) -> None:
    import_users(crowd, numbered(PEOPLE))
    believe(rows=0, pages=500)
    with looked_up(PEOPLE):
        take_away(Operation.objects.get())
    assert not EndUser.objects.exists()


def _gone(cluster: Cluster) -> DirectoryAgreement:
    """All of them, as a directory that has them no more leaves them."""
    agreement = DirectoryAgreement.objects.create(cluster=cluster, servers=["ldap://d"], bind_dn="", base="", filter="")
    long_ago = timezone.now() - timedelta(days=400)
    people = EndUser.objects.values_list("pk", flat=True)
    DirectoryPerson.objects.bulk_create(
        DirectoryPerson(user_id=pk, agreement=agreement, key=str(pk), gone_at=long_ago) for pk in people
    )
    Assignment.objects.all().delete()
    return agreement


def _remove_old(agreement: DirectoryAgreement) -> None:
    assert schedule.remove_old(agreement, timezone.now()) == PEOPLE


def _end_agreement(agreement: DirectoryAgreement) -> None:
    agreements.end(agreement.cluster, agreement.cluster.name, actor=None)


def _remove_its_cluster(agreement: DirectoryAgreement) -> None:
    remove_cluster(agreement.cluster, agreement.cluster.name)


@pytest.mark.parametrize("take_away", [_remove_old, _end_agreement, _remove_its_cluster])
def test_people_whom_a_directory_has_no_more_go_from_tables_that_were_seen_empty(
    crowd: Cluster, take_away: Callable[[DirectoryAgreement], None]
) -> None:
    import_users(crowd, numbered(PEOPLE))
    agreement = _gone(crowd)
    make_crowd(PEOPLE, name="others")
    believe(rows=0, pages=500)
    with looked_up(PEOPLE):
        take_away(agreement)
    assert EndUser.objects.count() == PEOPLE


def _pin_all(cluster: Cluster) -> None:
    everybody = Selection(cluster, tuple(Assignment.objects.values_list("pk", flat=True)))
    assert pins.pin(everybody, "They stay", actor=None).users == PEOPLE


def _pin_by_list(cluster: Cluster) -> None:
    lines = "".join(f"{user_id},true\n" for user_id in EndUser.objects.values_list("user_id", flat=True))
    assert import_users(cluster, BytesIO(f"user_id,pinned\n{lines}".encode())).changed == {"pinned": PEOPLE}


@pytest.mark.parametrize("pin", [_pin_all, _pin_by_list])
def test_people_of_tables_that_were_seen_empty_are_pinned(crowd: Cluster, pin: Callable[[Cluster], None]) -> None:
    import_users(crowd, numbered(PEOPLE))
    believe(rows=0, pages=500)
    with looked_up(PEOPLE):
        pin(crowd)
    assert Pin.objects.count() == PEOPLE


def test_people_who_were_removed_come_back_to_tables_that_were_seen_empty(crowd: Cluster) -> None:
    import_users(crowd, numbered(PEOPLE))
    removed = remove_users(crowd, Assignment.objects.filter(cluster=crowd))
    believe(rows=0, pages=500)
    with looked_up(PEOPLE):
        assert undo_import(Operation.objects.get(pk=removed.operation)).returned == PEOPLE


def test_tables_that_are_known_are_not_looked_at_again(crowd: Cluster) -> None:
    believe(rows=PEOPLE * table_statistics.KNOWN, pages=500)
    table_statistics.refresh(PEOPLE)
    table_statistics.refresh(table_statistics.MANY - 1)
    assert _known() == PEOPLE * table_statistics.KNOWN
    table_statistics.refresh(PEOPLE + 1)
    assert _known() == 0


@pytest.mark.skipif(shifted.IS_ON, reason="the lock_timeout of PostgreSQL never ends under faketime")
def test_a_table_that_others_work_at_is_left_to_them(crowd: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where an index is built beside all work: an import neither waits for it nor fails."""
    monkeypatch.setattr(table_statistics, "WAIT", "10ms")
    believe(rows=7, pages=500)
    held, over = threading.Event(), threading.Event()

    def work() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE topology_enduser IN SHARE UPDATE EXCLUSIVE MODE")
                held.set()
                assert over.wait(60)
        finally:
            connection.close()

    other = threading.Thread(target=work)
    other.start()
    assert held.wait(60)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1min'")
            table_statistics.refresh(PEOPLE)
            cursor.execute("SELECT current_setting('lock_timeout')")
            assert cursor.fetchone() == ("1min",)
        assert _known() == 7
    finally:
        over.set()
        other.join()


def _known() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'topology_enduser'")
        return float(cursor.fetchone()[0])

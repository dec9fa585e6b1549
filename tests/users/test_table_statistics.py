"""Many rows at once are looked up by their key when they are stored, whatever was known of their tables."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from assignments.board.removal import remove_cluster
from assignments.models import Assignment, Operation
from assignments.users import table_statistics
from assignments.users.importing.imports import import_users
from assignments.users.removal import remove_users
from assignments.users.undo import undo_import
from tests.crowd import make_crowd
from tests.lookups import believe, looked_up
from tests.users.test_import import numbered
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

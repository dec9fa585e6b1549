"""A worker that is killed in the middle of a run: the next one goes on from what is staged, and nobody is doubled."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from assignments.directory import connector, reading, schedule, staging, sync
from assignments.models import DirectoryAgreement, DirectoryChange, DirectoryPerson, DirectoryRun, Move, RunState
from config.local.processes import wait_until
from tests.directory.conftest import Directory
from tests.directory.persons import ids, many
from tests.directory.relay import relay
from tests.runs.test_runs_interrupted import cut_at
from tests.structure.test_constraints import assert_counts_true
from topology.live import events
from topology.models import Cluster, EndUser, Event
from topology.reasons import Refused

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 35
DOOMED = f"killed run of {os.getpid()}"
LATER = reading.DEAD_AFTER + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "PAGE", 10)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dies_after(part: str, time: int = 1) -> AbstractContextManager[Any]:
    """The process dies when the database has done a statement of this kind for so many times."""
    left = time

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        result = execute(sql, params, many, context)
        left -= part in sql
        if not left:
            die()
        return result

    return connection.execute_wrapper(wrapper)


def killed(cluster: Cluster, when: Callable[[], AbstractContextManager[Any]], **given: Any) -> bool:
    """A run in a process of its own; whether it was killed, and the database has noticed."""
    connection.close()
    child = os.fork()
    if not child:
        events._client = None
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('application_name', %s, false)", [DOOMED])
        with when():
            sync.sync(cluster, **given)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert wait_until(_is_gone, 30)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _is_gone() -> bool:
    # By name: a web server and a worker of other tests may have connections too.
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [DOOMED])
        return bool(cursor.fetchone()[0] == 0)


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'directory_read%'")
        return [name for (name,) in cursor.fetchall()]


def go_on() -> None:
    """What the next tick does that finds the run silent; there is nothing to do for the one after."""
    agreement, later = DirectoryAgreement.objects.get(), timezone.now() + LATER
    assert schedule.due(later) == [agreement.pk]
    schedule.run(agreement.pk, later)
    assert schedule.due(later) == []


def assert_all_once(people: int = PEOPLE) -> None:
    """Everybody once, in everything that a run leaves behind."""
    assert ids(assigned=True) == set(many(0, people))
    assert EndUser.objects.count() == DirectoryPerson.objects.count() == people
    assert DirectoryChange.objects.filter(kind="new").count() == people
    assert Move.objects.filter(done=True, code="DIRECTORY_SYNCED").count() == people
    assert Event.objects.get(code="DIRECTORY_SYNCED").facts["new"] == people
    assert_counts_true()


@pytest.mark.parametrize(
    "statement", ["CREATE TEMPORARY TABLE read", "INSERT INTO topology_enduser", 'INSERT INTO "topology_event"']
)
def test_what_was_read_is_carried_out_by_the_next_worker_without_reading_again(
    crowd: Cluster, directory: Directory, statement: str
) -> None:
    directory.add(*many(0, PEOPLE))
    with relay(directory.slapd.port) as road:
        cluster = directory.agree(servers=[road.url])
        assert killed(cluster, lambda: dies_after(statement))
        assert road.pages == 4
    run = DirectoryRun.objects.get()
    assert (run.state, run.read, ids()) == (RunState.READING, PEOPLE, set())
    assert tables() == [staging.table_of(run)]
    go_on()  # the directory cannot be reached any more
    run.refresh_from_db()
    assert (run.state, run.read, run.new, run.taken) == (RunState.FINISHED, PEOPLE, PEOPLE, 1)
    assert tables() == []
    assert_all_once()


def test_a_reading_that_was_cut_off_begins_anew(crowd: Cluster, directory: Directory) -> None:
    """The server's cookie died with the connection; what was staged of two pages counts for nothing."""
    directory.add(*many(0, PEOPLE))
    cluster = directory.agree()
    assert killed(cluster, lambda: dies_after('"read" = ', 3))
    run = DirectoryRun.objects.get()
    assert (run.state, run.staged_at) == (RunState.READING, None)
    directory.remove("u34")
    go_on()
    assert DirectoryRun.objects.get().state == RunState.FINISHED
    assert_all_once(PEOPLE - 1)


def _staged(cluster: Cluster) -> DirectoryRun:
    assert killed(cluster, lambda: dies_after("CREATE TEMPORARY TABLE read"))
    return DirectoryRun.objects.get(state=RunState.READING)


@pytest.mark.parametrize("what", ["agreement", "age", "crash"])
def test_what_is_not_true_any_more_is_read_again(crowd: Cluster, directory: Directory, what: str) -> None:
    """Another agreement since, an hour gone by, or a database that crashed and emptied the table."""
    directory.add(*many(0, PEOPLE))
    cluster = directory.agree()
    run = _staged(cluster)
    directory.remove("u34")
    match what:
        case "agreement":
            directory.agree(guard_people=11)
        case "age":
            DirectoryRun.objects.update(staged_at=timezone.now() - reading.STAGED_FOR)
        case "crash":
            with connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {staging.table_of(run)}")
    go_on()
    assert_all_once(PEOPLE - 1)


def test_what_a_person_accepted_is_accepted_for_whoever_goes_on(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, PEOPLE))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.agree(filter="(uid=u07)")
    stopped = sync.sync(cluster).stopped
    assert stopped
    assert killed(cluster, lambda: dies_after("DELETE FROM assignments_assignment"), accept=stopped["hash"])
    assert len(ids()) == PEOPLE
    go_on()
    assert ids() == {"u07"}
    assert list(DirectoryRun.objects.values_list("state", flat=True)) == ["finished", "accepted", "finished"]


def test_a_worker_that_was_taken_for_dead_does_nothing_any_more(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, PEOPLE))
    cluster = directory.agree()

    def taken_over(read: int) -> None:
        if read == 20:
            schedule.run(DirectoryAgreement.objects.get().pk, timezone.now() + LATER)

    with pytest.raises(Refused) as refused:
        sync.sync(cluster, progress=taken_over)
    assert refused.value.code == "DIRECTORY_RUNNING"
    assert DirectoryRun.objects.get().state == RunState.FINISHED
    assert_all_once()


def test_a_run_that_is_carried_out_for_long_is_not_taken_up(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the worker lives its run is locked, however old its last page is."""
    directory.add(*many(0, PEOPLE))
    cluster = directory.agree()
    seen: list[list[int]] = []
    compare = sync.comparing.compare

    def look_from_outside() -> None:
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT id FROM assignments_directoryrun WHERE state = 'reading' FOR UPDATE SKIP LOCKED")
                seen.append(cursor.fetchall())
        finally:
            other.close()
        compare()

    monkeypatch.setattr(sync.comparing, "compare", look_from_outside)
    sync.sync(cluster)
    assert seen == [[]]
    assert_all_once()


@pytest.mark.slow
def test_killed_at_any_statement_a_run_ends_once(crowd: Cluster, directory: Directory) -> None:
    """At each kill one more person is to come, and each run is ended by whoever finds it silent."""
    cluster, rng, dead = directory.agree(), random.Random(18), 0
    for people in range(1, 31):
        directory.add(*many(people - 1, people))
        at = rng.randint(1, 75)
        dead += killed(cluster, lambda at=at: cut_at(at, die))
        if DirectoryRun.objects.filter(state=RunState.READING).exists():
            go_on()
        elif ids() != set(many(0, people)):  # it died before its run was there
            sync.sync(cluster)
        assert ids(assigned=True) == set(many(0, people))
        assert DirectoryChange.objects.count() == people
        assert Event.objects.filter(code="DIRECTORY_SYNCED").count() == people
    assert dead > 15
    sync.sync(cluster)
    assert tables() == []
    assert_counts_true()

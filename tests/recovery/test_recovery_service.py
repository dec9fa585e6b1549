"""The live recovery engine under races, cuts and load, on real PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assignments.models import Assignment, Kind, Operation, Population, Progress, SubclusterLock
from assignments.recovery import service as recovery
from assignments.simulation.rules import play
from assignments.simulation.rules.play import Action, Scenario
from tests.recovery.driven import HOME_AGAIN, POWER_LOSS, B, all_home, node, scenario, states, sub
from tests.recovery.recovery_world import MIDNIGHT, Drive, make
from tests.support.live_stack import LiveStack
from topology.models import Cluster, EndUser, Event


# --- Races and cuts -------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_do_the_work_once() -> None:
    cluster = make(scenario(users=500))
    drive = Drive(cluster, scenario(*POWER_LOSS))
    drive.until(60)
    drive.do(POWER_LOSS[0])
    drive.until(200)
    real = drive.real + timedelta(seconds=30)
    barrier, answers = threading.Barrier(4), []

    def tick() -> None:
        barrier.wait()
        answers.append(recovery.step(sub().pk, real))
        connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(True) >= 1
    run = Operation.objects.get(kind=Kind.FAILOVER)
    away = Assignment.objects.filter(cluster=cluster).exclude(home_node=F("serving_node")).count()
    assert run.done == away > 0
    assert away <= 6 * (230 - 180) + 1  # never more than the throttle allows since the clients' wait ended
    assert Event.objects.filter(code="FAILOVER_STARTED").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_step_waits_for_nobody_who_holds_the_subcluster() -> None:
    make(scenario())
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(7301, %s)", [sub().pk])
            held.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    try:
        assert recovery.step(sub().pk, MIDNIGHT) is False
    finally:
        done.set()
        thread.join()


class Cut(Exception):
    """The process died here, as far as the database can tell."""


@contextmanager
def cut_at(statement: int) -> Iterator[None]:
    """Die at the n-th statement of a transaction."""
    count = 0

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += 1
        if count == statement:
            raise Cut
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


class Dying(Drive):
    """Every step dies at some statement first, another one each time, and is then done again."""

    def __init__(self, cluster: Cluster, plan: Scenario, every: int) -> None:
        super().__init__(cluster, plan, beat=1)
        self.every, self.calls, self.cuts = every, 0, 0

    def tick(self) -> None:
        self._dies(super().tick)
        super().tick()

    def do(self, action: Action) -> None:
        if self._dies(lambda: Drive.do(self, action)):
            super().do(action)

    def _dies(self, call: Callable[[], None]) -> bool:
        self.calls += 1
        try:
            with cut_at(2 + self.calls * self.every % 13):
                call()
        except Cut:
            self.cuts += 1
            return True
        return False


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("every", [2, 3, 5, 8])
def test_dying_between_any_two_statements_changes_nothing(every: int) -> None:
    """Each tick dies at another statement first and is then delivered again; the log is that of an undisturbed run."""
    plan = scenario(*POWER_LOSS, HOME_AGAIN, users=300)
    lines = play.run(plan).log
    expected = [(x["t"], x["subcluster"], x["event"], x["nodes"], x["out_of_service"]) for x in lines]

    cluster = make(plan, speed=10)
    dying = Dying(cluster, plan, every)
    dying.play()
    assert dying.cuts > 10
    assert dying.log() == expected
    assert all_home()
    assert not SubclusterLock.objects.filter(active=True).exists()
    runs = [(o.kind, o.state, o.done, o.total) for o in Operation.objects.filter(cluster=cluster).order_by("pk")]
    assert runs == [("failover", "finished", 300, 300), ("failback", "finished", 300, 300)]


@pytest.mark.django_db(transaction=True)
def test_users_whose_rows_somebody_holds_come_with_a_later_batch() -> None:
    cluster = make(scenario(users=100))
    plan = scenario(*POWER_LOSS, users=100)
    drive = Drive(cluster, plan)
    drive.until(60)
    drive.do(POWER_LOSS[0])
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            rows = Assignment.objects.filter(home_node=node()).order_by("user_id")[:60]
            list(rows.select_for_update())
            locked.set()
            done.wait(30)
        connection.close()

    drive.until(170)  # everybody is signed out by now; the wait ends at 180
    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(20)
    try:
        drive.until(240)
        assert Population.objects.get(home_node=node(), serving_node=node(B)).users == 40
    finally:
        done.set()
        thread.join()
    drive.until(400)
    assert Population.objects.get(home_node=node(), serving_node=node(B)).users == 100


@pytest.mark.slow  # tests/recovery/test_survival.py kills the worker of a whole console
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_a_failover_and_in_the_fallback_loses_nothing(live_stack: LiveStack) -> None:
    plan = scenario(users=600)
    cluster = make(plan, speed=60)
    Cluster.objects.filter(pk=cluster.pk).update(clock_real=timezone.now())
    target = node()
    for act in (lambda: recovery.inject(target, "power"), None):
        if act is None:
            recovery.repair(target, "power")
            recovery.fallback(target)
        else:
            act()
        wait_for(lambda: Operation.objects.filter(done__gt=0, state=Progress.RUNNING).exists())
        live_stack.kill_worker()
        live_stack.start_worker()
        wait_for(lambda: not Operation.objects.filter(state=Progress.RUNNING).exists())
    runs = [(o.kind, o.state, o.done, o.total) for o in Operation.objects.order_by("pk")]
    assert runs == [("failover", "finished", 600, 600), ("failback", "finished", 600, 600)]
    assert all_home()
    assert states() == [("normal", "normal")] * 2


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = timezone.now() + timedelta(seconds=seconds)
    pause = threading.Event()
    while not condition():
        assert timezone.now() < end, "it did not happen in time"
        pause.wait(0.05)


# --- Load -----------------------------------------------------------------------------------------
def queries_of_a_whole_failure(users: int) -> tuple[int, int]:
    """Queries and ticks of a failover and fallback of so many users at one node."""
    plan = scenario(*POWER_LOSS, HOME_AGAIN, users=users, done_within_minutes=5)
    cluster = make(plan, speed=60)
    drive = Drive(cluster, plan, beat=1)
    with CaptureQueriesContext(connection) as seen:
        drive.play()
    assert all_home()
    EndUser.objects.all().delete()
    cluster.delete()
    return len(seen), drive.ticks


@pytest.mark.in_turns
@pytest.mark.django_db
def test_queries_do_not_grow_with_users() -> None:
    few, many = queries_of_a_whole_failure(40), queries_of_a_whole_failure(4_000)
    assert many[0] <= few[0] + 6 * max(0, many[1] - few[1]) + 40


@pytest.mark.in_turns
@pytest.mark.django_db
def test_thirty_thousand_users_fail_over_and_come_home() -> None:
    plan = scenario(*POWER_LOSS, HOME_AGAIN, users=30_000, done_within_minutes=5)
    cluster = make(plan, speed=600)
    started = timezone.now()
    Drive(cluster, plan, beat=1).play()
    took = (timezone.now() - started).total_seconds()
    assert all_home()
    runs = [(o.kind, o.state, o.done) for o in Operation.objects.order_by("pk")]
    assert runs == [("failover", "finished", 30_000), ("failback", "finished", 30_000)]
    assert took < 60  # a few seconds alone; the machine may be busy


@pytest.mark.django_db
def test_nothing_due_costs_one_query(django_assert_num_queries: Any) -> None:
    make(scenario())
    with django_assert_num_queries(1):
        assert recovery.due_subclusters(MIDNIGHT) == []

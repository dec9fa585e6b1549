"""Runs under interruption and races: every planned move is done once or skipped with a reason."""

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from assignments.models import Assignment, Goal, Move, Operation, Population, SubclusterLock, TargetProgress
from assignments.planning import plans
from assignments.runs import batches, hand_moves, operations
from tests.support import torture
from tests.support.crowd import Hands, homes, make_crowd, nodes_of, people_of
from topology.live import events
from topology.models import Cluster
from topology.reasons import USER_MOVED_SINCE, Refused

pytestmark = pytest.mark.django_db(transaction=True)
SEED = 20261123
# With twenty real kills a thousand interruptions; by default a seeded part of them.
CUTS, KILLS = (980 if torture.WHOLE else 200), 20


class Cut(Exception):
    """The process died here, as far as the database can tell."""


@contextmanager
def cut_at(statement: int, act: Callable[[], None]) -> Iterator[None]:
    """Act at the n-th statement, before or after the database has done it; COMMIT counts as one."""
    count = 0

    def step(execute: Callable[[], Any]) -> Any:
        nonlocal count
        count += 1
        if count == statement and statement % 2:
            act()
        result = execute()
        if count == statement:
            act()
        return result

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        return step(lambda: execute(sql, params, many, context))

    commit = connection._commit
    connection._commit = lambda: step(commit)  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(wrapper):
            yield
    finally:
        connection._commit = commit  # type: ignore[method-assign]


def survives(work: Callable[[], None], statement: int) -> bool:
    """Do the work in a process that dies at a statement; False if it came to that.

    The connection breaks, so the database takes back what was not committed; what Django says of that is no news.
    """
    died = False

    def die() -> None:
        nonlocal died
        died = True
        assert connection.connection
        connection.connection.close()
        raise Cut

    try:
        with cut_at(statement, die):
            work()
    except (Cut, DatabaseError, InterfaceError):
        if not died:
            raise
    if died:
        connection.connect()
    return not died


def check(found: Operation, cluster: Cluster) -> None:
    """The trace, the homes, the counts and the populations say the same, and all of them once."""
    found = Operation.objects.select_related("plan").get(pk=found.pk)
    assert found.state == "finished"
    assert found.plan
    planned = {row.user_id: row.to_node_id for row in found.plan.rows.all()}
    traces = list(Move.objects.filter(operation=found))
    assert len(traces) == len(planned) == found.done + found.skipped == found.total
    assert {trace.user_id for trace in traces} == set(planned)
    done = {trace.user_id: trace.to_node_id for trace in traces if trace.done}
    assert len(done) == found.done
    assert dict(Assignment.objects.filter(user__in=done).values_list("user_id", "home_node_id")) == done
    assert all(trace.code for trace in traces)
    assert sum(TargetProgress.objects.filter(operation=found).values_list("done", flat=True)) == found.done
    assert not SubclusterLock.objects.filter(active=True).exists()
    kept = {n.pk: 0 for n in nodes_of(cluster)}
    for row in Population.objects.filter(cluster=cluster, home_node__isnull=False):
        kept[row.home_node_id or 0] += row.users
    assert list(kept.values()) == homes(cluster)


@pytest.mark.in_turns
def test_every_move_happens_once_whatever_is_cut_repeated_late_or_out_of_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "BATCH", 20)
    rng = random.Random(SEED)
    cluster = make_crowd(600, 0, 0, 0, 0, 0)
    hands, cuts, rounds = Hands(), 0, 0
    found = operations.start_run(plans.make_plan(cluster, Goal.BALANCE).hash, actor="ada", unthrottled=True)
    delivered: list[tuple[int, int]] = [(found.pk, 0)]
    while cuts < CUTS:
        hands.at += batches.RESTS * rng.choice([0, 1, 1, 10])
        todo = batches.due_runs(hands.at) + rng.sample(delivered, min(len(delivered), rng.randint(0, 2)))
        delivered += todo
        rng.shuffle(todo)
        for pk, generation in todo:
            cuts += not survives(lambda job=(pk, generation): batches.run(*job, hands.now), rng.randint(1, 24))
        if not Operation.objects.get(pk=found.pk).active:
            check(found, cluster)
            rounds += 1
            goal = {"operation": found.pk}
            found = operations.start_run(plans.make_plan(cluster, Goal.UNDO, goal).hash, actor="ada", unthrottled=True)
    hands.finish(found)
    check(found, cluster)
    assert rounds >= CUTS // 196


@pytest.mark.in_turns
def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real processes, really killed: each dies by SIGKILL at some statement of its own, with a transaction open."""
    monkeypatch.setattr(batches, "BATCH", 50)
    rng = random.Random(SEED)
    cluster = make_crowd(3_000, 0, 0, 0, 0, 0)
    found = operations.start_run(plans.make_plan(cluster, Goal.BALANCE).hash, actor="ada", unthrottled=True)
    killed = 0
    for _ in range(KILLS):
        generation = Operation.objects.get(pk=found.pk).generation
        killed += _killed_at(rng.randint(3, 22), found.pk, generation)
    assert killed == KILLS
    done = Operation.objects.get(pk=found.pk).done
    assert 0 < done < found.total
    assert Move.objects.filter(operation=found).count() == done
    hands = Hands()
    hands.finish(found)
    check(found, cluster)
    assert homes(cluster) == [500] * 6


def _killed_at(statement: int, pk: int, generation: int) -> bool:
    """Work on a run in a process that kills itself at a statement; whether it was killed."""
    connection.close()
    child = os.fork()
    if not child:
        events._client = None
        with cut_at(statement, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            batches.run(pk, generation, timezone.now)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


# --- Races ----------------------------------------------------------------------------------------
def race(*works: Callable[[], Any]) -> list[Any]:
    """Run all at once, each with a connection of its own; answers results or the refusals and errors raised."""
    barrier, results = threading.Barrier(len(works)), [None] * len(works)

    def one(place: int, work: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            results[place] = work()
        except Exception as error:
            results[place] = error  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_twenty_people_drag_the_same_user_and_one_wins() -> None:
    cluster = make_crowd(1, 0, 0, 0, 0, 0)
    first, *others = nodes_of(cluster)
    user = people_of(first)[0]
    shown = {user: first.pk}
    works = [
        lambda n=n: hand_moves.move_users(cluster, [user], others[n % 5], actor=f"person{n}", expected=shown)
        for n in range(20)
    ]
    results = race(*works)
    won = [result for result in results if isinstance(result, Operation)]
    lost = [result for result in results if isinstance(result, Refused)]
    assert (len(won), len(lost)) == (1, 19), results
    assert {refusal.code for refusal in lost} == {"USER_MOVED_SINCE"}
    home = Assignment.objects.select_related("home_node").get(user=user).home_node
    assert home
    assert won[0].to_node_id == home.pk
    assert all(won[0].author_name in refusal.message and home.name in refusal.message for refusal in lost)
    assert Move.objects.count() == Operation.objects.count() == 1


def test_a_node_never_gets_more_than_it_holds() -> None:
    cluster = make_crowd(40, 40, 0, 0, capacity=50)
    users = people_of(nodes_of(cluster)[0]) + people_of(nodes_of(cluster)[1])
    to = nodes_of(cluster)[2]
    works = [lambda part=users[n::8]: hand_moves.move_users(cluster, part, to, actor="ada") for n in range(8)]
    results = race(*works)
    assert sum(isinstance(result, Operation) for result in results) == 5
    assert {result.code for result in results if isinstance(result, Refused)} == {"NODE_NO_ROOM"}
    assert homes(cluster)[2] == 50


def test_people_and_workers_at_once() -> None:
    """Workers on one run twice over, people who move the same users elsewhere, and one who pins some."""
    cluster = make_crowd(900, 0, 0, 0, 0, 0)
    found = operations.start_run(plans.make_plan(cluster, Goal.BALANCE).hash, actor="ada", unthrottled=True)
    assert found.plan
    planned = list(found.plan.rows.order_by("-place").values_list("user_id", flat=True))

    def work() -> None:
        for generation in range(30):
            batches.run(found.pk, generation, timezone.now)

    def drag(part: list[int]) -> set[int]:
        """Those whom bob unassigned; the run may win against him, and then he is told."""
        return {user for user in part if isinstance(attempt(cluster, user), Operation)}

    def pin() -> None:
        with transaction.atomic():
            Assignment.objects.filter(user__in=planned[40:60], home_node=nodes_of(cluster)[0]).update(pinned=True)

    results = race(work, work, work, lambda: drag(planned[:20]), lambda: drag(planned[20:40]), pin)
    assert not [result for result in results if isinstance(result, Exception)], results
    Hands().finish(found)
    found.refresh_from_db()
    traces = Move.objects.filter(operation=found)
    assert traces.count() == found.total == found.done + found.skipped
    moved = dict(traces.filter(done=True).values_list("user_id", "to_node_id"))
    now = dict(Assignment.objects.filter(user__in=moved).values_list("user_id", "home_node_id"))
    dragged = results[3] | results[4]
    assert all(now[user] == (None if user in dragged else to) for user, to in moved.items())
    assert not Assignment.objects.filter(user__in=dragged, home_node__isnull=False).exists()
    lost = set(planned[:40]) - dragged
    assert lost <= set(moved)


def attempt(cluster: Cluster, user: int) -> Operation | Refused:
    try:
        return hand_moves.move_users(cluster, [user], None, actor="bob")
    except Refused as refusal:
        if refusal.reason is not USER_MOVED_SINCE:
            raise
        return refusal


def test_two_people_start_overlapping_plans_and_one_is_refused() -> None:
    cluster = make_crowd(50, 0, 50, 0)
    plan = plans.make_plan(cluster, Goal.BALANCE)
    results = race(*[lambda n=n: operations.start_run(plan.hash, actor=f"person{n}") for n in range(6)])
    assert sum(isinstance(result, Operation) for result in results) == 1
    assert {result.code for result in results if isinstance(result, Refused)} == {"RUN_IN_PROGRESS"}


def test_nothing_moves_once_a_pause_has_been_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 10)
    cluster = make_crowd(4_000, 0)
    found = operations.start_run(plans.make_plan(cluster, Goal.BALANCE).hash, actor="ada", unthrottled=True)
    seen: list[int] = []

    def pause() -> None:
        while not Operation.objects.get(pk=found.pk).done:
            pass
        operations.pause(found.pk, actor="bob")
        seen.append(Move.objects.filter(operation=found).count())

    results = race(lambda: batches.run(found.pk, 0, timezone.now), pause)
    assert not any(results), results
    assert 0 < seen[0] < 2_000
    assert Move.objects.filter(operation=found).count() == seen[0] == homes(cluster)[1]

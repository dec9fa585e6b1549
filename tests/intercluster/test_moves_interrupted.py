"""5,000 users go to another cluster through workers that are killed: each is in exactly one cluster at every moment."""

import os
import random
import signal
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from assignments.intercluster import moves
from assignments.models import Assignment, Move, Operation, Progress
from assignments.runs import batches, operations
from tests.runs.test_runs_interrupted import cut_at
from tests.structure.test_constraints import assert_counts_true, assert_lists_true
from tests.support.crowd import make_crowd
from tests.support.worlds import make_acme
from topology.live import events
from topology.models import EndUser, Node

pytestmark = pytest.mark.django_db(transaction=True)
USERS, KILLS, SEED = 5_000, 12, 17


def _work(pk: int, *, dies_at: int = 0) -> bool:
    """Work on a run in a process of its own, which kills itself at a statement; whether it was killed."""
    generation = Operation.objects.get(pk=pk).generation
    connection.close()
    child = os.fork()
    if not child:
        events._client = None
        later = timezone.now() + timedelta(seconds=2)  # a run that was just worked on is not due yet
        with cut_at(dies_at, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            batches.run(pk, generation, lambda: later)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _each_in_one_cluster(crowd: set[int]) -> Counter[int]:
    """How many are in each cluster; every person has exactly one row, whose nodes are of its cluster."""
    rows = list(Assignment.objects.filter(user__in=crowd).values_list("user", "cluster", "home_node__cluster"))
    assert {user for user, _, _ in rows} == crowd
    assert len(rows) == len(crowd)
    assert all(cluster == home for _, cluster, home in rows)
    return Counter(cluster for _, cluster, _ in rows)


@pytest.mark.in_turns
def test_nobody_is_lost_or_doubled_through_killed_workers_and_all_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 250)
    acme, branch = make_crowd(USERS, 0), make_acme("branch")
    Node.objects.filter(cluster=branch).update(capacity_users=5_000, capacity_endpoints=40_000)
    crowd = set(EndUser.objects.filter(assignment__cluster=acme).values_list("pk", flat=True))
    plan = moves.plan_to_cluster(acme, sorted(crowd), branch, author="ann")
    there = operations.start_run(plan.hash, actor="ann", unthrottled=True)
    rng, killed = random.Random(SEED), 0
    for _ in range(KILLS):
        killed += _work(there.pk, dies_at=rng.randint(4, 26))
        counted = _each_in_one_cluster(crowd)
        assert counted[branch.pk] == Move.objects.filter(operation=there, done=True).count()
    assert killed == KILLS
    assert not _work(there.pk)
    there.refresh_from_db()
    assert (there.state, there.done, there.skipped) == (Progress.FINISHED, USERS, 0)
    assert _each_in_one_cluster(crowd) == {branch.pk: USERS}
    assert_counts_true()
    assert_lists_true()
    back = operations.start_run(operations.plan_undo(there.pk, actor="ann").hash, actor="ann", unthrottled=True)
    assert not _work(back.pk)
    assert _each_in_one_cluster(crowd) == {acme.pk: USERS}
    assert_counts_true()

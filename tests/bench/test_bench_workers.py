"""Rebalancing 34 clusters with 1, 2 and 4 workers, beside one bare UPDATE of the same rows.

    skew every cluster -> plan -> start all runs -> N worker processes, with a beat, as the product starts them
                                                 -> one UPDATE takes every row back, and the next N begins

Two workers do at least 1.6 times what one does while less than 80 % of the cores are used. Where the cores are the
limit, more workers cannot help: the line says so, and shows what was used.
"""

import time
from math import inf
from pathlib import Path

import pytest
from django.db import connection

from assignments.models import ACTIVE, Goal, Operation, PlannedMove, Progress
from assignments.planning import plans
from assignments.runs import operations
from config.local.processes import wait_until
from tests.bench.large_worlds import world
from tests.bench.measure import Cores, judge
from tests.bench.measure import users as most
from tests.support.live_stack import LiveStack
from topology.models import Cluster
from topology.rules.states import State, StateReason

CLUSTERS = 34
WORKERS = (1, 2, 4)
MOVED = 3_000  # users of each cluster, more or less
TWICE = 1 / 1.6  # of the time that one worker takes, for two
FREE = 0.8  # of the cores; with more the machine is the limit
pytestmark = pytest.mark.django_db(transaction=True)

# So many of each other node's users come to the first one of their cluster.
SKEW = """
    UPDATE assignments_assignment place SET home_node_id = first.id, serving_node_id = first.id
    FROM (
        SELECT user_id, cluster_id, row_number() OVER (PARTITION BY home_node_id ORDER BY user_id) AS nth
        FROM assignments_assignment
    ) one JOIN topology_node first ON first.cluster_id = one.cluster_id AND first.number = 1
    WHERE place.user_id = one.user_id AND one.nth <= %s AND place.home_node_id <> first.id
"""
BACK = """
    UPDATE assignments_assignment place SET home_node_id = move.from_node_id, serving_node_id = move.from_node_id
    FROM assignments_plannedmove move WHERE move.user_id = place.user_id
"""


def skew() -> None:
    """Fill the first node of every cluster."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE topology_node SET state = %s, reason = %s", [State.NORMAL, StateReason.NORMAL])
        cursor.execute(SKEW, [MOVED // 5])
        cursor.execute("VACUUM ANALYZE assignments_assignment")


def begin() -> int:
    """Start an unthrottled rebalance in every cluster; answers how many users they move."""
    for cluster in Cluster.objects.order_by("pk"):
        plan = plans.make_plan(cluster, Goal.BALANCE)
        operations.start_run(plan.hash, actor="bench", unthrottled=True)
    return PlannedMove.objects.count()


def began() -> bool:
    return Operation.objects.filter(started_at__isnull=False).exists()


def ended() -> bool:
    time.sleep(0.1)  # who asks all the time takes a core from them
    return not Operation.objects.filter(state__in=ACTIVE).exists()


def run_with(workers: int, database: str, logs: Path) -> tuple[float, float, int]:
    """Seconds from the first batch until all runs have ended, the share of the cores used, and how many moved."""
    logs.mkdir()
    moved = begin()
    stack = LiveStack(database, logs, workers=workers)
    stack.start_worker()
    try:
        assert wait_until(began, 60), stack.output("worker")
        cores, begun = Cores(), time.perf_counter()
        assert wait_until(ended, 900), stack.output("worker")
        took, used = time.perf_counter() - begun, cores.used()
        assert Operation.objects.filter(state=Progress.FINISHED).count() == CLUSTERS
        return took, used, moved
    finally:
        stack.close()


def back() -> float:
    """One UPDATE that takes everybody back; seconds."""
    with connection.cursor() as cursor:
        begun = time.perf_counter()
        cursor.execute(BACK)
        took = time.perf_counter() - begun
        cursor.execute(
            "TRUNCATE assignments_plannedmove, assignments_move, assignments_operation, assignments_plan CASCADE"
        )
        cursor.execute("VACUUM ANALYZE assignments_assignment")
    return took


def test_two_workers_rebalance_34_clusters_faster_than_one(tmp_path: Path) -> None:
    here, spans, shares = world(CLUSTERS, most()), {}, {}
    with here.here():
        skew()
        for workers in WORKERS:
            took, used, moved = run_with(workers, here.name, tmp_path / str(workers))
            spans[workers], shares[workers] = took, used
            note = f"{moved / took:,.0f} users/s, {used:.0%} of the cores used"
            label = f"{moved:,} moves in {CLUSTERS} clusters of {most():,} users to one bare UPDATE, workers: {workers}"
            judge(label, [took], [back()], note=note)
    limited = shares[2] >= FREE
    note = f"the cores are the limit: {shares[2]:.0%} used" if limited else f"{shares[2]:.0%} of the cores used"
    judge("the same: two workers to one", [spans[2]], [spans[1]], inf if limited else TWICE, note)

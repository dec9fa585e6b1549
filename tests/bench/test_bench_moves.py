"""How much a run costs beside the least that the database could do: one bare UPDATE of the same rows."""

import time
from collections.abc import Callable

import pytest
from django.db import connection

from assignments.models import Goal, Operation, Plan
from assignments.planning import plans
from assignments.runs import operations
from tests.crowd import Hands, homes, make_crowd
from topology.models import Cluster

LIMIT = 3.0  # times one bare UPDATE
PLAN_LIMIT = 0.1  # seconds to plan 25,000 moves and store them
ROUNDS = 5
pytestmark = pytest.mark.django_db(transaction=True)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare(plan: Plan, end: str) -> Callable[[], None]:
    """One UPDATE that makes every row of the plan what it says, or what it was before."""

    def update() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE assignments_assignment a SET home_node_id = p.{end}_node_id, serving_node_id = p.{end}_node_id"
                " FROM assignments_plannedmove p WHERE p.plan_id = %s AND p.user_id = a.user_id",
                [plan.pk],
            )

    return update


def test_an_unthrottled_run_takes_at_most_three_times_one_bare_update() -> None:
    cluster = make_crowd(30_000, 0, 0, 0, 0, 0)
    stored = plan_seconds(cluster)
    plan = plans.make_plan(cluster, Goal.BALANCE)
    least, ours = [], []
    for _ in range(ROUNDS):
        settle()
        least.append(seconds(bare(plan, "to")))
        bare(plan, "from")()
        settle()
        found = operations.start(plan.hash, actor="bench", unthrottled=True)
        hands = Hands()
        ours.append(seconds(lambda found=found, hands=hands: hands.finish(found)))
        assert homes(cluster) == [5_000] * 6
        assert Operation.objects.get(pk=found.pk).done == 25_000
        bare(plan, "from")()
    ratio = min(ours) / min(least)
    print(f"\nplan stored      {stored * 1000:8.0f} ms with its 25,000 rows (at most {PLAN_LIMIT * 1000:.0f})")  # noqa: T201
    print(f"one bare UPDATE  {min(least) * 1000:8.0f} ms for 25,000 rows")  # noqa: T201
    print(f"unthrottled run  {min(ours) * 1000:8.0f} ms, {25_000 / min(ours):,.0f} users per second")  # noqa: T201
    print(f"ratio            {ratio:8.2f} (at most {LIMIT})")  # noqa: T201
    assert ratio <= LIMIT
    assert stored <= PLAN_LIMIT


def plan_seconds(cluster: Cluster) -> float:
    """Make the plan and store it, anew each time; the quickest of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        Plan.objects.all().delete()
        settle()
        taken.append(seconds(lambda: plans.make_plan(cluster, Goal.BALANCE)))
    return min(taken)


def settle() -> None:
    """The same ground for both: no dead rows, fresh statistics."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE assignments_assignment")
        cursor.execute("VACUUM ANALYZE assignments_plannedmove")

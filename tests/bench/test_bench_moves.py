"""What runs and plans cost beside the least the database could do: a bare UPDATE or INSERT of the same rows."""

from collections.abc import Callable

import pytest
from django.db import connection

from assignments.models import Goal, Operation, Plan, PlannedMove
from assignments.planning import plans
from assignments.runs import operations
from tests.bench.measure import compare, seconds_of
from tests.support.crowd import Hands, homes, make_crowd
from topology.models import Cluster

LIMIT = 1.8  # times one bare UPDATE
PLAN_LIMIT = 1.6  # times one bare INSERT
pytestmark = pytest.mark.django_db(transaction=True)


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


def test_a_run_beside_one_bare_update_and_a_plan_beside_a_bare_insert() -> None:
    cluster = make_crowd(30_000, 0, 0, 0, 0, 0)
    compare_plans(cluster)
    plan = plans.make_plan(cluster, Goal.BALANCE)

    def least() -> float:
        settle()
        took = seconds_of(bare(plan, "to"))
        bare(plan, "from")()
        return took

    def ours() -> float:
        settle()
        found = operations.start_run(plan.hash, actor="bench", unthrottled=True)
        hands = Hands()
        took = seconds_of(lambda: hands.finish(found) and None)
        assert homes(cluster) == [5_000] * 6
        assert Operation.objects.get(pk=found.pk).done == 25_000
        bare(plan, "from")()
        return took

    compare("unthrottled run of 25,000 moves, to one bare UPDATE", ours, least, LIMIT)


def compare_plans(cluster: Cluster) -> None:
    """Make and store the plan anew each time, beside an INSERT of the same rows."""
    rows: list[tuple[object, ...]] = []

    def ours() -> float:
        Plan.objects.all().delete()
        settle()
        took = seconds_of(lambda: plans.make_plan(cluster, Goal.BALANCE) and None)
        rows[:] = [(PlannedMove.objects.count(),)]
        return took

    def least() -> float:
        """Copy the rows of the last plan into a plan that has none."""
        old = plans.make_plan(cluster, Goal.BALANCE)
        settle()
        columns = [field.column for field in PlannedMove._meta.concrete_fields if not field.primary_key]
        names = ", ".join(columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMP TABLE kept_rows ON COMMIT PRESERVE ROWS AS SELECT {names} FROM assignments_plannedmove"
                " WHERE plan_id = %s ORDER BY place",
                [old.pk],
            )
            PlannedMove.objects.filter(plan=old).delete()
            settle()
            insert = f"INSERT INTO assignments_plannedmove ({names}) SELECT {names} FROM kept_rows"
            took = seconds_of(lambda: cursor.execute(insert) and None)
            cursor.execute("DROP TABLE kept_rows")
        return took

    label = "plan of 25,000 moves made and stored, to a bare INSERT of its rows"
    compare(label, ours, least, PLAN_LIMIT, rounds=15)  # each is short, and one that is disturbed tells nothing
    assert rows == [(25_000,)]


def settle() -> None:
    """The same ground for both: no dead rows, fresh statistics."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE assignments_assignment")
        cursor.execute("VACUUM ANALYZE assignments_plannedmove")

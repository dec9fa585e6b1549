"""What stands here gets older, and is removed by another process."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection
from django.db.models import F
from django.utils import timezone

from assignments.models import Goal, Move, Operation, Plan, Simulation
from assignments.planning import plans
from assignments.retention import removal
from assignments.runs import operations
from tests.support.crowd import Hands
from topology.models import Cluster, Event

DAY = timedelta(days=1)


def run(cluster: Cluster, goal: Goal = Goal.BALANCE) -> Operation:
    found = operations.start_run(plans.make_plan(cluster, goal).hash, actor="ada", unthrottled=True)
    Hands().finish(found)
    return Operation.objects.get(pk=found.pk)


def age(days: float) -> None:
    """Let everything that stands here be so much older."""
    by = timedelta(days=days)
    Operation.objects.update(**{name: F(name) - by for name in ("created_at", "started_at", "finished_at")})
    for model, name in ((Plan, "created_at"), (Move, "at"), (Event, "at"), (Simulation, "created_at")):
        model.objects.update(**{name: F(name) - by})  # type: ignore[attr-defined]


def removed_elsewhere() -> removal.RemovalReport:
    """What another process removes now."""

    def remove() -> removal.RemovalReport:
        try:
            return removal.remove(timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        return pool.submit(remove).result(timeout=60)


def last_moves() -> dict[int, tuple[int | None, int]]:
    """The last move of each user."""
    rows = Move.objects.filter(done=True).order_by("pk").values_list("user_id", "to_node_id", "operation_id")
    return {user: (to, operation) for user, to, operation in rows}

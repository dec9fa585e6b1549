"""What tests of runs begin with: a plan that is made and started."""

from typing import Any

from assignments.models import Goal, Operation
from assignments.planning import plans
from assignments.runs import operations
from topology.models import Cluster


def begin(cluster: Cluster, goal: str = Goal.BALANCE, scope: dict[str, Any] | None = None, **how: Any) -> Operation:
    plan = plans.make_plan(cluster, goal, scope or {})
    return operations.start_run(plan.hash, actor="ada", **how)


def fresh(found: Operation) -> Operation:
    return Operation.objects.get(pk=found.pk)

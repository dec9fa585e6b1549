"""Plans over HTTP: made, looked at. They are run by their hash alone (assignments/runs/api.py)."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Router
from pydantic import Field

from assignments.models import Goal
from assignments.planning import approvals, plans
from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.shapes import Input, Name, Open, ok
from topology.models import Cluster
from topology.structure import selectors

router = Router(tags=["plans"])


class PlanIn(Input):
    """What a plan is for."""

    goal: Literal["balance", "active_standby", "evacuate", "fill"] = "balance"
    subclusters: list[Name] = Field(default_factory=list, description="Only these; none: all", max_length=100)
    node: Name | None = Field(None, description="The node to evacuate")


class NodeOut(Open):
    """A node before and after a plan."""

    name: str
    before: int
    after: int


class PlanOut(Open):
    """What `manage.py rebalance --dry-run --json` prints."""

    hash: str
    goal: str
    moves: int
    minimum_moves: int
    nodes: list[NodeOut]
    cluster: str
    needs_approval: bool


def plan_of(plan_hash: str, **_: str) -> Any:
    """The plan that an address names. Raises Refused."""
    return plans.by_hash(plan_hash)


def shape(plan: Any) -> dict[str, Any]:
    """A plan as it is answered."""
    return plans.as_dict(plan) | {"cluster": plan.cluster.name, "needs_approval": approvals.required(plan)}


@router.post("/clusters/{name}/plans", response=ok(PlanOut), operation_id="make_plan")
@access.needs(roles.OPERATE, access.cluster)
def make_plan(request: ApiRequest, name: str, asked: PlanIn) -> Any:
    """A plan with the fewest moves for a goal; nothing moves. The same state and goal give the same plan."""
    plan = plans.make_plan(request.target, asked.goal, _scope(request.target, asked), author=request.caller)
    return shape(plan)


def _scope(cluster: Cluster, asked: PlanIn) -> dict[str, Any]:
    scope: dict[str, Any] = {}
    if asked.subclusters:
        scope["subclusters"] = [selectors.subcluster_named(cluster, name).pk for name in asked.subclusters]
    if asked.goal == Goal.EVACUATE.value:
        scope["node"] = selectors.node_named(asked.node, cluster).pk if asked.node else None
    return scope


@router.get("/plans/{plan_hash}", response=ok(PlanOut), operation_id="get_plan")
@access.needs(roles.SEE, plan_of)
def get_plan(request: ApiRequest, plan_hash: str) -> Any:
    """A plan by its hash, or by the beginning of it from eight characters on."""
    return shape(request.target)

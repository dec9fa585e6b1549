"""Moves between clusters over HTTP: chosen users, and the balance of all clusters."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Router, Schema, Status
from pydantic import Field

from assignments.intercluster import balance, moves
from assignments.runs.api import Rate, shape
from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.shapes import Chosen, Input, Name, Open, OperationOut, ok
from topology.models import MAX_USER_ID
from topology.structure import selectors as selectors_of_topology

router = Router(tags=["many clusters"])


class MoveToClusterIn(Input):
    """Users of the cluster, and the other cluster; without a node its mode places them."""

    users: list[Annotated[str, Field(max_length=MAX_USER_ID)]] = Field(min_length=1, max_length=100_000)
    to_cluster: Name
    to: Chosen | None = Field(None, description="A node of the other cluster")
    dry_run: bool = False
    rate: Rate | None = Field(None, description="Users per cluster second and receiving node; None: the policy's")
    unthrottled: bool = False


class StayingOut(Schema):
    """A user who stays, and why."""

    user_id: str
    code: str
    message: str
    fix: str


class MovedToClusterOut(Schema):
    """How many go to which node, who stays, the plan by its hash and its run; without a run no one was moved."""

    moved: int = Field(description="Of the plan; how far its run is, its operation says")
    to: dict[str, int]
    refused: list[StayingOut]
    plan: str | None
    operation: OperationOut | None
    needs_approval: bool = Field(description="Of a dry run: a second person has to approve the plan before it runs")


@router.post("/clusters/{name}/moves-to-cluster", response=ok(MovedToClusterOut, 202), operation_id="move_to_cluster")
@access.needs(roles.OPERATE, access.cluster)
def move_to_cluster(request: ApiRequest, name: str, asked: MoveToClusterIn) -> Any:
    """Move users into another cluster, unassigned here and assigned there in one step, as a throttled run (202).

    Contacts come along, pinned users stay. Who cannot go stays with a code; the undo of the operation moves them back.
    """
    into = selectors_of_topology.cluster_named(asked.to_cluster)
    roles.demand_there(request.caller, roles.OPERATE, into.pk, program=True)
    to_node = selectors_of_topology.node_named(asked.to) if asked.to else None
    how: dict[str, Any] = {"rate": asked.rate, "unthrottled": asked.unthrottled, "dry_run": asked.dry_run}
    arrivals = moves.move_listed(request.target, asked.users, into, to_node, actor=request.caller, **how)
    answer = {
        "moved": sum(arrivals.to.values()),
        "to": arrivals.to,
        "refused": list(arrivals.refused),
        "plan": arrivals.plan and arrivals.plan.hash,
        "operation": arrivals.operation and shape(arrivals.operation),
        "needs_approval": arrivals.needs_approval,
    }
    return Status(202 if arrivals.operation else 200, answer)


class BalanceIn(Input):
    """Which clusters are balanced."""

    clusters: list[Name] | None = Field(None, description="Only these; None: all", max_length=100)


class ClusterBalanceOut(Open):
    """What `manage.py balance_clusters --json` prints: clusters before and after, flows, plans by hash."""

    moves: int
    minimum_moves: int
    certificate: str
    clusters: list[dict[str, Any]]
    flows: list[dict[str, Any]]
    plans: list[dict[str, Any]]


@router.get("/balance", response=ok(ClusterBalanceOut), operation_id="get_balance")
@access.needs(roles.SEE)
def get_balance(request: ApiRequest) -> Any:
    """The fewest moves that fill all clusters of the token equally, each so far that any one of its nodes may fail."""
    return balance.propose(list(roles.clusters_of(request.caller))).as_dict()


@router.post("/balance", response=ok(ClusterBalanceOut), operation_id="balance_clusters")
@access.needs(roles.OPERATE)
def balance_clusters(request: ApiRequest, asked: BalanceIn) -> Any:
    """Make the plans of a balance; for tokens that reach all clusters.

    Each flow from one cluster to another is a plan of its own; `POST /plans/{hash}/run` runs it.
    """
    seen = list(roles.clusters_of(request.caller))
    chosen = [access.seen(request.caller, name) for name in asked.clusters] if asked.clusters else seen
    return balance.make_plans(chosen, author=request.caller).as_dict()

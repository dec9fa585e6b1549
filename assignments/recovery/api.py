"""High availability over HTTP: failover, fallback, recover, HA on and off, maintenance, faults of simulated nodes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from ninja import Router, Schema
from pydantic import Field

from assignments.recovery import maintenance, reads, service
from assignments.runs.api import operation_of
from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.shapes import Input, Key, Name, ok
from topology.models import Node, Subcluster
from topology.rules.states import State
from topology.structure import selectors

router = Router(tags=["recovery"])


class NodeState(Schema):
    """A node of a subcluster as the Server Recovery Manager sees it."""

    name: str
    state: State
    reason: str
    in_maintenance: bool


class SubclusterOut(Schema):
    """A subcluster after a command."""

    cluster: str
    subcluster: str
    ha: bool
    nodes: list[NodeState]


class FaultIn(Input):
    """What breaks on a simulated node, or is repaired."""

    kind: Literal["power", "network", "database", "service"]
    service: Name = Field("", description="The name of the service, for the kind service")


class FaultOut(SubclusterOut):
    """The subcluster, and what happened at once."""

    node: str
    events: list[str]


class MaintenanceIn(Input):
    """A maintenance and its end on the cluster's clock: a span (90m, 2h), or a time (05:30)."""

    reason: str = Field("", max_length=200, description="What is done; empty: give the maintenance another end")
    span: Name = ""
    until: Name = ""


class SignInRateIn(Input):
    """How fast users sign in for the rest of a failover or fallback: one of the two, or neither for the policy's."""

    per_second: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        None, description="Sign-ins per cluster second at the receiving node"
    )
    minutes: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        None, description="Done within so many cluster minutes from now"
    )
    dry_run: bool = False


class SignInRateOut(Schema):
    """What such a rate comes to, in cluster seconds."""

    operation: int
    dry_run: bool
    rate: float = Field(description="Sign-ins per cluster second and receiving node")
    seconds: int = Field(description="Until all are served")
    peak: float = Field(description="Sign-ins per cluster second at the peak")


def subcluster(name: str, subcluster: str, **_: str) -> Subcluster:
    """The subcluster that an address names. Raises Refused."""
    return selectors.subcluster_named(selectors.cluster_named(name), subcluster)


def shape(sub: Subcluster) -> dict[str, Any]:
    """A subcluster with the states of its nodes, read now."""
    subcluster = reads.with_policy(sub)
    nodes = [
        {"name": n.name, "state": n.state, "reason": n.reason, "in_maintenance": n.in_maintenance}
        for n in Node.objects.filter(subcluster=subcluster).order_by("slot")
    ]
    return {
        "cluster": subcluster.cluster.name,
        "subcluster": subcluster.name,
        "ha": subcluster.ha_enabled,
        "nodes": nodes,
    }


def _of_node(node: Node) -> dict[str, Any]:
    return shape(reads.placed(node)[1])


@router.post("/nodes/{name}/failover", response=ok(SubclusterOut), operation_id="failover")
@access.needs(roles.OPERATE, access.node)
def failover(request: ApiRequest, name: str) -> Any:
    """Fail a node over: its users are served by its peer; their home nodes stay."""
    service.failover(request.target, actor=request.caller)
    return _of_node(request.target)


@router.post("/nodes/{name}/fallback", response=ok(SubclusterOut), operation_id="fallback")
@access.needs(roles.OPERATE, access.node)
def fallback(request: ApiRequest, name: str) -> Any:
    """Take the users of a node that failed over back to it."""
    service.fallback(request.target, actor=request.caller)
    return _of_node(request.target)


@router.post("/nodes/{name}/faults", response=ok(FaultOut), operation_id="inject_fault")
@access.needs(roles.OPERATE, access.node)
def inject_fault(request: ApiRequest, name: str, asked: FaultIn) -> Any:
    """Break power, network, database or a service of a simulated node."""
    return _faulted(request, service.inject(request.target, asked.kind, asked.service, actor=request.caller))


@router.delete("/nodes/{name}/faults", response=ok(FaultOut), operation_id="repair_fault")
@access.needs(roles.OPERATE, access.node)
def repair_fault(request: ApiRequest, name: str, asked: FaultIn) -> Any:
    """Repair what was broken."""
    return _faulted(request, service.repair(request.target, asked.kind, asked.service, actor=request.caller))


def _faulted(request: ApiRequest, outcome: Any) -> dict[str, Any]:
    told = [event for event in outcome.events if not event.progress]
    lines = [event.why.say(**({"actor": str(request.caller)} | dict(event.facts))) for event in told]
    return _of_node(request.target) | {"node": request.target.name, "events": lines}


@router.post("/nodes/{name}/maintenance", response=ok(SubclusterOut), operation_id="begin_maintenance")
@access.needs(roles.OPERATE, access.node)
def begin_maintenance(request: ApiRequest, name: str, asked: MaintenanceIn) -> Any:
    """Put a node into maintenance, or give the one it is in another end."""
    node, caller = request.target, request.caller
    until = maintenance.end_of(node.cluster, asked.span, asked.until)
    if node.in_maintenance and not asked.reason:
        maintenance.extend(node, until=until, actor=caller)
    else:
        maintenance.begin(node, reason=asked.reason, until=until, actor=caller)
    return _of_node(node)


@router.delete("/nodes/{name}/maintenance", response=ok(SubclusterOut), operation_id="end_maintenance")
@access.needs(roles.OPERATE, access.node)
def end_maintenance(request: ApiRequest, name: str) -> Any:
    """End a maintenance: what it held back may begin at once."""
    maintenance.end(request.target, actor=request.caller)
    return _of_node(request.target)


@router.post("/clusters/{name}/subclusters/{subcluster}/recover", response=ok(SubclusterOut), operation_id="recover")
@access.needs(roles.OPERATE, subcluster)
def recover(request: ApiRequest, name: str, subcluster: str) -> Any:
    """Try again what failed: a subcluster whose nodes are in failed mode."""
    service.recover(request.target, actor=request.caller)
    return shape(request.target)


@router.put("/clusters/{name}/subclusters/{subcluster}/ha", response=ok(SubclusterOut), operation_id="enable_ha")
@access.needs(roles.ADMINISTER, subcluster)
def enable_ha(request: ApiRequest, name: str, subcluster: str) -> Any:
    """Switch high availability on."""
    service.enable_ha(request.target, actor=request.caller)
    return shape(request.target)


@router.delete("/clusters/{name}/subclusters/{subcluster}/ha", response=ok(SubclusterOut), operation_id="disable_ha")
@access.needs(roles.ADMINISTER, subcluster)
def disable_ha(request: ApiRequest, name: str, subcluster: str) -> Any:
    """Switch high availability off."""
    service.disable_ha(request.target, actor=request.caller)
    return shape(request.target)


# --- How fast users sign in -----------------------------------------------------------------------
@router.post("/operations/{int:operation_id}/sign-in-rate", response=ok(SignInRateOut), operation_id="set_sign_in_rate")
@access.needs(roles.OPERATE, operation_of)
def set_sign_in_rate(request: ApiRequest, operation_id: Key, asked: SignInRateIn) -> Any:
    """Let users sign in at another rate for the rest of a failover or fallback; 409 when none runs any more."""
    run, budget = request.target, {"per_second": asked.per_second, "minutes": asked.minutes}
    effect = service.try_sign_in_rate(run, **budget)
    if not asked.dry_run:
        service.set_sign_in_rate(run, **budget, actor=request.caller)
    return {"operation": run.pk, "dry_run": asked.dry_run} | asdict(effect)

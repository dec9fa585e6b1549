"""Moves by hand and pins over HTTP: judged by the same predicate as a drop on the page."""

from __future__ import annotations

from typing import Any

from ninja import Router, Schema, Status
from pydantic import Field, model_validator

from assignments.moves import drop, pins
from assignments.moves.drop_verdict import DropVerdict
from assignments.moves.selection import Selection
from assignments.moves.targets import target_of
from assignments.runs.api import shape
from assignments.users.api.users import FilterIn, filter_of
from assignments.users.listing.filter import keys_of
from topology import reasons
from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.shapes import Input, Name, OperationOut, ok
from topology.models import Cluster
from topology.reasons import Refused

router = Router(tags=["moves"])
MOST = 10_000  # user IDs of one request; more are chosen by a filter


class ChosenIn(Input):
    """Users of the cluster: by ID, or all that match a filter."""

    users: list[Name] | None = Field(None, description="User IDs", min_length=1, max_length=MOST)
    filter: FilterIn | None = None

    @model_validator(mode="after")
    def _one_choice(self) -> ChosenIn:
        if (self.users is None) == (self.filter is None):
            raise ValueError("give users, or a filter")
        return self


class MoveIn(ChosenIn):
    """Users, and the node or subcluster they go to; None unassigns them."""

    to: Name | None
    dry_run: bool = False


class PinIn(ChosenIn):
    """Users, and why they must stay where they are."""

    reason: str = Field(min_length=1, max_length=pins.LIMIT)


class VerdictOut(Schema):
    """What a move means, as the page says it before a drop."""

    level: str = Field(description="allowed or warning")
    code: str
    message: str
    fix: str
    users: int = Field(description="Users who would move: pinned ones stay")
    users_after: int
    capacity: int
    to: dict[str, int] = Field(description="How many users go to which node")


class MoveOut(OperationOut):
    """The run of a move, and its verdict; a dry run has the same shape without an id."""

    dry_run: bool
    verdict: VerdictOut
    needs_approval: bool = Field(description="Of a dry run: a second person has to approve such a move before it runs")


class PinOut(Schema):
    """How many were pinned or unpinned, and who was left alone, with the reason."""

    users: int
    left_alone: int
    notes: list[dict[str, Any]]


def chosen(request: ApiRequest, asked: ChosenIn) -> Selection:
    """The users that a request chose. Raises Refused with the first ID that is not there."""
    cluster: Cluster = request.target
    if asked.filter is None:
        return Selection(cluster, keys_of(cluster, asked.users or []))
    if asked.filter.cluster not in (None, cluster.name):
        raise Refused(reasons.FILTER_NOT_READABLE, problem=f"the address says {cluster.name}.")
    return Selection(cluster, where=filter_of(asked.filter, request.caller, cluster))


@router.post("/clusters/{name}/moves", response=ok(MoveOut, 202), operation_id="move_users")
@access.needs(roles.OPERATE, access.cluster)
def move_users(request: ApiRequest, name: str, asked: MoveIn) -> Any:
    """Move, assign or unassign users. Up to 50 are moved at once; more are a throttled run (202)."""
    if asked.filter is not None and not asked.dry_run and not request.headers.get("Idempotency-Key"):
        raise Refused(reasons.IDEMPOTENCY_KEY_NEEDED)  # who matches later would move too
    selection, target = chosen(request, asked), target_of(request.target, asked.to)
    if asked.dry_run:
        verdict = drop.verdict(selection, target, roles.role_of(request.caller))
        waits = drop.needs_approval(selection, verdict)
        said = {"dry_run": True, "verdict": _verdict(verdict), "needs_approval": waits}
        return Status(200, _planned(request.target, verdict) | said)
    moved = drop.move(selection, target, request.caller)
    said = {"dry_run": False, "verdict": _verdict(moved.judged.verdict), "needs_approval": False}
    answer = shape(moved.operation) | said
    return Status(202 if moved.operation.active else 200, answer)


def _planned(cluster: Cluster, verdict: DropVerdict) -> dict[str, Any]:
    counts = {"done": 0, "total": verdict.coming, "skipped": 0}
    return {"id": None, "kind": "move", "state": None, "wait": None, "url": None, "cluster": cluster.name} | counts


def _verdict(verdict: DropVerdict) -> dict[str, Any]:
    same = {name: getattr(verdict, name) for name in ("level", "code", "message", "fix", "users_after", "capacity")}
    return same | {"users": verdict.coming, "to": dict(verdict.shares)}


@router.post("/clusters/{name}/pins", response=ok(PinOut), operation_id="pin_users")
@access.needs(roles.OPERATE, access.cluster)
def pin_users(request: ApiRequest, name: str, asked: PinIn) -> Any:
    """Pin users to the nodes where they are at home: no plan and no drag takes them off."""
    return pins.pin(chosen(request, asked), asked.reason, actor=request.caller).as_dict()


@router.post("/clusters/{name}/pins/remove", response=ok(PinOut), operation_id="unpin_users")
@access.needs(roles.OPERATE, access.cluster)
def unpin_users(request: ApiRequest, name: str, asked: ChosenIn) -> Any:
    """Take the pins off users, also those of others."""
    return pins.unpin(chosen(request, asked), actor=request.caller).as_dict()

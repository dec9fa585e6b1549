"""Runs over HTTP: started by the hash of a plan, watched, steered, undone; the automatic balancer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal, Self

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import StreamingHttpResponse
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field, model_validator

from assignments.models import ACTIVE, Operation, Progress
from assignments.planning.api import PlanOut, plan_of
from assignments.planning.api import shape as plan_shape
from assignments.planning.plans import LEAST_RATE, MOST_RATE
from assignments.runs import balancer, operations, selectors, wait_reasons
from assignments.users import undo as users_undo
from topology.accounts import roles, tokens
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.shapes import Chosen, Input, Key, Limit, Name, Open, OperationOut, ok, text
from topology.live.listeners import ALL, Listener, message
from topology.live.stream import hub

router = Router(tags=["operations"])
Rate = Annotated[float, Field(ge=LEAST_RATE, lt=MOST_RATE, allow_inf_nan=False)]


class ThrottleIn(Input):
    """How fast users move; nothing given: at the rate of the cluster's policy."""

    rate: Rate | None = Field(None, description="Users per cluster second and receiving node")
    rate_total: Rate | None = Field(None, description="Users per cluster second over all nodes")
    unthrottled: bool = False

    @model_validator(mode="after")
    def _one_throttle(self) -> Self:
        if self.unthrottled and (self.rate or self.rate_total):
            raise ValueError("give a rate, or unthrottled")
        return self


class RunIn(ThrottleIn):
    """How a plan is run."""

    valid_only: bool = Field(False, description="Skip moves that no longer hold, instead of refusing the plan")
    in_window: bool = Field(False, description="Only inside the window of the cluster's runs")


class RateIn(Input):
    """Another throttle; None is no limit."""

    rate: Rate | None
    rate_total: Rate | None = None


class WindowIn(Input):
    """Whether a run moves users only inside the window of the cluster's runs."""

    in_window: bool


class UndoIn(ThrottleIn):
    """How fast an undo is run, and whether it is only planned; an import or a removal comes back in one step."""

    dry_run: bool = False


class OperationPage(Schema):
    """Runs, the newest first."""

    operations: list[OperationOut]
    next: int | None = Field(description="`before` of the next page; None: this is the last one")


class UndoOut(Schema):
    """The plan that moves back whom a run moved, and its run; None after a dry run.

    An import and a removal of users need no plan: `users` says what came back, and who changed since and stays.
    """

    plan: PlanOut | None
    operation: OperationOut | None
    users: dict[str, Any] | None = None


def shape(operation: Operation) -> dict[str, Any]:
    """An operation as it is answered: one that is queued runs for a caller, and waits."""
    state = Progress.RUNNING.value if operation.state == Progress.QUEUED else operation.state
    why = wait_reasons.why(operation, timezone.now())
    wait = {"code": why.reason.code, "sentence": str(why)} if why else None
    own = {"state": state, "wait": wait, "url": f"/api/v1/operations/{operation.pk}"}
    return operations.as_dict(operation) | own


def operation_of(operation_id: Any, **_: str) -> Operation:
    """The operation that an address names. Raises Refused."""
    return selectors.operation(int(operation_id))


@router.post("/plans/{plan_hash}/run", response=ok(OperationOut, 202), operation_id="run_plan")
@access.needs(roles.OPERATE, plan_of)
def run_plan(request: ApiRequest, plan_hash: str, asked: RunIn) -> Any:
    """Run exactly this plan, throttled; 202 with the operation, which is asked for at its `url` until it ends."""
    roles.demand_there(request.caller, roles.OPERATE, request.target.to_cluster_id, program=True)
    how = asked.model_dump()
    return Status(202, shape(operations.start_run(request.target.hash, actor=request.caller, **how)))


@router.get("/operations", response=ok(OperationPage), operation_id="list_operations")
@access.needs(roles.SEE)
def list_operations(
    request: ApiRequest,
    cluster: Chosen | None = None,
    active: bool | None = None,
    before: Key | None = None,
    limit: Limit = 50,
) -> Any:
    """Runs, the newest first; of a cluster also those that bring users into it."""
    rows = Operation.objects.select_related("cluster__run_policy", "plan").order_by("-pk")
    only = request.caller.reach.only
    if cluster:
        rows = rows.filter(selectors.within([access.seen(request.caller, cluster)]))
    elif only is not None:
        rows = rows.filter(selectors.within(only))
    if active is not None:
        rows = rows.filter(state__in=ACTIVE) if active else rows.exclude(state__in=ACTIVE)
    page = list((rows.filter(pk__lt=before) if before else rows)[: limit + 1])
    more = page[limit - 1].pk if len(page) > limit else None
    return {"operations": [shape(row) for row in page[:limit]], "next": more}


@router.get("/operations/{int:operation_id}", response=ok(OperationOut), operation_id="get_operation")
@access.needs(roles.SEE, operation_of)
def get_operation(request: ApiRequest, operation_id: Key) -> Any:
    """One run: how far it is, and why it waits."""
    return shape(request.target)


LOOK = 5.0  # seconds after which an operation is looked at though nothing was said of it, and a sign of life is sent


@router.get(
    "/operations/{int:operation_id}/events",
    openapi_extra=text("text/event-stream"),
    operation_id="follow_operation",
)
@access.needs(roles.SEE, operation_of)
def follow_operation(request: ApiRequest, operation_id: Key) -> Any:
    """One run as an event stream: `event: operation` with its shape whenever it changes, until it has ended."""
    followed = _followed(int(operation_id), request.caller.token_id)
    response = StreamingHttpResponse(followed, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache, no-transform"
    response["X-Accel-Buffering"] = "no"
    return response


async def _followed(pk: int, token: int) -> AsyncIterator[str]:
    """The messages of a stream: woken by what is published of the run; it holds no database connection."""
    home = hub()
    listener = home.join()
    told = ""
    try:
        while True:
            listener.tell()  # whatever was said so far is in what is read now
            now, has_ended = await sync_to_async(_as_it_is)(pk, token)
            if now != told:
                yield message("operation", now)
            if has_ended:
                return
            told = now
            try:
                async with asyncio.timeout(LOOK):
                    await _named(listener, f"operation-{pk}")
            except TimeoutError:
                yield ": still here\n\n"
    finally:
        home.leave(listener)


async def _named(listener: Listener, topic: str) -> None:
    """Wait until a topic is named, or what was named may have been missed."""
    while topic not in listener.topics and ALL not in listener.topics:
        await listener.news.wait()
        if topic not in listener.topics and ALL not in listener.topics:
            listener.tell()  # of something else


def _as_it_is(pk: int, token: int) -> tuple[str, bool]:
    """A run as JSON, and whether there is no more to come: it has ended or is gone, or the token is revoked."""
    try:
        run = Operation.objects.filter(pk=pk).first()
        if run is None or not tokens.is_valid(token, timezone.now()):
            return "{}", True
        return OperationOut.model_validate(shape(run)).model_dump_json(), run.state not in ACTIVE
    finally:
        connections.close_all()


STEERING = {"pause": operations.pause, "resume": operations.resume, "cancel": operations.cancel}


@router.post("/operations/{int:operation_id}/undo", response=ok(UndoOut, 202), operation_id="undo_operation")
@access.needs(roles.OPERATE, operation_of)
def undo_operation(request: ApiRequest, operation_id: Key, asked: UndoIn | None = None) -> Any:
    """Move back whom an ended run moved; users who moved again since, or are pinned, are left alone.

    Of an import or a removal of users (that is an administrator's) everything comes back that no one changed since.
    """
    if request.target.kind in users_undo.UNDOABLE:
        return _undo_users(request, request.target, bool(asked and asked.dry_run))
    roles.demand_there(request.caller, roles.OPERATE, request.target.to_cluster_id, program=True)
    plan = operations.plan_undo(operation_id, actor=request.caller)
    if asked and asked.dry_run:
        return Status(200, {"plan": plan_shape(plan), "operation": None})
    how = asked.model_dump(exclude={"dry_run"}) if asked else {}
    operation = operations.start_run(plan.hash, actor=request.caller, valid_only=True, **how)
    return Status(202, {"plan": plan_shape(plan), "operation": shape(operation)})


def _undo_users(request: ApiRequest, done: Operation, dry_run: bool) -> Any:
    access.demand(request.caller, roles.ADMINISTER, done.cluster_id)
    undone = users_undo.undo_import(done, actor=request.caller, dry_run=dry_run)
    operation = selectors.operation(undone.operation) if undone.operation else None
    return {"plan": None, "operation": operation and shape(operation), "users": undone.as_dict()}


@router.post("/operations/{int:operation_id}/rate", response=ok(OperationOut), operation_id="set_rate")
@access.needs(roles.OPERATE, operation_of)
def set_rate(request: ApiRequest, operation_id: Key, asked: RateIn) -> Any:
    """Change how fast a run moves users, from now on."""
    rates = asked.model_dump()
    return shape(operations.set_rate(operation_id, actor=request.caller, **rates))


@router.post("/operations/{int:operation_id}/window", response=ok(OperationOut), operation_id="set_window")
@access.needs(roles.OPERATE, operation_of)
def set_window(request: ApiRequest, operation_id: Key, asked: WindowIn) -> Any:
    """Let a run move users only inside the window of the cluster's runs, or at any time."""
    return shape(operations.set_window(operation_id, actor=request.caller, in_window=asked.in_window))


@router.post("/operations/{int:operation_id}/{what}", response=ok(OperationOut), operation_id="steer_operation")
@access.needs(roles.OPERATE, operation_of)
def steer(request: ApiRequest, operation_id: Key, what: Literal["pause", "resume", "cancel"]) -> Any:
    """Pause, resume or cancel a run; what it moved stays moved, and can be undone."""
    return shape(STEERING[what](operation_id, actor=request.caller))


# --- The automatic balancer -----------------------------------------------------------------------
class BalancerIn(Input):
    """Rules to change; what is not given stays."""

    automation: Literal["off", "recommend", "on"] | None = None
    threshold: int | None = Field(None, description="Percent by which the fullest node exceeds its fair share")
    rounds: int | None = Field(None, description="Rounds of half a minute in a row")
    minimum_gain: int | None = Field(None, description="Points that the best plan gains at least")
    cooldown_minutes: int | None = None
    window_start: Annotated[str, Field(max_length=8)] | None = None
    window_end: Annotated[str, Field(max_length=8)] | None = None
    zone: Name | None = None
    approval_required: bool | None = None
    dry_run: bool = False


class BalancerOut(Open):
    """What `manage.py balancer --json` prints."""

    cluster: str
    settings: dict[str, Any]
    code: str
    message: str
    checked_at: str | None
    plan: str | None = Field(description="Hash of the plan that it recommends")


@router.get("/clusters/{name}/balancer", response=ok(BalancerOut), operation_id="get_balancer")
@access.needs(roles.SEE, access.cluster)
def get_balancer(request: ApiRequest, name: str) -> Any:
    """The rules of the automatic balancer, what it says now, and the plan that it recommends."""
    return balancer.as_dict(balancer.policy_of(request.target))


@router.patch("/clusters/{name}/balancer", response=ok(BalancerOut), operation_id="change_balancer")
@access.needs(roles.ADMINISTER, access.cluster)
def change_balancer(request: ApiRequest, name: str, asked: BalancerIn) -> Any:
    """Change rules of the automatic balancer and of runs; a dry run answers them as they would be."""
    given = {key: value for key, value in asked.model_dump(exclude={"dry_run"}).items() if value is not None}
    policy = balancer.configure(request.target, given, actor=request.caller, dry_run=asked.dry_run)
    return balancer.as_dict(policy)


@router.post("/clusters/{name}/balancer/look", response=ok(BalancerOut), operation_id="look_at_balance")
@access.needs(roles.ADMINISTER, access.cluster)
def look_at_balance(request: ApiRequest, name: str) -> Any:
    """Let the balancer judge now, as it does every half minute by itself."""
    balancer.look_at_cluster(request.target.pk, timezone.now())
    return balancer.as_dict(balancer.policy_of(request.target))

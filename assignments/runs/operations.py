r"""Operations: start a plan, steer its run, undo it. What runs is exactly the rows of the plan.

    queued -> running <-> paused
       \--------\-----------\--> finished | cancelled

The batches are in batches.py, who may run where in locks.py, moves by hand in hand_moves.py.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from assignments.models import ACTIVE, RUNS, Goal, Kind, Operation, Plan, Progress
from assignments.planning import approvals
from assignments.planning.plans import by_hash, checked_rate, make_plan, stale_rows
from assignments.retention.kept import undo_until
from assignments.runs import wait_reasons
from assignments.runs.locks import (
    BY_LOCKS,
    anchor_throttle,
    book_subclusters,
    release_subclusters,
    take_subclusters,
    topics_of,
)
from assignments.runs.runnable import demand_rows, demand_runnable
from topology import reasons
from topology.live import actors, events
from topology.reasons import Refused
from topology.structure.locks import hold_places, hold_subclusters

KINDS = {Goal.MOVE.value: Kind.MOVE.value, Goal.TO_CLUSTER.value: Kind.MOVE.value}  # every other goal is a rebalance
ENDED = (Progress.FINISHED.value, Progress.CANCELLED.value, Progress.FAILED.value)


@transaction.atomic
def start_run(
    plan_hash: str,
    *,
    actor: Any,
    rate: float | None = None,
    rate_total: float | None = None,
    unthrottled: bool = False,
    valid_only: bool = False,
    in_window: bool = False,
) -> Operation:
    """Begin to run a plan; the worker's next tick takes it up. Raises Refused.

    `rate` is users per cluster second and receiving node (None: the policy's), `rate_total` over all nodes. A plan some
    of whose rows are no longer valid runs only with `valid_only`; those rows are then skipped with a reason. With
    `in_window` it moves users only inside the window of the cluster's runs; outside of it, it waits and holds nothing.
    """
    plan = by_hash(plan_hash)
    demand_runnable(plan, later=in_window)
    approvals.demand(plan)
    if in_window:
        wait_reasons.demand_window(plan.cluster)
    subclusters = hold_places(plan.node_ids)
    _hold_plan(plan)
    approvals.use(plan)
    if not valid_only and (stale := stale_rows(plan, sample=0)).count:
        valid = plan.moves - stale.count
        raise Refused(reasons.PLAN_STALE, stale=stale.count, moves=plan.moves, valid=valid)
    waits = in_window and not wait_reasons.window_of(plan.cluster).holds(timezone.now())
    if waits:
        _demand_not_booked(plan)
    limit = None if unthrottled else checked_rate(plan.cluster.policy.moves_per_second if rate is None else rate)
    total = None if rate_total is None else checked_rate(rate_total)
    operation = _create(plan, actor, rate=limit, rate_total=total, in_window=in_window)
    (book_subclusters if waits else take_subclusters)(operation, subclusters)
    _make_lanes(operation)
    _say_started(operation, plan, actor)
    return operation


def _hold_plan(plan: Plan) -> None:
    """Keep the rows of a plan from the removal of old ones; raises Refused when it came first."""
    held = Plan.objects.select_for_update(no_key=True).filter(pk=plan.pk).first()
    if held is None:
        raise Refused(reasons.NO_SUCH_PLAN, hash=plan.hash)
    demand_rows(held)


def _demand_not_booked(plan: Plan) -> None:
    """One night is enough for a plan: of two bookings the second would find everybody moved."""
    if other := Operation.objects.filter(plan=plan, in_window=True, state__in=ACTIVE).first():
        raise Refused(reasons.RUN_BOOKED, operation=other.pk)


def _create(plan: Plan, actor: Any, **rates: Any) -> Operation:
    only = {end: {flow[f"{end}_id"] for flow in plan.body["flows"]} for end in ("from", "to")}
    single = {end: next(iter(ids)) if len(ids) == 1 else None for end, ids in only.items()}
    return Operation.objects.create(
        cluster=plan.cluster,
        kind=KINDS.get(plan.goal, Kind.REBALANCE.value),
        plan=plan,
        to_cluster_id=plan.to_cluster_id,
        undo_of_id=plan.scope.get("operation") if plan.goal == Goal.UNDO else None,
        from_node_id=single["from"],
        to_node_id=single["to"],
        total=plan.moves,
        anchor_at=plan.cluster.now(),
        **actors.author(actor),
        **rates,
    )


def _make_lanes(operation: Operation) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO assignments_targetprogress (operation_id, node_id, total, done, skipped, cursor, credit)"
            " SELECT %s, to_node_id, count(*), 0, 0, 0, 0 FROM assignments_plannedmove WHERE plan_id = %s"
            " GROUP BY to_node_id ORDER BY to_node_id",
            [operation.pk, operation.plan_id],
        )


def _say_started(operation: Operation, plan: Plan, actor: Any) -> None:
    events.record(
        reasons.RUN_STARTED,
        cluster=operation.cluster,
        operation=operation,
        actor=actor,
        topics=topics_of(operation),
        users=operation.total,
        goal=plan.get_goal_display().lower(),
        unassigned=sum(flow["users"] for flow in plan.body["flows"] if flow["from_id"] is None),
    )


def as_dict(operation: Operation) -> dict[str, Any]:
    """The shape that the page, the commands and the API show."""
    return {
        "id": operation.pk,
        "cluster": operation.cluster.name,
        "kind": operation.kind,
        "undo_of": operation.undo_of_id,
        "state": operation.state,
        "plan": operation.plan.hash if operation.plan else None,
        "total": operation.total,
        "done": operation.done,
        "skipped": operation.skipped,
        "rate": operation.rate,
        "rate_total": operation.rate_total,
        "in_window": operation.in_window,
        "waits": wait_reasons.sentence(operation, timezone.now()) or None,
        "author": operation.author_name,
        "created_at": operation.created_at.isoformat(),
        "finished_at": operation.finished_at and operation.finished_at.isoformat(),
        "undo_until": _undo_until(operation),
    }


def _undo_until(operation: Operation) -> str | None:
    until = undo_until(operation) if operation.kind in RUNS and operation.done else None
    return until.isoformat() if until else None


# --- Steering -------------------------------------------------------------------------------------
@transaction.atomic
def pause(operation_id: int, *, actor: Any) -> Operation:
    """Stop moving; nothing moves once this has been committed. Raises Refused."""
    operation = _change(operation_id, (Progress.QUEUED, Progress.RUNNING), Progress.PAUSED, "paused")
    return _say(operation, reasons.RUN_PAUSED, actor, done=operation.done, total=operation.total)


@transaction.atomic
def resume(operation_id: int, *, actor: Any) -> Operation:
    """Go on at the same rate from now on; raises Refused."""
    operation = _change(operation_id, (Progress.PAUSED,), Progress.QUEUED, "resumed")
    anchor_throttle(operation)
    # Whether nodes keep it waiting, its next batch finds out; whether locks do, is as they are.
    code = operation.wait_code if operation.wait_code in BY_LOCKS else ""
    Operation.objects.filter(pk=operation.pk).update(heartbeat_at=None, wait_code=code)
    return _say(operation, reasons.RUN_RESUMED, actor)


@transaction.atomic
def cancel(operation_id: int, *, actor: Any) -> Operation:
    """End the run where it is; what was moved stays, and can be undone. Raises Refused."""
    hold_subclusters(
        Operation.objects.filter(pk=operation_id).values_list("locks__subcluster", flat=True).exclude(locks=None)
    )
    operation = _change(
        operation_id, (Progress.QUEUED, Progress.RUNNING, Progress.PAUSED), Progress.CANCELLED, "cancelled"
    )
    Operation.objects.filter(pk=operation.pk).update(finished_at=timezone.now(), wait_code="")
    release_subclusters(operation)
    return _say(operation, reasons.RUN_CANCELLED, actor, done=operation.done, total=operation.total)


@transaction.atomic
def set_rate(operation_id: int, *, actor: Any, rate: float | None, rate_total: float | None = None) -> Operation:
    """Change how fast a run moves, from now on; None is no limit. Raises Refused.

    Rates are users per cluster second: for each receiving node, and over all nodes together.
    """
    operation = _locked(operation_id)
    if not operation.active:
        raise Refused(reasons.RUN_STATE_WRONG, operation=operation.pk, state=operation.state, wanted="changed")
    anchor_throttle(operation)
    operation.rate, operation.rate_total = (
        value if value is None else checked_rate(value) for value in (rate, rate_total)
    )
    operation.save(update_fields=["rate", "rate_total"])
    return _say(operation, reasons.RUN_RATE_SET, actor, rate=rate_words(operation))


def rate_words(operation: Operation) -> str:
    """The throttle of a run in words."""
    said = [f"{operation.rate:g} users per second and node"] if operation.rate else []
    said += [f"{operation.rate_total:g} over all nodes"] if operation.rate_total else []
    return ", ".join(said) or "no limit"


@transaction.atomic
def set_window(operation_id: int, *, actor: Any, in_window: bool) -> Operation:
    """Let a run move users only inside the window of the cluster's runs, or at any time. Raises Refused."""
    operation = _locked(operation_id)
    if not operation.active:
        raise Refused(reasons.RUN_STATE_WRONG, operation=operation.pk, state=operation.state, wanted="changed")
    window = wait_reasons.demand_window(operation.cluster) if in_window else ""
    Operation.objects.filter(pk=operation.pk).update(in_window=in_window)
    return _say(operation, reasons.RUN_INTO_WINDOW if in_window else reasons.RUN_ANY_TIME, actor, window=str(window))


def plan_undo(operation_id: int, *, actor: Any) -> Plan:
    """The plan that moves back whom an ended operation moved, to look at and start like any other; raises Refused.

    Users who moved again since, or are pinned, are listed in its body and left alone.
    """
    operation = Operation.objects.filter(pk=operation_id, kind__in=RUNS).select_related("cluster").first()
    if operation is None:
        raise Refused(reasons.NO_SUCH_OPERATION, operation=operation_id)
    if operation.state not in ENDED:
        raise Refused(reasons.RUN_STATE_WRONG, operation=operation.pk, state=operation.state, wanted="undone")
    until = undo_until(operation)
    if until and until <= timezone.now():
        raise Refused(reasons.UNDO_TOO_LATE, operation=operation.pk, until=until.isoformat())
    return make_plan(operation.cluster, Goal.UNDO, {"operation": operation.pk}, author=actor)


def _locked(operation_id: int) -> Operation:
    rows = Operation.objects.select_for_update(of=("self",)).select_related("cluster")
    operation = rows.filter(pk=operation_id).first()
    if operation is None:
        raise Refused(reasons.NO_SUCH_OPERATION, operation=operation_id)
    if operation.kind not in RUNS:
        raise Refused(reasons.RUN_NOT_YOURS, operation=operation.pk, kind=operation.get_kind_display().lower())
    return operation


def _change(operation_id: int, states: tuple[Progress, ...], to: Progress, wanted: str) -> Operation:
    """Change the state of a run under its row's lock, so that no batch is in between; raises Refused."""
    operation = _locked(operation_id)
    if operation.state not in states:
        raise Refused(reasons.RUN_STATE_WRONG, operation=operation.pk, state=operation.state, wanted=wanted)
    Operation.objects.filter(pk=operation.pk, state__in=states).update(state=to, generation=F("generation") + 1)
    operation.state = to
    return operation


def _say(operation: Operation, why: reasons.Reason, actor: Any, **facts: Any) -> Operation:
    events.record(
        why, cluster=operation.cluster, operation=operation, actor=actor, topics=topics_of(operation), **facts
    )
    operation.refresh_from_db()
    return operation

"""Runs: which are due, and the batches of one, each a short transaction that happens once.

    due -> run(pk, generation) --takes the run up: generation + 1--> batch, batch, … -> waits for its throttle | ends

A worker that takes a run up raises its generation; every batch checks under the row's lock that it is still the newest.
So a task that comes twice, late or out of order does nothing, and one that died is followed by the next tick's. What a
batch does follows from the targets alone: their cursor, their counts and the anchor of the throttle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from assignments.models import RUNS, Goal, Operation, Progress, SubclusterLock
from assignments.population import load
from assignments.runs import wait_reasons
from assignments.runs.locks import RESTED, release_subclusters, rest_until_window, take_back, topics_of
from assignments.runs.move_rows import MovedRows, move_picked, touched_topics
from assignments.runs.reads import RunNow, TargetNow, lock_run
from assignments.runs.rules.rate import allowed, credit
from topology import reasons
from topology.live import events
from topology.reasons import Reason
from topology.rules.clock import set_back_since
from topology.rules.homes import Homes
from topology.structure.homes import passage
from topology.structure.locks import all_subclusters, are_held_for_long, hold_subclusters

BATCH = 5000  # users in one transaction at most
RESTS = timedelta(seconds=0.9)  # real time after which a run is offered again
STALE = timedelta(seconds=5)  # real time after which a running one counts as interrupted
RUN_FOR = timedelta(seconds=20)  # real time that one task spends on a run; below its time limit
LIVE = (Progress.QUEUED.value, Progress.RUNNING.value)

WHY = {
    Goal.BALANCE.value: reasons.PLANNED_REBALANCE,
    Goal.ACTIVE_STANDBY.value: reasons.PLANNED_STANDBY,
    Goal.EVACUATE.value: reasons.PLANNED_EVACUATION,
    Goal.FILL.value: reasons.PLANNED_FILL,
    Goal.UNDO.value: reasons.PLANNED_UNDO,
    Goal.MOVE.value: reasons.MOVED_BY_HAND,
    Goal.TO_CLUSTER.value: reasons.MOVED_TO_CLUSTER,
}


def due_runs(now: datetime) -> list[tuple[int, int]]:
    """Runs that no one has worked on for a moment, with the generation to take up; the oldest first."""
    rows = Operation.objects.filter(state__in=LIVE, kind__in=RUNS, plan__isnull=False)
    to_come = Q(heartbeat_at__gt=set_back_since(now))
    rows = rows.filter(Q(heartbeat_at=None) | Q(heartbeat_at__lte=now - RESTS) | to_come)
    return list(rows.order_by("pk").values_list("pk", "generation"))


def run(pk: int, generation: int, now: Callable[[], datetime]) -> None:
    """Do the batches of a run that are due, until it waits, ends, is taken up elsewhere or time is over."""
    lease = _take_up(pk, generation, now())
    if lease is None or are_held_for_long(_needed(lease)):
        return
    until = now() + RUN_FOR
    while batch(lease, now) and now() < until:
        pass


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's lease of a run: the generation is its fencing token; and what never changes while the run lasts."""

    operation: Operation
    fencing_token: int
    subclusters: tuple[int, ...]
    why: Reason
    ends: wait_reasons.Ends

    @property
    def takes_unassigned(self) -> bool:
        return any(source is None for source, _ in self.ends)


def _take_up(pk: int, generation: int, now: datetime) -> Lease | None:
    """Become the only one who works on a run; None if another one has, or it is not to be worked on."""
    with transaction.atomic():
        rows = Operation.objects.filter(pk=pk, generation=generation, state__in=LIVE, kind__in=RUNS)
        operation = rows.select_for_update(of=("self",)).select_related("cluster", "plan").first()
        if operation is None or operation.plan is None:
            return None
        interrupted = operation.heartbeat_at is not None and operation.heartbeat_at < now - STALE
        rows.update(
            generation=F("generation") + 1,
            state=Progress.RUNNING,
            heartbeat_at=now,
            started_at=Coalesce(F("started_at"), now),
        )
        if interrupted:
            events.record(
                reasons.RUN_TAKEN_UP, cluster=operation.cluster, operation=operation, topics=topics_of(operation)
            )
        if operation.state != Progress.RUNNING:
            events.touch(*topics_of(operation))
        held = SubclusterLock.objects.filter(operation=pk).values_list("subcluster_id", flat=True)
        ends = wait_reasons.ends_of(operation)
        return Lease(operation, generation + 1, tuple(held), WHY[operation.plan.goal], ends)


def batch(lease: Lease, clock: Callable[[], datetime]) -> bool:
    """One batch in one transaction; whether more may be moved right now."""
    with transaction.atomic():
        hold_subclusters(_needed(lease))
        run_now = lock_run(lease.operation.pk, lease.fencing_token)
        if run_now is None:
            return False
        now = clock()  # by when the locks have come, the window may have closed
        if run_now.wait_code == reasons.WAITS_FOR_RECOVERY.code:  # set and cleared with its locks, in this transaction
            return _wait(lease, run_now, run_now.wait_code, now)
        if not run_now.may_move(now):
            rest_until_window(lease.operation)
            return _wait(lease, run_now, reasons.WAITS_FOR_WINDOW.code, now)
        if run_now.wait_code in RESTED and not take_back(lease.operation, lease.subclusters):
            return _wait(lease, run_now, reasons.WAITS_FOR_TURN.code, now)
        homes = passage(lease.operation.cluster_id, lease.operation.to_cluster_id)
        if wait_reasons.locked_by(lease.ends, homes):
            return _wait(lease, run_now, reasons.WAITS_FOR_FAILOVER.code, now)
        return _step(lease, run_now, homes.receiving, now)


def _needed(lease: Lease) -> list[int]:
    """The subclusters whose locks a batch needs: all of a cluster where users without a home get one there."""
    if lease.operation.to_cluster_id:
        return [*lease.subclusters, *all_subclusters(lease.operation.to_cluster_id)]
    return all_subclusters(lease.operation.cluster_id) if lease.takes_unassigned else list(lease.subclusters)


def _receives(target: TargetNow, homes: Homes) -> bool:
    """Whether a target goes on: that of no node always, and that of a node without subcluster, to skip its rows."""
    why = homes.takes(target.node_id) if target.node_id is not None else None
    return why is None or why[0] is reasons.NODE_WITHOUT_SUBCLUSTER


def _wait(lease: Lease, run_now: RunNow, code: str, now: datetime) -> bool:
    """Leave the rest for later, saying what it waits for; "" is the throttle."""
    _count(lease, run_now, code, now, [], Credits(run_now.anchored(now), [], run_now.credit))
    return False


def _step(lease: Lease, run_now: RunNow, homes: Homes, now: datetime) -> bool:
    """Move what the throttle allows towards the nodes that serve, count it, and end the run when nothing is left."""
    left = [target for target in run_now.targets if target.left]
    ready = [target for target in left if _receives(target, homes)]
    if not ready:
        return _wait(lease, run_now, reasons.WAITS_FOR_NODE.code, now) if left else _finish(lease, now)
    credits = _credits(run_now, ready, now)
    takes, more = allowed(credits.targets, credits.together, [target.left for target in ready], BATCH)
    if not sum(takes):
        return _wait(lease, run_now, "", now)
    moved = _move(lease, ready, takes, now)
    load.arrived({row.to_node_id: row.done for row in moved if row.to_node_id and row.done}, now)
    rows = _rows(ready, takes, moved, credits)
    code = "" if len(ready) == len(left) else reasons.WAITS_FOR_NODE.code
    _count(lease, run_now, code, now, rows, credits.less(sum(row.done for row in rows)))
    _tell(lease.operation, moved)
    ended = sum(target.left for target in left) == sum(row.done + row.skipped for row in rows)
    return _finish(lease, now) if ended else more


@dataclass(frozen=True, slots=True)
class Credits:
    """Users allowed at a cluster time, of each target and all together; infinite without a rate."""

    at: datetime | None
    targets: list[float]
    together: float

    def less(self, done: int) -> Credits:
        """After so many were moved."""
        return Credits(self.at, self.targets, _stored(self.together, done))


def _stored(allowed_users: float, done: int) -> float:
    """What is kept of a credit; 0 without a rate."""
    return 0.0 if allowed_users == inf else allowed_users - done


def _credits(run_now: RunNow, targets: list[TargetNow], now: datetime) -> Credits:
    """What the throttle allows by now."""
    clock, speed = run_now.clock.at(now), run_now.clock.speed
    elapsed = (clock - (run_now.anchor_at or clock)).total_seconds()
    return Credits(
        at=clock,
        targets=[credit(run_now.rate, target.credit, elapsed, speed) for target in targets],
        together=credit(run_now.rate_total, run_now.credit, elapsed, speed),
    )


PICK = """
SELECT p.place, p.user_id, p.from_node_id, p.to_node_id
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS target (node, cursor, take) CROSS JOIN LATERAL (
    SELECT * FROM assignments_plannedmove
    WHERE plan_id = %s AND to_node_id = target.node AND place > target.cursor ORDER BY place LIMIT target.take
) p
"""
PICK_UNASSIGNED = """
UNION ALL (
    SELECT place, user_id, from_node_id, to_node_id FROM assignments_plannedmove
    WHERE plan_id = %s AND to_node_id IS NULL AND place > %s ORDER BY place LIMIT %s
)
"""


def _move(lease: Lease, targets: list[TargetNow], takes: list[int], now: datetime) -> list[MovedRows]:
    """The next planned rows of each target, in the order of the plan."""
    plan = lease.operation.plan_id
    named = [
        (target.node_id, target.cursor, take) for target, take in zip(targets, takes, strict=True) if target.node_id
    ]
    sql, params = PICK, [*([row[i] for row in named] for i in range(3)), plan]
    for target, take in zip(targets, takes, strict=True):
        if target.node_id is None:
            sql, params = sql + PICK_UNASSIGNED, [*params, plan, target.cursor, take]
    return move_picked(lease.operation, sql, params, why=lease.why, at=now)


class TargetCount(NamedTuple):
    """What a batch adds to a target, where the target goes on, and the credit it has left."""

    target: int
    done: int
    skipped: int
    cursor: int
    credit: float


def _rows(targets: list[TargetNow], takes: list[int], moved: list[MovedRows], credits: Credits) -> list[TargetCount]:
    """What to add to each target; planned rows of users deleted since count as skipped at the end of their target."""
    by_node = {m.to_node_id: m for m in moved}
    rows = []
    for target, take, had in zip(targets, takes, credits.targets, strict=True):
        got = by_node.get(target.node_id, MovedRows(target.node_id, (), 0, 0, 0, 0, ""))
        missing = target.left - got.done - got.skipped if got.done + got.skipped < take else 0
        rows.append(TargetCount(target.pk, got.done, got.skipped + missing, got.last, _stored(had, got.done)))
    return rows


COUNT = """
WITH rows AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::float[])
        AS v (id, done, skipped, last, credit)
),
targets AS (
    UPDATE assignments_targetprogress l
    SET done = l.done + v.done, skipped = l.skipped + v.skipped, cursor = greatest(l.cursor, v.last), credit = v.credit
    FROM rows v WHERE l.id = v.id
)
UPDATE assignments_operation o SET heartbeat_at = %s, wait_code = %s, anchor_at = %s, credit = %s,
    done = o.done + (SELECT coalesce(sum(done), 0) FROM rows),
    skipped = o.skipped + (SELECT coalesce(sum(skipped), 0) FROM rows)
WHERE o.id = %s
"""


def _count(lease: Lease, run_now: RunNow, code: str, now: datetime, rows: list[TargetCount], credits: Credits) -> None:
    """Advance the targets and the run with its anchor and heartbeat, in one statement; `code` is what it waits for."""
    columns = [[row[i] for row in rows] for i in range(len(TargetCount._fields))]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [*columns, now, code, credits.at, credits.together, lease.operation.pk])
    if run_now.wait_code != code:
        events.touch(*topics_of(lease.operation))


def _tell(operation: Operation, moved: list[MovedRows]) -> None:
    events.record(
        reasons.RUN_BATCH,
        cluster=operation.cluster,
        operation=operation,
        topics=[*topics_of(operation), *touched_topics(moved)],
        done=sum(m.done for m in moved),
        skipped=sum(m.skipped for m in moved),
        notified=sum(m.notified for m in moved),
    )


def _finish(lease: Lease, now: datetime) -> bool:
    """End the run: what is neither done nor skipped were users or nodes deleted since."""
    operation = lease.operation
    rows = Operation.objects.filter(pk=operation.pk)
    rows.update(state=Progress.FINISHED, finished_at=now, wait_code="", skipped=F("total") - F("done"))
    release_subclusters(operation)
    done, skipped = rows.values_list("done", "skipped").get()
    events.record(
        reasons.RUN_FINISHED,
        cluster=operation.cluster,
        operation=operation,
        topics=topics_of(operation),
        done=done,
        skipped=skipped,
    )
    return False

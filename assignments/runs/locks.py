r"""Who may move users of a subcluster: one operation at a time, and recovery before any run.

    run --take--> holds --lock_for_recovery--> yields, waits --release of the recovery--> holds again
                    |--release (finished, cancelled)--> free
                    \--rest (its window closes)--> leaves them to others --take_back (it opens)--> holds again

All functions expect a transaction; locks are taken in the order subclusters, operations, rows of SubclusterLock.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from assignments.models import ACTIVE, RUNS, Operation, SubclusterLock, TargetProgress
from topology.live import events
from topology.models import Node, Subcluster
from topology.reasons import (
    RUN_CONTINUED,
    RUN_YIELDED,
    WAITS_FOR_RECOVERY,
    WAITS_FOR_TURN,
    WAITS_FOR_WINDOW,
)
from topology.structure.locks import hold_subclusters

RESTED = (WAITS_FOR_WINDOW.code, WAITS_FOR_TURN.code)  # such a run holds nothing; it takes its subclusters back itself
BY_LOCKS = (*RESTED, WAITS_FOR_RECOVERY.code)  # what a run waits for is as its locks are


def demand_free(subclusters: Iterable[int]) -> None:
    """Raise Refused, naming operation and author, if one of these subclusters is held."""
    if held := SubclusterLock.holder(subclusters):
        raise held.refusal


def book_subclusters(operation: Operation, subclusters: Iterable[int]) -> None:
    """Name the subclusters that a run will want when its window opens; others may have them until then."""
    SubclusterLock.objects.bulk_create(
        SubclusterLock(operation=operation, subcluster_id=pk, active=False) for pk in sorted(subclusters)
    )
    Operation.objects.filter(pk=operation.pk).update(wait_code=WAITS_FOR_WINDOW.code)


def take_back(operation: Operation, subclusters: Iterable[int]) -> bool:
    """Hold what a run rested from or booked; False while somebody else has any of it. Their locks must be held."""
    ids = list(subclusters)
    if rebook(operation):
        return False  # the locks of where a node is now are not held: they are at its next batch
    if SubclusterLock.objects.filter(subcluster__in=ids, active=True).exclude(operation=operation).exists():
        return False
    SubclusterLock.objects.filter(operation=operation).update(active=True)
    return True


def rebook(run: Operation) -> bool:
    """Book the subclusters where the nodes of a run are now; whether one of them was put into another meanwhile.

    What is booked is not held, so the structure may change under a run that waits.
    """
    if run.plan is None:
        return False
    nodes = Node.objects.filter(pk__in=run.plan.node_ids, subcluster__isnull=False)
    wanted = set(nodes.values_list("subcluster_id", flat=True))
    locks = SubclusterLock.objects.filter(operation=run)
    locks.filter(active=False).exclude(subcluster__in=wanted).delete()
    missing = wanted - set(locks.values_list("subcluster_id", flat=True))
    SubclusterLock.objects.bulk_create(
        SubclusterLock(operation=run, subcluster_id=pk, active=False) for pk in sorted(missing)
    )
    return bool(missing)


def take_subclusters(operation: Operation, subclusters: Iterable[int]) -> None:
    """Lock free subclusters for an operation; raises Refused if one is held. Their locks must be held."""
    ids = sorted(set(subclusters))
    demand_free(ids)
    SubclusterLock.objects.bulk_create(SubclusterLock(operation=operation, subcluster_id=pk) for pk in ids)


@transaction.atomic
def lock_for_recovery(subcluster: Subcluster, operation: Operation) -> None:
    """Give a failover or fallback the subcluster; a run that holds it yields until they are released."""
    hold_subclusters([subcluster.pk])
    held = SubclusterLock.holder([subcluster.pk])
    if held and held.operation_id != operation.pk:
        other = Operation.objects.select_for_update().get(pk=held.operation_id)
        SubclusterLock.objects.filter(pk=held.pk).update(active=False)
        if other.kind in RUNS:
            _say_yielded(other, subcluster)
    SubclusterLock.objects.update_or_create(operation=operation, subcluster=subcluster, defaults={"active": True})


def _say_yielded(run: Operation, subcluster: Subcluster) -> None:
    Operation.objects.filter(pk=run.pk).update(wait_code=WAITS_FOR_RECOVERY.code)
    events.record(RUN_YIELDED, cluster=subcluster.cluster, operation=run, pair=subcluster.name, topics=topics_of(run))


@transaction.atomic
def release_subclusters(operation: Operation) -> None:
    """Let go of every subcluster of an operation; the oldest run that waits for one holds it again."""
    ids = _held(operation)
    hold_subclusters(ids)
    _free(operation, ids)


def rest_until_window(operation: Operation) -> None:
    """Leave the subclusters of a run to others until its window opens. Their locks must be held."""
    if ids := _held(operation):
        _free(operation, ids)


def _held(operation: Operation) -> list[int]:
    return list(SubclusterLock.objects.filter(operation=operation, active=True).values_list("subcluster_id", flat=True))


def _free(operation: Operation, ids: list[int]) -> None:
    waiting = Operation.objects.filter(
        locks__subcluster__in=ids, locks__active=False, state__in=ACTIVE, kind__in=RUNS
    ).exclude(pk=operation.pk)
    # Those that rested take all of theirs back at once: with a part they would stand in the way of who lacks just that.
    waiting = waiting.exclude(wait_code__in=RESTED)
    runs = list(Operation.objects.select_for_update().filter(pk__in=waiting.values("pk")).order_by("pk"))
    SubclusterLock.objects.filter(operation=operation, active=True).update(active=False)
    # Who is at home where decides the re-login window (domain.md §4.8): the engine looks again.
    Subcluster.objects.filter(pk__in=ids).update(next_wake=timezone.now())
    for run in runs:
        _hold_again(run, ids)


def _hold_again(run: Operation, freed: Iterable[int]) -> None:
    """Give a waiting run what is free; with all of its locks it goes on, at its rate from now on."""
    taken = SubclusterLock.objects.filter(active=True, subcluster__in=list(freed)).values_list(
        "subcluster_id", flat=True
    )
    free = set(freed) - set(taken)
    rebook(run)
    SubclusterLock.objects.filter(operation=run, subcluster__in=free).update(active=True)
    if not run.locks.filter(active=False).exists():
        anchor_throttle(run)
        Operation.objects.filter(pk=run.pk).update(wait_code="")
        if not run.paused:  # then it continues when a person says so
            events.record(RUN_CONTINUED, cluster=run.cluster, operation=run, topics=topics_of(run))


def anchor_throttle(run: Operation) -> None:
    """Count the throttle of a run from now on, without credit; its row must be locked."""
    Operation.objects.filter(pk=run.pk).update(anchor_at=run.cluster.now(), credit=0)
    TargetProgress.objects.filter(operation=run).update(credit=0)


def topics_of(run: Operation) -> list[str]:
    """What shows a run: itself and its cluster, or both of its clusters."""
    clusters = [run.cluster_id, run.to_cluster_id] if run.to_cluster_id else [run.cluster_id]
    return [f"operation-{run.pk}", *(f"cluster-{pk}" for pk in clusters)]

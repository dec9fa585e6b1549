"""Reads of runs: one operation with its targets, the latest of a cluster, whom it skipped, and its step log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, prefetch_related_objects

from assignments.models import ACTIVE, Kind, Move, Operation
from topology import reasons
from topology.models import Cluster, Event
from topology.reasons import Reason, Refused
from topology.reasons.general import reason_of_users

PAGE = 50
RECOVERY = (Kind.FAILOVER.value, Kind.FAILBACK.value)
LEAD = 12  # lines before an operation that led to it
MOVED_SHOWN = 200
STEPS = 400  # lines of one step log; a longer one leaves out its middle


def _shown() -> QuerySet[Operation]:
    """Operations with what every sight of them shows, and whether an undo that stands took all of each back."""
    undo = Operation.objects.filter(undo_of=OuterRef("pk"), done__gte=OuterRef("done")).exclude(undone_by__done__gt=0)
    return Operation.objects.annotate(taken_back=Exists(undo)).select_related(
        "from_node", "to_node", "to_cluster", "plan", "cluster__policy", "cluster__run_policy"
    )


def operation(pk: int) -> Operation:
    """An operation with its cluster, plan and targets. Raises Refused."""
    operation = _shown().select_related("undo_of").prefetch_related("targets__node").filter(pk=pk).first()
    if not operation:
        raise Refused(reasons.NO_SUCH_OPERATION, operation=pk)
    return operation


def cluster_id_of(pk: int, **_: object) -> int | None:
    """The cluster of an operation, by its key."""
    return Operation.objects.filter(pk=pk).values_list("cluster_id", flat=True).first()


def with_lanes(operations: Iterable[Operation]) -> list[Operation]:
    """The same operations with their targets, in one query."""
    listed = list(operations)
    prefetch_related_objects(listed, "targets")
    return listed


def within(clusters: Iterable[Cluster | int]) -> Q:
    """Operations in some clusters, and those that bring users into them."""
    some = list(clusters)
    return Q(cluster__in=some) | Q(to_cluster__in=some)


def of_cluster(cluster: Cluster, before: int | None = None) -> QuerySet[Operation]:
    """Operations of a cluster, the newest first, below an id for the next page."""
    rows = _shown().filter(within([cluster]))
    return (rows.filter(pk__lt=before) if before else rows).prefetch_related("targets").order_by("-pk")[:PAGE]


def shown_in_strip(cluster: Cluster, since: datetime) -> list[Operation]:
    """Operations that run, and those that ended after a moment, the newest first."""
    rows = _shown().filter(within([cluster]))
    active = list(rows.filter(state__in=ACTIVE).order_by("-pk")[:20])
    # One that ends between the two queries would be in both.
    ended = rows.filter(finished_at__gte=since).exclude(state__in=ACTIVE).exclude(pk__in=[run.pk for run in active])
    # A move by hand that was done at once has its message; a bar for it would push the whole page down.
    ended = ended.exclude(kind__in=(Kind.MOVE, Kind.IMPORT, Kind.REMOVAL), plan=None)
    return with_lanes([*active, *ended.order_by("-pk")[:3]])


def last_ended(cluster: Cluster) -> Operation | None:
    """The newest run of a cluster that has ended."""
    ended = _shown().filter(within([cluster]), finished_at__isnull=False).exclude(state__in=ACTIVE)
    return ended.order_by("-pk").first()


def skipped(operation: Operation) -> list[tuple[Reason, int]]:
    """How many users a run skipped, for each reason."""
    rows = (
        Move.objects.filter(operation=operation, done=False)
        .values("code")
        .annotate(users=Count("pk"))
        .order_by("-users")
    )
    return [(reason_of_users(row["code"]), row["users"]) for row in rows]


def moved(operation: Operation) -> list[Move]:
    """The first users that an operation moved, with where from and where to."""
    rows = Move.objects.filter(operation=operation, done=True).select_related("user", "from_node", "to_node")
    return list(rows.order_by("pk")[:MOVED_SHOWN])


def steps(operation: Operation) -> tuple[list[Event], int]:
    """What happened in one operation from its beginning, and how many lines of its middle are left out.

    The log of a failover or fallback is that of its subcluster: it begins with what led to it.
    """
    rows = Event.objects.filter(_of_pair(operation) if operation.kind in RECOVERY else Q(operation_id=operation.pk))
    rows = rows.exclude(facts__has_key="repeated")
    first = list(rows.order_by("pk")[: STEPS + 1])
    if len(first) <= STEPS:
        return first, 0
    half = STEPS // 2
    last = list(rows.order_by("-pk")[:half])
    return first[:half] + last[::-1], rows.count() - 2 * half


def _of_pair(operation: Operation) -> Q:
    """Lines of the pair after its operation before this one, until this one's last."""
    node = operation.from_node or operation.to_node
    mine = Event.objects.filter(operation_id=operation.pk).aggregate(first=Min("pk"), last=Max("pk"))
    if not (node and node.subcluster_id and mine["first"]):
        return Q(operation_id=operation.pk)
    pair = Event.objects.filter(subcluster_id=node.subcluster_id)
    before = pair.filter(operation_id__lt=operation.pk).aggregate(last=Max("pk"))["last"] or 0
    lead = pair.filter(pk__gt=before, pk__lt=mine["first"], operation_id=None, facts__has_key="nodes").order_by("-pk")
    begin = min(lead.values_list("pk", flat=True)[:LEAD], default=mine["first"])
    within = Q(subcluster_id=node.subcluster_id, pk__gte=begin)
    return within if operation.active else within & Q(pk__lte=mine["last"])

"""Load over time: a sample of every node a minute, rolled up by the database, and read back as curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from assignments.models import LoadSample, Operation
from assignments.population.selectors import boards_of
from topology.live import events
from topology.models import Cluster

MINUTE, QUARTER, TWO_HOURS = 60, 900, 7200
SPANS = {  # what people look at: how far back, and the step of its rows
    "hour": (timedelta(hours=1), MINUTE),
    "day": (timedelta(days=1), QUARTER),
    "week": (timedelta(days=7), TWO_HOURS),
}
KEPT = {MINUTE: timedelta(hours=3), QUARTER: timedelta(days=2), TWO_HOURS: timedelta(days=15)}
COARSER = {QUARTER: MINUTE, TWO_HOURS: QUARTER}
# Only steps that are over; what was rolled up once stays.
ROLL_UP = """
    INSERT INTO assignments_loadsample (node_id, step, at, served, out)
    SELECT node_id, %(step)s, bin, round(avg(served)), max(out) FROM (
        SELECT node_id, served, out, date_bin(make_interval(secs => %(step)s), at, 'epoch'::timestamptz) AS bin
        FROM assignments_loadsample WHERE step = %(from)s AND at >= %(since)s
    ) finer WHERE bin + make_interval(secs => %(step)s) <= %(now)s
    GROUP BY node_id, bin ON CONFLICT DO NOTHING
"""


def sample(now: datetime) -> int:
    """Keep the load of every node for this minute, roll up what is over, remove what is old; twice does nothing."""
    at = floor(now, MINUTE)
    boards = boards_of(list(Cluster.objects.select_related("policy")))
    rows = [
        LoadSample(node=view.node, step=MINUTE, at=at, served=view.served, out=view.out_of_service)
        for board in boards
        for view in board.nodes
        if view.node.subcluster_id
    ]
    before = dict(LoadSample.objects.filter(step=MINUTE, at=at - timedelta(minutes=1)).values_list("node", "served"))
    with transaction.atomic():
        LoadSample.objects.bulk_create(rows, ignore_conflicts=True)
        events.touch(*(f"node-{row.node_id}" for row in rows if before.get(row.node_id) != row.served))
        with connection.cursor() as run:
            for step, finer in COARSER.items():
                since = floor(now - KEPT[finer], step)
                asked: dict[str, int | datetime] = {"step": step, "from": finer, "since": since, "now": now}
                run.execute(ROLL_UP, asked)
        for step, kept in KEPT.items():
            LoadSample.objects.filter(step=step, at__lt=floor(now - kept, TWO_HOURS)).delete()
    return len(rows)


def floor(now: datetime, step: int) -> datetime:
    """The beginning of the step that an instant is in."""
    return datetime.fromtimestamp(int(now.timestamp()) // step * step, UTC)


@dataclass(frozen=True)
class LoadPoint:
    """Users at one instant: in service, out of service, and how many more per second were in service than before."""

    at: datetime
    served: int
    out: int
    sign_ins: float


@dataclass(frozen=True)
class LoadCurves:
    """The load of a cluster and of each of its nodes, by key, between two instants."""

    since: datetime
    until: datetime
    cluster: list[LoadPoint]
    nodes: dict[int, list[LoadPoint]]


def curves(cluster: Cluster, span: str, now: datetime) -> LoadCurves:
    """What was sampled in a span of SPANS that ends now."""
    back, step = SPANS[span]
    rows = LoadSample.objects.filter(node__cluster=cluster, step=step, at__gte=now - back).order_by("at")
    by_node: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
    whole: dict[datetime, tuple[int, int]] = {}
    for node, at, served, out in rows.values_list("node_id", "at", "served", "out"):
        by_node[node].append((at, served, out))
        before = whole.get(at, (0, 0))
        whole[at] = before[0] + served, before[1] + out
    nodes = {node: _points(found) for node, found in by_node.items()}
    return LoadCurves(now - back, now, _points((at, *counts) for at, counts in whole.items()), nodes)


LAST_HOUR = """
SELECT node_id, at, served, max(at) OVER () FROM assignments_loadsample
WHERE node_id = ANY(%(nodes)s) AND step = %(step)s AND at > (
    SELECT max(at) FROM assignments_loadsample WHERE node_id = ANY(%(nodes)s) AND step = %(step)s
) - %(hour)s
ORDER BY at
"""


def last_hour(nodes: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Users in service by the minute, by node: (minutes before the newest sample, users), the oldest first."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    with connection.cursor() as run:
        asked: dict[str, Any] = {"nodes": list(nodes), "step": MINUTE, "hour": SPANS["hour"][0]}
        run.execute(LAST_HOUR, asked)
        for node, at, served, newest in run.fetchall():
            found[node].append(((newest - at) // timedelta(minutes=1), served))
    return found


def _points(found: Iterable[tuple[datetime, int, int]]) -> list[LoadPoint]:
    points: list[LoadPoint] = []
    for at, served, out in found:
        last = points[-1] if points else None
        rate = max(0, served - last.served) / (at - last.at).total_seconds() if last else 0.0
        points.append(LoadPoint(at, served, out, rate))
    return points


def operations(cluster: Cluster, since: datetime) -> list[Operation]:
    """Operations that began since then, the oldest first."""
    rows = Operation.objects.filter(cluster=cluster, started_at__gte=since)
    related = ("from_node", "to_node", "plan", "to_cluster", "cluster")
    return list(rows.select_related(*related).order_by("started_at")[:100])

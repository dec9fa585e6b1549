"""Load over time: the worst instant of every minute, rolled up by the database, and read back as curves.

    worker, once a minute: every node ─┐
    recovery: all who are out now ──────┼─> the row of the minute ─> quarters of an hour ─> two hours
    runs: who signed in ───────────────┘
    drops: read from their operations, with the curves

An outage that begins and ends between two samples is kept, too: the engine that signs people out and in says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
# The minute keeps, of each subcluster, the instant at which most of its users were out of service; rows are written in
# the order of the nodes, so that two writers wait for each other and never cross.
KEEP = """
    WITH new AS (
        SELECT * FROM unnest(%(nodes)s::bigint[], %(groups)s::bigint[], %(served)s::int[], %(out)s::int[],
            %(sign_ins)s::int[], %(speeds)s::int[]) AS given (node_id, grp, served, out, sign_ins, speed)
    ),
    kept AS (
        SELECT grp, sum(sample.out) AS out FROM new JOIN assignments_loadsample sample USING (node_id)
        WHERE sample.step = 60 AND sample.at = %(at)s GROUP BY grp
    ),
    worse AS (
        SELECT node_id FROM new JOIN kept USING (grp)
        WHERE (SELECT sum(same.out) FROM new same WHERE same.grp = new.grp) > kept.out
    )
    INSERT INTO assignments_loadsample AS old (node_id, step, at, served, out, sign_ins, speed)
    SELECT node_id, 60, %(at)s, served, out, sign_ins, speed FROM new ORDER BY node_id
    ON CONFLICT (node_id, step, at) DO UPDATE SET
        served = CASE WHEN old.node_id IN (TABLE worse) THEN excluded.served ELSE old.served END,
        out = CASE WHEN old.node_id IN (TABLE worse) THEN excluded.out ELSE old.out END,
        sign_ins = old.sign_ins + excluded.sign_ins
    WHERE excluded.sign_ins > 0 OR old.node_id IN (TABLE worse)
"""
# The beat samples a minute some moments after it began: who came by then counts for the minute before.
ARRIVED = """
    UPDATE assignments_loadsample sample SET sign_ins = sample.sign_ins + one.came FROM (
        SELECT id, came FROM unnest(%(nodes)s::bigint[], %(came)s::int[]) AS new (node_id, came)
        JOIN assignments_loadsample kept USING (node_id) WHERE step = 60 AND at = (
            SELECT max(at) FROM assignments_loadsample newest WHERE newest.node_id = new.node_id AND step = 60
                AND at BETWEEN %(at)s - interval '1 minute' AND %(at)s
        )
        ORDER BY node_id FOR UPDATE OF kept
    ) one WHERE sample.id = one.id
"""
# Only steps that are over; what was rolled up once stays.
ROLL_UP = """
    WITH finer AS (
        SELECT node_id, node.subcluster_id AS grp, at, served, out, sign_ins, speed,
            date_bin(make_interval(secs => %(step)s), at, 'epoch'::timestamptz) AS bin,
            sum(out) OVER (PARTITION BY node.subcluster_id, at) AS all_out
        FROM assignments_loadsample sample JOIN topology_node node ON node.id = node_id
        WHERE step = %(from)s AND at >= %(since)s
    ),
    worst AS (SELECT DISTINCT ON (grp, bin) grp, bin, at FROM finer ORDER BY grp, bin, all_out DESC, at DESC)
    INSERT INTO assignments_loadsample (node_id, step, at, served, out, sign_ins, speed)
    SELECT node_id, %(step)s, bin,
        coalesce(max(served) FILTER (WHERE finer.at = worst.at), min(served)),
        coalesce(max(out) FILTER (WHERE finer.at = worst.at), max(out)), sum(sign_ins), round(avg(speed))
    FROM finer JOIN worst USING (bin) WHERE worst.grp IS NOT DISTINCT FROM finer.grp
        AND bin + make_interval(secs => %(step)s) <= %(now)s
    GROUP BY node_id, bin ON CONFLICT DO NOTHING
"""
# Users of drops, which are counted where curves are read and not with each drag, by receiving node.
DROPPED = """
    WITH dropped AS (
        SELECT id, to_node_id, done, finished_at FROM assignments_operation
        WHERE cluster_id = %(cluster)s AND kind = 'move' AND plan_id IS NULL AND finished_at >= %(since)s
    )
    SELECT to_node_id, finished_at, done FROM dropped WHERE to_node_id IS NOT NULL
    UNION ALL
    SELECT move.to_node_id, finished_at, count(*) FROM dropped JOIN assignments_move move ON operation_id = dropped.id
    WHERE dropped.to_node_id IS NULL AND move.to_node_id IS NOT NULL AND move.done
    GROUP BY dropped.id, move.to_node_id, finished_at
"""


@dataclass(frozen=True)
class MinuteLoad:
    """What a minute is to keep of a node; `sign_ins` are added to those of before."""

    node: int
    subcluster: int
    served: int
    out: int
    sign_ins: int = 0
    speed: int = 1  # of the cluster's clock


def keep(rows: Iterable[MinuteLoad], now: datetime) -> None:
    """Let the minute keep this instant of subclusters, all nodes of each, where more are out than it knows of."""
    loads = list(rows)
    asked: dict[str, Any] = {
        "nodes": [minute.node for minute in loads],
        "groups": [minute.subcluster for minute in loads],
        "served": [minute.served for minute in loads],
        "out": [minute.out for minute in loads],
        "sign_ins": [minute.sign_ins for minute in loads],
        "speeds": [minute.speed for minute in loads],
    }
    with connection.cursor() as run:
        run.execute(KEEP, asked | {"at": floor(now, MINUTE)})


def arrived(came: Mapping[int, int], now: datetime) -> None:
    """Count users who signed in at nodes, by key, outside of a recovery."""
    if came:
        with connection.cursor() as run:
            run.execute(ARRIVED, {"nodes": list(came), "came": list(came.values()), "at": floor(now, MINUTE)})


def sample(now: datetime) -> int:
    """Keep the load of every node for this minute, roll up what is over, remove what is old; twice does nothing."""
    at = floor(now, MINUTE)
    boards = boards_of(list(Cluster.objects.select_related("policy")))
    rows = [
        MinuteLoad(view.node.pk, sub.subcluster.pk, view.served, view.out_of_service, speed=board.cluster.clock_speed)
        for board in boards
        for sub in board.subclusters
        for view in sub.nodes
    ]
    before = dict(LoadSample.objects.filter(step=MINUTE, at=at - timedelta(minutes=1)).values_list("node", "served"))
    with transaction.atomic():
        keep(rows, now)
        events.touch(*(f"node-{row.node}" for row in rows if before.get(row.node) != row.served))
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
    """Users at the worst instant of a step, and how many signed in within it per second of the cluster's clock."""

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
    """What was kept of a span of SPANS that ends now; the steps that are not over yet come as finer ones."""
    back, step = SPANS[span]
    by_node: dict[int, list[LoadPoint]] = defaultdict(list)
    whole: dict[datetime, list[LoadPoint]] = defaultdict(list)
    rows = list(_rows(cluster, step, now - back))
    dropped = _dropped(cluster, rows, now - back)
    for row in rows:
        seconds = min(row.step, max(1.0, (now - row.at).total_seconds())) * row.speed
        point = LoadPoint(row.at, row.served, row.out, (row.sign_ins + dropped[row.pk]) / seconds)
        by_node[row.node_id].append(point)
        whole[row.at].append(point)
    together = [
        LoadPoint(at, sum(p.served for p in each), sum(p.out for p in each), sum(p.sign_ins for p in each))
        for at, each in whole.items()
    ]
    return LoadCurves(now - back, now, together, by_node)


def _rows(cluster: Cluster, coarsest: int, since: datetime) -> Iterator[LoadSample]:
    """The rows of a step from an instant on, and then of ever finer ones, in the order of time."""
    for step in sorted((one for one in KEPT if one <= coarsest), reverse=True):
        rows = list(LoadSample.objects.filter(node__cluster=cluster, step=step, at__gte=since).order_by("at"))
        yield from rows
        if rows:
            since = rows[-1].at + timedelta(seconds=step)


def _dropped(cluster: Cluster, rows: Sequence[LoadSample], since: datetime) -> Counter[int]:
    """How many users of drops each of these rows has to count, by its key."""
    by_node: dict[int, list[LoadSample]] = defaultdict(list)
    for row in rows:
        by_node[row.node_id].append(row)
    counted: Counter[int] = Counter()
    with connection.cursor() as run:
        run.execute(DROPPED, {"cluster": cluster.pk, "since": since})
        for node, at, users in run.fetchall():
            of_node = by_node[node]
            place = bisect_right(of_node, at, key=lambda row: row.at) - 1
            if place >= 0 and at < of_node[place].at + timedelta(seconds=of_node[place].step):
                counted[of_node[place].pk] += users
    return counted


LAST_HOUR = """
SELECT node_id, at, served, max(at) OVER () FROM assignments_loadsample
WHERE node_id = ANY(%(nodes)s) AND step = %(step)s AND at > (
    SELECT max(at) FROM assignments_loadsample WHERE node_id = ANY(%(nodes)s) AND step = %(step)s
) - %(hour)s
ORDER BY at
"""


def last_hour(nodes: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Users in service by the minute, by node: (minutes before the newest sample, users), the oldest first."""
    samples: dict[int, list[tuple[int, int]]] = defaultdict(list)
    with connection.cursor() as run:
        asked: dict[str, Any] = {"nodes": list(nodes), "step": MINUTE, "hour": SPANS["hour"][0]}
        run.execute(LAST_HOUR, asked)
        for node, at, served, newest in run.fetchall():
            samples[node].append(((newest - at) // timedelta(minutes=1), served))
    return samples


def operations(cluster: Cluster, since: datetime) -> list[Operation]:
    """Operations that began since then, the oldest first."""
    rows = Operation.objects.filter(cluster=cluster, started_at__gte=since)
    related = ("from_node", "to_node", "plan", "to_cluster", "cluster")
    return list(rows.select_related(*related).order_by("started_at")[:100])

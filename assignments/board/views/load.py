"""Curves: users in service, out of service and sign-ins per second over the last hour, day or week."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from assignments.board.views.load_axis import EVERY, axis_ticks
from assignments.board.views.load_marks import LANES, LoadMark, mark_labels
from assignments.models import Kind, Operation
from assignments.population import load
from assignments.population.load import LoadCurves, LoadPoint
from assignments.population.selectors import Board, board_of
from assignments.runs.views.run_shown import Run
from topology.accounts import roles
from topology.models import Cluster, Node
from topology.structure.asked import read_address
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role

WIDE, HIGH = 1000, 100  # the box of a curve
HEAD = 8  # of HIGH, kept free above the highest
STEPS = {"hour": "minute", "day": "quarter of an hour", "week": "two hours"}  # what a point stands for
WAYS: tuple[tuple[str, str, Callable[[LoadPoint], float]], ...] = (
    ("served", "In service", lambda point: point.served),
    ("out", "Out of service", lambda point: point.out),
    ("sign-ins", "Sign-ins per second", lambda point: point.sign_ins),
)


@dataclass(frozen=True)
class LoadCurve:
    """One curve: what it shows, its points in a box of WIDE by HIGH, the least, the most, and the value now."""

    name: str
    label: str
    points: str
    least: float
    most: float
    newest: float
    limit: float | None = None  # where the rated capacity stands in the box

    @property
    def area(self) -> str:
        """What is under the curve."""
        first, last = (place.partition(",")[0] for place in (self.points.split()[0], self.points.split()[-1]))
        return f"{first},{HIGH} {self.points} {last},{HIGH}"


class SpanForm(forms.Form):
    """How far back the curves go."""

    span = forms.ChoiceField(required=False, choices=[(span, span) for span in load.SPANS])


@require_GET
@needs_role(roles.SEE)
def curves(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The page of one cluster; `span` is hour, day or week."""
    cluster = cluster_named(cluster_name)
    now = timezone.now()
    span = read_address(SpanForm, request.GET)["span"] or "hour"
    load_curves = _until_now(load.curves(cluster, span, now), board_of(cluster))
    marks = _marks(cluster, load_curves, now)
    context = {
        "cluster": cluster,
        "span": span,
        "spans": tuple(load.SPANS),
        "step": STEPS[span],
        "curves": [_curve(load_curves, load_curves.cluster, *way) for way in WAYS],
        "nodes": [_node(load_curves, node) for node in _nodes(cluster)],
        "marks": marks,
        "lanes": {name: mark_labels(marks, width) for name, width in LANES.items()},
        "ticks": axis_ticks(load_curves.since, load_curves.until, EVERY[span], timezone.get_current_timezone()),
        "axis": load_curves,
        "every": EVERY[span],
        "points": load_curves.cluster[:-1],
        "place": "load",
    }
    return render(request, "board/load.html", context)


def _until_now(load_curves: LoadCurves, board: Board) -> LoadCurves:
    """The curves with what is so at this instant as their last points."""

    def extended(points: Sequence[LoadPoint], served: int, out: int) -> list[LoadPoint]:
        rate = points[-1].sign_ins if points else 0.0
        return [*points, LoadPoint(load_curves.until, served, out, rate)]

    nodes = {v.node.pk: extended(load_curves.nodes.get(v.node.pk, []), v.served, v.out_of_service) for v in board.nodes}
    served = sum(view.served for view in board.nodes)
    return replace(load_curves, cluster=extended(load_curves.cluster, served, board.out_of_service), nodes=nodes)


def _nodes(cluster: Cluster) -> list[Node]:
    return list(cluster.nodes.filter(subcluster__isnull=False).order_by("number"))


def _node(load_curves: LoadCurves, node: Node) -> tuple[Node, list[LoadCurve]]:
    points = load_curves.nodes.get(node.pk, [])
    return node, [_curve(load_curves, points, *way, capacity=node.capacity_users) for way in WAYS]


def _curve(
    load_curves: LoadCurves,
    points: Sequence[LoadPoint],
    name: str,
    label: str,
    of: Callable[[LoadPoint], float],
    capacity: int = 0,
) -> LoadCurve:
    values = [of(point) for point in points] or [0.0]
    least, most = min(values), max(values)
    top = max(most, capacity if name == "served" else 0, 1e-9)
    places = " ".join(f"{_place(load_curves, p.at) * WIDE:.0f},{_height(of(p) / top):.1f}" for p in points)
    limit = _height(capacity / top) if capacity and name == "served" else None
    return LoadCurve(name, label, places, least, most, values[-1], limit)


def _height(part: float) -> float:
    """Where a part of the highest stands in the box."""
    return HIGH - (HIGH - HEAD) * part


def _place(load_curves: LoadCurves, at: datetime) -> float:
    whole: timedelta = load_curves.until - load_curves.since
    return min(1.0, max(0.0, (at - load_curves.since) / whole))


def _marks(cluster: Cluster, load_curves: LoadCurves, now: datetime) -> list[LoadMark]:
    return [
        _mark(load_curves, i, operation, now)
        for i, operation in enumerate(load.operations(cluster, load_curves.since), 1)
    ]


def _mark(load_curves: LoadCurves, number: int, operation: Operation, now: datetime) -> LoadMark:
    at = operation.started_at or operation.created_at
    return LoadMark(
        number, 100 * _place(load_curves, at), Run(operation, now), operation.kind in (Kind.FAILOVER, Kind.FAILBACK)
    )

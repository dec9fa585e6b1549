"""The charts of a what-if run: paths, ticks and numbers for templates; every size is an attribute, none a style.

Paths live in a box of WIDE by 100 that the template stretches; places along the time are percent, so that texts keep
their size at any width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from assignments.simulation.rules import timeline as frames
from assignments.simulation.rules.timeline import Points, Timeline
from topology.rules.states import CONDITION_LOOKS, Condition, Look, condition, look_of, reason_label
from topology.templatetags.console import instant as moment

WIDE, HIGH = 1000, 100
STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400)
TICKS, ROWS = 9, 13


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in percent, and its text; the last one ends at its place, so that it is not cut off."""

    place: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class NodeChart:
    """The curves of one node: users by where they are served, and sign-ins per second against the budget."""

    name: str
    users: int
    peak: int
    capacity: int
    home: str
    served: str
    sign_ins: str
    budget: str
    peak_sign_ins: float
    rate: float
    left_out: int
    load: str  # users served here, own and guests
    limit: float  # where its rated capacity stands in the chart of the load, in percent from the top

    @property
    def percent(self) -> int:
        """The peak of its rated users."""
        return round(100 * self.peak / self.capacity)


@dataclass(frozen=True)
class Charts:
    """Everything that the page draws of a run."""

    until: int
    users: int
    home: str
    served: str
    ticks: list[Tick]
    levels: list[Tick]
    nodes: list[NodeChart]
    most_out: int
    lost_at: int | None


def charts(timeline: Timeline, numbers: Mapping[str, Any]) -> Charts:
    """The charts of a timeline, with the numbers of its result."""
    until = max(1, int(timeline["until"]))
    members = [(group, i) for group in timeline["subclusters"] for i in range(len(group["nodes"]))]
    home = [frames.curve(group, i, lambda node: node["home"], until) for group, i in members]
    served = [frames.curve(group, i, _served, until) for group, i in members]
    signs = [frames.sign_ins(group, i, until) for group, i in members]
    budgets = [frames.budget(group, i, until) for group, i in members]
    most_signs = max(frames.largest(signs), frames.largest(budgets), 0.1) * 1.15
    all_home, all_served = frames.total(home), frames.total(served)
    counts = [_users(group["frames"][0][1][i]) for group, i in members]
    users = sum(counts)
    nodes = [
        _node_chart(group, i, counts[n], (home[n], served[n], signs[n], budgets[n]), most_signs, until, numbers)
        for n, (group, i) in enumerate(members)
    ]
    lost = [t for t, value in all_served if value < users]
    return Charts(
        until=until,
        users=users,
        home=_area(all_home, until, users),
        served=_area(all_served, until, users),
        ticks=_ticks(until),
        levels=_levels(users),
        nodes=nodes,
        most_out=round(users - min((value for _, value in all_served), default=0)),
        lost_at=int(lost[0]) if lost else None,
    )


def _served(node: Mapping[str, Any]) -> float:
    return float(node["home"] + node["backup"])


def _users(node: Mapping[str, Any]) -> int:
    return int(node["home"] + node["backup"] + node["out"])


def _node_chart(
    group: Mapping[str, Any],
    i: int,
    users: int,
    curves: tuple[Points, Points, Points, Points],
    most_signs: float,
    until: int,
    numbers: Mapping[str, Any],
) -> NodeChart:
    home, served, signs, budget = curves
    fixed = group["nodes"][i]
    load = frames.curve(group, i, lambda node: node["home"] + node["guests"], until)
    highest = max(fixed["capacity"], frames.largest([load])) * 1.15  # room above the line
    return NodeChart(
        name=fixed["name"],
        users=users,
        peak=numbers["peak_users"].get(fixed["name"], 0),
        capacity=fixed["capacity"],
        home=_area(home, until, users),
        served=_area(served, until, users),
        sign_ins=_area(signs, until, most_signs),
        budget=_line(budget, until, most_signs),
        peak_sign_ins=numbers["peak_sign_ins_per_second"].get(fixed["name"], 0),
        rate=frames.largest([budget]),
        left_out=group["frames"][-1][1][i]["out"],
        load=_area(load, until, highest),
        limit=HIGH - HIGH * fixed["capacity"] / highest,
    )


# --- Paths ----------------------------------------------------------------------------------------
def _line(points: Points, until: int, highest: float) -> str:
    """A path through points; neighbours that fall on one place are drawn once."""
    steps: list[str] = []
    for t, value in points:
        x, y = WIDE * t / until, HIGH - (HIGH * value / highest if highest else 0)
        step = f"{x:.1f} {y:.1f}"
        if not steps or steps[-1] != step:
            steps.append(step)
    return "M" + "L".join(steps)


def _area(points: Points, until: int, highest: float) -> str:
    return f"{_line(points, until, highest)}V{HIGH}H0Z"


# --- Axes -----------------------------------------------------------------------------------------
def _ticks(until: int) -> list[Tick]:
    step = next((step for step in STEPS if until / step <= TICKS), STEPS[-1] * 2)
    places = list(range(0, until + 1, step))
    if until - places[-1] > step / 2:
        places.append(until)
    ticks = [Tick(100 * t / until, moment(t)) for t in places]
    ends = {0: "start", len(ticks) - 1: "end" if ticks[-1].place > 97 else "middle"}
    return [Tick(tick.place, tick.text, ends.get(i, "middle")) for i, tick in enumerate(ticks)]


def _levels(highest: float) -> list[Tick]:
    """Round numbers from the bottom to the top, places from the top."""
    if not highest:
        return []
    rough = highest / 3
    size = 10 ** floor(log10(rough))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= rough)
    values = [step * k for k in range(1, int(highest / step) + 1)]
    return [Tick(100 - 100 * value / highest, _short(value)) for value in values]


def _short(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:g} M"
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


# --- One instant ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Shown:
    """A node at an instant."""

    name: str
    capacity: int
    look: Look
    feels: Look | None  # what people feel, unless they are served as ever
    reason: str
    trouble: str
    home: int
    own: int
    guests: int
    away: int
    out: int

    @property
    def serves(self) -> int:
        return self.own + self.guests


@dataclass(frozen=True)
class ShownGroup:
    """A subcluster at an instant."""

    name: str
    ha: bool
    nodes: tuple[Shown, ...]

    @property
    def home(self) -> int:
        return sum(node.home for node in self.nodes)


@dataclass(frozen=True)
class Instant:
    """The topology at an instant, its place on the time axis, and the neighbours where something changed."""

    t: int
    place: float
    groups: tuple[ShownGroup, ...]
    before: int | None
    after: int | None
    line: Mapping[str, Any] | None

    @property
    def home(self) -> int:
        return sum(node.own for group in self.groups for node in group.nodes)

    @property
    def backup(self) -> int:
        return sum(node.away for group in self.groups for node in group.nodes)

    @property
    def out(self) -> int:
        return sum(node.out for group in self.groups for node in group.nodes)


def instant(timeline: Timeline, log: Sequence[Mapping[str, Any]], t: int) -> Instant:
    """The topology at an instant; one outside of the run is its nearest end."""
    until = max(1, int(timeline["until"]))
    t = min(max(0, t), until)
    marks = sorted({line["t"] for line in log})
    said = [line for line in log if line["t"] <= t]
    return Instant(
        t=t,
        place=100 * t / until,
        groups=tuple(_group(group) for group in frames.at(timeline, t)),
        before=max((mark for mark in marks if mark < t), default=None),
        after=min((mark for mark in marks if mark > t), default=None),
        line=said[-1] if said else None,
    )


def _group(group: Mapping[str, Any]) -> ShownGroup:
    protected = group["ha"] and len(group["nodes"]) == 2
    return ShownGroup(group["name"], group["ha"], tuple(_shown(node, protected) for node in group["nodes"]))


def _shown(node: Mapping[str, Any], protected: bool) -> Shown:
    serves = node.get("serves", not node["trouble"])  # a run that was kept before this was told
    felt = condition(node["state"], serves=serves, broken=bool(node["trouble"]), out=node["out"], protected=protected)
    return Shown(
        name=node["name"],
        capacity=node["capacity"],
        look=look_of(node["state"], felt),
        feels=CONDITION_LOOKS[felt] if felt is not Condition.SERVING else None,
        reason=reason_label(node["reason"]) if node["reason"] != node["state"] else "",
        trouble=node["trouble"],
        home=_users(node),
        own=node["home"],
        guests=node["guests"],
        away=node["backup"],
        out=node["out"],
    )


# --- The same as numbers --------------------------------------------------------------------------
@dataclass(frozen=True)
class TableRow:
    """One instant of the table that says what the chart shows."""

    t: int
    home: int
    backup: int
    out: int
    nodes: tuple[Shown, ...]


def table(timeline: Timeline) -> list[TableRow]:
    """Instants at equal distances, and in between those at which users lost service or had it again."""
    until = max(1, int(timeline["until"]))
    rows = []
    for k in range(ROWS):
        now = instant(timeline, (), until * k // (ROWS - 1))
        nodes = tuple(node for group in now.groups for node in group.nodes)
        rows.append(TableRow(now.t, now.home, now.backup, now.out, nodes))
    return rows

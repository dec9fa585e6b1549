"""What a run looked like, instant by instant: for its charts, and for the topology at any moment of it.

    Scenario, Result --record--> timeline: for each subcluster its frames --curves, at--> lines of a chart, one instant

A timeline holds plain values only, so that it can be kept. A frame counts the users of a node by where they are served:
`home` here, `backup` at the other node, `out` nowhere: they lost the connection and have not signed in again;
`guests` are the other node's users who are served here. Between two frames `flow` says, at the node at which they do,
how people signed in one after the other; so every second has its counts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assignments.recovery.rules.pair import Pair
from assignments.recovery.rules.pair_state import PairState, describe_trouble
from assignments.recovery.rules.relogin_window import Throttle
from assignments.simulation.rules.play import Result, Sample, Scenario
from topology.dns.rules import tries
from topology.rules.states import Truth, serves

Timeline = Mapping[str, Any]
Nodes = Sequence[dict[str, Any]]  # of a subcluster in a frame
Points = list[tuple[float, float]]  # instants and values; two at one instant are a jump
Value = Callable[[Mapping[str, Any]], float]
COUNTS = ("home", "backup", "out", "guests", "signed_in")  # of a node in a frame


def record(scenario: Scenario, result: Result) -> dict[str, Any]:
    """The timeline of a run: what there is, and a frame for each instant at which something changed."""
    tracks = {pair.name: _PairTrack(pair, scenario.start) for pair in scenario.pairs if pair.members}
    for sample in result.samples:
        tracks[sample.pair.name].add(sample)
    return {"until": scenario.until, "subclusters": [track.as_dict() for track in tracks.values()]}


class _PairTrack:
    """The frames of one pair."""

    def __init__(self, pair: Pair, start: int) -> None:
        self.first = self.last = pair
        self.start = start
        self.frames: list[tuple[int, list[dict[str, Any]]]] = [(0, _nodes(pair))]

    def add(self, sample: Sample) -> None:
        nodes = _nodes(sample.pair)
        for i, node in enumerate(nodes):
            if (rate := sample.sign_ins.get(sample.pair.members[i].name)) is not None:
                node["signs"] = [self._signing_since(sample, i), rate]
        if (batch := sample.batch) and (throttle := batch.throttle):
            nodes[batch.target]["flow"] = [throttle.anchor - self.start, throttle.rate, throttle.done, batch.users]
        if self.frames[-1][0] == sample.t and not any("flow" in node for node in self.frames[-1][1]):
            before = self.frames.pop()[1]
            nodes = [_of_sign_ins(old) | new for old, new in zip(before, nodes, strict=True)]
        self.frames.append((sample.t, nodes))
        self.last = sample.pair

    def _signing_since(self, sample: Sample, i: int) -> int:
        """Since when the people of a batch signed in one after the other."""
        throttle = self.last.members[i].watch.throttle or sample.pair.members[i].watch.throttle
        begun = throttle.anchor - self.start if throttle else 0
        return min(sample.t, max(begun, self.frames[-1][0]))

    def as_dict(self) -> dict[str, Any]:
        pair = self.first
        state = PairState(pair, 0)
        nodes = [
            {"name": m.name, "capacity": m.capacity, "rate": round(state.rate(pair.home(i)), 3)}
            for i, m in enumerate(pair.members)
        ]
        return {"name": pair.name, "ha": pair.ha, "nodes": nodes, "frames": [list(frame) for frame in self.frames]}


def _nodes(pair: Pair) -> list[dict[str, Any]]:
    return [_node(pair, i) for i in range(len(pair.members))]


def _node(pair: Pair, i: int) -> dict[str, Any]:
    member, users = pair.members[i], pair.populations
    served = {at: signed for (home, at), (_, signed) in users.items() if home == i}
    node: dict[str, Any] = {
        "state": member.state.value,
        "reason": member.reason.value,
        "trouble": describe_trouble(member.truth),
        "answers": _answers(member.truth),
        "serves": serves(member.state, member.truth),
        "home": served.get(i, 0),
        "backup": sum(n for at, n in served.items() if at != i),
        "out": pair.home(i) - sum(served.values()),
        "guests": sum(signed for (home, at), (_, signed) in users.items() if at == i != home),
        "signed_in": sum(signed for (_, at), (_, signed) in users.items() if at == i),
    }
    if member.watch.throttle:
        node["budget"] = round(member.watch.throttle.rate, 3)
    return node


def _answers(truth: Truth) -> str:
    """What a client that connects meets: a server that serves or sends it on, a closed port, or nothing."""
    if not (truth.power and truth.network):
        return tries.SILENT
    return tries.REFUSES if truth.failed_critical or not truth.database else tries.SERVES


def _of_sign_ins(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in ("signs", "budget") if key in node}


# --- One instant ----------------------------------------------------------------------------------
def at(timeline: Timeline, t: float) -> list[dict[str, Any]]:
    """Every subcluster at an instant: its name, HA, and the nodes with what they are and what they show."""
    subclusters = []
    for group in timeline["subclusters"]:
        frames = group["frames"]
        index = max(0, bisect_right(frames, t, key=lambda frame: frame[0]) - 1)
        shown = frames[index][1]
        if index + 1 < len(frames):
            shown = _on_the_way(shown, frames[index + 1][1], t)
        nodes = [fixed | node for fixed, node in zip(group["nodes"], shown, strict=True)]
        subclusters.append({"name": group["name"], "ha": group["ha"], "nodes": nodes})
    return subclusters


def _on_the_way(before: Nodes, after: Nodes, t: float) -> Nodes:
    """The nodes at an instant between two frames: each count changes by as many as have signed in by then, or not."""
    flow = next((node["flow"] for node in after if "flow" in node), None)
    if flow is None:
        return before
    anchor, rate, done, users = flow
    by_then = Throttle(anchor, rate, done).by(int(t), users)
    return [
        old | {key: old[key] + (new[key] - old[key]) * by_then // users for key in COUNTS}
        for old, new in zip(before, after, strict=True)
    ]


def instants(timeline: Timeline) -> list[int]:
    """Every instant at which something changed, in order."""
    return sorted({frame[0] for group in timeline["subclusters"] for frame in group["frames"]})


# --- Curves ---------------------------------------------------------------------------------------
def curve(group: Mapping[str, Any], i: int, value: Value, until: int) -> Points:
    """A count of users of one node over time: even while people sign in, else by jumps."""
    frames = group["frames"]
    last = value(frames[0][1][i])
    points: Points = [(0.0, last)]
    for t, nodes in frames[1:]:
        signing = [node["signs"][0] for node in nodes if "signs" in node]
        new = value(nodes[i])
        if new != last:
            points += [(min(signing, default=t), last), (t, new)]
        last = new
    return [*points, (float(until), last)]


def sign_ins(group: Mapping[str, Any], i: int, until: int) -> Points:
    """Sign-ins per second at one node over time."""
    points: Points = [(0.0, 0.0)]
    for t, nodes in group["frames"]:
        if "signs" in nodes[i]:
            since, rate = nodes[i]["signs"]
            if since > points[-1][0]:
                points += [(points[-1][0], 0.0), (since, 0.0)]
            points += [(since, rate), (t, rate)]
    return [*points, (points[-1][0], 0.0), (float(until), 0.0)]


def budget(group: Mapping[str, Any], i: int, until: int) -> Points:
    """What sign-ins per second the throttle of one node allows over time; between two of them that of the last one."""
    rate = next((nodes[i]["budget"] for _, nodes in group["frames"] if "budget" in nodes[i]), group["nodes"][i]["rate"])
    points: Points = [(0.0, rate)]
    for t, nodes in group["frames"]:
        if (new := nodes[i].get("budget", rate)) != rate:
            points += [(t, rate), (t, new)]
            rate = new
    return [*points, (float(until), rate)]


def total(curves: Sequence[Points]) -> Points:
    """The sum of curves, with the jumps of each."""
    points: Points = []
    for t in sorted({t for points in curves for t, _ in points}):
        before, after = (sum(_value(points, t, side) for points in curves) for side in ("left", "right"))
        points += [(t, before), (t, after)] if before != after else [(t, after)]
    return points


def _value(points: Points, t: float, side: str) -> float:
    """The value of a curve at an instant; of a jump, that before it (left) or after it (right)."""
    after = bisect_right(points, t, key=lambda point: point[0])
    if after and points[after - 1][0] == t:
        return points[after - 1][1] if side == "right" else _first_of(points, after - 1)[1]
    if after in (0, len(points)):
        return points[min(after, len(points) - 1)][1]
    (t1, v1), (t2, v2) = points[after - 1], points[after]
    return v1 + (v2 - v1) * (t - t1) / (t2 - t1)


def _first_of(points: Points, index: int) -> tuple[float, float]:
    while index and points[index - 1][0] == points[index][0]:
        index -= 1
    return points[index]


def largest(points: Iterable[Points]) -> float:
    """The highest value of some curves; 0 without any."""
    return max((value for curve in points for _, value in curve), default=0.0)

"""Faults that people want to rehearse, as timelines for whatever topology there is.

    pairs, seed --timeline--> lines of a scenario, and how long to watch

The times follow from the pairs: a repair comes when the failover is over, and the watch ends when all are at home.
Only the flapping network draws its times, from the seed. `note` says what is simulated, and what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Any

from assignments.recovery.rules.n_minus_one import n_minus_one
from assignments.recovery.rules.pair import Pair
from assignments.recovery.rules.pair_state import PairState
from assignments.recovery.rules.relogin_window import seconds_for
from topology.rules import spans

START = 60  # the first fault, so that the chart shows how it was before
ROUND = 300
LEAST_WATCH = 600
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the catalogue; `half_moved` begins half-way through a rebalance."""

    key: str
    label: str
    note: str
    build: Callable[[Sequence[Pair], int], list[tuple[int, Line]]]
    half_moved: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """What an entry comes to: lines of a scenario in order, and when to stop watching."""

    lines: tuple[Line, ...]
    until: str


def timeline(entry: Entry, pairs: Sequence[Pair], seed: int) -> Timeline:
    """The lines of an entry for these pairs."""
    lines = sorted(entry.build([pair for pair in pairs if pair.members], seed), key=lambda line: line[0])
    last = lines[-1][0] if lines else 0
    until = _rounded(last + max([LEAST_WATCH, *(_sign_in_time(pair) for pair in pairs if pair.members)]))
    return Timeline(tuple({"at": spans.write(at)} | line for at, line in lines), spans.write(until))


def half_moved(topology: Mapping[str, Any], capacity: Callable[[Mapping[str, Any]], int]) -> dict[str, Any]:
    """The topology half-way through a rebalance onto its last node, which was empty before.

    Half of that node's fair share has arrived; the others hold the rest in proportion to what they are rated for.
    """
    given = topology.get("subclusters") or []
    groups = [dict(group) | {"nodes": [dict(node) for node in group.get("nodes") or []]} for group in given]
    nodes = [node for group in groups for node in group["nodes"]]
    if not nodes:
        return dict(topology)
    receiver, others = nodes[-1], nodes[:-1]
    users, rated = sum(node.get("users", 0) for node in nodes), sum(capacity(node) for node in nodes)
    receiver["users"] = users * capacity(receiver) // rated // 2 if others else users
    left, room = users - receiver["users"], rated - capacity(receiver)
    for node in others:
        node["users"] = left * capacity(node) // room
        left, room = left - node["users"], room - capacity(node)
    return dict(topology) | {"subclusters": groups}


# --- Times ----------------------------------------------------------------------------------------
def _rounded(seconds: float) -> int:
    return ceil(seconds / ROUND) * ROUND


def _sign_in_time(pair: Pair) -> int:
    """Seconds in which everybody of a pair signs in at one node, after the wait of the clients."""
    users = sum(n for n, _ in pair.populations.values())
    return pair.parameters.relogin_lower_limit + (seconds_for(users, PairState(pair, 0).rate(users)) if users else 0)


def _over(pair: Pair, member: int, at: int) -> int:
    """When a failover that begins with a fault at an instant is over, rounded up."""
    seconds = n_minus_one(pair, member).seconds
    return _rounded(at + (seconds if seconds is not None else _sign_in_time(pair)))


# --- Lines ----------------------------------------------------------------------------------------
def _do(do: str, pair: Pair, member: int, kind: str = "") -> Line:
    return {"do": do, "node": pair.members[member].name} | ({"kind": kind} if kind else {})


def _fails_and_returns(pair: Pair, member: int, at: int = START) -> list[tuple[int, Line]]:
    """A node loses power, has it again when the failover is over, and is fallen back to; without HA it only returns."""
    back = _over(pair, member, at)
    lines = [(at, _do("fault", pair, member, "power")), (back, _do("repair", pair, member, "power"))]
    return lines + ([(back + ROUND, _do("fallback", pair, member))] if _protected(pair) else [])


def _protected(pair: Pair) -> bool:
    return pair.ha and len(pair.members) == 2


def _one(pairs: Sequence[Pair], seed: int) -> list[tuple[int, Line]]:
    return _fails_and_returns(pairs[0], 0) if pairs else []


def _whole(pairs: Sequence[Pair], seed: int) -> list[tuple[int, Line]]:
    if not pairs:
        return []
    pair, lines = pairs[0], []
    for i in range(len(pair.members)):
        lines += [(START, _do("fault", pair, i, "power")), (START + 1200 + 60 * i, _do("repair", pair, i, "power"))]
    return lines


def _both(pairs: Sequence[Pair], seed: int) -> list[tuple[int, Line]]:
    pair = next((pair for pair in pairs if len(pair.members) == 2), None)
    if pair is None:
        return []
    first_back = _over(pair, 0, START)
    second = first_back + ROUND
    second_back = _rounded(second + _sign_in_time(pair) + pair.parameters.keep_alive_timeout)
    lines = [
        (START, _do("fault", pair, 0, "power")),
        (first_back, _do("repair", pair, 0, "power")),
        (second, _do("fault", pair, 1, "power")),
        (second_back, _do("repair", pair, 1, "power")),
    ]
    return lines + ([(second_back + ROUND, _do("fallback", pair, 1))] if pair.ha else [])


def _flapping(pairs: Sequence[Pair], seed: int) -> list[tuple[int, Line]]:
    if not pairs:
        return []
    pair, draw, at, lines = pairs[0], Random(seed), START, []
    timeout = pair.parameters.keep_alive_timeout
    for _ in range(6):
        lines.append((at, _do("fault", pair, 0, "network")))
        at += draw.randint(max(1, timeout // 4), timeout * 3 // 2)
        lines.append((at, _do("repair", pair, 0, "network")))
        at += draw.randint(max(1, timeout // 2), timeout * 3)
    settled = _rounded(at)
    if not _protected(pair):
        return lines
    # Only one of the two is legal, whichever way it went; the other is refused and stands in the log.
    recover = {"do": "recover", "subcluster": pair.name}
    return [*lines, (settled, recover), (_over(pair, 0, settled), _do("fallback", pair, 0))]


def _rebalance(pairs: Sequence[Pair], seed: int) -> list[tuple[int, Line]]:
    return _fails_and_returns(pairs[-1], len(pairs[-1].members) - 1) if pairs else []


def _storm(pairs: Sequence[Pair], seed: int) -> list[tuple[int, Line]]:
    back = max((_over(pair, 0, START) for pair in pairs), default=0)
    lines = []
    for pair in pairs:
        lines += [(START, _do("fault", pair, 0, "power")), (back, _do("repair", pair, 0, "power"))]
        lines += [(back + ROUND, _do("fallback", pair, 0))] if _protected(pair) else []
    return lines


CATALOGUE = {
    entry.key: entry
    for entry in (
        Entry(
            "one_node",
            "One node loses power",
            "The first node loses power, gets it back when the failover is over, and its users fall back.",
            _one,
        ),
        Entry(
            "subcluster",
            "A whole subcluster loses power",
            "Both nodes of the first subcluster lose power in the same second and get it back after 20 minutes, one "
            "minute apart. No node can take over: other subclusters do not back them up.",
            _whole,
        ),
        Entry(
            "both_in_turn",
            "Both nodes of a pair, one after the other",
            "The first node fails and returns, then its backup fails while it serves all users, before any fallback.",
            _both,
        ),
        Entry(
            "flapping",
            "A flapping network",
            "The network of the first node breaks six times, for spans drawn from the seed: some are shorter than the "
            "heartbeat timeout, some longer. Both nodes stay alive; only heartbeats and users are cut. At the end "
            "come a Recover and a Fallback: what is not possible then is refused, and the log says so.",
            _flapping,
        ),
        Entry(
            "rebalance",
            "A failure during a rebalance",
            "The start is half-way through a rebalance onto the last node: half of its fair share has arrived there. "
            "Then this node loses power. The moves themselves are not played: a run waits while recovery holds its "
            "subcluster, so the other users stay where they are.",
            _rebalance,
            half_moved=True,
        ),
        Entry(
            "storm",
            "A fallback storm",
            "The first node of every subcluster fails at once, and all users fall back in the same second. The "
            "throttle bounds each node; give a higher budget to see the storm without it.",
            _storm,
        ),
    )
}

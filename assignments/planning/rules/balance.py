"""The optimum: of all placements within the rules the best balanced, and of those the one that moves least.

**Best balance.** A node's share is its users divided by its capacity. Of two placements the better balanced one
has the smaller fullest share; where these are equal, the smaller second fullest, and so on: the vector of shares,
sorted downwards, is lexicographically least. With equal capacities the counts differ by at most one.

**Why it is the optimum.** "k users on node i" costs its share k/c_i, and the vector is least exactly when the sum of
M^rank(k_i/c_i) is, for M large: a sum of convex functions. The rules are bounds per node and per pair (a laminar
family), for which adding users one by one where the next one costs least is exact (Federgruen and Groenevelt 1986).
The next user on i costs its new share k/c_i, of equal ones less where the old share is greater, which is the larger
node. Moves are a sum of convex functions too, so they are the next part of the same key. `spread` makes that walk
in one jump to the level where it ends; what is left are ties, at most one user per node, and those are all tried:
a cluster has six nodes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import ceil, lcm

from assignments.planning.rules.loads import Flow, NodeLoad

Target = dict[int, int]


@dataclass(frozen=True, slots=True)
class Bin:
    """A node as the spreading sees it: its bounds, `low` users at least and `high` at most."""

    node: NodeLoad
    low: int
    high: int

    def at(self, level: int, unit: int) -> int:
        """Users at a common share of level/unit of the capacity, within the bounds."""
        return min(max(level * self.node.capacity_users // unit, self.low), self.high)


def choose_placement(
    bins: Sequence[Bin], caps: Mapping[int, int], total: int, leaving: NodeLoad | None = None
) -> Target:
    """Of the placements with the best balance and fewest moves, the one that crosses and disturbs least."""
    extra = {leaving.id: 0} if leaving else {}
    nodes = [b.node for b in bins] + ([leaving] if leaving else [])
    return min(
        (target | extra for target in spread(bins, caps, total)),
        key=lambda t: (_crossing(nodes, t), _disturbed(nodes, t), [-t[n.id] for n in nodes]),
    )


def spread(bins: Sequence[Bin], caps: Mapping[int, int], total: int) -> Iterator[Target]:
    """Every placement of `total` users that is best in balance and then in moves; the rules must allow one."""
    unit = lcm(*(b.node.capacity_users for b in bins))
    level = _last_level(bins, caps, total, unit)
    parts: list[list[Target]] = []
    base: Target = {}
    room: dict[int, int] = {}
    for group, members in bins_by_subcluster(bins).items():
        below = {b.node.id: b.at(level - 1, unit) if level else b.low for b in members}
        cap = caps.get(group, sum(b.high for b in members))
        if sum(below.values()) > cap:  # full before the last level: its own level ends it
            parts.append(list(spread(members, {}, cap)))
        else:
            base |= below
            room[group] = cap - sum(below.values())
    spare = total - sum(base.values()) - sum(sum(p[0].values()) for p in parts)
    ready = [b for b in bins if b.node.id in base and level and b.at(level, unit) > base[b.node.id]]
    for chosen in _ties(ready, base, room, spare):
        last = base | {b.node.id: base[b.node.id] + 1 for b in chosen}
        for full in product(*parts):
            yield {**last, **{k: v for part in full for k, v in part.items()}}


def _last_level(bins: Sequence[Bin], caps: Mapping[int, int], total: int, unit: int) -> int:
    """The first level, in capacities / unit, at which all users have a place."""
    low, high = 0, unit * max(ceil(Fraction(b.high, b.node.capacity_users)) for b in bins)
    while low < high:
        middle = (low + high) // 2
        if _held(bins, caps, middle, unit) >= total:
            high = middle
        else:
            low = middle + 1
    return low


def _held(bins: Sequence[Bin], caps: Mapping[int, int], level: int, unit: int) -> int:
    """Users that the nodes take up to a level, pairs up to their cap."""
    held: dict[int, int] = defaultdict(int)
    for b in bins:
        held[b.node.group] += b.at(level, unit)
    return sum(min(users, caps.get(group, users)) for group, users in held.items())


def _ties(ready: Sequence[Bin], base: Target, room: Mapping[int, int], spare: int) -> list[tuple[Bin, ...]]:
    """The choices of `spare` nodes of the last level that get one user more: larger nodes first, then fewest moves."""
    best: list[tuple[Bin, ...]] = []
    least: tuple[list[int], int] | None = None
    for chosen in combinations(ready, spare):
        groups = [b.node.group for b in chosen]
        if any(groups.count(g) > room[g] for g in groups):
            continue
        arriving = sum(base[b.node.id] >= b.node.users for b in chosen)
        cost = (sorted(-b.node.capacity_users for b in chosen), arriving)
        if least is None or cost < least:
            best, least = [], cost
        if cost == least:
            best.append(chosen)
    return best


def bins_by_subcluster(bins: Sequence[Bin]) -> dict[int, list[Bin]]:
    """The bins of each subcluster."""
    groups: dict[int, list[Bin]] = defaultdict(list)
    for b in bins:
        groups[b.node.group].append(b)
    return groups


def _crossing(nodes: Sequence[NodeLoad], target: Target) -> int:
    """Users who must leave their subcluster, because it cannot take them itself."""
    out: dict[int, int] = defaultdict(int)
    into: dict[int, int] = defaultdict(int)
    for node in nodes:
        change = target[node.id] - node.users
        (into if change > 0 else out)[node.group] += abs(change)
    return sum(max(0, leaving - into[group]) for group, leaving in out.items())


def _disturbed(nodes: Sequence[NodeLoad], target: Target) -> int:
    """Signed-in users who must sign in again elsewhere: those beyond the idle ones of each node."""
    return sum(max(0, node.users - target[node.id] - node.idle) for node in nodes)


def flows_to(nodes: Sequence[NodeLoad], target: Target) -> tuple[Flow, ...]:
    """Users from nodes above their target to nodes below: inside subclusters first, then across, then new ones."""
    out = {n.id: n.users - target[n.id] for n in nodes if n.users > target[n.id]}
    into = {n.id: target[n.id] - n.users for n in nodes if n.users < target[n.id]}
    group = {n.id: n.group for n in nodes}
    flows: dict[tuple[int | None, int], Flow] = {}
    for inside in (True, False):
        for source, to in product(out, into):
            if inside == (group[source] == group[to]) and (users := min(out[source], into[to])):
                flows[source, to] = Flow(source, to, users, crosses=not inside)
                out[source] -= users
                into[to] -= users
    flows |= {(None, to): Flow(None, to, users) for to, users in into.items() if users}
    return tuple(flows.values())

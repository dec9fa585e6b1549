"""Who should be at home where: plans on populations, with the fewest moves and a proof that fewer cannot do.

    Ground (loads of nodes, rules) -> goal -> target users per node -> flows "n users from A to B" -> Proposal

Order of what counts: balance (planner_spread.py says what that is), moves, moves across subclusters, signed-in
users disturbed. `fill` and `evacuate` move only those who must; `active_standby` counts users beside a first node.

**Rules.** Targets are in a subcluster, in service, and within capacity in users and endpoints; pinned users stay; with
`redundant` two nodes of a pair together hold no more than the smaller one can (domain.md §3). Nodes out of service
keep their users: they belong to recovery. Endpoints are known per node, not per user: a user who leaves counts as
the mean of its node, one who arrives as the greatest mean of all sources. The service checks the chosen people
exactly and asks again with a lower `Ground.limits` where that mean was too kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from assignments.planning.rules.balance import Bin, Target, choose, flows_to, grouped
from assignments.planning.rules.loads import Flow, Ground, NodeLoad, Proposal
from assignments.planning.rules.proof import (
    Certificate,
    Certify,
    certify_balance,
    certify_evacuation,
    certify_fill,
    certify_given,
    certify_standby,
)
from topology.reasons import (
    NODE_IN_MAINTENANCE,
    PLAN_NO_NODE,
    PLAN_NO_REDUNDANCY,
    PLAN_NO_ROOM_ENDPOINTS,
    PLAN_NO_ROOM_USERS,
    PLAN_NO_TARGET,
    PLAN_PINNED,
    PLAN_PINNED_PAIR,
    PLAN_TARGET_DOWN,
    Refused,
)

__all__ = [
    "Flow", "Ground", "NodeLoad", "Proposal", "active_standby", "balance", "evacuate", "fill", "given", "place",
]  # fmt: skip

BALANCED, ACTIVE_STANDBY, MANUAL = "balanced", "active_standby", "manual"


# --- Goals ----------------------------------------------------------------------------------------
def balance(ground: Ground, scope: Iterable[int] | None = None) -> Proposal:
    """Equal shares of capacity over the nodes of these subclusters (None: all); raises Refused."""
    nodes = _targets(ground, scope)
    bins = [Bin(n, n.pinned, _ceiling(ground, n)) for n in nodes]
    caps = _pair_caps(ground, nodes)
    total = sum(n.users for n in nodes)
    _demand_possible(ground, bins, caps, total)
    return _propose(ground, choose(bins, caps, total), certify_balance)


def fill(ground: Ground, scope: Iterable[int] | None = None, *, mode: str = BALANCED) -> Proposal:
    """Give the unassigned users a home and move nobody else; raises Refused (domain.md §2)."""
    nodes = _targets(ground, scope)
    if mode == ACTIVE_STANDBY:
        nodes = _firsts(nodes)
    bins, caps = _growing(ground, nodes)
    total = sum(n.users for n in nodes) + ground.unassigned
    _demand_possible(ground, bins, caps, total)
    return _propose(ground, choose(bins, caps, total), certify_fill)


def evacuate(ground: Ground, node_id: int, scope: Iterable[int] | None = None, *, mode: str = BALANCED) -> Proposal:
    """Move everybody off one node and nobody else, the others as balanced as that allows; raises Refused."""
    leaving = next((n for n in ground.nodes if n.id == node_id), None)
    if leaving is None:
        raise Refused(PLAN_NO_NODE, node=node_id)
    if leaving.pinned:
        raise Refused(PLAN_PINNED, node=leaving.name, pinned=leaving.pinned, room=0, unpin=leaving.pinned)
    nodes = [n for n in _targets(ground, scope, without=node_id) if n.id != node_id]
    if mode == ACTIVE_STANDBY:
        nodes = _firsts(nodes)
    bins, caps = _growing(ground, nodes, leaving)
    total = sum(n.users for n in nodes) + leaving.users
    _demand_possible(ground, bins, caps, total)
    target = choose(bins, caps, total, leaving)
    return _propose(ground, target, certify_evacuation)


def active_standby(ground: Ground, scope: Iterable[int] | None = None) -> Proposal:
    """Everybody onto the first node of a subcluster, of their own where it holds them; raises Refused.

    Users that the own first node cannot hold go to the first nodes of other subclusters (domain.md §2, §3).
    """
    within = [n for n in ground.nodes if n.subcluster is not None and _in(n, scope)]
    firsts = _firsts(within)
    for first in firsts:
        if not first.in_service:
            raise Refused(PLAN_TARGET_DOWN, node=first.name)
        if not first.takes:
            raise Refused(NODE_IN_MAINTENANCE, node=first.name)
    if not firsts:
        raise Refused(PLAN_NO_TARGET, nodes=0)
    bins, caps, rest = [], _pair_caps(ground, within), 0
    standbys = [n for n in within if n not in firsts]
    for first in firsts:
        own = sum(n.users - n.pinned for n in standbys if n.subcluster == first.subcluster and n.in_service)
        kept = sum(n.users for n in standbys if n.subcluster == first.subcluster) - own
        high = min(_ceiling(ground, first), caps.get(first.group, _ceiling(ground, first) + kept) - kept)
        bins.append(Bin(first, min(high, first.users + own), high))
        rest += first.users + own
    for b in bins:
        _demand_pins(b)
    _demand_possible(ground, bins, {}, rest)
    target = choose(bins, {}, rest)
    target |= {n.id: n.pinned for n in standbys if n.in_service}
    return _propose(ground, target, certify_standby)


def given(ground: Ground, flows: Sequence[Flow]) -> Proposal:
    """Flows that somebody chose (by hand, or the way back), held to the same capacities; raises Refused."""
    after = {n.id: n.users for n in ground.nodes}
    for flow in flows:
        if flow.from_id is not None:
            after[flow.from_id] -= flow.users
        if flow.to_id is not None:
            after[flow.to_id] += flow.users
    receiving = {f.to_id for f in flows}
    for node in ground.nodes:
        if node.id in receiving:
            _demand_room(ground, node, after[node.id])
    moves = sum(f.users for f in flows)
    return _proposal(ground, tuple(flows), after, certify_given(moves))


def place(
    nodes: Sequence[NodeLoad], mode: str, n: int, *, endpoints: int = 0, redundant: bool = False
) -> dict[int, int]:
    """Where the next `n` users would go: users per node id, nodes that get none left out; raises Refused.

    Balanced: where the share of capacity is lowest. Active/standby: first nodes of the subclusters, evenly. Manual:
    nowhere (domain.md §2). `endpoints` is the sum over the new users.
    """
    if mode == MANUAL or n == 0:
        return {}
    ground = Ground(tuple(nodes), unassigned=n, unassigned_endpoints=endpoints, redundant=redundant)
    proposal = fill(ground, mode=mode)
    return {flow.to_id: flow.users for flow in proposal.flows if flow.to_id is not None}


# --- Rules ----------------------------------------------------------------------------------------
def _in(node: NodeLoad, scope: Iterable[int] | None) -> bool:
    return scope is None or node.subcluster in set(scope)


def _targets(ground: Ground, scope: Iterable[int] | None, without: int | None = None) -> list[NodeLoad]:
    wanted = None if scope is None else set(scope)
    within = [n for n in ground.nodes if n.subcluster is not None and _in(n, wanted) and n.id != without]
    targets = [n for n in within if n.target]
    if not targets:
        raise Refused(PLAN_NO_TARGET, nodes=len(within))
    return targets


def _firsts(nodes: Sequence[NodeLoad]) -> list[NodeLoad]:
    """The first node of each subcluster; a single one whatever its slot (domain.md §2)."""
    first: dict[int, NodeLoad] = {}
    for node in sorted(nodes, key=lambda n: (n.group, n.slot or 0)):
        first.setdefault(node.group, node)
    return list(first.values())


def _ceiling(ground: Ground, node: NodeLoad) -> int:
    """Users a node can hold by its capacities, with endpoints at their means."""
    most = min(node.capacity_users, ground.limits.get(node.id, node.capacity_users))
    return min(most, _by_endpoints(ground, node.users, node.endpoints, node.capacity_endpoints, node.mean_endpoints))


def _by_endpoints(ground: Ground, users: int, endpoints: int, capacity: int, mean: Fraction) -> int:
    """Users up to which the endpoints fit: leaving at their own mean, arriving at the greatest mean there is."""
    if endpoints > capacity:
        return int(capacity / mean)
    arriving = _heaviest(ground)
    return users + int((capacity - endpoints) / arriving) if arriving else users + capacity + 10**12


def _heaviest(ground: Ground) -> Fraction:
    loose = Fraction(ground.unassigned_endpoints, ground.unassigned) if ground.unassigned else Fraction(0)
    return max([loose, *(n.mean_endpoints for n in ground.nodes)])


def _pair_caps(ground: Ground, nodes: Sequence[NodeLoad]) -> dict[int, int]:
    """Where redundancy is asked for: what each pair may hold besides members that take no part."""
    caps: dict[int, int] = {}
    if not ground.redundant:
        return caps
    taking = {n.id for n in nodes}
    for group in {n.group for n in nodes}:
        pair = [n for n in ground.nodes if n.group == group]
        if len(pair) == 2:
            fixed = sum(n.users for n in pair if n.id not in taking)
            caps[group] = max(0, _pair_ceiling(ground, pair) - fixed)
    return caps


def _pair_ceiling(ground: Ground, pair: Sequence[NodeLoad]) -> int:
    users, endpoints = sum(n.users for n in pair), sum(n.endpoints for n in pair)
    mean = Fraction(endpoints, users) if users else Fraction(0)
    most = min(n.capacity_endpoints for n in pair)
    return min(*(n.capacity_users for n in pair), _by_endpoints(ground, users, endpoints, most, mean))


def _growing(
    ground: Ground, nodes: Sequence[NodeLoad], leaving: NodeLoad | None = None
) -> tuple[list[Bin], dict[int, int]]:
    """Bounds where nobody but the given ones moves; what is over a rule already may stay so, not grow."""
    bins = [Bin(n, n.users, max(n.users, _ceiling(ground, n))) for n in nodes]
    caps = _pair_caps(ground, [*nodes, leaving] if leaving else nodes)
    held = {g: sum(b.low for b in members) for g, members in grouped(bins).items()}
    return bins, {g: max(cap, held.get(g, 0)) for g, cap in caps.items()}


# --- Refusals -------------------------------------------------------------------------------------
def _demand_possible(ground: Ground, bins: Sequence[Bin], caps: Mapping[int, int], total: int) -> None:
    """Raise Refused with the rule that forbids a placement and the smallest change that would allow it."""
    for b in bins:
        _demand_pins(b)
    groups = grouped(bins)
    for group, cap in caps.items():
        low = sum(b.low for b in groups.get(group, []))
        if low > cap:
            names = " and ".join(b.node.name for b in groups[group])
            raise Refused(PLAN_PINNED_PAIR, nodes=names, pinned=low, room=cap, unpin=low - cap)
    room = sum(min(sum(b.high for b in m), caps.get(g, 10**15)) for g, m in groups.items())
    if total <= room:
        return
    by_nodes = sum(b.high for b in bins)
    by_users = sum(max(b.low, min(b.node.capacity_users, ground.limits.get(b.node.id, 10**15))) for b in bins)
    rule = PLAN_NO_REDUNDANCY if total <= by_nodes else PLAN_NO_ROOM_USERS
    if by_nodes < total <= by_users:
        rule = PLAN_NO_ROOM_ENDPOINTS
    raise Refused(rule, users=f"{total:,}", room=f"{room:,}", missing=f"{total - room:,}", nodes=len(bins))


def _demand_pins(b: Bin) -> None:
    if b.low > b.high or b.node.pinned > b.high:
        over = b.node.pinned - b.high
        raise Refused(PLAN_PINNED, node=b.node.name, pinned=b.node.pinned, room=b.high, unpin=over)


def _demand_room(ground: Ground, node: NodeLoad, after: int) -> None:
    if not node.target:
        raise Refused(PLAN_TARGET_DOWN, node=node.name)
    most = max(node.capacity_users, node.users)
    if after > most:
        raise Refused(PLAN_NO_ROOM_USERS, users=f"{after:,}", room=f"{most:,}", missing=f"{after - most:,}", nodes=1)


# --- Proposals ------------------------------------------------------------------------------------
def _propose(ground: Ground, target: Target, certify: Certify) -> Proposal:
    nodes = [n for n in ground.nodes if n.id in target]
    after = {n.id: target.get(n.id, n.users) for n in ground.nodes}
    return _proposal(ground, flows_to(nodes, target), after, certify(nodes, target))


def _proposal(ground: Ground, flows: tuple[Flow, ...], after: Target, proof: Certificate) -> Proposal:
    out: dict[int | None, int] = defaultdict(int)
    for flow in flows:
        out[flow.from_id] += flow.users
    return Proposal(
        flows=flows,
        before={n.id: n.users for n in ground.nodes},
        after=after,
        moves=sum(out.values()),
        minimum_moves=proof.minimum,
        crossing=sum(f.users for f in flows if f.crosses),
        disturbed=sum(max(0, out[n.id] - n.idle) for n in ground.nodes),
        certificate=proof.sentence,
    )

"""What nodes and pairs may hold for a goal, and the refusals that follow from it (domain.md §3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assignments.planning.rules.balance import Bin, bins_by_subcluster
from assignments.planning.rules.loads import ClusterLoad, NodeLoad
from assignments.planning.rules.persons_program import Task
from topology.reasons import (
    PLAN_NO_REDUNDANCY,
    PLAN_NO_ROOM_USERS,
    PLAN_NO_TARGET,
    PLAN_PINNED,
    PLAN_PINNED_PAIR,
    Refused,
)


def nodes_within(load: ClusterLoad, scope: Iterable[int] | None) -> list[NodeLoad]:
    """The nodes of these subclusters, of all of them for None."""
    wanted = None if scope is None else set(scope)
    return [n for n in load.nodes if n.subcluster is not None and (wanted is None or n.subcluster in wanted)]


def targets(load: ClusterLoad, scope: Iterable[int] | None, without: int | None = None) -> list[NodeLoad]:
    """Those of them that may be given users. Raises Refused where there is none."""
    asked = [n for n in nodes_within(load, scope) if n.id != without]
    nodes = [n for n in asked if n.target]
    if not nodes:
        raise Refused(PLAN_NO_TARGET, nodes=len(asked))
    return nodes


def firsts(nodes: Sequence[NodeLoad]) -> list[NodeLoad]:
    """The first node of each subcluster; a single one whatever its slot (domain.md §2)."""
    first: dict[int, NodeLoad] = {}
    for node in sorted(nodes, key=lambda n: (n.group, n.slot or 0)):
        first.setdefault(node.group, node)
    return list(first.values())


def balancing(load: ClusterLoad, nodes: Sequence[NodeLoad]) -> Task:
    """Everybody who is not pinned may go to any of these nodes."""
    caps, endpoint_caps = _pairs(load, nodes)
    return Task(
        load=load,
        bins=tuple(Bin(n, n.pinned, n.capacity_users) for n in nodes),
        givers=frozenset(n.id for n in nodes),
        caps=caps,
        endpoint_caps={n.id: n.capacity_endpoints for n in nodes},
        pair_endpoint_caps=endpoint_caps,
    )


def growing(load: ClusterLoad, nodes: Sequence[NodeLoad], leaving: NodeLoad | None = None) -> Task:
    """No one moves but those of a node, or the unassigned; what is over a rule already may stay so, not grow."""
    caps, endpoint_caps = _pairs(load, [*nodes, leaving] if leaving else nodes)
    held: dict[int, list[int]] = {g: [0, 0] for g in caps}
    for node in [*nodes, leaving] if leaving else nodes:
        if node.group in held:
            held[node.group][0] += node.users
            held[node.group][1] += node.endpoints
    return Task(
        load=load,
        bins=tuple(Bin(n, n.users, max(n.users, n.capacity_users)) for n in nodes),
        givers=frozenset(),
        caps={g: max(cap, held[g][0]) for g, cap in caps.items()},
        endpoint_caps={n.id: max(n.endpoints, n.capacity_endpoints) for n in nodes},
        pair_endpoint_caps={g: max(cap, held[g][1]) for g, cap in endpoint_caps.items()},
        leaving=(leaving,) if leaving else (),
        supply=() if leaving else load.unassigned_classes,
    )


def _pairs(load: ClusterLoad, nodes: Sequence[NodeLoad]) -> tuple[dict[int, int], dict[int, int]]:
    """Where redundancy is asked for: users and endpoints that each pair may hold beside a member that takes no part."""
    users: dict[int, int] = {}
    endpoints: dict[int, int] = {}
    if not load.redundant:
        return users, endpoints
    taking = {n.id for n in nodes}
    for group in {n.group for n in nodes}:
        pair = [n for n in load.nodes if n.group == group]
        if len(pair) != 2:
            continue
        fixed = [n for n in pair if n.id not in taking]
        users[group] = max(0, min(n.capacity_users for n in pair) - sum(n.users for n in fixed))
        endpoints[group] = max(0, min(n.capacity_endpoints for n in pair) - sum(n.endpoints for n in fixed))
    return users, endpoints


def onto_firsts(load: ClusterLoad, nodes: Sequence[NodeLoad]) -> Task:
    """Everybody beside a first node leaves it, and stays in the own subcluster where its first node has room."""
    first = firsts(nodes)
    beside = [n for n in nodes if n not in first]
    caps, endpoint_caps = _pairs(load, nodes)
    bins, weights = [], {}
    for node in first:
        own = [n for n in beside if n.group == node.group]
        high = _beside(node.capacity_users, node.users, caps.get(node.group), sum(_staying(n)[0] for n in own))
        bins.append(Bin(node, node.pinned, high))
        kept = sum(_staying(n)[1] for n in own)
        weights[node.id] = _beside(node.capacity_endpoints, node.endpoints, endpoint_caps.get(node.group), kept)
    return Task(
        load=load,
        bins=tuple(bins),
        givers=frozenset(n.id for n in first),
        caps={},
        endpoint_caps=weights,
        pair_endpoint_caps={},
        leaving=tuple(n for n in beside if n.in_service and n.movable),
        own_first=True,
    )


def _staying(node: NodeLoad) -> tuple[int, int]:
    """Users and endpoints that stay beside a first node: pinned ones, and all where the node is out of service."""
    if not node.in_service:
        return node.users, node.endpoints
    return node.pinned, node.endpoints - sum(c.users * c.endpoints for c in node.classes)


def _beside(capacity: int, held: int, cap: int | None, kept: int) -> int:
    """What a first node may hold beside those who stay on the other: of what is over already nothing has to leave."""
    return capacity if cap is None else max(min(capacity, cap - kept), min(capacity, held))


# --- Refusals -------------------------------------------------------------------------------------
def demand_possible(task: Task, total: int) -> None:
    """Raise Refused with the rule that forbids a placement of so many users, and the change that would allow it."""
    for b in task.bins:
        if b.low > b.high:
            raise Refused(PLAN_PINNED, node=b.node.name, pinned=b.low, room=b.high, unpin=b.low - b.high)
    groups = bins_by_subcluster(task.bins)
    for group, cap in task.caps.items():
        low = sum(b.low for b in groups.get(group, []))
        if low > cap:
            names = " and ".join(b.node.name for b in groups[group])
            raise Refused(PLAN_PINNED_PAIR, nodes=names, pinned=low, room=cap, unpin=low - cap)
    room = _room(groups, task.caps)
    if total <= room:
        return
    rule = PLAN_NO_REDUNDANCY if total <= _room(groups, {}) else PLAN_NO_ROOM_USERS
    facts = {"users": f"{total:,}", "room": f"{room:,}", "missing": f"{total - room:,}"}
    raise Refused(rule, nodes=len(task.bins), **facts)


def _room(groups: Mapping[int, Sequence[Bin]], caps: Mapping[int, int]) -> int:
    return sum(min(sum(b.high for b in members), caps.get(g, 10**15)) for g, members in groups.items())

"""People for the flows of the best plan by users, mixed as their nodes are: mostly that fits, and then it is optimal.

    flows by users -> each source gives in proportion, those who are not signed in first -> flows by endpoints

The balance, the moves, the crossings and the people signed out are those of the plan by users, below which no plan of
persons can be. Where a mixture does not fit, the program of persons.py decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from assignments.planning.rules.balance import bins_by_subcluster
from assignments.planning.rules.loads import Classes, Flow
from assignments.planning.rules.persons_program import Task


def mixed(task: Task, flows: Sequence[Flow]) -> tuple[Flow, ...] | None:
    """These flows by endpoints, or None where such a mixture exceeds what a node or a pair may hold."""
    classes = {n.id: n.classes for n in task.nodes} | {None: task.supply}
    mixed_flows: list[Flow] = []
    for source in dict.fromkeys(flow.from_id for flow in flows):
        out = [flow for flow in flows if flow.from_id == source]
        left = _leaving(classes[source], sum(flow.users for flow in out))
        for flow in out:
            taken = _shared(flow.users, left)
            left = {weight: users - taken[weight] for weight, users in left.items()}
            mixed_flows += [replace(flow, users=users, endpoints=weight) for weight, users in taken.items() if users]
    return tuple(mixed_flows) if _fits(task, mixed_flows) else None


def _leaving(classes: Classes, users: int) -> dict[int, int]:
    """How many of each number of endpoints leave: of those not signed in first, each in proportion."""
    idle = {c.endpoints: c.idle for c in classes}
    signed = {c.endpoints: c.users - c.idle for c in classes}
    first = min(users, sum(idle.values()))
    some, more = _shared(first, idle), _shared(users - first, signed)
    return {weight: some[weight] + more[weight] for weight in idle}


def _shared(users: int, parts: Mapping[int, int]) -> dict[int, int]:
    """So many users over parts in proportion, in whole numbers; never more of a part than there are."""
    total = sum(parts.values())
    if not total:
        return dict.fromkeys(parts, 0)
    shares = {part: users * count // total for part, count in parts.items()}
    rest = sorted(parts, key=lambda part: (-(users * parts[part] % total), part))
    for part in rest[: users - sum(shares.values())]:
        shares[part] += 1
    return shares


def _fits(task: Task, flows: Iterable[Flow]) -> bool:
    after = {n.id: n.endpoints for n in task.nodes}
    for flow in flows:
        weight = flow.users * (flow.endpoints or 0)
        if flow.from_id is not None:
            after[flow.from_id] -= weight
        if flow.to_id is not None:
            after[flow.to_id] += weight
    if any(after[pk] > cap for pk, cap in task.endpoint_caps.items()):
        return False
    groups = bins_by_subcluster(task.bins)
    return all(sum(after[b.node.id] for b in groups.get(g, ())) <= cap for g, cap in task.pair_endpoint_caps.items())

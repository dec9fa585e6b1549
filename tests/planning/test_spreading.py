"""Chosen users over the nodes of a subcluster: no rule broken, nobody moved twice, none better by brute force."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

from hypothesis import given as for_all
from hypothesis import strategies as st

from assignments.planning.rules.loads import Classes, EndpointClass, Flow, NodeLoad
from assignments.planning.rules.spreading import Spread, spread_over
from topology.reasons import Refused

SIZES = st.integers(0, 9)


@st.composite
def classes(draw: st.DrawFn, most: int = 6) -> Classes:
    weights = draw(st.lists(st.integers(0, 3), max_size=3, unique=True))
    counts = [(weight, draw(st.integers(1, most))) for weight in sorted(weights)]
    return tuple(EndpointClass(weight, users, draw(st.integers(0, users))) for weight, users in counts)


@st.composite
def drops(draw: st.DrawFn) -> tuple[list[NodeLoad], dict[int | None, Classes]]:
    """One or two nodes with users who stay and users who are chosen, and chosen ones from elsewhere."""
    nodes, chosen = [], {}
    for pk in range(1, draw(st.integers(1, 2)) + 1):
        chosen[pk] = draw(classes())
        stay, signed = draw(SIZES), sum(c.users - c.idle for c in chosen[pk])
        node = NodeLoad(
            id=pk,
            name=f"n{pk}",
            subcluster=1,
            slot=pk,
            capacity_users=draw(st.integers(1, 30)),
            capacity_endpoints=draw(st.integers(0, 40)),
            users=stay + sum(c.users for c in chosen[pk]),
            endpoints=stay + sum(c.users * c.endpoints for c in chosen[pk]),
            signed_in=draw(st.integers(0, stay)) + signed,
        )
        nodes.append(node)
    return nodes, {**chosen, None: draw(classes()), 9: draw(classes())}


def after(nodes: list[NodeLoad], spread: Spread) -> dict[int, int]:
    users = {node.id: node.users for node in nodes}
    for flow in spread.flows:
        assert flow.to_id is not None
        users[flow.to_id] += flow.users
        if flow.from_id is not None:
            users[flow.from_id] -= flow.users
    return users


def vector(nodes: list[NodeLoad], users: dict[int, int]) -> list[Fraction]:
    return sorted((Fraction(users[n.id], n.capacity_users) for n in nodes), reverse=True)


@for_all(drops())
def test_all_from_elsewhere_come_and_only_chosen_users_move(
    drop: tuple[list[NodeLoad], dict[int | None, Classes]],
) -> None:
    nodes, chosen = drop
    try:
        spread = spread_over(nodes, chosen)
    except Refused:
        return
    new = sum(c.users for home in (None, 9) for c in chosen[home])
    assert sum(flow.users for flow in spread.flows if flow.from_id is None) == new
    for node in nodes:
        leaving = sum(flow.users for flow in spread.flows if flow.from_id == node.id)
        assert leaving <= sum(c.users for c in chosen[node.id])
        if all(flow.endpoints is None for flow in spread.flows):  # where endpoints bind, two may have to change places
            assert not (leaving and spread.arriving.get(node.id))
    assert sum(spread.arriving.values()) == sum(flow.users for flow in spread.flows)
    for node in nodes:
        held = after(nodes, spread)[node.id]
        stay = node.users - sum(c.users for c in chosen[node.id])
        assert held <= max(stay, node.capacity_users)


@for_all(drops())
def test_no_placement_is_better_balanced_while_endpoints_do_not_bind(
    drop: tuple[list[NodeLoad], dict[int | None, Classes]],
) -> None:
    nodes, chosen = drop
    nodes = [replace(node, capacity_endpoints=10**6) for node in nodes]
    new = sum(c.users for home in (None, 9) for c in chosen[home])
    total = sum(n.users for n in nodes) + new
    low = {n.id: n.users - sum(c.users for c in chosen[n.id]) for n in nodes}
    high = {n.id: max(low[n.id], n.capacity_users) for n in nodes}
    placements = [
        dict(zip(low, counts, strict=True))
        for counts in ([(total,)] if len(nodes) == 1 else [(k, total - k) for k in range(total + 1)])
        if all(low[pk] <= k <= high[pk] for pk, k in zip(low, counts, strict=True))
    ]
    try:
        spread = spread_over(nodes, chosen)
    except Refused:
        assert not placements
        return
    found = after(nodes, spread)
    best = min(vector(nodes, placement) for placement in placements)
    assert vector(nodes, found) == best
    fewest = min(
        sum(max(0, placement[n.id] - n.users) for n in nodes)
        for placement in placements
        if vector(nodes, placement) == best
    )
    assert sum(spread.arriving.values()) == max(fewest, new)


@for_all(drops())
def test_endpoints_of_a_node_stay_within_what_it_is_rated_for(
    drop: tuple[list[NodeLoad], dict[int | None, Classes]],
) -> None:
    nodes, chosen = drop
    try:
        spread = spread_over(nodes, chosen)
    except Refused:
        return
    if any(flow.endpoints is None for flow in spread.flows):
        return  # whoever is picked fits: held by the planner's own tests
    change = Counter[int]()
    for flow in spread.flows:
        _count(change, flow)
    for node in nodes:
        kept = node.endpoints - sum(c.users * c.endpoints for c in chosen[node.id])
        assert node.endpoints + change[node.id] <= max(kept, node.capacity_endpoints)


def _count(change: Counter[int], flow: Flow) -> None:
    weight = flow.users * (flow.endpoints or 0)
    if flow.to_id is not None:
        change[flow.to_id] += weight
    if flow.from_id is not None:
        change[flow.from_id] -= weight

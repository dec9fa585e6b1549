"""The planner: how few moves a goal takes, which users go, and what it refuses."""

import sys
from types import FrameType

import pytest

from assignments.planning.rules import goals
from assignments.planning.rules.loads import ClusterLoad, Flow
from tests.planning.nodes import node
from topology.reasons import Refused


def cluster_load(*users: int, capacity: int = 5000, **more: bool) -> ClusterLoad:
    return ClusterLoad(tuple(node(i, n, capacity=capacity) for i, n in enumerate(users, 1)), **more)  # type: ignore[arg-type]


# --- Golden numbers -------------------------------------------------------------------------------
def test_thirty_thousand_on_one_of_six_need_exactly_twenty_five_thousand_moves() -> None:
    plan = goals.balance(cluster_load(30_000, 0, 0, 0, 0, 0, capacity=30_000))
    assert plan.moves == plan.minimum_moves == 25_000
    assert set(plan.after.values()) == {5000}
    assert "n1 by 25,000" in str(plan.certificate)
    again = goals.balance(cluster_load(*plan.after.values(), capacity=30_000))
    assert (again.moves, again.flows) == (0, ())


def test_a_million_users_cost_what_ten_do() -> None:
    ten = calls_of_balance(cluster_load(6, 0, 0, 1, 2, 3, capacity=7))
    million = calls_of_balance(cluster_load(6_000_000, 0, 0, 1, 2, 3, capacity=7_000_000))
    assert million < 2 * ten


def calls_of_balance(load: ClusterLoad) -> int:
    """How many functions of Python a balance calls, which no other load of the machine changes."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        goals.balance(load)
    finally:
        sys.setprofile(None)
    return calls


def test_unequal_capacities_get_equal_shares() -> None:
    nodes = (node(1, 900, capacity=1000), node(2, 0, capacity=2000))
    assert goals.balance(ClusterLoad(nodes)).after == {1: 300, 2: 600}


def test_balance_leaves_pinned_users_and_prefers_those_not_signed_in() -> None:
    plan = goals.balance(ClusterLoad((node(1, 10, pinned=8, pinned_signed_in=1, signed_in=2), node(2, 0))))
    assert plan.after == {1: 8, 2: 2}
    assert plan.disturbed == 1  # two may leave, one of them is signed in


def test_a_move_inside_the_subcluster_is_preferred() -> None:
    plan = goals.balance(cluster_load(3, 1, 2, 2))
    assert plan.flows == (Flow(1, 2, 1),)
    plan = goals.balance(cluster_load(5, 2, 3, 3))  # 13 on 4: who gets the fourth is free, but not where it comes from
    assert (plan.moves, plan.crossing) == (1, 0)


def test_of_equal_plans_the_one_that_signs_fewest_out() -> None:
    """10 on 3 nodes: one of two keeps the fourth user, and only one of them has idle users to send."""
    plan = goals.balance(ClusterLoad((node(1, 5), node(3, 5, signed_in=5), node(5, 0))))
    assert plan.after == {1: 3, 3: 4, 5: 3}
    assert plan.disturbed == 1


def test_active_standby_puts_everybody_on_their_own_first_node() -> None:
    plan = goals.active_standby(cluster_load(100, 50, 0, 70, 5))
    assert plan.after == {1: 150, 2: 0, 3: 70, 4: 0, 5: 5}
    assert (plan.moves, plan.crossing) == (120, 0)


def test_active_standby_spills_over_to_other_first_nodes() -> None:
    plan = goals.active_standby(cluster_load(90, 30, 0, 0, capacity=100))
    assert plan.after == {1: 100, 2: 0, 3: 20, 4: 0}
    assert (plan.moves, plan.crossing) == (30, 20)


def test_a_single_node_is_the_first_whatever_its_slot() -> None:
    assert goals.active_standby(ClusterLoad((node(2, 7),))).after == {2: 7}


def test_evacuation_empties_one_node_and_moves_nobody_else() -> None:
    plan = goals.evacuate(cluster_load(100, 40, 10, 10), 1)
    assert plan.after == {1: 0, 2: 54, 3: 53, 4: 53} or sum(plan.after.values()) == 160
    assert plan.moves == plan.minimum_moves == 100
    assert all(flow.from_id == 1 for flow in plan.flows)


def test_evacuation_in_active_standby_goes_to_the_peer_and_first_nodes() -> None:
    plan = goals.evacuate(cluster_load(100, 0, 100, 0), 1, mode="active_standby")
    assert {f.to_id for f in plan.flows} <= {2, 3}


def test_filling_assigns_the_unassigned_to_the_emptiest() -> None:
    plan = goals.fill(ClusterLoad((node(1, 10), node(2, 0)), unassigned=4, unassigned_endpoints=8))
    assert plan.flows == (Flow(None, 2, 4),)
    assert plan.crossing == plan.disturbed == 0


def coming(flows: list[Flow]) -> dict[int | None, int]:
    return {flow.to_id: flow.users for flow in flows}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("balanced", {2: 34, 3: 33, 4: 33}), ("active_standby", {3: 100}), ("manual", {})],
)
def test_where_the_next_hundred_would_go(mode: str, expected: dict[int, int]) -> None:
    nodes = cluster_load(100, 0, 0, 0).nodes
    assert coming(goals.place_unassigned(nodes, mode, 100, endpoints=200)) == expected


def test_active_standby_spreads_over_subclusters() -> None:
    assert coming(goals.place_unassigned(cluster_load(0, 0, 0, 0).nodes, "active_standby", 100)) == {1: 50, 3: 50}


# --- Refusals -------------------------------------------------------------------------------------
def refusal(code: str, **ask: object) -> Refused:
    with pytest.raises(Refused) as caught:
        ask.pop("goal")(**ask)  # type: ignore[operator]
    assert caught.value.code == code
    return caught.value


def test_refusals_name_the_rule_and_the_smallest_change() -> None:
    full = refusal("PLAN_NO_ROOM_USERS", goal=goals.balance, load=cluster_load(8, 0, 0, 0, capacity=1))
    assert "unassign 4" in full.fix
    endpoints = ClusterLoad((node(1, 8, capacity_endpoints=6), node(2, 0, capacity_endpoints=6)))
    refusal("PLAN_NO_ROOM_ENDPOINTS", goal=goals.balance, load=endpoints)
    pair = refusal("PLAN_NO_REDUNDANCY", goal=goals.balance, load=cluster_load(12, 0, capacity=10, redundant=True))
    assert "2 users" in pair.fix
    pins = ClusterLoad((node(1, 9, capacity=5, pinned=7), node(2, 0)))
    assert "Unpin 2" in refusal("PLAN_PINNED", goal=goals.balance, load=pins).fix
    both = ClusterLoad((node(1, 9, capacity=10, pinned=9), node(2, 9, capacity=10, pinned=3)), redundant=True)
    assert "Unpin 2" in refusal("PLAN_PINNED_PAIR", goal=goals.balance, load=both).fix
    down = ClusterLoad((node(1, 1, in_service=False), node(2, 1)))
    refusal("PLAN_TARGET_DOWN", goal=goals.active_standby, load=down)
    refusal("PLAN_NO_TARGET", goal=goals.balance, load=ClusterLoad((node(1, 1, in_service=False),)))
    refusal("PLAN_NO_NODE", goal=goals.evacuate, load=cluster_load(1, 1), node_id=9)
    held = ClusterLoad((node(1, 5, pinned=2), node(2)))
    assert "Unpin 2" in refusal("PLAN_PINNED", goal=goals.evacuate, load=held, node_id=1).fix


def test_the_smallest_change_is_enough() -> None:
    with pytest.raises(Refused):
        goals.balance(cluster_load(12, 0, capacity=10, redundant=True))
    goals.balance(cluster_load(10, 0, capacity=10, redundant=True))


def test_a_pair_holds_no_more_than_one_of_them_can_take_over() -> None:
    plan = goals.balance(cluster_load(20, 0, 0, 0, capacity=10, redundant=True))
    assert plan.after[1] + plan.after[2] == 10
    assert plan.after[3] + plan.after[4] == 10


def test_nodes_out_of_service_keep_their_users() -> None:
    plan = goals.balance(ClusterLoad((node(1, 10), node(2, 0), node(3, 50, in_service=False))))
    assert plan.after == {1: 5, 2: 5, 3: 50}


def test_scope_leaves_other_subclusters_alone() -> None:
    assert goals.balance(cluster_load(10, 0, 100, 0), scope=[1]).after == {1: 5, 2: 5, 3: 100, 4: 0}


def test_endpoints_limit_what_a_node_receives() -> None:
    nodes = (node(1, 8), node(2, 0, capacity_endpoints=6))
    assert goals.balance(ClusterLoad(nodes)).after == {1: 5, 2: 3}

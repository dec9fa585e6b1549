"""The planner finds the best of all placements: judged by trying them all, and by an exact solver."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import lcm

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from assignments.planning.rules import goals
from assignments.planning.rules.loads import ClusterLoad, NodeLoad, Proposal
from tests.planning.nodes import node
from tests.support import torture
from topology.reasons import Refused


# --- The optimum, by brute force ------------------------------------------------------------------
@st.composite
def grounds(draw: st.DrawFn, *, nodes: int = 4, users: int = 5) -> ClusterLoad:
    """Small clusters with unequal capacities, pins, dead nodes and sometimes redundancy."""
    made = []
    for pk in range(1, draw(st.integers(1, nodes)) + 1):
        count = draw(st.integers(0, users))
        pinned = draw(st.integers(0, count)) if draw(st.booleans()) else 0
        pinned_in = draw(st.integers(0, pinned))
        signed = draw(st.integers(pinned_in, pinned_in + count - pinned))
        made.append(
            node(
                pk,
                count,
                capacity=draw(st.sampled_from([3, 4, 5, 6, 8])),
                pinned=pinned,
                pinned_signed_in=pinned_in,
                signed_in=signed,
                in_service=draw(st.integers(0, 9)) > 0,
            )
        )
    return ClusterLoad(tuple(made), redundant=draw(st.booleans()))


def shares(nodes: list[NodeLoad], target: dict[int, int]) -> list[Fraction]:
    return sorted((Fraction(target[n.id], n.capacity_users) for n in nodes), reverse=True)


def crossing(nodes: list[NodeLoad], target: dict[int, int]) -> int:
    moved = sum(max(0, n.users - target[n.id]) for n in nodes)
    for group in {n.subcluster for n in nodes}:
        change = [target[n.id] - n.users for n in nodes if n.subcluster == group]
        moved -= min(sum(c for c in change if c > 0), -sum(c for c in change if c < 0))
    return moved


def disturbed(nodes: list[NodeLoad], target: dict[int, int]) -> int:
    idle = {n.id: (n.users - n.pinned) - (n.signed_in - n.pinned_signed_in) for n in nodes}
    return sum(max(0, n.users - target[n.id] - idle[n.id]) for n in nodes)


def allowed(g: ClusterLoad, target: dict[int, int]) -> bool:
    if not g.redundant:
        return True
    for group in {n.subcluster for n in g.nodes if n.id in target}:
        pair = [n for n in g.nodes if n.subcluster == group]
        held = sum(target.get(n.id, n.users) for n in pair)
        if len(pair) == 2 and held > max(min(n.capacity_users for n in pair), _stuck(pair, target)):
            return False
    return True


def _stuck(pair: list[NodeLoad], target: dict[int, int]) -> int:
    """A pair whose dead member fills it keeps that one, but gets nobody."""
    return sum(n.users for n in pair if n.id not in target)


def placements(g: ClusterLoad) -> Iterator[dict[int, int]]:
    nodes = [n for n in g.nodes if n.target]
    total = sum(n.users for n in nodes)
    for counts in product(*(range(n.pinned, n.capacity_users + 1) for n in nodes)):
        target = {n.id: c for n, c in zip(nodes, counts, strict=True)}
        if sum(counts) == total and allowed(g, target):
            yield target


def value(g: ClusterLoad, target: dict[int, int]) -> tuple[list[Fraction], int, int, int]:
    nodes = [n for n in g.nodes if n.target]
    moves = sum(max(0, n.users - target[n.id]) for n in nodes)
    return shares(nodes, target), moves, crossing(nodes, target), disturbed(nodes, target)


def answer(g: ClusterLoad) -> Proposal | None:
    try:
        return goals.balance(g)
    except Refused:
        return None


@settings(max_examples=torture.many(150), deadline=None)
@for_all(grounds())
def test_balance_is_the_best_of_all_placements(g: ClusterLoad) -> None:
    best = min((value(g, target) for target in placements(g)), default=None)
    plan = answer(g)
    if plan is None or not any(n.target for n in g.nodes):
        assert plan is None
        assert best is None or not any(n.target for n in g.nodes)
        return
    assert best is not None
    assert value(g, dict(plan.after)) == best
    assert (plan.moves, plan.crossing, plan.disturbed) == best[1:]
    assert plan.minimum_moves == plan.moves


@settings(max_examples=torture.many(80), deadline=None)
@for_all(grounds(), st.integers(0, 6))
def test_filling_is_the_best_of_all_placements(g: ClusterLoad, unassigned: int) -> None:
    g = ClusterLoad(g.nodes, unassigned, 2 * unassigned, g.redundant)
    nodes = [n for n in g.nodes if n.target]
    best = None
    for extra in product(*(range(unassigned + 1) for _ in nodes)):
        target = {n.id: n.users + more for n, more in zip(nodes, extra, strict=True)}
        fits = all(more == 0 or target[n.id] <= n.capacity_users for n, more in zip(nodes, extra, strict=True))
        if sum(extra) == unassigned and fits and _pairs_fit(g, target):
            best = min(best, shares(nodes, target)) if best else shares(nodes, target)
    try:
        plan = goals.fill(g)
    except Refused:
        assert not best
        return
    assert shares(nodes, dict(plan.after)) == best
    assert plan.moves == unassigned == plan.minimum_moves


def _pairs_fit(g: ClusterLoad, target: dict[int, int]) -> bool:
    if not g.redundant:
        return True
    for group in {n.subcluster for n in g.nodes}:
        pair = [n for n in g.nodes if n.subcluster == group]
        now, then = sum(n.users for n in pair), sum(target.get(n.id, n.users) for n in pair)
        if len(pair) == 2 and then > now and then > min(n.capacity_users for n in pair):
            return False
    return True


@settings(max_examples=torture.many(80), deadline=None)
@for_all(grounds(nodes=6, users=50))
def test_flows_lead_from_before_to_after_and_never_touch_a_user_twice(g: ClusterLoad) -> None:
    plan = answer(g)
    if plan is None:
        return
    counts = dict(plan.before)
    for flow in plan.flows:
        assert flow.users > 0
        assert flow.from_id is not None
        assert flow.to_id is not None
        counts[flow.from_id] -= flow.users
        counts[flow.to_id] += flow.users
    assert counts == plan.after
    assert not {f.from_id for f in plan.flows} & {f.to_id for f in plan.flows}
    assert answer(ClusterLoad(tuple(_settled(n, plan) for n in g.nodes), redundant=g.redundant)).moves == 0  # type: ignore[union-attr]


def _settled(n: NodeLoad, plan: Proposal) -> NodeLoad:
    after = plan.after[n.id]
    return node(n.id, after, capacity=n.capacity_users, pinned=min(n.pinned, after), in_service=n.in_service)


# --- The optimum, by an exact solver --------------------------------------------------------------
class Exact:
    """The same question as an integer program, solved in the order of what counts."""

    def __init__(self, g: ClusterLoad) -> None:
        self.nodes = [n for n in g.nodes if n.target]
        self.model = cp_model.CpModel()
        total = sum(n.users for n in self.nodes)
        self.unit = lcm(*(n.capacity_users for n in self.nodes))
        self.users = [self.model.new_int_var(n.pinned, n.capacity_users, n.name) for n in self.nodes]
        self.model.add(sum(self.users) == total)
        if g.redundant:
            self._pairs(g)

    def _pairs(self, g: ClusterLoad) -> None:
        for group in {n.subcluster for n in self.nodes}:
            pair = [n for n in g.nodes if n.subcluster == group]
            taking = [x for x, n in zip(self.users, self.nodes, strict=True) if n.subcluster == group]
            if len(pair) == 2:
                fixed = sum(n.users for n in pair if not n.target)
                self.model.add(sum(taking) <= max(0, min(n.capacity_users for n in pair) - fixed))

    def least(self, objective: object) -> int | None:
        """The minimum, kept as a constraint for what comes after it."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        self.model.minimize(objective)
        if solver.solve(self.model) != cp_model.OPTIMAL:
            return None
        best = round(solver.objective_value)
        self.model.add(objective <= best)  # type: ignore[operator]
        return best

    def fullest(self, k: int) -> object:
        """The sum of the k greatest shares: k times a threshold and what is above it."""
        most = 2 * self.unit
        threshold = self.model.new_int_var(0, most, "")
        above = [self.model.new_int_var(0, most, "") for _ in self.nodes]
        for x, over, n in zip(self.users, above, self.nodes, strict=True):
            self.model.add(over >= x * (self.unit // n.capacity_users) - threshold)
        return k * threshold + sum(above)

    def leaving(self) -> list[object]:
        away = [self.model.new_int_var(0, n.users, "") for n in self.nodes]
        for x, out, n in zip(self.users, away, self.nodes, strict=True):
            self.model.add(out >= n.users - x)
        return away  # type: ignore[return-value]

    def crossing(self) -> object:
        """What leaves a subcluster: its loss, where it has one."""
        lost = []
        for group in {n.subcluster for n in self.nodes}:
            members = [(x, n) for x, n in zip(self.users, self.nodes, strict=True) if n.subcluster == group]
            before = sum(n.users for _, n in members)
            lost.append(self.model.new_int_var(0, before, ""))
            self.model.add(lost[-1] >= before - sum(x for x, _ in members))
        return sum(lost)

    def disturbed(self, away: list[object]) -> object:
        out = [self.model.new_int_var(0, n.users, "") for n in self.nodes]
        for signed, leaves, n in zip(out, away, self.nodes, strict=True):
            self.model.add(signed >= leaves - n.idle)  # type: ignore[operator]
        return sum(out)


@settings(max_examples=torture.many(80), deadline=None, derandomize=True)
@for_all(st.data())
def test_balance_agrees_with_an_exact_solver(data: st.DataObject) -> None:
    made = []
    for pk in range(1, data.draw(st.integers(2, 6)) + 1):
        capacity = data.draw(st.sampled_from([500, 1000, 2000, 5000]))
        count = data.draw(st.integers(0, capacity))
        pinned = data.draw(st.sampled_from([0, 0, 0, count // 3, count]))
        signed = data.draw(st.integers(0, count - pinned))
        up = data.draw(st.integers(0, 9)) > 0
        made.append(node(pk, count, capacity=capacity, pinned=pinned, signed_in=signed, in_service=up))
    g = ClusterLoad(tuple(made), redundant=data.draw(st.booleans()))
    plan, nodes = answer(g), [n for n in made if n.target]
    if not nodes:
        assert plan is None
        return
    exact = Exact(g)
    sums = [exact.least(exact.fullest(k)) for k in range(1, len(nodes) + 1)]
    if sums[0] is None:
        assert plan is None
        return
    assert plan is not None
    scaled = [int(share * exact.unit) for share in shares(nodes, dict(plan.after))]
    assert [sum(scaled[:k]) for k in range(1, len(nodes) + 1)] == sums
    away = exact.leaving()
    assert exact.least(sum(away)) == plan.moves  # type: ignore[arg-type, call-overload]
    assert exact.least(exact.crossing()) == plan.crossing
    assert exact.least(exact.disturbed(away)) == plan.disturbed

"""Plans against OR-Tools CP-SAT, over more people than an exhaustive search can place; `make torture` tries thousands.

The judge gets a claim and tries to refute it: a placement whose shares are lower from the fullest node down, then
one with the same shares and fewer moves. A refusal is refuted by any placement.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from ortools.sat.python import cp_model

from assignments.planning.rules import goals
from assignments.planning.rules.loads import ClusterLoad, NodeLoad, Proposal
from tests.planning.test_planner_persons import (
    Person,
    World,
    allowed,
    anywhere,
    assigned,
    carried_out,
    emptied,
    limits,
    reached,
)
from tests.support import torture
from topology.reasons import Refused

MANY = 1500 if torture.WHOLE else 8
QUICK = 12 * MANY  # worlds where only some people may move, which are solved at once
Choices = Callable[[Person], list[int | None]]


def larger_worlds(seed: int, count: int) -> Iterator[World]:
    """Two to six nodes and up to forty people with one to seven endpoints, mostly with little room."""
    chance = random.Random(seed)
    for _ in range(count):
        number, slack = chance.choice((2, 3, 4, 4, 6)), chance.choice((1.0, 1.2, 1.5))
        many = chance.randint(4, 8 * number) if number < 6 else chance.randint(6, 20)
        homes = [None, *range(1, number + 1)] if chance.random() < 0.7 else [1, 1, 2]
        people = []
        for _ in range(many):
            home, weight = chance.choice(homes), chance.choice((1, 1, 2, 3, 7))
            people.append(Person(home, weight, home is not None and chance.random() < 0.1, chance.random() < 0.5))
        users, ends = many / number, sum(p.endpoints for p in people) / number
        nodes = []
        for pk in range(1, number + 1):
            capacity = max(1, round(users * slack * chance.choice((1, 1.3, 2))))
            endpoints = max(1, round(ends * slack * chance.choice((0.9, 1.1, 1.6))))
            nodes.append(NodeLoad(pk, f"n{pk}", (pk + 1) // 2, 2 - pk % 2, capacity, endpoints))
        yield World(tuple(nodes), tuple(people), chance.random() < 0.5)


class Judge:
    """Every placement of a world's people that keeps its limits, as a model of counts of equal people."""

    def __init__(self, world: World, choices: Choices, *, grow: bool) -> None:
        self.world, self.model = world, cp_model.CpModel()
        self.into: dict[int | None, list[tuple[cp_model.IntVar, int]]] = {n.id: [] for n in world.nodes} | {None: []}
        self.moved: list[cp_model.IntVar] = []
        for number, (person, count) in enumerate(Counter(world.people).items()):
            goes = []
            for home in choices(person):
                variable = self.model.new_int_var(0, count, f"p{number}-{home}")
                self.into[home].append((variable, person.endpoints))
                goes.append(variable)
                if home != person.home:
                    self.moved.append(variable)
            self.model.add(sum(goes) == count)
        self._hold(*limits(world, grow=grow))

    def users(self, node: int) -> cp_model.LinearExprT:
        return sum(variable for variable, _ in self.into[node])

    def _endpoints(self, node: int) -> cp_model.LinearExprT:
        return sum(variable * weight for variable, weight in self.into[node])

    def _hold(self, kept: dict[int, tuple[int, int]], pairs: dict[int, tuple[int, int]]) -> None:
        for pk, (users, ends) in kept.items():
            self.model.add(self.users(pk) <= users)
            self.model.add(self._endpoints(pk) <= ends)
        for group, (users, ends) in pairs.items():
            members = [n.id for n in self.world.nodes if n.group == group]
            self.model.add(sum(self.users(pk) for pk in members) <= users)
            self.model.add(sum(self._endpoints(pk) for pk in members) <= ends)

    def at_most(self, above: int, share: Fraction, *, or_equal: bool = False) -> None:
        """At most so many nodes have a greater share (or this one)."""
        switches = []
        for node in self.world.nodes:
            switch = self.model.new_bool_var("")
            limit = share * node.capacity_users
            most = -(-limit.numerator // limit.denominator) - 1 if or_equal else limit.numerator // limit.denominator
            self.model.add(self.users(node.id) <= most).only_enforce_if(~switch)
            switches.append(switch)
        self.model.add(sum(switches) <= above)

    def solve(self) -> int | None:
        """The least value of the objective, or None where there is no placement."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers, solver.parameters.max_deterministic_time = 1, 60.0
        status = solver.solve(self.model)
        assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE), "the judge could not decide"
        return None if status == cp_model.INFEASIBLE else round(solver.objective_value)


def refute(world: World, plan: Callable[[ClusterLoad], Proposal], choices: Choices, *, grow: bool) -> None:
    """Fail where a claim or a refusal of the planner is not true."""

    def judge() -> Judge:
        return Judge(world, choices, grow=grow)

    try:
        found = plan(world.load())
    except Refused as refusal:
        told: Refused | None = refusal
    else:
        told = None
    if told is not None:
        assert all(fact >= 0 for fact in told.facts.values() if isinstance(fact, int)), told.facts
        assert "-" not in "".join(str(told.facts.get(name, "")) for name in ("missing", "room", "unpin", "users"))
        assert judge().solve() is None, (told.message, world)
        return
    assert found.proven
    after = carried_out(world, found, random.Random(1))
    shares = reached(after)
    assert allowed(after, tuple(p.home for p in after.people), *limits(world, grow=grow)), (world, found)
    for k in better_at(shares):
        rival = judge()
        for j in range(k):
            rival.at_most(j, shares[j])
        rival.at_most(k, shares[k], or_equal=True)
        assert rival.solve() is None, ("better balanced", world, found)
    fewest = judge()
    for j, share in enumerate(shares):
        fewest.at_most(j, share)
    fewest.model.minimize(sum(fewest.moved))
    assert fewest.solve() == found.moves == found.minimum_moves, (world, found)
    assert plan(after.load()).moves == 0, "a plan right after a run is empty"


def better_at(shares: Sequence[Fraction]) -> list[int]:
    """Places at which a better placement may differ first: the first of each level, for all others follow."""
    return [k for k, share in enumerate(shares) if share > 0 and (k == 0 or share <= shares[k - 1])]


@pytest.mark.in_turns
@pytest.mark.parametrize("seed", range(2))
def test_no_placement_is_better_balanced_or_takes_fewer_moves(seed: int) -> None:
    for world in larger_worlds(seed, MANY):
        refute(world, goals.balance, anywhere(world), grow=False)


def test_no_placement_of_the_unassigned_is_better() -> None:
    for world in larger_worlds(100, QUICK):
        refute(world, goals.fill, assigned(world), grow=True)


@pytest.mark.in_turns
def test_no_evacuation_is_better() -> None:
    for tried in larger_worlds(200, QUICK):
        free = tuple(replace(p, pinned=p.pinned and p.home != 1) for p in tried.people)
        world = replace(tried, people=free)
        refute(world, lambda load: goals.evacuate(load, 1), emptied(world, 1), grow=True)

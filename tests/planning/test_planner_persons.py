"""Plans against an exhaustive search over persons: one to seven endpoints each, pins, tight limits, redundant pairs.

The judge knows nothing of classes or programs: it tries every placement of every person. `make torture` tries more.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

import pytest

from assignments.planning.rules import goals
from assignments.planning.rules.loads import ClusterLoad, EndpointClass, NodeLoad, Proposal, RoughLoad, roughly
from tests.support import torture
from topology.reasons import Refused

MANY = 6000 if torture.WHOLE else 250


@dataclass(frozen=True)
class Person:
    home: int | None
    endpoints: int
    pinned: bool = False
    signed_in: bool = False


@dataclass(frozen=True)
class World:
    nodes: tuple[NodeLoad, ...]  # capacities alone
    people: tuple[Person, ...]
    redundant: bool

    def load(self) -> ClusterLoad:
        def classes(home: int | None) -> tuple[EndpointClass, ...]:
            free = [p for p in self.people if p.home == home and not p.pinned]
            return tuple(
                EndpointClass(w, n, sum(not p.signed_in for p in free if p.endpoints == w))
                for w, n in sorted(Counter(p.endpoints for p in free).items())
            )

        nodes = []
        for node in self.nodes:
            here = [p for p in self.people if p.home == node.id]
            nodes.append(
                replace(
                    node,
                    users=len(here),
                    endpoints=sum(p.endpoints for p in here),
                    signed_in=sum(p.signed_in for p in here),
                    pinned=sum(p.pinned for p in here),
                    pinned_signed_in=sum(p.pinned and p.signed_in for p in here),
                    counted=classes(node.id),
                )
            )
        loose = [p for p in self.people if p.home is None]
        return ClusterLoad(tuple(nodes), len(loose), sum(p.endpoints for p in loose), self.redundant, classes(None))


def worlds(seed: int, count: int) -> Iterator[World]:
    chance = random.Random(seed)
    for _ in range(count):
        number = chance.choice((2, 2, 3, 4))
        people, nodes = [], []
        for pk in range(1, number + 1):
            users = chance.choice((3, 4, 5, 6))
            nodes.append(NodeLoad(pk, f"n{pk}", (pk + 1) // 2, 2 - pk % 2, users, chance.randint(users, 4 * users)))
        most = 7 if number < 4 else 5
        for _ in range(chance.randint(1, most)):
            home = chance.choice([None, *range(1, number + 1)] if chance.random() < 0.7 else [1])
            pinned = home is not None and chance.random() < 0.15
            weight = chance.choice((1, 1, 2, 3, 7))
            people.append(Person(home, weight, pinned, chance.random() < 0.5))
        yield World(tuple(nodes), tuple(people), chance.random() < 0.5)


Placement = tuple[int | None, ...]


def allowed(
    world: World, placement: Placement, kept: dict[int, tuple[int, int]], pairs: dict[int, tuple[int, int]]
) -> bool:
    """Whether nodes and pairs hold who is placed there; `kept` is what they may hold at most: users, endpoints."""
    here: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    group: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    of = {n.id: n.group for n in world.nodes}
    for person, home in zip(world.people, placement, strict=True):
        if home is not None:
            for total in (here[home], group[of[home]]):
                total[0] += 1
                total[1] += person.endpoints
    fits = all(here[pk][0] <= users and here[pk][1] <= ends for pk, (users, ends) in kept.items())
    return fits and all(group[g][0] <= users and group[g][1] <= ends for g, (users, ends) in pairs.items())


def limits(world: World, *, grow: bool) -> tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]]:
    """What nodes and pairs may hold; where only some move, what is over already may stay."""
    load = world.load()
    kept = {n.id: (n.capacity_users, n.capacity_endpoints) for n in load.nodes}
    pairs = {}
    for group in {n.group for n in load.nodes}:
        pair = [n for n in load.nodes if n.group == group]
        if world.redundant and len(pair) == 2:
            pairs[group] = (min(n.capacity_users for n in pair), min(n.capacity_endpoints for n in pair))
            if grow:
                now = (sum(n.users for n in pair), sum(n.endpoints for n in pair))
                pairs[group] = (max(pairs[group][0], now[0]), max(pairs[group][1], now[1]))
    if grow:
        kept = {n.id: (max(kept[n.id][0], n.users), max(kept[n.id][1], n.endpoints)) for n in load.nodes}
    return kept, pairs


def best(
    world: World, choices: Callable[[Person], list[int | None]], *, grow: bool
) -> tuple[list[Fraction], int] | None:
    """The best balance and the fewest moves over every placement of every person; None where there is none."""
    kept, pairs = limits(world, grow=grow)
    capacity = {n.id: n.capacity_users for n in world.nodes}
    found: tuple[list[Fraction], int] | None = None
    for placement in product(*(choices(p) for p in world.people)):
        if not allowed(world, placement, kept, pairs):
            continue
        users = Counter(placement)
        shares = sorted((Fraction(users[pk], most) for pk, most in capacity.items()), reverse=True)
        moves = sum(p.home != home for p, home in zip(world.people, placement, strict=True))
        if found is None or (shares, moves) < found:
            found = (shares, moves)
    return found


def anywhere(world: World) -> Callable[[Person], list[int | None]]:
    nodes: list[int | None] = [n.id for n in world.nodes]
    return lambda p: [p.home] if p.home is None or p.pinned else nodes


def assigned(world: World) -> Callable[[Person], list[int | None]]:
    nodes: list[int | None] = [n.id for n in world.nodes]
    return lambda p: [p.home] if p.home is not None else nodes


def emptied(world: World, node: int) -> Callable[[Person], list[int | None]]:
    others: list[int | None] = [n.id for n in world.nodes if n.id != node]
    return lambda p: others if p.home == node else [p.home]


def carried_out(world: World, plan: Proposal, chance: random.Random) -> World:
    """People moved as the flows say, whoever they are: each flow takes any of those it may take."""
    people, moved = list(world.people), set[int]()
    for flow in plan.flows:
        free = [
            n
            for n, p in enumerate(world.people)
            if n not in moved and p.home == flow.from_id and not p.pinned and flow.endpoints in (None, p.endpoints)
        ]
        assert len(free) >= flow.users, "a flow of more than there are"
        for n in chance.sample(free, flow.users):
            moved.add(n)
            people[n] = replace(people[n], home=flow.to_id)
    return replace(world, people=tuple(people))


def reached(world: World) -> list[Fraction]:
    return sorted((Fraction(n.users, n.capacity_users) for n in world.load().nodes), reverse=True)


def judged(
    world: World, plan: Callable[[ClusterLoad], Proposal], expected: tuple[list[Fraction], int] | None, *, grow: bool
) -> None:
    try:
        found = plan(world.load())
    except Refused as refusal:
        told = refusal
    else:
        told = None
    if told is not None:
        assert expected is None, (told.message, world, expected)
        assert all(fact >= 0 for fact in told.facts.values() if isinstance(fact, int)), told.facts
        return
    assert expected is not None, world
    assert found.proven
    assert found.moves == found.minimum_moves == expected[1], (world, found, expected)
    kept, pairs = limits(world, grow=grow)
    for seed in range(2):
        after = carried_out(world, found, random.Random(seed))
        assert reached(after) == expected[0], (world, found)
        assert allowed(after, tuple(p.home for p in after.people), kept, pairs), (world, found)
        assert Counter(p.home for p in after.people if p.home) == Counter({k: v for k, v in found.after.items() if v})
        again = plan(after.load())
        assert again.moves == 0, "a plan right after a run is empty"


@pytest.mark.in_turns
@pytest.mark.parametrize("seed", range(4))
def test_a_balance_is_the_best_there_is_with_the_fewest_moves(seed: int) -> None:
    for world in worlds(seed, MANY):
        judged(world, goals.balance, best(world, anywhere(world), grow=False), grow=False)


@pytest.mark.parametrize("seed", range(2))
def test_the_unassigned_get_the_best_homes_there_are(seed: int) -> None:
    for world in worlds(100 + seed, MANY):
        judged(world, goals.fill, best(world, assigned(world), grow=True), grow=True)


@pytest.mark.parametrize("seed", range(2))
def test_an_evacuation_is_the_best_there_is(seed: int) -> None:
    for world in worlds(200 + seed, MANY):
        if any(p.pinned and p.home == 1 for p in world.people):
            continue
        expected = best(world, emptied(world, 1), grow=True)
        judged(world, lambda load: goals.evacuate(load, 1), expected, grow=True)


def test_one_heavy_unassigned_user_does_not_spoil_the_balance_of_the_others() -> None:
    nodes = (NodeLoad(1, "a", 1, 1, 500, 1000), NodeLoad(2, "b", 1, 2, 500, 1000))
    people = (*(Person(1, 2) for _ in range(500)), Person(None, 7))
    plan = goals.balance(World(nodes, people, redundant=False).load())
    assert plan.after == {1: 250, 2: 250}
    assert plan.minimum_moves == 250
    assert "250 is the minimum" in str(plan.certificate)


def test_heavy_users_change_places_with_light_ones_where_that_is_the_only_way() -> None:
    """Node 2 is full of endpoints: to take one user more it gives a heavy one for two light ones."""
    nodes = (NodeLoad(1, "a", 1, 1, 10, 40), NodeLoad(2, "b", 2, 1, 10, 10))
    people = (*(Person(1, 1) for _ in range(6)), Person(2, 7), Person(2, 3))
    world = World(nodes, people, redundant=False)
    plan = goals.balance(world.load())
    assert plan.after == {1: 4, 2: 4}
    assert plan.moves == plan.minimum_moves == 4
    assert "proven by an exact solver" in str(plan.certificate)
    assert judged(world, goals.balance, best(world, anywhere(world), grow=False), grow=False) is None


def test_a_case_that_a_release_of_the_solver_called_infeasible() -> None:
    """HiGHS 1.16 with presolve finds no placement here; there is one, and its claim alone is not believed."""
    nodes = (NodeLoad(1, "a", 1, 1, 5, 19), NodeLoad(2, "b", 1, 2, 3, 4), NodeLoad(3, "c", 2, 1, 6, 9))
    people = (Person(1, 3), Person(3, 1), Person(1, 1), Person(2, 2), Person(1, 2, signed_in=True))
    world = World(nodes, people, redundant=True)
    judged(world, goals.balance, best(world, anywhere(world), grow=False), grow=False)


# --- Bounds instead of classes ----------------------------------------------------------------------
def answers(load: ClusterLoad) -> dict[str, Proposal | str]:
    """What each goal answers: a plan, the code of its refusal, or that bounds do not do."""
    asked: dict[str, Callable[[], Proposal]] = {
        "balance": lambda: goals.balance(load),
        "fill": lambda: goals.fill(load),
        "evacuate": lambda: goals.evacuate(load, 1),
        "active_standby": lambda: goals.active_standby(load),
    }
    found: dict[str, Proposal | str] = {}
    for goal, ask in asked.items():
        try:
            found[goal] = ask()
        except Refused as refusal:
            found[goal] = refusal.code
        except RoughLoad:
            found[goal] = "rough"
    return found


@pytest.mark.in_turns
def test_a_plan_made_from_bounds_is_the_plan_made_from_persons() -> None:
    """Or there is none: then the persons are counted."""
    decided = Counter[str]()
    for world in worlds(20261127, MANY):
        roomy = tuple(replace(node, capacity_endpoints=node.capacity_endpoints * 4) for node in world.nodes)
        for nodes in (world.nodes, roomy):
            load = replace(world, nodes=nodes).load()
            exact = answers(load)
            for goal, answer in answers(roughly(load, 7)).items():
                decided[f"{goal} {'left open' if answer == 'rough' else 'decided'}"] += 1
                assert answer in ("rough", exact[goal]), goal
    for goal in ("balance", "fill", "evacuate"):
        assert min(decided[f"{goal} decided"], decided[f"{goal} left open"]) > MANY // 25, decided

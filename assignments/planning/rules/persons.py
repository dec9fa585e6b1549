r"""Plans exact for persons: whether their endpoints can bind, and the optimum where they do.

    target by users alone --any users fit--> that plan, any users of a node will do
            \--endpoints may bind--> integer program over (node, endpoints): how many leave, how many come
                   balance: for k = 1, 2, …: the k-th fullest share as low as it can be, one after the other
                   then moves, then users who leave their subcluster, then users who are signed out

The vector of shares is fixed from the fullest down: "at most k-1 nodes are above the level" is a row with one switch
for each node, and that no lower level is possible is a program without solution, in whole numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from time import monotonic

from assignments.planning.rules.balance import Bin, Target, bins_by_subcluster
from assignments.planning.rules.integer_program import Program, Solution, Status, solve_program
from assignments.planning.rules.loads import Classes, EndpointClass, Flow, NodeLoad
from assignments.planning.rules.persons_program import Model, Task, build_model

SECONDS = 5.0  # for one plan; beyond that it is the best found


@dataclass(frozen=True, slots=True)
class Exact:
    """What the program found: flows of users by endpoints, and whether fewer moves are proven impossible."""

    flows: tuple[Flow, ...]
    after: Target
    minimum: int
    proven: bool


# --- Whether endpoints can bind ---------------------------------------------------------------------
def any_users_fit(task: Task, target: Target, flows: Sequence[Flow]) -> bool:
    """Whether every node and pair holds the endpoints of any users who are picked for these flows."""
    most = {b.node.id: _most_endpoints(task, b.node, flows) for b in task.bins}
    if any(most[pk] > cap for pk, cap in task.endpoint_caps.items()):
        return False
    groups = bins_by_subcluster(task.bins)
    return all(sum(most[b.node.id] for b in groups.get(g, ())) <= cap for g, cap in task.pair_endpoint_caps.items())


def _most_endpoints(task: Task, node: NodeLoad, flows: Sequence[Flow]) -> int:
    """Endpoints of a node at the worst: the heaviest come, the lightest go."""
    classes = {n.id: n.classes for n in task.nodes} | {None: task.supply}
    coming = sum(_heaviest(classes[f.from_id], f.users) for f in flows if f.to_id == node.id)
    leaving = sum(f.users for f in flows if f.from_id == node.id)
    return node.endpoints + coming - _lightest(node.classes, leaving)


def _heaviest(classes: Classes, users: int) -> int:
    return _first(sorted(classes, key=lambda c: -c.endpoints), users)


def _lightest(classes: Classes, users: int) -> int:
    return _first(sorted(classes, key=lambda c: c.endpoints), users)


def _first(classes: Iterable[EndpointClass], users: int) -> int:
    """Endpoints of the first so many users of classes in this order."""
    total = 0
    for one in classes:
        taken = min(users, one.users)
        total, users = total + taken * one.endpoints, users - taken
    return total


# --- The order of what counts -----------------------------------------------------------------------
class NoPlacement(Exception):
    """Endpoints leave no placement: by how many they are too many, and whether only pairs forbid one."""

    def __init__(self, missing: int, pairs: bool) -> None:
        self.missing, self.pairs = missing, pairs
        super().__init__(f"{missing} endpoints too many")


class OutOfTime(Exception):
    """No placement was found in the time given."""


@dataclass(slots=True)
class Search:
    """A program that is narrowed objective by objective, and what was proven on the way."""

    model: Model
    until: float
    proven: bool = True
    values: tuple[int, ...] = ()

    def least(self, objective: dict[int, float]) -> Solution:
        """The least of an objective, which every later one keeps."""
        solution = solve_program(self.model.program, objective, self.until - monotonic())
        if solution.status is Status.INFEASIBLE:
            raise NoPlacement(*_too_many(self.model.task))
        if solution.values:
            self.values = solution.values
            self.model.program.row(objective, high=solution.objective)
        elif not self.values:
            raise OutOfTime
        self.proven &= solution.status is Status.OPTIMAL
        return solution

    def possible(self, extra: Program) -> tuple[int, ...] | None:
        """A placement that keeps these rows too, or None where there is none (or none was found in time)."""
        solution = solve_program(extra, {}, self.until - monotonic())
        if solution.status is Status.OUT_OF_TIME and not solution.values:
            self.proven = False
        return solution.values or None


def best_over_persons(task: Task, relaxed: Target, seconds: float = SECONDS) -> Exact:
    """The optimum of a task over persons; `relaxed` is that of users alone. Raises NoPlacement, OutOfTime."""
    search = Search(build_model(task), monotonic() + seconds)
    model = search.model
    if task.own_first:
        search.least(model.crossing)
    if not _keeps_relaxed(search, relaxed):
        _balance(search)
    moves = search.least(model.moves)
    for objective in (model.crossing, model.disturbed):
        if objective:
            search.least(objective)
    return _read(search, moves)


def _keeps_relaxed(search: Search, relaxed: Target) -> bool:
    """Whether persons reach the balance of users alone; it then holds from here on."""
    shares = _shares(search.model.task, relaxed)
    trial = search.model.program.copy()
    for k, share in enumerate(shares):
        if k == 0 or share != shares[k - 1]:
            _at_most(search.model, trial, share, sum(s > share for s in shares))
    values = search.possible(trial)
    if values is None:
        return False
    search.model.program, search.values = trial, values[: len(trial.lows)]
    return True


def _balance(search: Search) -> None:
    """The vector of shares, from the fullest down, each as low as those before it allow."""
    count = len(search.model.task.bins)
    for k in range(count):
        share = _kth(search, k)
        if share is None:
            return
        while (lower := _below(search, share, k)) is not None:
            share = lower
        _at_most(search.model, search.model.program, share, k)
        if share == 0:
            return


def _kth(search: Search, k: int) -> Fraction | None:
    """A low k-th fullest share (counted from 0), from a continuous level; exactness is `_below`'s."""
    trial, model = search.model.program.copy(), search.model
    level = trial.variable(0, max(b.high / b.node.capacity_users for b in model.task.bins) + 1, continuous=True)
    switches = _switches(trial, len(model.task.bins), k)
    for b, switch in zip(model.task.bins, switches, strict=True):
        terms = model.users(b.node) | {level: -float(b.node.capacity_users)}
        terms |= {switch: -float(b.high)} if switch is not None else {}
        trial.row(terms, high=-b.node.users)
    solution = solve_program(trial, {level: 1.0}, search.until - monotonic())
    if solution.status is Status.INFEASIBLE and not search.values:
        raise NoPlacement(*_too_many(model.task))
    if not solution.values:
        search.proven = False
        return None
    search.values = solution.values
    return _shares(model.task, _users(model, solution.values))[k]


def _below(search: Search, share: Fraction, k: int) -> Fraction | None:
    """The k-th fullest share of a placement in which it is lower than this one, or None: there is none."""
    trial, model = search.model.program.copy(), search.model
    switches = _switches(trial, len(model.task.bins), k)
    for b, switch in zip(model.task.bins, switches, strict=True):
        _under(model, trial, b, ceil(share * b.node.capacity_users) - 1, switch)
    values = search.possible(trial)
    if values is None:
        return None
    search.values = values
    return _shares(model.task, _users(model, values))[k]


def _at_most(model: Model, program: Program, share: Fraction, above: int) -> None:
    """At most so many nodes have a greater share."""
    switches = _switches(program, len(model.task.bins), above)
    for b, switch in zip(model.task.bins, switches, strict=True):
        _under(model, program, b, floor(share * b.node.capacity_users), switch)


def _switches(program: Program, count: int, above: int) -> list[int | None]:
    """A switch for each node that may be above; none where no node may."""
    if not above:
        return [None] * count
    switches: list[int | None] = [program.variable(0, 1) for _ in range(count)]
    program.row(dict.fromkeys((s for s in switches if s is not None), 1.0), high=above)
    return switches


def _under(model: Model, program: Program, b: Bin, most: int, switch: int | None) -> None:
    terms = model.users(b.node)
    if switch is not None and b.high > most:
        terms[switch] = -float(b.high - most)
    program.row(terms, high=most - b.node.users)


def _shares(task: Task, users: Mapping[int, int]) -> list[Fraction]:
    return sorted((Fraction(users[b.node.id], b.node.capacity_users) for b in task.bins), reverse=True)


def _users(model: Model, values: Sequence[int]) -> Target:
    """Users of each node in a solution."""
    return {n.id: n.users + sum(int(c) * values[v] for v, c in model.users(n).items()) for n in model.task.nodes}


# --- Why there is none ------------------------------------------------------------------------------
def _too_many(task: Task) -> tuple[int, bool]:
    """By how many endpoints there is no placement, and whether it is only pairs that forbid one."""
    model = build_model(task)
    slack = model.program.variable(0, 10**9)
    for number in model.endpoint_rows:
        terms, low, high = model.program.rows[number]
        model.program.rows[number] = (terms | {slack: -1.0}, low, high)
    solution = solve_program(model.program, {slack: 1.0}, SECONDS)
    alone = replace(task, pair_endpoint_caps={})
    pairs = (
        bool(task.pair_endpoint_caps)
        and solve_program(build_model(alone).program, {}, SECONDS).status is Status.OPTIMAL
    )
    return (solution.objective if solution.values else 0), pairs


# --- Reading the answer -----------------------------------------------------------------------------
def _read(search: Search, moves: Solution) -> Exact:
    model, values = search.model, search.values
    out = {key: values[v] for key, v in model.out.items() if values[v]}
    into = {key: values[v] for key, v in model.into.items() if values[v]}
    flows = _flows(model.task, out, into)
    done = sum(f.users for f in flows)
    minimum = done if search.proven else min(done, max(0, moves.bound))
    return Exact(flows, _users(model, values), minimum, search.proven)


def _flows(task: Task, out: Mapping[tuple[int, int], int], into: Mapping[tuple[int, int], int]) -> tuple[Flow, ...]:
    """Who goes where: of each weight inside subclusters first, then across, then the new ones."""
    group = {n.id: n.group for n in task.nodes}
    left, room = defaultdict(int, out), defaultdict(int, into)
    flows = []
    for inside in (True, False):
        for (source, weight), (to, other) in ((s, t) for s in list(out) for t in list(into)):
            if weight != other or source == to or inside != (group[source] == group[to]):
                continue
            if users := min(left[source, weight], room[to, weight]):
                flows.append(Flow(source, to, users, crosses=not inside, endpoints=weight))
                left[source, weight] -= users
                room[to, weight] -= users
    flows += [Flow(None, to, users, endpoints=weight) for (to, weight), users in room.items() if users]
    return tuple(flows)

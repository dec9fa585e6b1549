"""The integer program of a plan over persons: its variables, and the rows that every placement keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assignments.planning.rules.balance import Bin, bins_by_subcluster
from assignments.planning.rules.integer_program import Program
from assignments.planning.rules.loads import Classes, ClusterLoad, NodeLoad


@dataclass(frozen=True, slots=True)
class Task:
    """A goal as bounds: who may and who must leave, what each receiving node and pair may hold."""

    load: ClusterLoad
    bins: tuple[Bin, ...]
    givers: frozenset[int]
    caps: Mapping[int, int]
    endpoint_caps: Mapping[int, int]
    pair_endpoint_caps: Mapping[int, int]
    leaving: tuple[NodeLoad, ...] = ()
    supply: Classes = ()
    own_first: bool = False
    """Whether to stay in the own subcluster counts before the balance."""

    @property
    def nodes(self) -> tuple[NodeLoad, ...]:
        return (*(b.node for b in self.bins), *self.leaving)


@dataclass(slots=True)
class Model:
    """The program of a task with the numbers of its variables: who comes and who leaves, by node and endpoints."""

    task: Task
    program: Program = field(default_factory=Program)
    into: dict[tuple[int, int], int] = field(default_factory=dict)
    out: dict[tuple[int, int], int] = field(default_factory=dict)
    crossing: dict[int, float] = field(default_factory=dict)
    disturbed: dict[int, float] = field(default_factory=dict)
    endpoint_rows: set[int] = field(default_factory=set)
    """The numbers of the rows that hold endpoints."""

    def users(self, node: NodeLoad) -> dict[int, float]:
        """By how many users a node changes."""
        return self._change(node, 1)

    def endpoints(self, node: NodeLoad) -> dict[int, float]:
        return self._change(node, None)

    def _change(self, node: NodeLoad, each: int | None) -> dict[int, float]:
        terms: dict[int, float] = {}
        for sign, variables in ((1, self.into), (-1, self.out)):
            for (pk, weight), variable in variables.items():
                if pk == node.id and (worth := weight if each is None else each):
                    terms[variable] = sign * worth
        return terms

    @property
    def moves(self) -> dict[int, float]:
        return dict.fromkeys(self.into.values(), 1.0)


def build_model(task: Task) -> Model:
    """The rows that every placement of a task keeps to."""
    model = Model(task)
    _variables(model)
    _conserve(model)
    _hold(model)
    _count_crossing(model)
    _count_disturbed(model)
    return model


def _variables(model: Model) -> None:
    task = model.task
    weights = sorted({c.endpoints for n in task.nodes for c in n.classes} | {c.endpoints for c in task.supply})
    gone = {n.id for n in task.leaving}
    all_of = {w: sum(c.users for n in task.nodes for c in n.classes if c.endpoints == w) for w in weights}
    for one in task.supply:
        all_of[one.endpoints] += one.users
    for node in task.nodes:
        if node.id not in gone:
            for weight in weights:
                model.into[node.id, weight] = model.program.variable(0, all_of[weight])
        if node.id in gone or node.id in task.givers:
            for one in node.classes:
                low = one.users if node.id in gone else 0
                model.out[node.id, one.endpoints] = model.program.variable(low, one.users)


def _conserve(model: Model) -> None:
    """Of each weight as many come as leave or are new."""
    for weight in {weight for _, weight in model.into}:
        terms = {v: 1.0 for (_, w), v in model.into.items() if w == weight}
        terms |= {v: -1.0 for (_, w), v in model.out.items() if w == weight}
        new = sum(c.users for c in model.task.supply if c.endpoints == weight)
        model.program.row(terms, new, new)


def _hold(model: Model) -> None:
    """Capacities of nodes and pairs, in users and in endpoints."""
    task = model.task
    for b in task.bins:
        model.program.row(model.users(b.node), b.low - b.node.users, b.high - b.node.users)
        if b.node.id in task.endpoint_caps:
            model.endpoint_rows.add(len(model.program.rows))
            model.program.row(model.endpoints(b.node), high=task.endpoint_caps[b.node.id] - b.node.endpoints)
    for group, members in bins_by_subcluster(task.bins).items():
        if group in task.caps:
            terms = _joined(model.users(b.node) for b in members)
            model.program.row(terms, high=task.caps[group] - sum(b.node.users for b in members))
        if group in task.pair_endpoint_caps:
            terms = _joined(model.endpoints(b.node) for b in members)
            model.endpoint_rows.add(len(model.program.rows))
            model.program.row(terms, high=task.pair_endpoint_caps[group] - sum(b.node.endpoints for b in members))


def _joined(parts: Iterable[dict[int, float]]) -> dict[int, float]:
    terms: dict[int, float] = {}
    for part in parts:
        terms |= part  # every variable is of one node
    return terms


def _count_crossing(model: Model) -> None:
    group = {n.id: n.group for n in model.task.nodes}
    for key in sorted({(group[pk], weight) for pk, weight in model.out}):
        out = {v: 1.0 for (pk, w), v in model.out.items() if (group[pk], w) == key}
        into = {v: -1.0 for (pk, w), v in model.into.items() if (group[pk], w) == key}
        crossing = model.program.variable(0, sum(model.program.highs[v] for v in out))
        model.program.row({**out, **into, crossing: -1.0}, high=0)
        model.crossing[crossing] = 1.0


def _count_disturbed(model: Model) -> None:
    for node in model.task.nodes:
        for one in node.classes:
            leaves = model.out.get((node.id, one.endpoints))
            if leaves is not None and one.idle < one.users:
                disturbed = model.program.variable(0, one.users - one.idle)
                model.program.row({leaves: 1.0, disturbed: -1.0}, high=one.idle)
                model.disturbed[disturbed] = 1.0

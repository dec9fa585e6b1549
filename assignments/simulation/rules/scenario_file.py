"""What a scenario file means: its parts put together, and what is wrong between them (docs/recovery.md).

YAML --scenario_reader--> Script --assemble--> Scenario;    with `cluster: NAME` the caller gives the pairs of it
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from assignments.recovery.rules.commands import OF_A_NODE, Command, Fault, parse_fault
from assignments.recovery.rules.pair import Member, Pair, Parameters
from assignments.simulation.rules import start_state
from assignments.simulation.rules.play import Action, Scenario, at_rest
from topology.reasons import (
    NO_SUCH_NODE,
    NO_SUCH_SUBCLUSTER,
    NODE_NOT_IN_SUBCLUSTER,
    SCENARIO_INVALID,
    SCENARIO_KEY_NOT_USED,
    SCENARIO_PLACES_DIFFER,
    Refused,
)
from topology.reasons.words import NAMELESS
from topology.rules import spans
from topology.rules.file_problems import WHOLE, FileProblem, FileRefused
from topology.rules.topology_file import SubclusterSpec, TopologySpec

VERBS = ("fault", "repair", *(command.value for command in Command))
LONGEST = 31 * 86_400
HOUR = 3600
FAULTS_ALONE = tuple(fault for fault in Fault if fault is not Fault.SERVICE)  # of a node as a whole
OF_THE_FILE = (SCENARIO_KEY_NOT_USED, SCENARIO_PLACES_DIFFER)  # what the file alone has wrong, whatever there is
Present = Callable[[str], tuple[tuple[Pair, ...], int]]
Unassigned = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Inline:
    """A topology in a scenario, and how many users are at home on each node."""

    spec: TopologySpec
    homes: Mapping[str, int]


@dataclass(frozen=True)
class Line:
    """One line of the timeline as it is written."""

    do: str
    at: int = 0
    node: str | None = None
    subcluster: str | None = None
    kind: str | None = None
    service: str | None = None

    @property
    def of_fault(self) -> bool:
        """Whether it breaks or repairs something."""
        return self.do in ("fault", "repair")

    @property
    def of_node(self) -> bool:
        """Whether it is done to a node, not to a pair."""
        return self.of_fault or self.do in OF_A_NODE


@dataclass(frozen=True)
class Script:
    """A scenario as it is written: either a topology or the name of a cluster, and what happens there."""

    name: str = "scenario"
    topology: Inline | None = None
    cluster: str | None = None
    state: Mapping[str, Any] | None = None
    timeline: tuple[Line, ...] = ()
    until: int = HOUR
    seed: int = 0


@dataclass(frozen=True)
class Places:
    """Where something can happen: the pairs, and the nodes that are in none."""

    pairs: Sequence[Pair]
    unassigned: Sequence[str] = ()

    def find_node(self, name: str | None) -> tuple[int, int]:
        """The pair of a node and its place there. Raises Refused."""
        wanted = (name or "").lower()
        for p, pair in enumerate(self.pairs):
            for m, member in enumerate(pair.members):
                if member.name.lower() == wanted:
                    return p, m
        if wanted in map(str.lower, self.unassigned):
            raise Refused(NODE_NOT_IN_SUBCLUSTER, node=name)
        known = ", ".join(m.name for pair in self.pairs for m in pair.members)
        raise Refused(NO_SUCH_NODE, name=name or NAMELESS, known=known or "none")

    def find_subcluster(self, name: str | None) -> int:
        """The pair of a name. Raises Refused."""
        for p, pair in enumerate(self.pairs):
            if pair.name == name:
                return p
        known = ", ".join(pair.name for pair in self.pairs)
        raise Refused(NO_SUCH_SUBCLUSTER, name=name or NAMELESS, cluster="the scenario", known=known or "none")


def no_unassigned(cluster: str) -> tuple[str, ...]:
    """The unassigned nodes of a cluster of which none are known."""
    return ()


def assemble(script: Script, present: Present, unassigned_of: Unassigned = no_unassigned) -> Scenario:
    """The scenario of a script; `present` and `unassigned_of` read a cluster by name. Raises FileRefused."""
    if (script.topology is None) == (script.cluster is None):
        raise _wrong("a scenario has either a topology or the name of a cluster", "Give one of the two.")
    if script.cluster is not None and script.state is not None:
        raise _wrong("a present cluster is in the state that it is in", "Leave state out, or give a topology.", "state")
    pairs, start = _start(script, present)
    if not any(pair.members for pair in pairs):
        place = "cluster" if script.topology is None else "topology"
        raise _wrong("no node is in a subcluster, so nothing can happen", "Put a node into a subcluster.", place)
    unassigned = unassigned_of(script.cluster) if script.cluster is not None else _unassigned(script.topology)
    actions = _actions(script, Places(pairs, unassigned))
    return Scenario(script.name, pairs, actions, script.until, script.seed, start)


def _unassigned(topology: Inline | None) -> tuple[str, ...]:
    return tuple(node.name for node in topology.spec.unassigned_nodes) if topology else ()


def _start(script: Script, present: Present) -> tuple[tuple[Pair, ...], int]:
    if script.topology is None:
        try:
            return present(str(script.cluster))
        except Refused as refused:
            problem = FileProblem.from_refusal("cluster", refused)
            raise FileRefused([problem], refused.reason, **refused.facts) from refused
    pairs = pairs_of(script.topology.spec, script.topology.homes)
    return (pairs, 0) if script.state is None else start_state.read(script.state, pairs)


def _wrong(message: str, fix: str, place: str = WHOLE) -> FileRefused:
    return FileRefused([FileProblem(place, message, fix)], SCENARIO_INVALID)


def pairs_of(spec: TopologySpec, homes: Mapping[str, int]) -> tuple[Pair, ...]:
    """The pairs of a specification at rest, with so many users at home on each node."""
    known = {f.name for f in fields(Parameters)}
    values: dict[str, Any] = {key: value for key, value in spec.policy.items() if key in known}
    pairs = []
    for group in spec.subclusters:
        members = tuple(Member(n.name, n.users, n.profile) for n in group.nodes)
        counts = {(i, i): (homes.get(m.name, 0), homes.get(m.name, 0)) for i, m in enumerate(members)}
        pair = Pair(group.name, members, counts, group.ha, spec.model, Parameters(**values))
        pairs.append(at_rest(pair))
    return tuple(pairs)


def with_publisher(spec: TopologySpec) -> TopologySpec:
    """The topology with its first node as publisher if it names none: recovery does not depend on it."""
    if any(node.publisher for _, _, node in spec.placed()):
        return spec
    groups = list(spec.subclusters)
    for i, group in enumerate(groups):
        if group.nodes:
            groups[i] = _publishing(group)
            break
    return replace(spec, subclusters=tuple(groups))


def _publishing(group: SubclusterSpec) -> SubclusterSpec:
    return replace(group, nodes=(replace(group.nodes[0], publisher=True), *group.nodes[1:]))


# --- Timeline -------------------------------------------------------------------------------------
def _actions(script: Script, places: Places) -> tuple[Action, ...]:
    """What is done when; raises FileRefused with everything that is wrong with any line."""
    problems, refusals = [], []
    for i, line in enumerate(script.timeline):
        for key, refused in _wrong_in(line, places):
            refusals.append(refused)
            problems.append(FileProblem.from_refusal(f"timeline[{i}].{key}", refused))
        problems += _late(f"timeline[{i}].at", line, script.until)
    missing = next((each for each in refusals if each.reason not in OF_THE_FILE), None)
    if missing:
        raise FileRefused(problems, missing.reason, **missing.facts)
    if problems:
        raise FileRefused(problems, SCENARIO_INVALID)
    return tuple(_action(line, places) for line in script.timeline)


def _late(place: str, line: Line, until: int) -> Iterator[FileProblem]:
    """A line after the end: no one would play it, and the result would not say so."""
    if line.at > until:
        message = f"{spans.write(line.at)} is after the end at {spans.write(until)}"
        yield FileProblem(place, message, "Put it earlier, or let until be later.")


def _action(line: Line, places: Places) -> Action:
    """What a line does that nothing is wrong with."""
    if not line.of_node:
        return Action(line.at, line.do, places.find_subcluster(line.subcluster))
    kind, service = parse_fault(line.kind or "", line.service or "") if line.of_fault else (Fault.POWER, "")
    return Action(line.at, line.do, *places.find_node(line.node), kind, service)


def _wrong_in(line: Line, places: Places) -> Iterator[tuple[str, Refused]]:
    """What a line names that is not there, that it does not use, or that contradicts what it goes by."""
    if line.of_fault:
        try:
            parse_fault(line.kind or "", line.service or "")
        except Refused as refused:
            yield "service" if line.kind == Fault.SERVICE else "kind", refused
    try:
        yield from _at_odds(line, places)
    except Refused as refused:
        yield "node" if line.of_node else "subcluster", refused
    what = f"{line.do} of {line.kind}" if line.of_fault else line.do
    if line.kind is not None and not line.of_fault:
        yield "kind", Refused(SCENARIO_KEY_NOT_USED, what=what, key="kind", instead=": only a fault or repair has one")
    if line.service is not None and (line.kind in FAULTS_ALONE or not line.of_fault):
        instead = ", or write kind: service" if line.of_fault else ""
        yield "service", Refused(SCENARIO_KEY_NOT_USED, what=what, key="service", instead=instead)


def _at_odds(line: Line, places: Places) -> Iterator[tuple[str, Refused]]:
    """The node and the subcluster of a line that are not one in the other; raises Refused for what it goes by."""
    home = places.find_node(line.node)[0] if line.of_node else places.find_subcluster(line.subcluster)
    key, by = ("subcluster", "node") if line.of_node else ("node", "subcluster")
    beside = line.subcluster if line.of_node else line.node
    if beside is None:
        return
    try:
        other = places.find_subcluster(beside) if line.of_node else places.find_node(beside)[0]
    except Refused as refused:
        yield key, refused
        return
    if home != other:
        inside, named = (home, other) if line.of_node else (other, home)
        facts = {"node": line.node, "home": places.pairs[inside].name, "subcluster": places.pairs[named].name}
        yield key, Refused(SCENARIO_PLACES_DIFFER, **facts, key=key, by=by, what=line.do)

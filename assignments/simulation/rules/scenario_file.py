"""What a scenario file means: its parts put together, and what is wrong between them (docs/recovery.md).

YAML --scenario_reader--> Script --assemble--> Scenario;    with `cluster: NAME` the caller gives the pairs of it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from assignments.recovery.rules.commands import OF_A_NODE, Command, Fault, parse_fault
from assignments.recovery.rules.pair import Member, Pair, Parameters
from assignments.simulation.rules import start_state
from assignments.simulation.rules.play import Action, Scenario, at_rest
from topology.reasons import NO_SUCH_NODE, NO_SUCH_SUBCLUSTER, SCENARIO_INVALID, Refused
from topology.reasons.words import NAMELESS
from topology.rules import spans
from topology.rules.file_problems import WHOLE, FileProblem, FileRefused
from topology.rules.topology_file import SubclusterSpec, TopologySpec

VERBS = ("fault", "repair", *(command.value for command in Command))
LONGEST = 31 * 86_400
HOUR = 3600
Present = Callable[[str], tuple[tuple[Pair, ...], int]]


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
    kind: str = ""
    service: str = ""


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


def assemble(script: Script, present: Present) -> Scenario:
    """The scenario of a script; `present` reads a cluster by name. Raises FileRefused, or Refused for the cluster."""
    if (script.topology is None) == (script.cluster is None):
        raise _wrong("a scenario has either a topology or the name of a cluster", "Give one of the two.")
    if script.cluster is not None and script.state is not None:
        raise _wrong("a present cluster is in the state that it is in", "Leave state out, or give a topology.", "state")
    pairs, start = _start(script, present)
    actions = _actions(script.timeline, pairs)
    _demand_played(script)
    return Scenario(script.name, pairs, actions, script.until, script.seed, start)


def _start(script: Script, present: Present) -> tuple[tuple[Pair, ...], int]:
    if script.topology is None:
        return present(str(script.cluster))
    pairs = pairs_of(script.topology.spec, script.topology.homes)
    return (pairs, 0) if script.state is None else start_state.read(script.state, pairs)


def _wrong(message: str, fix: str, place: str = WHOLE) -> FileRefused:
    return FileRefused([FileProblem(place, message, fix)], SCENARIO_INVALID)


def _demand_played(script: Script) -> None:
    """Refuse lines after the end: no one would play them, and the result would not say so."""
    end, fix = spans.write(script.until), "Put it earlier, or let until be later."
    late = [(i, line.at) for i, line in enumerate(script.timeline) if line.at > script.until]
    if late:
        message = "{} is after the end at " + end
        problems = [FileProblem(f"timeline[{i}].at", message.format(spans.write(at)), fix) for i, at in late]
        raise FileRefused(problems, SCENARIO_INVALID)


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
def _actions(lines: Sequence[Line], pairs: Sequence[Pair]) -> tuple[Action, ...]:
    """What is done when; raises FileRefused with every line that names what is not there."""
    actions, refusals = [], []
    for i, line in enumerate(lines):
        try:
            actions.append(_action(line, pairs))
        except Refused as refused:
            refusals.append((f"timeline[{i}]", refused))
    if refusals:
        problems = [FileProblem.from_refusal(place, refused) for place, refused in refusals]
        raise FileRefused(problems, refusals[0][1].reason, **refusals[0][1].facts)
    return tuple(actions)


def _action(line: Line, pairs: Sequence[Pair]) -> Action:
    if line.do in ("fault", "repair"):
        kind, service = parse_fault(line.kind, line.service)
        return Action(line.at, line.do, *_find_node(line.node, pairs), kind, service)
    if line.do in OF_A_NODE:
        return Action(line.at, line.do, *_find_node(line.node, pairs), Fault.POWER)
    return Action(line.at, line.do, _find_subcluster(line.subcluster, pairs))


def _find_node(name: str | None, pairs: Sequence[Pair]) -> tuple[int, int]:
    for p, pair in enumerate(pairs):
        for m, member in enumerate(pair.members):
            if member.name.lower() == (name or "").lower():
                return p, m
    known = ", ".join(m.name for pair in pairs for m in pair.members)
    raise Refused(NO_SUCH_NODE, name=name or NAMELESS, known=known or "none")


def _find_subcluster(name: str | None, pairs: Sequence[Pair]) -> int:
    for p, pair in enumerate(pairs):
        if pair.name == name:
            return p
    known = ", ".join(pair.name for pair in pairs)
    raise Refused(NO_SUCH_SUBCLUSTER, name=name or NAMELESS, cluster="the scenario", known=known or "none")

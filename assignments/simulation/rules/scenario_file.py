"""The scenario file: a parsed document becomes a Scenario (its shape is in docs/recovery.md).

    YAML --edge--> dict --parse--> Scenario;    with `cluster: NAME` the caller gives the pairs of that cluster

In a scenario `users` of a node are people at home there; `capacity` overrides what its profile is rated for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from assignments.recovery.rules.commands import OF_A_NODE, Command, Fault, parse_fault
from assignments.recovery.rules.pair import Member, Pair, Parameters
from assignments.simulation.rules import start_state
from assignments.simulation.rules.play import Action, Scenario, at_rest
from topology.reasons import NO_SUCH_NODE, NO_SUCH_SUBCLUSTER, SCENARIO_INVALID, Refused
from topology.rules import spans
from topology.rules.topology_file import FileRules, TopologySpec
from topology.rules.topology_file import parse as parse_topology

KEYS = ("name", "topology", "cluster", "state", "timeline", "until", "seed")
VERBS = ("fault", "repair", *Command)
LONGEST = 31 * 86_400
Present = Callable[[str], tuple[tuple[Pair, ...], int]]


def parse(document: object, rules: FileRules, present: Present) -> Scenario:
    """The scenario that a parsed document describes; `present` reads a cluster by name. Raises Refused."""
    top = _mapping(document, "the scenario", KEYS)
    if ("topology" in top) == ("cluster" in top):
        raise _wrong("A scenario has either a topology or the name of a cluster.", "Give one of the two.")
    start = 0
    if "cluster" in top:
        pairs, start = present(str(top["cluster"]))
    else:
        pairs = topology_pairs(top["topology"], rules)
    if "state" in top:
        if "cluster" in top:
            raise _wrong("A present cluster is in the state that it is in.", "Leave state out, or give a topology.")
        pairs, start = start_state.read(top["state"], pairs)
    seed = top.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise _wrong(f"The seed {seed} is not a whole number.", "Write a whole number, or leave it out.")
    return Scenario(
        name=str(top.get("name", "scenario")),
        pairs=pairs,
        timeline=tuple(_action(line, i, pairs) for i, line in enumerate(_list(top.get("timeline"), "timeline"))),
        until=_span(top.get("until", "60m"), "until"),
        seed=seed,
        start=start,
    )


def topology_pairs(document: object, rules: FileRules) -> tuple[Pair, ...]:
    """The pairs of an inline topology at rest, with their users at home. Raises Refused."""
    plain, homes = _take_users(document)
    spec = parse_topology(plain, rules)
    return pairs_of(spec, homes)


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


def _take_users(document: object) -> tuple[object, dict[str, int]]:
    """The topology without the users at home, and those by node."""
    homes: dict[str, int] = {}
    if not isinstance(document, dict):
        return document, homes
    plain: dict[str, Any] = {"cluster": "what-if"} | document
    for group in plain.get("subclusters") or []:
        if not isinstance(group, dict):
            return plain, homes
    groups = [
        group | {"nodes": [_without_users(node, homes) for node in group.get("nodes") or []]}
        for group in plain.get("subclusters") or []
    ]
    return _with_publisher(plain | {"subclusters": groups}), homes


def _with_publisher(document: dict[str, Any]) -> dict[str, Any]:
    """The topology with its first node as publisher if it names none: recovery does not depend on it."""
    nodes = [node for group in document["subclusters"] for node in group["nodes"] if isinstance(node, dict)]
    others = [node for node in document.get("unassigned_nodes") or [] if isinstance(node, dict)]
    if nodes and not any(node.get("publisher") for node in nodes + others):
        nodes[0]["publisher"] = True
    return document


def _without_users(node: object, homes: dict[str, int]) -> object:
    if not isinstance(node, dict):
        return node
    users = node.get("users", 0)
    if isinstance(users, bool) or not isinstance(users, int) or users < 0:
        raise _wrong(f"{node.get('name')} cannot have {users} users.", "Write how many are at home there.")
    homes[str(node.get("name"))] = users
    rest = {key: value for key, value in node.items() if key not in ("users", "capacity")}
    return rest | ({"users": node["capacity"]} if "capacity" in node else {})


# --- Timeline -------------------------------------------------------------------------------------
def _action(line: object, number: int, pairs: Sequence[Pair]) -> Action:
    place = f"timeline[{number}]"
    action = _mapping(line, place, ("at", "do", "node", "subcluster", "kind", "service"))
    do = action.get("do")
    if do not in VERBS:
        raise _wrong(f"{place}: {do} is not something to do.", f"Known: {', '.join(VERBS)}.")
    at = _span(action.get("at", 0), f"{place}.at")
    if do in ("fault", "repair"):
        kind, service = parse_fault(str(action.get("kind", "")), str(action.get("service", "")))
        pair, member = _find_node(action.get("node"), pairs)
        return Action(at, do, pair, member, kind, service)
    if do in OF_A_NODE:
        pair, member = _find_node(action.get("node"), pairs)
        return Action(at, str(do), pair, member, Fault.POWER)
    return Action(at, str(do), _find_subcluster(action.get("subcluster"), pairs))


def _find_node(name: object, pairs: Sequence[Pair]) -> tuple[int, int]:
    for p, pair in enumerate(pairs):
        for m, member in enumerate(pair.members):
            if member.name == name:
                return p, m
    known = ", ".join(m.name for pair in pairs for m in pair.members)
    raise Refused(NO_SUCH_NODE, name=name, known=known or "none")


def _find_subcluster(name: object, pairs: Sequence[Pair]) -> int:
    for p, pair in enumerate(pairs):
        if pair.name == name:
            return p
    known = ", ".join(pair.name for pair in pairs)
    raise Refused(NO_SUCH_SUBCLUSTER, name=name, cluster="the scenario", known=known or "none")


# --- Values ---------------------------------------------------------------------------------------
def _span(value: object, place: str) -> int:
    """Seconds of `90`, `90s`, `10m` or `1h30m`."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST:
        return value
    if isinstance(value, str) and (found := spans.parse(value, LONGEST)) is not None:
        return found
    raise _wrong(f"{place}: {value} is not a span of time.", "Write for example 90s, 10m or 1h30m, at most 31 days.")


def _mapping(value: object, place: str, known: Sequence[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(f"{place} is not a mapping of keys.", f"Known keys: {', '.join(known)}.")
    for key in value:
        if key not in known:
            raise _wrong(f"{place}: the key {key} is not known.", f"Known keys: {', '.join(known)}.")
    return value


def _list(value: object, place: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(f"{place} is not a list.", "Write one item per line, each with a dash.")
    return value


def _wrong(problem: str, remedy: str) -> Refused:
    return Refused(SCENARIO_INVALID, problem=problem, remedy=remedy)

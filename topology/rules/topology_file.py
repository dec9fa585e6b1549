"""The topology file: a parsed document becomes frozen specifications, and back.

    YAML --documents.read_yaml--> dict --parse--> TopologySpec --render--> dict

Every problem of a file is found at once and named by its place: `subclusters[0].nodes[1].profile`.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from topology import reasons
from topology.reasons import Refused

Value = int | float | bool | None


@dataclass(frozen=True)
class PolicyRule:
    """Default and range of one parameter of the policy; one without a default may be null."""

    default: Value
    low: float = 0
    high: float = 2**31 - 1
    whole: bool = True


@dataclass(frozen=True)
class FileRules:
    """What a file may say; made from the models, so that a limit is written once."""

    modes: tuple[str, ...]
    models: tuple[str, ...]
    profiles: tuple[int, ...]
    policy: Mapping[str, PolicyRule]
    max_nodes: int
    endpoints_per_user: int
    group_name: str
    node_name: str
    description: str


@dataclass(frozen=True)
class NodeSpec:
    """A node as the file describes it; users and endpoints are its capacity."""

    name: str
    profile: int
    users: int
    endpoints: int
    publisher: bool = False


@dataclass(frozen=True)
class SubclusterSpec:
    """A subcluster and its nodes in slot order."""

    name: str
    ha: bool = False
    nodes: tuple[NodeSpec, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class TopologySpec:
    """A whole cluster; the policy holds every parameter, defaults filled in."""

    cluster: str
    mode: str
    model: str
    policy: Mapping[str, Value]
    subclusters: tuple[SubclusterSpec, ...] = ()
    unassigned_nodes: tuple[NodeSpec, ...] = ()

    def placed(self) -> Iterator[tuple[str | None, int | None, NodeSpec]]:
        """Every node with the name of its subcluster and its slot; None and None for the unassigned."""
        for group in self.subclusters:
            for slot, node in enumerate(group.nodes, 1):
                yield group.name, slot, node
        for node in self.unassigned_nodes:
            yield None, None, node


@dataclass(frozen=True)
class FileProblem:
    """One thing wrong with a file: where, what, and what to do."""

    place: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    def as_dict(self) -> dict[str, str]:
        """The shape that commands and the API give."""
        return {"place": self.place, "message": self.message, "fix": self.fix}


class FileRefused(Refused):
    """A file that is not applied, with every problem found in it."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = tuple(problems)
        first, more = self.problems[0], len(self.problems) - 1
        rest = f" And {more} more." if more else ""
        super().__init__(reasons.TOPOLOGY_FILE_INVALID, problem=f"{first}.{rest}", remedy=first.fix)

    def as_dict(self) -> dict[str, Any]:
        """The shape of every refusal, and the list of problems."""
        return {**super().as_dict(), "problems": [problem.as_dict() for problem in self.problems]}


def parse(document: object, rules: FileRules) -> TopologySpec:
    """The specification that a parsed document describes. Raises FileRefused with all problems."""
    reader = _Reader(rules)
    spec = reader.topology(document)
    if not reader.problems:
        reader.problems.extend(_problems_across(spec, rules))
    if reader.problems:
        raise FileRefused(reader.problems)
    return spec


def parse_policy(parameters: Mapping[str, Any], rules: FileRules) -> dict[str, Value]:
    """Every parameter of a policy, defaults filled in. Raises FileRefused with all problems."""
    reader = _Reader(rules)
    policy = reader.policy(parameters)
    problems = reader.problems or list(_policy_problems(policy))
    if problems:
        raise FileRefused(problems)
    return policy


def render(spec: TopologySpec, rules: FileRules) -> dict[str, Any]:
    """The document of a specification, leaving out what is default; parsing it gives the specification again."""
    policy = {key: value for key, value in spec.policy.items() if value != rules.policy[key].default}
    document: dict[str, Any] = {"cluster": spec.cluster, "mode": spec.mode, "model": spec.model}
    if policy:
        document["policy"] = policy
    document["subclusters"] = [_render_subcluster(group, rules) for group in spec.subclusters]
    if spec.unassigned_nodes:
        document["unassigned_nodes"] = [_render_node(node, rules) for node in spec.unassigned_nodes]
    return document


def _render_subcluster(group: SubclusterSpec, rules: FileRules) -> dict[str, Any]:
    described = {"description": group.description} if group.description else {}
    return {"name": group.name, **described, "ha": group.ha, "nodes": [_render_node(n, rules) for n in group.nodes]}


def _render_node(node: NodeSpec, rules: FileRules) -> dict[str, Any]:
    document: dict[str, Any] = {"name": node.name, "profile": node.profile}
    if node.users != node.profile:
        document["users"] = node.users
    if node.endpoints != node.profile * rules.endpoints_per_user:
        document["endpoints"] = node.endpoints
    if node.publisher:
        document["publisher"] = True
    return document


# --- Reading --------------------------------------------------------------------------------------

TOP = ("cluster", "mode", "model", "policy", "subclusters", "unassigned_nodes")
SUBCLUSTER = ("name", "ha", "nodes", "description")
NODE = ("name", "profile", "publisher", "users", "endpoints")
MAX_CAPACITY = 1_000_000


class _Reader:
    """Reads values at their place; a wrong one is noted and read as its default, so that reading goes on."""

    def __init__(self, rules: FileRules) -> None:
        self.rules = rules
        self.problems: list[FileProblem] = []

    def wrong(self, place: str, message: str, fix: str) -> None:
        self.problems.append(FileProblem(place, message, fix))

    def topology(self, document: object) -> TopologySpec:
        top = self.mapping(document, "file", TOP)
        rules = self.rules
        return TopologySpec(
            cluster=self.name(top, "", "cluster", rules.group_name, 128),
            mode=self.choice(top, "mode", rules.modes, "balanced"),
            model=self.choice(top, "model", rules.models, "balanced_redundant"),
            policy=self.policy(top.get("policy")),
            subclusters=tuple(
                self.subcluster(item, f"subclusters[{i}]") for i, item in enumerate(self.items(top, "", "subclusters"))
            ),
            unassigned_nodes=tuple(
                self.node(item, f"unassigned_nodes[{i}]")
                for i, item in enumerate(self.items(top, "", "unassigned_nodes"))
            ),
        )

    def subcluster(self, document: object, place: str) -> SubclusterSpec:
        group = self.mapping(document, place, SUBCLUSTER)
        nodes = [self.node(item, f"{place}.nodes[{i}]") for i, item in enumerate(self.items(group, place, "nodes"))]
        return SubclusterSpec(
            name=self.name(group, place, "name", self.rules.group_name, 128),
            ha=self.switch(group, place, "ha"),
            nodes=tuple(nodes),
            description=self.description(group, place),
        )

    def node(self, document: object, place: str) -> NodeSpec:
        node = self.mapping(document, place, NODE)
        profile = self.profile(node, place)
        return NodeSpec(
            name=self.name(node, place, "name", self.rules.node_name, 255),
            profile=profile,
            users=self.capacity(node, place, "users", profile, MAX_CAPACITY),
            endpoints=self.capacity(
                node, place, "endpoints", profile * self.rules.endpoints_per_user, 10 * MAX_CAPACITY
            ),
            publisher=self.switch(node, place, "publisher"),
        )

    def policy(self, document: object) -> dict[str, Value]:
        given = self.mapping({} if document is None else document, "policy", tuple(self.rules.policy))
        return {key: self.parameter(given, key, rule) for key, rule in self.rules.policy.items()}

    def parameter(self, given: Mapping[str, Any], key: str, rule: PolicyRule) -> Value:
        if isinstance(rule.default, bool):
            return self.switch(given, "policy", key, rule.default)
        if rule.default is None and given.get(key) is None:
            return None
        value = self.number(given, "policy", key, rule.default or rule.low, rule.low, rule.high, rule.whole)
        return int(value) if rule.whole else value

    # Values

    def mapping(self, document: object, place: str, known: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(document, dict):
            self.wrong(place, f"{_shown(document)} is not a mapping of keys", f"Known keys: {', '.join(known)}.")
            return {}
        for key in document:
            if key not in known:
                here = _shown(key) if place == "file" else f"{place}.{_shown(key)}"
                self.wrong(here, "this key is not known", _suggestion(str(key), known))
        return document

    def items(self, mapping: Mapping[str, Any], place: str, key: str) -> list[Any]:
        value = mapping.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(_at(place, key), f"{_shown(value)} is not a list", "Write one item per line, each with a dash.")
            return []
        return value

    def name(self, mapping: Mapping[str, Any], place: str, key: str, form: str, longest: int) -> str:
        value = mapping.get(key)
        if value is None:
            self.wrong(_at(place, key), "is missing", "Give it a name.")
        elif not isinstance(value, str):
            self.wrong(_at(place, key), f"{_shown(value)} is not text", f'Put it in quotes: "{value}".')
        elif not re.fullmatch(form.removeprefix("^").removesuffix("$"), value):
            allowed = "letters, digits, _ and -" if key == "cluster" or "." not in form else "letters, digits, . and -"
            self.wrong(_at(place, key), f"{_shown(value)} is not a name", f"Use {allowed}, at most {longest}.")
        return str(value)

    def description(self, group: Mapping[str, Any], place: str) -> str:
        value = group.get("description", "")
        if not isinstance(value, str) or len(value) > 128 or not re.fullmatch(self.rules.description, value):
            fix = 'At most 128 characters, none of them " % & \\ < >.'
            self.wrong(f"{place}.description", f"{_shown(value)} is not a description", fix)
        return str(value)

    def choice(self, mapping: Mapping[str, Any], key: str, allowed: tuple[str, ...], default: str) -> str:
        value = mapping.get(key, default)
        if value not in allowed:
            self.wrong(key, f"{_shown(value)} is not one of {', '.join(allowed)}", _suggestion(str(value), allowed))
        return str(value)

    def switch(self, mapping: Mapping[str, Any], place: str, key: str, default: bool = False) -> bool:
        value = mapping.get(key, default)
        if not isinstance(value, bool):
            self.wrong(_at(place, key), f"{_shown(value)} is not true or false", "Write true or false, without quotes.")
            return default
        return value

    def number(
        self,
        mapping: Mapping[str, Any],
        place: str,
        key: str,
        default: float,
        low: float,
        high: float,
        whole: bool = True,
    ) -> float:
        value = mapping.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            fix = f"Write a number from {low:,} to {high:,}."
            self.wrong(_at(place, key), f"{_shown(value)} is not a {'whole ' if whole else ''}number", fix)
            return default
        if not low <= value <= high:
            fix = f"Choose a number in this range; left out it is {default:,}."
            self.wrong(_at(place, key), f"{value} is not from {low:,} to {high:,}", fix)
            return default
        return value

    def capacity(self, node: Mapping[str, Any], place: str, key: str, default: int, most: int) -> int:
        return int(self.number(node, place, key, default, 1, most))

    def profile(self, node: Mapping[str, Any], place: str) -> int:
        value = node.get("profile", 5000)
        if isinstance(value, bool) or value not in self.rules.profiles:
            known = ", ".join(map(str, self.rules.profiles))
            fix = "Choose the hardware profile; users and endpoints override its capacity."
            self.wrong(f"{place}.profile", f"{_shown(value)} is not one of {known}", fix)
            return 5000
        return int(value)


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _shown(value: object) -> str:
    if value == "":
        return '""'
    text = "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _suggestion(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word.lower(), known, 1, 0.6)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(known)}."


# --- Rules that need the whole file (domain.md §1.3, §5) ------------------------------------------


def _problems_across(spec: TopologySpec, rules: FileRules) -> Iterator[FileProblem]:
    yield from _publisher(spec)
    yield from _sizes(spec, rules)
    yield from _names_once(spec)
    yield from _policy_problems(spec.policy)


def _policy_problems(policy: Mapping[str, Value]) -> Iterator[FileProblem]:
    timeout, interval = policy["keep_alive_timeout"] or 0, policy["keep_alive_interval"] or 0
    if timeout < interval:
        message = f"{timeout} is shorter than keep_alive_interval ({interval})"
        yield FileProblem("policy.keep_alive_timeout", message, "The product's defaults are 60 and 15 seconds.")
    if policy.get("sign_ins_per_second") is not None and policy.get("done_within_minutes") is not None:
        message = "there is a budget in sign_ins_per_second already"
        yield FileProblem("policy.done_within_minutes", message, "Leave one of the two budgets out.")


def _places(spec: TopologySpec) -> Iterator[tuple[str, NodeSpec]]:
    for i, group in enumerate(spec.subclusters):
        for j, node in enumerate(group.nodes):
            yield f"subclusters[{i}].nodes[{j}]", node
    for i, node in enumerate(spec.unassigned_nodes):
        yield f"unassigned_nodes[{i}]", node


def _publisher(spec: TopologySpec) -> Iterator[FileProblem]:
    nodes = list(_places(spec))
    publishers = [(place, node) for place, node in nodes if node.publisher]
    if nodes and not publishers:
        yield FileProblem(
            "file", "no node is the publisher", f"Add publisher: true to one node, such as {nodes[0][1].name}."
        )
    for place, node in publishers[1:]:
        message = f"{node.name} is a second publisher beside {publishers[0][1].name}"
        yield FileProblem(f"{place}.publisher", message, "A cluster has one publisher; leave one.")


def _sizes(spec: TopologySpec, rules: FileRules) -> Iterator[FileProblem]:
    nodes = sum(1 for _ in spec.placed())
    if nodes > rules.max_nodes:
        yield FileProblem(
            "file", f"{nodes} nodes are more than {rules.max_nodes}", "Describe the rest as another cluster."
        )
    for i, group in enumerate(spec.subclusters):
        count = len(group.nodes)
        if count > 2:
            fix = "Put the others into another subcluster or under unassigned_nodes."
            yield FileProblem(f"subclusters[{i}].nodes", f"{count} nodes are more than 2", fix)
        if group.ha and count != 2:
            fix = "Give it a second node or write ha: false."
            yield FileProblem(f"subclusters[{i}].ha", f"HA needs two nodes, {group.name} has {count}", fix)


def _names_once(spec: TopologySpec) -> Iterator[FileProblem]:
    groups = ((f"subclusters[{i}].name", group.name) for i, group in enumerate(spec.subclusters))
    yield from _twice(groups, str)
    yield from _twice(((f"{place}.name", node.name) for place, node in _places(spec)), str.lower)


def _twice(named: Iterable[tuple[str, str]], fold: Any) -> Iterator[FileProblem]:
    seen: dict[str, str] = {}
    for place, name in named:
        first = seen.setdefault(fold(name), place)
        if first != place:
            yield FileProblem(place, f"{name} is there twice, first at {first}", "Every name is there once.")

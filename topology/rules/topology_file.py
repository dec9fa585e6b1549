"""The topology file: what it describes as frozen specifications, the rules between its keys, and the way back.

YAML --documents--> Document --topology_reader--> TopologySpec --render--> dict
                                                      └--problems_across--> FileProblem, each at its place
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from topology.rules.file_problems import WHOLE, FileProblem

Value = int | float | bool | None
MOST_CALL_MANAGERS = 16


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
class DnsSpec:
    """What the DNS records of clients are made of besides the nodes; `check_every` in real seconds."""

    domain: str = ""  # empty: that of the publisher's name
    call_managers: tuple[str, ...] = ()
    name_server: str = ""  # host:port, or system; empty: nothing is checked
    check_every: int = 900

    def as_dict(self) -> dict[str, Any]:
        """The keys of the file, without those that are default."""
        keys = {field.name: getattr(self, field.name) for field in fields(self)}
        default = DnsSpec()
        changed = {key: value for key, value in keys.items() if value != getattr(default, key)}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in changed.items()}


@dataclass(frozen=True)
class TopologySpec:
    """A whole cluster; the policy holds every parameter, defaults filled in."""

    cluster: str
    mode: str
    model: str
    policy: Mapping[str, Value]
    subclusters: tuple[SubclusterSpec, ...] = ()
    unassigned_nodes: tuple[NodeSpec, ...] = ()
    dns: DnsSpec = field(default_factory=DnsSpec)

    def placed(self) -> Iterator[tuple[str | None, int | None, NodeSpec]]:
        """Every node with the name of its subcluster and its slot; None and None for the unassigned."""
        for group in self.subclusters:
            for slot, node in enumerate(group.nodes, 1):
                yield group.name, slot, node
        for node in self.unassigned_nodes:
            yield None, None, node

    def place_of(self, kind: str, name: str) -> str:
        """Where the file speaks of a node or subcluster; `file` where it does not."""
        places = {("subcluster", group.name): f"subclusters[{i}]" for i, group in enumerate(self.subclusters)}
        places |= {("node", node.name.lower()): place for place, node in _places(self)}
        return places.get((kind, name.lower() if kind == "node" else name), WHOLE)


def problems_across(spec: TopologySpec, rules: FileRules) -> Iterator[FileProblem]:
    """What is wrong between the keys of a file that is right key by key (domain.md §1.3, §5)."""
    yield from _publisher(spec)
    yield from _sizes(spec, rules)
    yield from _names_once(spec)
    yield from policy_problems(spec.policy)


def render(spec: TopologySpec, rules: FileRules) -> dict[str, Any]:
    """The document of a specification, leaving out what is default; parsing it gives the specification again."""
    policy = {key: value for key, value in spec.policy.items() if value != rules.policy[key].default}
    document: dict[str, Any] = {"cluster": spec.cluster, "mode": spec.mode, "model": spec.model}
    if policy:
        document["policy"] = policy
    if dns := spec.dns.as_dict():
        document["dns"] = dns
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


# --- FileRules that need the whole file (domain.md §1.3, §5) ------------------------------------------


def policy_problems(policy: Mapping[str, Value]) -> Iterator[FileProblem]:
    """What is wrong between the parameters of a policy."""
    timeout, interval = policy["keep_alive_timeout"] or 0, policy["keep_alive_interval"] or 0
    if timeout < interval:
        message = f"{timeout} is shorter than keep_alive_interval ({interval})"
        yield FileProblem("policy.keep_alive_timeout", message, "The product's defaults are 60 and 15 seconds.")
    if policy.get("sign_ins_per_second") is not None and policy.get("done_within_minutes") is not None:
        message = "sign_ins_per_second already sets a budget"
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
        yield FileProblem(f"{place}.publisher", message, "A cluster has one publisher; keep one.")


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
        if group.ha and count < 2:
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
            yield FileProblem(place, f"{name} appears twice, first at {first}", "Each name may appear once.")

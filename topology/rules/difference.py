"""What differs between a cluster and its topology file, as changes in the order in which they can run.

database --services.files.present--> TopologySpec --+
file ----topologyfile.parse--------> TopologySpec --+--difference--> Difference
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from topology.reasons import NODE_PERHAPS_RENAMED
from topology.rules.topology_file import DnsSpec, NodeSpec, SubclusterSpec, TopologySpec

CREATE, CHANGE, REMOVE = "create", "change", "remove"


@dataclass(frozen=True)
class TopologyChange:
    """One step from what is to what the file says."""

    action: str  # create | change | remove
    kind: str  # cluster | subcluster | node
    name: str
    field: str = ""
    before: Any = None
    after: Any = None
    within: str | None = None  # the subcluster a created node goes into

    def __str__(self) -> str:
        if self.action == CHANGE:
            return f"change {self.kind} {self.name}: {self.field} {self._word(self.before)} -> {self._word(self.after)}"
        return f"{self.action} {self.kind} {self.name}" + (f" in {self.within}" if self.within else "")

    def _word(self, value: Any) -> str:
        if value is None:
            return "unassigned" if self.field == "subcluster" else "none"
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, list | tuple):
            return ", ".join(map(str, value)) or "none"
        return f"{value:,}" if isinstance(value, int) else str(value) or "none"

    def as_dict(self) -> dict[str, Any]:
        """The shape that commands and the API give."""
        change: dict[str, Any] = {"action": self.action, "kind": self.kind, "name": self.name}
        if self.action == CHANGE:
            change |= {"field": self.field, "before": self.before, "after": self.after}
        elif self.within:
            change["subcluster"] = self.within
        return change


@dataclass(frozen=True)
class Renamed:
    """A node that only the file has, and the one that only the cluster has in its place: perhaps the same."""

    node: str
    other: str

    def __str__(self) -> str:
        return NODE_PERHAPS_RENAMED.say(node=self.node, other=self.other)

    @property
    def fix(self) -> str:
        return NODE_PERHAPS_RENAMED.say_fix(node=self.node, other=self.other)

    def as_dict(self) -> dict[str, str]:
        """The shape that commands and the API give."""
        return {"node": self.node, "other": self.other, "message": str(self), "fix": self.fix}


@dataclass(frozen=True)
class Difference:
    """What applying a file changes; `kept` names what is not in the file and stays, for it is not pruned."""

    cluster: str
    changes: tuple[TopologyChange, ...]
    kept: tuple[str, ...] = ()
    dry_run: bool = field(default=False, compare=False)
    renamed: tuple[Renamed, ...] = field(default=(), compare=False)

    def as_dict(self) -> dict[str, Any]:
        """One shape for the dry run and the real run."""
        return {
            "cluster": self.cluster,
            "dry_run": self.dry_run,
            "changed": bool(self.changes),
            "changes": [change.as_dict() for change in self.changes],
            "kept": list(self.kept),
            "renamed": [guess.as_dict() for guess in self.renamed],
        }


def difference(before: TopologySpec | None, after: TopologySpec, *, prune: bool) -> Difference:
    """The changes from one specification to another, in the order in which they can run.

    Switching HA off comes first and switching it on last, because structure changes need it off (domain.md §1.3).
    """
    start = before or _empty(after)
    ha = list(_ha_changes(start, after))
    changes = [
        *([TopologyChange(CREATE, "cluster", after.cluster)] if before is None else _cluster_changes(start, after)),
        *(change for change in ha if not change.after),
        *(_removed_nodes(start, after) if prune else ()),
        *_leaving_nodes(start, after, prune),
        *(_removed_subclusters(start, after) if prune else ()),
        *_subcluster_changes(start, after),
        *_node_changes(start, after),
        *_node_orders(start, after),
        *_subcluster_order(start, after),
        *(change for change in ha if change.after),
    ]
    kept = () if prune else tuple(_kept(start, after))
    return Difference(after.cluster, tuple(changes), kept, renamed=tuple(_renamed(start, after)))


def _renamed(before: TopologySpec, after: TopologySpec) -> Iterator[Renamed]:
    """Guesses: same place in the same subcluster first, then the publishers, then the only ones that are left."""
    known, wanted = _nodes(before), _nodes(after)
    old = {key: _seat(before, key) for key in known if key not in wanted}
    for key in (key for key in wanted if key not in known):
        seat, publisher = _seat(after, key), wanted[key][1].publisher
        same = [other for other in old if old[other] == seat and seat[0] is not None]
        same += [other for other in old if publisher and known[other][1].publisher]
        same += [other for other in old if len(old) == 1 and len(wanted.keys() - known.keys()) == 1]
        if same:
            del old[same[0]]
            yield Renamed(wanted[key][1].name, known[same[0]][1].name)


def _seat(spec: TopologySpec, key: str) -> tuple[str | None, int | None]:
    return next((group, slot) for group, slot, node in spec.placed() if node.name.lower() == key)


def _empty(spec: TopologySpec) -> TopologySpec:
    return TopologySpec(spec.cluster, spec.mode, spec.model, spec.policy, dns=spec.dns)


def _cluster_changes(before: TopologySpec, after: TopologySpec) -> Iterator[TopologyChange]:
    for name in ("mode", "model"):
        yield from _changed("cluster", after.cluster, name, getattr(before, name), getattr(after, name))
    for key, value in after.policy.items():
        yield from _changed("cluster", after.cluster, f"policy.{key}", before.policy[key], value)
    for item in fields(DnsSpec):
        old, new = getattr(before.dns, item.name), getattr(after.dns, item.name)
        yield from _changed("cluster", after.cluster, f"dns.{item.name}", old, new)


def _changed(kind: str, name: str, what: str, before: Any, after: Any) -> Iterator[TopologyChange]:
    if before != after:
        yield TopologyChange(CHANGE, kind, name, what, before, after)


def _groups(spec: TopologySpec) -> dict[str, SubclusterSpec]:
    return {group.name: group for group in spec.subclusters}


def _nodes(spec: TopologySpec) -> dict[str, tuple[str | None, NodeSpec]]:
    return {node.name.lower(): (group, node) for group, _, node in spec.placed()}


def _ha_changes(before: TopologySpec, after: TopologySpec) -> Iterator[TopologyChange]:
    known = _groups(before)
    for group in after.subclusters:
        now = group.name in known and known[group.name].ha
        yield from _changed("subcluster", group.name, "ha", now, group.ha)


def _removed_nodes(before: TopologySpec, after: TopologySpec) -> Iterator[TopologyChange]:
    wanted = _nodes(after)
    # The publisher goes last: it holds the database of the others.
    gone = [node for key, (_, node) in _nodes(before).items() if key not in wanted]
    for node in sorted(gone, key=lambda node: node.publisher):
        yield TopologyChange(REMOVE, "node", node.name)


def _leaving_nodes(before: TopologySpec, after: TopologySpec, prune: bool) -> Iterator[TopologyChange]:
    """Nodes that leave their subcluster make room first; a subcluster that is removed lets its nodes go itself."""
    wanted, staying = _nodes(after), _groups(after)
    for key, (group, node) in _nodes(before).items():
        leaves = group is not None and key in wanted and wanted[key][0] != group
        if leaves and (group in staying or not prune):
            yield TopologyChange(CHANGE, "node", node.name, "subcluster", group, None)


def _subcluster_changes(before: TopologySpec, after: TopologySpec) -> Iterator[TopologyChange]:
    known = _groups(before)
    for group in after.subclusters:
        if group.name not in known:
            yield TopologyChange(CREATE, "subcluster", group.name)
        old = known[group.name].description if group.name in known else ""
        yield from _changed("subcluster", group.name, "description", old, group.description)


def _node_changes(before: TopologySpec, after: TopologySpec) -> Iterator[TopologyChange]:
    known = _nodes(before)
    for group, _, node in after.placed():
        if node.name.lower() not in known:
            yield TopologyChange(CREATE, "node", node.name, after=node, within=group)
            continue
        old_group, old = known[node.name.lower()]
        if group is not None and group != old_group:
            yield TopologyChange(CHANGE, "node", node.name, "subcluster", None, group)
        for name in ("publisher", "profile", "users", "endpoints"):
            yield from _changed("node", node.name, name, getattr(old, name), getattr(node, name))


def _node_orders(before: TopologySpec, after: TopologySpec) -> Iterator[TopologyChange]:
    """Two nodes of a subcluster in another order than theirs in the file (domain.md §2: the first is the active)."""
    known = _groups(before)
    for group in after.subclusters:
        old = [node.name.lower() for node in known[group.name].nodes] if group.name in known else []
        new = [node.name.lower() for node in group.nodes]
        staying = [name for name in old if name in new]
        reached = staying + [name for name in new if name not in staying]
        if len(new) == 2 and reached != new:
            names = [node.name for node in group.nodes]
            yield TopologyChange(CHANGE, "subcluster", group.name, "nodes", names[::-1], names)


def _removed_subclusters(before: TopologySpec, after: TopologySpec) -> Iterator[TopologyChange]:
    wanted = _groups(after)
    for group in before.subclusters:
        if group.name not in wanted:
            yield TopologyChange(REMOVE, "subcluster", group.name)


def _subcluster_order(before: TopologySpec, after: TopologySpec) -> Iterator[TopologyChange]:
    """The order on the page, if it is not reached by adding the new ones at the end."""
    wanted, known = _groups(after), _groups(before)
    reached = [name for name in known if name in wanted] + [name for name in wanted if name not in known]
    yield from _changed("cluster", after.cluster, "subclusters", reached, list(wanted))


def _kept(before: TopologySpec, after: TopologySpec) -> Iterator[str]:
    wanted_groups, wanted_nodes = _groups(after), _nodes(after)
    yield from (f"subcluster {group.name}" for group in before.subclusters if group.name not in wanted_groups)
    yield from (f"node {node.name}" for key, (_, node) in _nodes(before).items() if key not in wanted_nodes)

"""The topology file applied: the difference to what is there, made true in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from topology import reasons
from topology.models import Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.rules.difference import Difference, TopologyChange, difference
from topology.rules.file_problems import FileProblem, FileRefused
from topology.rules.states import State, StateReason
from topology.rules.topology_file import NodeSpec, SubclusterSpec, TopologySpec
from topology.structure import guards, topology_reader
from topology.structure.clusters import create_cluster, set_mode, set_model
from topology.structure.dns_settings import update_dns
from topology.structure.documents.reading import Document
from topology.structure.nodes import add_node, move_node, remove_node, set_capacity, unassign_node
from topology.structure.policy import current_policy, update_policy
from topology.structure.selectors import current_dns
from topology.structure.subclusters import (
    create_subcluster,
    describe_subcluster,
    order_nodes,
    order_subclusters,
    remove_subcluster,
)

CAPACITY = ("profile", "users", "endpoints")
SetHa = Callable[[Subcluster, bool, Any], object]


@transaction.atomic
def apply_topology(
    document: object,
    *,
    prune: bool = False,
    dry_run: bool = False,
    actor: Any = None,
    set_ha: SetHa | None = None,
    expected: Difference | None = None,
) -> Difference:
    """Make a cluster what a parsed topology file says and return what differed; a dry run does it and takes it back.

    What the file does not name stays, unless `prune`. `expected` is a difference that a person has seen: another one
    is not applied. `set_ha` switches HA of a subcluster that exists. Raises Refused for what is wrong or must not be.
    """
    source = Document.of(document)
    spec = topology_reader.parse(source)
    cluster = Cluster.objects.filter(name=spec.cluster).select_related("policy").first()
    if cluster:
        guards.hold(cluster)
    changes = difference(present_topology(cluster) if cluster else None, spec, prune=prune)
    if expected is not None and expected != changes:
        raise Refused(reasons.TOPOLOGY_CHANGED_MEANWHILE, cluster=spec.cluster)
    if changes.changes:
        _Run(spec, actor, set_ha, source, changes).apply()
    if dry_run:
        transaction.set_rollback(True)
    return replace(changes, dry_run=dry_run)


def present_topology(cluster: Cluster) -> TopologySpec:
    """What is there now, as the file would say it."""
    nodes = list(Node.objects.filter(cluster=cluster).order_by("slot", "number"))
    groups = Subcluster.objects.filter(cluster=cluster)
    return TopologySpec(
        cluster=cluster.name,
        mode=cluster.mode,
        model=cluster.model,
        policy=current_policy(cluster),
        dns=current_dns(cluster),
        subclusters=tuple(
            SubclusterSpec(
                sub.name, sub.ha_enabled, tuple(_spec(n) for n in nodes if n.subcluster_id == sub.pk), sub.description
            )
            for sub in groups
        ),
        unassigned_nodes=tuple(_spec(node) for node in nodes if node.subcluster_id is None),
    )


def _spec(node: Node) -> NodeSpec:
    return NodeSpec(node.name, node.profile, node.capacity_users, node.capacity_endpoints, node.publisher)


class _Run:
    """Carries out the changes of one file, each through the verb that a person would use."""

    def __init__(
        self, spec: TopologySpec, actor: Any, set_ha: SetHa | None, source: Document, changes: Difference
    ) -> None:
        self.spec, self.actor, self.set_ha = spec, actor, set_ha
        self.source, self.changes = source, changes
        self.new: set[str] = set()

    def apply(self) -> None:
        """Make every change. Raises FileRefused with all that must not be, but for what hangs on one of them."""
        refusals: list[tuple[TopologyChange, Refused]] = []
        for change in self.changes.changes:
            if any(_may_hang(change, other) for other, _ in refusals):
                continue  # it would be refused for that alone
            try:
                getattr(self, f"_{change.action}_{change.kind}")(change)
            except Refused as refused:
                if not (refusals and refused.reason is reasons.PUBLISHER_GOES_LAST):  # the others are still there
                    refusals.append((change, refused))
        if refusals:
            raise self._refused(refusals) from refusals[0][1]

    def _refused(self, refusals: Sequence[tuple[TopologyChange, Refused]]) -> FileRefused:
        """The refusals at their places in the file; a node that was renamed is the commonest cause."""
        refused = refusals[0][1]
        problems = [FileProblem.from_refusal(self.spec.place_of(each.kind, each.name), why) for each, why in refusals]
        problems = list(dict.fromkeys(problems))  # one capacity that users and endpoints are too many for
        problems += [
            FileProblem.of(
                self.spec.place_of("node", guess.node),
                reasons.NODE_PERHAPS_RENAMED,
                node=guess.node,
                other=guess.other,
            )
            for guess in self.changes.renamed
        ]
        placed = topology_reader.placed_problems(self.source, problems)
        return FileRefused(placed, refused.reason, self.source.name, **refused.facts)

    @property
    def cluster(self) -> Cluster:
        return Cluster.objects.select_related("policy").get(name=self.spec.cluster)

    def subcluster(self, name: str) -> Subcluster:
        return Subcluster.objects.select_related("cluster").get(cluster__name=self.spec.cluster, name=name)

    def node(self, name: str) -> Node:
        return Node.objects.select_related("cluster").get(cluster__name=self.spec.cluster, name__iexact=name)

    def _create_cluster(self, change: TopologyChange) -> None:
        spec = self.spec
        cluster = create_cluster(spec.cluster, mode=spec.mode, model=spec.model, policy=spec.policy, actor=self.actor)
        guards.hold(cluster)
        update_dns(cluster, spec.dns, self.actor)

    def _change_cluster(self, change: TopologyChange) -> None:
        if change.field == "mode":
            set_mode(self.cluster, change.after, actor=self.actor)
        elif change.field == "model":
            set_model(self.cluster, change.after, actor=self.actor)
        elif change.field == "subclusters":
            order_subclusters(self.cluster, change.after, actor=self.actor)
        elif change.field.startswith("dns."):  # all of them with the first
            update_dns(self.cluster, self.spec.dns, self.actor)
        else:  # parameters bind one another, so the first change sets all and the next ones find nothing to do
            update_policy(self.cluster, self.spec.policy, self.actor)

    def _create_subcluster(self, change: TopologyChange) -> None:
        create_subcluster(self.cluster, change.name, actor=self.actor)
        self.new.add(change.name)

    def _change_subcluster(self, change: TopologyChange) -> None:
        subcluster = self.subcluster(change.name)
        if change.field == "description":
            describe_subcluster(subcluster, change.after, actor=self.actor)
        elif change.field == "nodes":
            order_nodes(subcluster, change.after, actor=self.actor)
        elif change.name in self.new:
            _enable_ha_of_new(subcluster)
        elif self.set_ha:
            self.set_ha(subcluster, change.after, self.actor)
        else:
            raise ValueError("switching HA of a subcluster that exists needs the recovery service: set_ha")

    def _remove_subcluster(self, change: TopologyChange) -> None:
        remove_subcluster(self.subcluster(change.name), actor=self.actor)

    def _create_node(self, change: TopologyChange) -> None:
        spec: NodeSpec = change.after
        add_node(
            self.cluster,
            spec.name,
            subcluster=self.subcluster(change.within) if change.within else None,
            profile=spec.profile,
            users=spec.users,
            endpoints=spec.endpoints,
            publisher=spec.publisher,
            actor=self.actor,
        )
        self._order(change.within)

    def _change_node(self, change: TopologyChange) -> None:
        node = self.node(change.name)
        if change.field == "publisher":
            publisher = self.cluster.nodes.get(publisher=True)
            raise Refused(reasons.PUBLISHER_FIXED, publisher=publisher.name, cluster=self.spec.cluster)
        if change.field != "subcluster":
            set_capacity(node, **{change.field: change.after}, actor=self.actor)
        elif change.after is None:
            unassign_node(node, actor=self.actor)
        else:
            move_node(node, self.subcluster(change.after), actor=self.actor)
            self._order(change.after)

    def _order(self, name: str | None) -> None:
        """A node that enters a subcluster takes the slot that the file gives it, not just the free one."""
        groups = {group.name: [node.name for node in group.nodes] for group in self.spec.subclusters}
        wanted = groups.get(name or "", [])
        there = Node.objects.filter(subcluster__name=name, cluster__name=self.spec.cluster)
        if wanted and {node.name.lower() for node in there} == {name.lower() for name in wanted}:
            order_nodes(self.subcluster(str(name)), wanted, actor=self.actor)

    def _remove_node(self, change: TopologyChange) -> None:
        remove_node(self.node(change.name), actor=self.actor)


def _may_hang(change: TopologyChange, other: TopologyChange) -> bool:
    """Whether a change may be refused only because another one was not made; not so for one of another aspect."""
    everything = (other.action, other.kind) == ("create", "cluster")
    return everything or (_aspect(change) == _aspect(other) and not _are_alike(change, other))


def _aspect(change: TopologyChange) -> str:
    """What a change is about: the structure, or one of the settings, on which no other change hangs."""
    if change.kind == "cluster" and change.field not in ("", "subclusters"):
        return change.field.partition(".")[0]
    return "capacity" if change.kind == "node" and change.field in CAPACITY else "structure"


def _are_alike(one: TopologyChange, other: TopologyChange) -> bool:
    """Whether two changes are of the same kind and direction, so that neither hangs on the other."""
    kinds = {
        (change.action, change.kind, CAPACITY if change.field in CAPACITY else change.field, bool(change.after))
        for change in (one, other)
    }
    return len(kinds) == 1


def _enable_ha_of_new(subcluster: Subcluster) -> None:
    """Start a pair that no one uses yet with HA on: its services are up, so both are normal (domain.md §4.9)."""
    Subcluster.objects.filter(pk=subcluster.pk).update(ha_enabled=True)
    subcluster.nodes.update(state=State.NORMAL, reason=StateReason.NORMAL)
    guards.wake(subcluster)

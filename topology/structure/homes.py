"""The nodes of a cluster as the rule of homes sees them, in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from topology.models import Cluster, Node, Subcluster
from topology.rules.homes import Homes, Place, Why


def homes_of(cluster: Cluster | int) -> Homes:
    """Which nodes of a cluster may give and take homes now; names are the nodes' whole ones."""
    return homes_among(nodes_in_order(cluster))


def nodes_in_order(cluster: Cluster | int) -> list[Node]:
    """The nodes of a cluster by number, each with its subcluster."""
    return list(Node.objects.filter(cluster=cluster).select_related("subcluster").order_by("number"))


def homes_among(nodes: Sequence[Node]) -> Homes:
    """The same of `nodes_in_order`, for who needs the nodes themselves too."""
    return homes_from(nodes, {node.subcluster.pk: node.subcluster for node in nodes if node.subcluster})


@dataclass(frozen=True, slots=True)
class Passage:
    """What homes may change by one plan or run: within a cluster, or from one into another."""

    homes: Homes
    into: Homes | None = None

    @property
    def receiving(self) -> Homes:
        """The nodes that get users."""
        return self.into or self.homes

    def changes(self, source: int | None, target: int | None) -> Why | None:
        """Why no one goes from one home to another; None is no home."""
        if self.into is None:
            return self.homes.changes(source, target)
        return self.homes.leaves(source, target, self.into)


def passage(cluster: Cluster | int, to_cluster: int | None) -> Passage:
    """The nodes of a cluster, and those of the other one where users leave it."""
    return Passage(homes_of(cluster), homes_of(to_cluster) if to_cluster else None)


def homes_from(nodes: Iterable[Node], subclusters: Mapping[int, Subcluster], *, short: bool = False) -> Homes:
    """The same from rows that were read already; `short` names nodes as a page does."""
    rows = list(nodes)
    members = [node.subcluster_id for node in rows]
    return Homes(
        tuple(
            place_of(
                node,
                short=short,
                protected=members.count(node.subcluster_id) == 2 and _ha(subclusters.get(node.subcluster_id or 0)),
            )
            for node in rows
        )
    )


def place_of(node: Node, *, short: bool = False, protected: bool = False) -> Place:
    """One node as the rule sees it."""
    return Place(
        id=node.pk,
        name=node.short_name if short else node.name,
        subcluster=node.subcluster_id,
        state=node.state,
        truth=node.truth,
        in_maintenance=node.in_maintenance,
        protected=protected,
    )


def _ha(subcluster: Subcluster | None) -> bool:
    return bool(subcluster and subcluster.ha_enabled)

"""The nodes of a cluster as the rule of homes sees them, in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from topology.models import Cluster, Node, Subcluster
from topology.rules.homes import Homes, Place


def homes_of(cluster: Cluster | int) -> Homes:
    """Which nodes of a cluster may give and take homes now; names are the nodes' whole ones."""
    pk = cluster if isinstance(cluster, int) else cluster.pk
    nodes = list(Node.objects.filter(cluster=pk).select_related("subcluster").order_by("number"))
    return homes_from(nodes, {node.subcluster.pk: node.subcluster for node in nodes if node.subcluster})


def homes_from(nodes: Iterable[Node], subclusters: Mapping[int, Subcluster], *, short: bool = False) -> Homes:
    """The same from rows that were read already; `short` names nodes as a page does."""
    rows = list(nodes)
    members = [node.subcluster_id for node in rows]
    return Homes(
        tuple(
            Place(
                id=node.pk,
                name=node.short_name if short else node.name,
                subcluster=node.subcluster_id,
                state=node.state,
                truth=node.truth,
                in_maintenance=node.in_maintenance,
                protected=members.count(node.subcluster_id) == 2 and _ha(subclusters.get(node.subcluster_id or 0)),
            )
            for node in rows
        )
    )


def _ha(subcluster: Subcluster | None) -> bool:
    return bool(subcluster and subcluster.ha_enabled)

"""Reads of what exists: clusters by name, and the history."""

from django.db.models import QuerySet

from topology import reasons
from topology.models import Cluster, DnsSettings, Event, Node, Subcluster
from topology.reasons.words import NAMELESS
from topology.rules.topology_file import DnsSpec
from topology.structure.removed import Unknown, no_cluster, no_node

PAGE = 50


def cluster_named(name: str) -> Cluster:
    """The cluster of a name. Raises Refused with the names that exist."""
    cluster = Cluster.objects.filter(name=name).select_related("policy").first()
    if not cluster:
        raise no_cluster(name)
    return cluster


def node_named(name: str, meant: Cluster | None = None) -> Node:
    """The node of a name, whatever the case. Raises Refused with the names that exist, in the cluster that is meant."""
    node = Node.objects.filter(name__iexact=name).select_related("cluster", "subcluster").first()
    if not node:
        known = Node.objects.filter(cluster=meant) if meant else Node.objects.all()
        raise Unknown(reasons.NO_SUCH_NODE, known, name=name or NAMELESS)
    return node


def node_in(cluster: Cluster, pk: int | None) -> Node:
    """The node of a key in a cluster. Raises Refused with those it has."""
    nodes = Node.objects.filter(cluster=cluster)
    node = nodes.filter(pk=pk or 0).select_related("cluster", "subcluster").first()
    if not node:
        raise no_node(pk, nodes, cluster.pk)
    return node


def subcluster_named(cluster: Cluster, name: str) -> Subcluster:
    """The subcluster of a name in a cluster. Raises Refused with the names that exist."""
    subcluster = cluster.subclusters.filter(name=name).first()
    if not subcluster:
        known = cluster.subclusters.all()
        raise Unknown(reasons.NO_SUCH_SUBCLUSTER, known, name=name or NAMELESS, cluster=cluster.name)
    return subcluster


def dns_of(cluster: Cluster) -> DnsSettings:
    """The DNS settings of a cluster, or the defaults, not stored."""
    return DnsSettings.objects.filter(cluster=cluster).first() or DnsSettings(cluster=cluster)


def current_dns(cluster: Cluster) -> DnsSpec:
    """The DNS settings as the topology file would say them."""
    row = dns_of(cluster)
    return DnsSpec(row.domain, tuple(row.call_managers), row.name_server, row.check_every)


def history(
    cluster: Cluster | None = None,
    *,
    node_id: int | None = None,
    operation_id: int | None = None,
    code: str = "",
    actor: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> list[Event]:
    """Lines of history, the newest first, below an id for the next page; what a flapping node repeats is one line."""
    rows = Event.objects.exclude(facts__has_key="repeated")
    if cluster:
        rows = rows.filter(cluster=cluster)
    chosen = filtered(rows, node_id=node_id, operation_id=operation_id, code=code, actor=actor, before=before)
    return list(chosen.order_by("-pk")[:limit])


def filtered(
    rows: QuerySet[Event],
    *,
    node_id: int | None = None,
    operation_id: int | None = None,
    code: str = "",
    actor: str = "",
    before: int | None = None,
) -> QuerySet[Event]:
    """Those lines of history that are asked for, by page and API alike; nothing asked for is all."""
    asked = {
        "node_id": node_id,
        "operation_id": operation_id,
        "code": code,
        "actor_name__iexact": actor,
        "pk__lt": before,
    }
    return rows.filter(**{name: value for name, value in asked.items() if value})

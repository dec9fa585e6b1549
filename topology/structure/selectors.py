"""Reads of what exists: clusters by name, and the history."""

from typing import Any

from django.db.models import QuerySet

from topology import reasons
from topology.models import Cluster, DnsSettings, Event, Node, Subcluster
from topology.reasons import Reason, Refused
from topology.reasons.words import NAMELESS
from topology.rules.topology_file import DnsSpec

PAGE = 50
Rows = QuerySet[Cluster] | QuerySet[Node] | QuerySet[Subcluster]


class Unknown(Refused):
    """There is none of a name among these rows; `within_reach` lists those that somebody may see."""

    def __init__(self, reason: Reason, rows: Rows, **facts: Any) -> None:
        self.rows = rows
        super().__init__(reason, known=names_of(rows), **facts)


def cluster_named(name: str) -> Cluster:
    """The cluster of a name. Raises Refused with the names that exist."""
    cluster = Cluster.objects.filter(name=name).select_related("policy").first()
    if not cluster:
        raise Unknown(reasons.NO_SUCH_CLUSTER, Cluster.objects.all(), name=name or NAMELESS)
    return cluster


def node_named(name: str) -> Node:
    """The node of a name, whatever the case. Raises Refused with the names that exist."""
    node = Node.objects.filter(name__iexact=name).select_related("cluster", "subcluster").first()
    if not node:
        raise Unknown(reasons.NO_SUCH_NODE, Node.objects.all(), name=name or NAMELESS)
    return node


def node_in(cluster: Cluster, pk: int | None) -> Node:
    """The node of a key in a cluster. Raises Refused with those it has."""
    nodes = Node.objects.filter(cluster=cluster)
    node = nodes.filter(pk=pk or 0).select_related("cluster", "subcluster").first()
    if not node:
        raise Unknown(reasons.NO_SUCH_NODE, nodes, name=pk)
    return node


def gone(row: Cluster | Subcluster | Node) -> Refused:
    """What is refused for something that was removed meanwhile, with what is there now."""
    if isinstance(row, Cluster):
        return Unknown(reasons.NO_SUCH_CLUSTER, Cluster.objects.all(), name=row.name)
    if isinstance(row, Node):
        return Unknown(reasons.NO_SUCH_NODE, Node.objects.filter(cluster=row.cluster_id), name=row.name)
    cluster = Cluster.objects.filter(pk=row.cluster_id).values_list("name", flat=True).first() or "a removed cluster"
    rows = Subcluster.objects.filter(cluster=row.cluster_id)
    return Unknown(reasons.NO_SUCH_SUBCLUSTER, rows, name=row.name, cluster=cluster)


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


def names_of(rows: Rows) -> str:
    """Names of some rows for a refusal that says what there is; the first twenty."""
    return ", ".join(rows.order_by("name").values_list("name", flat=True)[:20]) or "none"


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

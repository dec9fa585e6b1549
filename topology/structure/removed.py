"""What is refused for something that is not there: with who removed it, and when, where the history knows it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from topology import reasons
from topology.models import Cluster, Event, Node, Subcluster
from topology.reasons import Reason, Refused, Said
from topology.reasons.words import NAMELESS

Keys = Collection[int] | None
Rows = QuerySet[Cluster] | QuerySet[Node] | QuerySet[Subcluster]


class Unknown(Refused):
    """There is none of a name among these rows; `within_reach` lists those that somebody may see."""

    def __init__(self, reason: Reason, rows: Rows, **facts: Any) -> None:
        self.rows = rows
        super().__init__(reason, known=names_of(rows), **facts)


def names_of(rows: Rows) -> str:
    """Names of some rows for a refusal that says what there is; the first twenty."""
    return ", ".join(rows.order_by("name").values_list("name", flat=True)[:20]) or "none"


def no_cluster(name: str) -> Unknown:
    """What is refused for the name of a cluster."""
    told = _told(Event.objects.filter(cluster=None, code=reasons.CLUSTER_REMOVED.code, facts__name=name))
    if told:
        told["again"] = "If that was a mistake, restore a backup. "
    return Unknown(reasons.NO_SUCH_CLUSTER, Cluster.objects.all(), **{"name": name or NAMELESS, **told})


def no_node(key: int | None, rows: QuerySet[Node], cluster: int | None, name: str = "", within: Keys = None) -> Unknown:
    """What is refused for the key of a node; `rows` are those that it might be of, `name` what it was called.

    Without a cluster it might be of any; `within` are those whose history somebody may see, None: all of them.
    """
    lines = Event.objects.filter(node_id=key, code=reasons.NODE_REMOVED.code)
    told = _told(lines.filter(cluster=cluster) if cluster else lines, within)
    return Unknown(reasons.NO_SUCH_NODE, rows, **{"name": name or f"with the key {key}", **told})


def no_subcluster(
    key: int | None, rows: QuerySet[Subcluster], cluster: Cluster | None, name: str = "", within: Keys = None
) -> Unknown:
    """The same of a subcluster."""
    lines = Event.objects.filter(subcluster_id=key, code=reasons.SUBCLUSTER_REMOVED.code)
    told = _told(lines.filter(cluster=cluster) if cluster else lines, within)
    of = cluster.name if cluster else "any cluster"
    return Unknown(reasons.NO_SUCH_SUBCLUSTER, rows, cluster=of, **{"name": name or f"with the key {key}", **told})


def removed_target(target: str, cluster: Cluster) -> Refused | None:
    """What is refused for the target of a drag ("node:3", "subcluster:2") that was removed; None where it never was."""
    kind, _, text = target.partition(":")
    key = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    if kind == "node":
        refusal = no_node(key, cluster.nodes.all(), cluster.pk)
    else:
        refusal = no_subcluster(key, cluster.subclusters.all(), cluster)
    return refusal if refusal.facts.get("removed") else None


def gone(row: Cluster | Subcluster | Node) -> Refused:
    """What is refused for something that was removed meanwhile, with what is there now."""
    if isinstance(row, Cluster):
        return no_cluster(row.name)
    if isinstance(row, Node):
        return no_node(row.pk, Node.objects.filter(cluster=row.cluster_id), row.cluster_id, row.name)
    rows = Subcluster.objects.filter(cluster=row.cluster_id)
    cluster = Cluster.objects.filter(pk=row.cluster_id).first()  # it may be gone too, and its history is no one's then
    return no_subcluster(row.pk, rows, cluster, row.name, within=None if cluster else ())


def _told(lines: QuerySet[Event], within: Keys = None) -> dict[str, Any]:
    """The name that was removed, who removed it and when, as facts; nothing where the history does not know it."""
    line = (lines if within is None else lines.filter(cluster__in=within)).order_by("-id").first()
    if line is None:
        return {}
    by = Said(reasons.REMOVED_BY, {"actor": line.actor_name, "at": line.at.isoformat()})
    return {"name": line.facts["name"], "removed": by, "again": "Add it again if it is needed. "}

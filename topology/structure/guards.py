"""What every change of the structure asks first, and the locks it holds while it asks.

The counts of users and the holds of running operations belong to `assignments`; they are read here through the
relations of the rows, so that this app needs to import nothing of the other.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import F, Sum
from django.utils import timezone

from topology import reasons
from topology.live import events
from topology.models import Cluster, Node, Subcluster
from topology.models.node import NOT_IN_MAINTENANCE
from topology.reasons import Reason, Refused
from topology.rules import names
from topology.structure import locks
from topology.structure.removed import gone


def hold_alone(cluster: Cluster) -> None:
    """Take the cluster's lock, and read the cluster again. Raises Refused when it was removed meanwhile."""
    locks.hold_cluster(cluster.pk)
    refresh(cluster)


def hold(cluster: Cluster) -> None:
    """Take the cluster's lock and those of all its subclusters, for a change of the structure is rare and may wait.

    The cluster is read again under them. Raises Refused when it was removed meanwhile.
    """
    hold_alone(cluster)
    locks.hold_subclusters(locks.all_subclusters(cluster.pk))


def hold_with_users(cluster: Cluster) -> None:
    """The same for what makes or removes users, with the lock of all imports: user IDs are unique over all clusters."""
    hold_alone(cluster)
    locks.hold_imports()
    locks.hold_subclusters(locks.all_subclusters(cluster.pk))


def refresh(row: Cluster | Subcluster | Node) -> None:
    """Read a row again, under its lock. Raises Refused when it was removed while the lock was waited for."""
    try:
        row.refresh_from_db()
    except ObjectDoesNotExist:
        raise gone(row) from None


def record(
    why: Reason,
    *,
    cluster: Cluster,
    actor: Any,
    subcluster: Subcluster | None = None,
    node: Node | None = None,
    **facts: Any,
) -> None:
    """One line of history of a structure change, with the name of what changed; the whole board is announced."""
    name = (node or subcluster or cluster).name
    topics = [f"cluster-{cluster.pk}"]
    facts = {"name": name, **facts}
    events.record(why, cluster=cluster, subcluster=subcluster, node=node, actor=actor, topics=topics, **facts)


def group_name(name: str, kind: str) -> str:
    """The name of a cluster or subcluster, if it is one (domain.md §1.3). Raises Refused."""
    return _name(name, kind, names.broken_by_group)


def node_name(name: str) -> str:
    """The name of a node, if it is one: a host name. Raises Refused."""
    return _name(name, "node", names.broken_by_node)


def _name(name: str, kind: str, broken_by: Callable[[str], names.Broken | None]) -> str:
    name = name.strip()
    if broken := broken_by(name):
        raise Refused(reasons.NAME_NOT_VALID, name=name, kind=kind, rule=broken.rule, remedy=broken.fix)
    return name


def no_users(node: Node) -> None:
    """Refuse while users are at home on the node or served by it (domain.md §1.3)."""
    home = node.home_populations.aggregate(n=Sum("users"))["n"] or 0
    guests = node.serving_populations.exclude(home_node=node).aggregate(n=Sum("users"))["n"] or 0
    if home + guests:
        raise Refused(reasons.NODE_HAS_USERS, node=node.name, users=home + guests)


def ha_off(subcluster: Subcluster | None) -> None:
    """Refuse while HA is on for the subcluster (domain.md §1.3)."""
    if subcluster and subcluster.ha_enabled:
        raise Refused(reasons.SUBCLUSTER_HA_ON, subcluster=subcluster.name)


def no_run(subcluster: Subcluster | None) -> None:
    """Refuse while an operation holds the subcluster: its moves name the nodes."""
    lock = subcluster.locks.filter(active=True).first() if subcluster else None
    if subcluster and lock:
        raise Refused(reasons.SUBCLUSTER_BUSY, subcluster=subcluster.name, operation=lock.operation_id)


def end_maintenance(*nodes: Node, actor: Any) -> None:
    """End the maintenance of nodes that leave their pair: without one it has no end."""
    for node in nodes:
        if node.in_maintenance:
            for column, value in NOT_IN_MAINTENANCE.items():
                setattr(node, column, value)
            node.save(update_fields=list(NOT_IN_MAINTENANCE))
            record(reasons.MAINTENANCE_ENDED, cluster=node.cluster, actor=actor, node=node)


def wake(*subclusters: Subcluster | None) -> None:
    """Let the recovery engine look at these subclusters now."""
    keys = [sub.pk for sub in subclusters if sub]
    Subcluster.objects.filter(pk__in=keys).update(next_wake=timezone.now())


def nodes_changed(*subclusters: Subcluster | None) -> None:
    """Let the recovery engine look at these subclusters now, and no step that read their other nodes be written."""
    keys = [sub.pk for sub in subclusters if sub]
    Subcluster.objects.filter(pk__in=keys).update(version=F("version") + 1)
    wake(*subclusters)

"""Where users may go, by the names that programs and commands give."""

from __future__ import annotations

from assignments.moves.selection import UNASSIGNED
from topology import reasons
from topology.models import Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.structure.removed import names_of


def target_of(cluster: Cluster, name: str | None) -> str:
    """The target of a name: a node, or a subcluster of the cluster; None unassigns. Raises Refused."""
    if name is None:
        return UNASSIGNED
    if node := Node.objects.filter(name__iexact=name).first():
        if node.cluster_id != cluster.pk:
            raise Refused(reasons.MOVE_OTHER_CLUSTER, cluster=cluster.name, other=node.cluster.name, users=0)
        return f"node:{node.pk}"
    if sub := Subcluster.objects.filter(cluster=cluster, name=name).first():
        return f"subcluster:{sub.pk}"
    known = f"{names_of(cluster.nodes.all())}; subclusters: {names_of(cluster.subclusters.all())}"
    raise Refused(reasons.NO_SUCH_NODE, name=name, known=known)

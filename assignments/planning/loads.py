"""What a plan is made from, read in three queries whatever the number of users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from django.db.models import Count, Q

from assignments.models import Assignment, Population
from assignments.planning.rules.goals import Ground, NodeLoad
from topology.models import Cluster, Model, Node


def ground_of(cluster: Cluster, limits: Mapping[int, int] | None = None) -> Ground:
    """The loads of a cluster's nodes and its unassigned users, as the planner wants them."""
    home: dict[int | None, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in Population.objects.filter(cluster=cluster):
        for place, count in enumerate((row.users, row.endpoints, row.signed_in)):
            home[row.home_node_id][place] += count
    pinned = _pinned(cluster)
    nodes = Node.objects.filter(cluster=cluster).order_by("number")
    return Ground(
        nodes=tuple(_load(node, home[node.pk], pinned.get(node.pk, (0, 0))) for node in nodes),
        unassigned=home[None][0],
        unassigned_endpoints=home[None][1],
        redundant=cluster.model != Model.BALANCED_NON_REDUNDANT,
        limits=limits or {},
    )


def _pinned(cluster: Cluster) -> dict[int, tuple[int, int]]:
    """Pinned users and the signed-in ones among them, by home; an index holds only these."""
    rows = Assignment.objects.filter(cluster=cluster, pinned=True, home_node__isnull=False).values("home_node")
    counted = rows.annotate(users=Count("pk"), signed=Count("pk", filter=Q(signed_in=True))).order_by()
    return {row["home_node"]: (row["users"], row["signed"]) for row in counted}


def _load(node: Node, home: list[int], pinned: tuple[int, int]) -> NodeLoad:
    return NodeLoad(
        id=node.pk,
        name=node.name,
        subcluster=node.subcluster_id,
        slot=node.slot,
        capacity_users=node.capacity_users,
        capacity_endpoints=node.capacity_endpoints,
        users=home[0],
        endpoints=home[1],
        signed_in=home[2],
        pinned=pinned[0],
        pinned_signed_in=pinned[1],
        in_service=node.serves,
        takes=not node.in_maintenance,
    )

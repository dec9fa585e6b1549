"""What the verdicts of a drop are made from: the chosen users by home, and the nodes, counts and locks of a cluster."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, Q

from assignments.models import Operation, Population, SubclusterLock
from assignments.moves.selection import Selection
from assignments.planning.loads import node_load
from assignments.planning.rules.loads import Classes, EndpointClass, NodeLoad
from assignments.population.selectors import Counts
from topology.models import Cluster, Node, Policy, Subcluster
from topology.rules.homes import Homes
from topology.structure.homes import homes_from


@dataclass(frozen=True)
class Chosen:
    """The chosen users of one home (None: unassigned), and those of them that are not pinned."""

    users: int = 0
    free: Counts = field(default_factory=Counts)
    classes: Classes = ()
    """Those who are not pinned, by endpoints."""

    @property
    def pinned(self) -> int:
        return self.users - self.free.users


Chosens = dict[int | None, Chosen]


@dataclass(frozen=True)
class DropContext:
    """What a verdict depends on beside the chosen users."""

    cluster: Cluster
    policy: Policy
    nodes: dict[int, Node]
    subclusters: dict[int, Subcluster]
    home: dict[int | None, Counts]
    held: dict[int, Operation]  # the runs that hold a subcluster
    homes: Homes  # which nodes may give and take homes now

    def members(self, subcluster: int) -> list[Node]:
        """The nodes of a subcluster in their order."""
        found = [node for node in self.nodes.values() if node.subcluster_id == subcluster]
        return sorted(found, key=lambda node: (node.slot or 0, node.number))

    def load(self, node: Node) -> NodeLoad:
        """A node with the users at home there, who leave it room or not."""
        return node_load(node, self.home[node.pk])

    def peer(self, node: Node) -> Node | None:
        """The other node of its subcluster."""
        return next((n for n in self.nodes.values() if n.pk != node.pk and n.subcluster_id == node.subcluster_id), None)


def drop_context(cluster: Cluster) -> DropContext:
    """What the verdicts of a cluster need, in five queries."""
    home: dict[int | None, Counts] = defaultdict(Counts)
    for row in Population.objects.filter(cluster=cluster, users__gt=0):
        home[row.home_node_id] += Counts(row.users, row.signed_in, row.endpoints)
    locks = SubclusterLock.objects.filter(active=True, subcluster__cluster=cluster).select_related("operation")
    nodes = {node.pk: node for node in Node.objects.filter(cluster=cluster).order_by("number")}
    subclusters = {sub.pk: sub for sub in Subcluster.objects.filter(cluster=cluster)}
    return DropContext(
        cluster=cluster,
        policy=Policy.objects.get(cluster=cluster),
        nodes=nodes,
        subclusters=subclusters,
        home=home,
        held={lock.subcluster_id: lock.operation for lock in locks},
        homes=homes_from(nodes.values(), subclusters, short=True),
    )


def count(selection: Selection) -> Chosens:
    """The chosen users by home, in one query."""
    free = Q(pinned=False)
    rows = selection.rows().order_by().values("home_node_id", "endpoints")
    counted = rows.annotate(
        n=Count("pk"), free=Count("pk", filter=free), signed=Count("pk", filter=free & Q(signed_in=True))
    )
    chosen: Chosens = {}
    for row in counted.order_by("endpoints"):
        one = chosen.get(row["home_node_id"], Chosen())
        free_now = Counts(row["free"], row["signed"], row["free"] * row["endpoints"])
        alike = (EndpointClass(row["endpoints"], row["free"], row["free"] - row["signed"]),) if row["free"] else ()
        chosen[row["home_node_id"]] = Chosen(one.users + row["n"], one.free + free_now, one.classes + alike)
    return chosen

"""What the verdicts of a drop are made from: the chosen users by home, and the nodes, counts and locks of a cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import connection

from assignments.models import Operation
from assignments.moves.selection import Selection
from assignments.planning.loads import node_load
from assignments.planning.rules.loads import Classes, EndpointClass, NodeLoad
from assignments.population.selectors import Counts, counted
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
    people: tuple[int, ...] = ()
    """All of them by key, where few were chosen."""

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
    subclusters: Mapping[int, Subcluster]
    home: dict[int | None, Counts]
    held: dict[int, Operation]  # the runs that hold a subcluster
    homes: Homes  # which nodes may give and take homes now

    def members(self, subcluster: int) -> list[Node]:
        """The nodes of a subcluster in their order."""
        nodes = [node for node in self.nodes.values() if node.subcluster_id == subcluster]
        return sorted(nodes, key=lambda node: (node.slot or 0, node.number))

    def load(self, node: Node) -> NodeLoad:
        """A node with the users at home there, who leave it room or not."""
        return node_load(node, self.home[node.pk])

    def peer(self, node: Node) -> Node | None:
        """The other node of its subcluster."""
        return next((n for n in self.nodes.values() if n.pk != node.pk and n.subcluster_id == node.subcluster_id), None)


# Written out: a drag asks them while a hand holds somebody, and the ORM takes longer to write them than they take.
NODES = "SELECT * FROM topology_node WHERE cluster_id = %s ORDER BY number"
SUBCLUSTERS = """
SELECT s.*, (
    SELECT operation_id FROM assignments_subclusterlock l WHERE l.subcluster_id = s.id AND l.active
) AS holder FROM topology_subcluster s WHERE s.cluster_id = %s ORDER BY position, id"""


def drop_context(cluster: Cluster) -> DropContext:
    """What the verdicts of a cluster need, in three queries, and one more while a run holds a subcluster."""
    home: dict[int | None, Counts] = defaultdict(Counts)
    for row in counted(cluster):
        home[row.home_node_id] += Counts(row.users, row.signed_in, row.endpoints)
    nodes = {node.pk: node for node in Node.objects.raw(NODES, [cluster.pk])}
    subclusters = {sub.pk: sub for sub in Subcluster.objects.raw(SUBCLUSTERS, [cluster.pk])}
    return DropContext(
        cluster=cluster,
        policy=cluster.policy,
        nodes=nodes,
        subclusters=subclusters,
        home=home,
        held=_held({pk: holder for pk, sub in subclusters.items() if (holder := vars(sub)["holder"])}),
        homes=homes_from(nodes.values(), subclusters, short=True),
    )


def _held(holders: dict[int, int]) -> dict[int, Operation]:
    """The operations that hold subclusters, by subcluster."""
    operations = Operation.objects.in_bulk(holders.values()) if holders else {}
    return {pk: operations[holder] for pk, holder in holders.items() if holder in operations}


COUNTED = """
SELECT home_node_id, endpoints, count(*), count(*) FILTER (WHERE NOT pinned),
    count(*) FILTER (WHERE NOT pinned AND signed_in){people}
FROM ({chosen}) c GROUP BY home_node_id, endpoints ORDER BY endpoints"""


def count_chosen(selection: Selection) -> Chosens:
    """The chosen users by home, in one query; few are named as well."""
    sql, params = selection.sql("user_id", "home_node_id", "endpoints", "pinned", "signed_in")
    people = ", array_agg(user_id)" if selection.is_few else ", NULL"
    chosen: Chosens = {}
    with connection.cursor() as cursor:
        cursor.execute(COUNTED.format(chosen=sql, people=people), params)
        for home, endpoints, users, free, signed_in, named in cursor.fetchall():
            one = chosen.get(home, Chosen())
            alike = (EndpointClass(endpoints, free, free - signed_in),) if free else ()
            chosen[home] = Chosen(
                one.users + users,
                one.free + Counts(free, signed_in, free * endpoints),
                one.classes + alike,
                one.people + tuple(named or ()),
            )
    return chosen

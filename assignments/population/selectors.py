"""How many users each node, subcluster and cluster has: at home, served, out of service.

The board costs a fixed number of queries, however many users there are: it reads populations, never people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from assignments.models import ACTIVE, Operation, Population
from topology.models import MAX_NODES, Cluster, Node, Subcluster
from topology.rules.states import CONDITION_LOOKS, Condition, Look, condition, look_of
from topology.structure.removed import no_node, no_subcluster

IN_NO_SUBCLUSTER = Look("In no subcluster", "mute", "server")


@dataclass(frozen=True)
class Counts:
    """Users, the signed-in ones among them, and their endpoints."""

    users: int = 0
    signed_in: int = 0
    endpoints: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.users + other.users, self.signed_in + other.signed_in, self.endpoints + other.endpoints)


@dataclass(frozen=True)
class NodeView:
    """A node with its counts: users at home, users whose serving node it is, and its own users without service.

    Without service is who lost the connection and has not signed in again, on any node (domain.md §4.7).
    """

    node: Node
    home: Counts
    serving: Counts
    out_of_service: int  # of the users at home here
    away: int  # home here, served elsewhere
    guests: int  # served here, home elsewhere
    guests_signed_in: int = 0
    protected: bool = False  # a second node stands by

    @property
    def condition(self) -> Condition:
        """What people feel of it."""
        node = self.node
        return condition(
            node.state,
            serves=node.serves,
            broken=not node.truth.up,
            out=self.out_of_service,
            protected=self.protected,
        )

    @property
    def look(self) -> Look:
        """Its state in the product's word, in the colour of its condition."""
        return look_of(self.node.state, self.condition) if self.node.subcluster_id else IN_NO_SUBCLUSTER

    @property
    def feels(self) -> Look:
        """Its condition as a word with its colour."""
        return CONDITION_LOOKS[self.condition]

    @property
    def served(self) -> int:
        """Users in service here now: those signed in, none while the node does not serve."""
        return self.serving.signed_in if self.node.serves else 0

    @property
    def all_as_usual(self) -> bool:
        """Whether all its users are served here, and no one else: home and served are one number then."""
        return self.served == self.home.users and not self.away and not self.guests

    @property
    def guests_served(self) -> int:
        return self.guests_signed_in if self.node.serves else 0

    @property
    def own_served(self) -> int:
        return self.served - self.guests_served

    @property
    def home_percent(self) -> int:
        return percent(self.home.users, self.node.capacity_users)

    @property
    def serving_percent(self) -> int:
        return percent(self.serving.users, self.node.capacity_users)

    @property
    def endpoints_percent(self) -> int:
        return percent(self.home.endpoints, self.node.capacity_endpoints)


@dataclass(frozen=True)
class SubclusterView:
    """A subcluster with its nodes in slot order."""

    subcluster: Subcluster
    nodes: tuple[NodeView, ...]

    @property
    def home(self) -> int:
        return sum(view.home.users for view in self.nodes)

    @property
    def out_of_service(self) -> int:
        return sum(view.out_of_service for view in self.nodes)

    @property
    def healthy(self) -> bool:
        """Whether all its nodes serve and none of its users waits."""
        fine = (Condition.SERVING, Condition.UNPROTECTED)
        return all(view.condition in fine for view in self.nodes)

    @property
    def protected(self) -> bool:
        """Whether a second node stands by: two nodes and HA on (domain.md §4.5)."""
        return self.can_protect and self.subcluster.ha_enabled

    @property
    def can_protect(self) -> bool:
        return len(self.nodes) == 2


@dataclass(frozen=True)
class Board:
    """Everything that the topology page, `show_topology` and the API show of one cluster."""

    cluster: Cluster
    subclusters: tuple[SubclusterView, ...]
    unassigned_nodes: tuple[NodeView, ...]
    assigned: int
    unassigned: int
    out_of_service: int
    signed_in: int
    operations: tuple[Operation, ...] = field(default=())
    populations: tuple[Population, ...] = field(default=())

    @property
    def users(self) -> int:
        return self.assigned + self.unassigned

    @property
    def unprotected(self) -> bool:
        """Whether HA is off for a pair, or nothing protects anybody."""
        held = [sub for sub in self.subclusters if sub.nodes]
        pairs = [sub for sub in held if sub.can_protect]
        return any(not sub.protected for sub in pairs) or bool(held and not pairs)

    @property
    def nodes(self) -> tuple[NodeView, ...]:
        return tuple(view for sub in self.subclusters for view in sub.nodes) + self.unassigned_nodes


def percent(part: int, whole: int) -> int:
    """Rounded percentage; 0 of nothing is 0."""
    return round(100 * part / whole) if whole else 0


def board_of(cluster: Cluster) -> Board:
    """The board of a cluster in four queries."""
    return boards_of([cluster])[0]


def boards_of(clusters: Sequence[Cluster]) -> list[Board]:
    """The boards of clusters in four queries, however many clusters there are."""
    nodes = _by_cluster(Node.objects.filter(cluster__in=clusters).order_by("slot", "number"))
    people = _by_cluster(Population.objects.filter(cluster__in=clusters, users__gt=0))
    groups = _by_cluster(Subcluster.objects.filter(cluster__in=clusters))
    runs = _by_cluster(active_operations(clusters))
    for pk, arrivals in _arrivals(clusters, runs).items():
        runs[pk] += arrivals
    return [_board(cluster, *(rows[cluster.pk] for rows in (nodes, people, groups, runs))) for cluster in clusters]


def counted(cluster: Cluster) -> list[Population]:
    """The counts of a cluster where anybody is; its SQL is written out, as a drag needs it twice."""
    return list(Population.objects.raw(COUNTED, [cluster.pk]))


COUNTED = "SELECT * FROM assignments_population WHERE cluster_id = %s AND users > 0"


def board_of_rows(cluster: Cluster, nodes: Iterable[Node], groups: Iterable[Subcluster]) -> Board:
    """The board of nodes and subclusters that were read already, without runs, in one query."""
    people = counted(cluster)
    ordered = sorted(nodes, key=lambda node: (node.slot or MAX_NODES, node.number))
    return _board(cluster, ordered, people, list(groups), [])


def _arrivals(clusters: Sequence[Cluster], runs: Mapping[int, list[Operation]]) -> dict[int, list[Operation]]:
    """Runs that bring users into a cluster from another one, by the cluster they go to."""
    ours = {cluster.pk for cluster in clusters}
    coming: dict[int, list[Operation]] = defaultdict(list)
    for run in (run for own in list(runs.values()) for run in own):
        if run.to_cluster_id in ours:
            coming[run.to_cluster_id].append(run)
    return coming


def _by_cluster(rows: Iterable[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.cluster_id].append(row)
    return grouped


def _board(
    cluster: Cluster,
    nodes: list[Node],
    populations: list[Population],
    groups: list[Subcluster],
    operations: list[Operation],
) -> Board:
    for node in nodes:
        node.cluster = cluster
    for group in groups:
        group.cluster = cluster
    views = _node_views(nodes, populations, groups)
    subclusters = tuple(
        SubclusterView(sub, tuple(views[n.pk] for n in nodes if n.subcluster_id == sub.pk)) for sub in groups
    )
    waiting = views[None]
    placed = [view for pk, view in views.items() if pk is not None]
    return Board(
        cluster=cluster,
        subclusters=subclusters,
        unassigned_nodes=tuple(views[n.pk] for n in nodes if n.subcluster_id is None),
        assigned=sum(view.home.users for view in placed),
        unassigned=waiting.home.users,
        out_of_service=sum(view.out_of_service for view in placed),
        signed_in=sum(view.home.signed_in for view in placed),
        operations=tuple(operations),
        populations=tuple(populations),
    )


def _node_views(
    nodes: list[Node], populations: list[Population], groups: Iterable[Subcluster]
) -> dict[int | None, NodeView]:
    members = [node.subcluster_id for node in nodes]
    protected = {sub.pk for sub in groups if sub.ha_enabled and members.count(sub.pk) == 2}
    serves = {node.pk: node.serves for node in nodes}
    home: dict[int | None, Counts] = defaultdict(Counts)
    serving: dict[int | None, Counts] = defaultdict(Counts)
    out: dict[int | None, int] = defaultdict(int)
    away: dict[int | None, int] = defaultdict(int)
    guests: dict[int | None, Counts] = defaultdict(Counts)
    for row in populations:
        counts = Counts(row.users, row.signed_in, row.endpoints)
        home[row.home_node_id] += counts
        serving[row.serving_node_id] += counts
        if row.home_node_id is not None:
            out[row.home_node_id] += row.users - (row.signed_in if serves[row.serving_node_id or 0] else 0)
        if row.home_node_id != row.serving_node_id:
            away[row.home_node_id] += row.users
            guests[row.serving_node_id] += counts
    known: dict[int | None, NodeView] = {
        node.pk: NodeView(
            node,
            home[node.pk],
            serving[node.pk],
            out[node.pk],
            away[node.pk],
            guests[node.pk].users,
            guests[node.pk].signed_in,
            node.subcluster_id in protected,
        )
        for node in nodes
    }
    known[None] = NodeView(Node(), home[None], serving[None], 0, 0, 0)
    return known


def node_view(node: Node) -> NodeView:
    """One node with its counts, for its own fragment."""
    nodes = list(Node.objects.filter(cluster_id=node.cluster_id))
    rows = Population.objects.filter(cluster_id=node.cluster_id, users__gt=0).filter(
        Q(home_node=node) | Q(serving_node=node)
    )
    groups = Subcluster.objects.filter(cluster_id=node.cluster_id)
    return _node_views(nodes, list(rows), groups)[node.pk]


def subcluster_of(board: Board, pk: int) -> SubclusterView:
    """A subcluster of a board. Raises Refused with those it has."""
    subcluster_view = next((view for view in board.subclusters if view.subcluster.pk == pk), None)
    if subcluster_view is None:
        raise no_subcluster(pk, board.cluster.subclusters.all(), board.cluster)
    return subcluster_view


def node_of(board: Board, pk: int) -> NodeView:
    """A node of a board. Raises Refused with those it has."""
    node_view = next((view for view in board.nodes if view.node.pk == pk), None)
    if node_view is None:
        raise no_node(pk, board.cluster.nodes.all(), board.cluster.pk)
    return node_view


def active_operations(clusters: Sequence[Cluster]) -> QuerySet[Operation]:
    """Runs of clusters that have not ended, the newest first."""
    rows = Operation.objects.filter(Q(cluster__in=clusters) | Q(to_cluster__in=clusters), state__in=ACTIVE)
    return rows.select_related("from_node", "to_node", "plan")

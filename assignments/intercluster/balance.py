"""Balance across clusters: the fewest users who change their cluster so that all are equally full, and proven.

    boards -> a load for each cluster, rated for what it carries when any one node fails -> planner -> flows
           -> people of each flow, from the fullest nodes first -> one plan for each flow

The planner is that of nodes: a cluster is a target with so much room. Each flow becomes a plan of the cluster that
users leave, which is looked at, approved, run and undone like every plan; they run one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count

from assignments.intercluster.moves import plan_to_cluster
from assignments.intercluster.rules.headroom import most_users
from assignments.models import Assignment, Plan
from assignments.planning.rules import goals
from assignments.planning.rules.certificate import Certificate
from assignments.planning.rules.loads import ClusterLoad, NodeLoad, Proposal
from assignments.population.selectors import Board, boards_of
from topology import reasons
from topology.models import Cluster, DeploymentModel
from topology.reasons import Refused
from topology.structure.homes import homes_from

# The nth user who leaves is of the node that is fullest after those before have left, so what stays is even.
LEAVING = """
    SELECT user_id FROM (
        SELECT a.user_id, (p.users - row_number() OVER (PARTITION BY a.home_node_id ORDER BY a.signed_in, a.user_id))
            ::float / n.capacity_users AS share
        FROM assignments_assignment a JOIN topology_node n ON n.id = a.home_node_id JOIN (
            SELECT home_node_id, sum(users) AS users FROM assignments_population WHERE cluster_id = %s GROUP BY 1
        ) p ON p.home_node_id = a.home_node_id
        WHERE a.cluster_id = %s AND NOT a.pinned AND a.home_node_id <> ALL(%s::bigint[])
    ) ranked ORDER BY share DESC, user_id OFFSET %s LIMIT %s
"""


@dataclass(frozen=True)
class ClusterFill:
    """A cluster before and after: users at home, and what it carries when any one node fails."""

    name: str
    capacity: int
    before: int
    after: int

    @property
    def percent(self) -> int:
        """How full it is afterwards."""
        return round(100 * self.after / self.capacity) if self.capacity else 0


@dataclass(frozen=True)
class ClusterBalance:
    """Which clusters give how many users to which, why no fewer will do, and the plans of it where they were made."""

    clusters: tuple[ClusterFill, ...]
    flows: tuple[tuple[Cluster, Cluster, int], ...]
    minimum_moves: int
    certificate: Certificate
    left_out: tuple[dict[str, str], ...] = ()
    plans: tuple[Plan, ...] = ()

    @property
    def moves(self) -> int:
        return sum(users for _, _, users in self.flows)

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the command and the API give."""
        return {
            "moves": self.moves,
            "minimum_moves": self.minimum_moves,
            "certificate": str(self.certificate),
            "clusters": [dict(vars(fill)) for fill in self.clusters],
            "flows": [{"from": a.name, "to": b.name, "users": users} for a, b, users in self.flows],
            "left_out": list(self.left_out),
            "plans": [{"hash": plan.hash, "cluster": plan.cluster.name, "moves": plan.moves} for plan in self.plans],
        }


def propose(clusters: Sequence[Cluster]) -> ClusterBalance:
    """How users would be spread over these clusters with the fewest moves; nothing is stored. Raises Refused."""
    clusters = list({cluster.pk: cluster for cluster in clusters}.values())  # one that is named twice is one
    boards = boards_of(clusters)
    pinned = _pinned(clusters)
    loads, left_out = [], []
    for board in boards:
        if why := _out(board):
            left_out.append({"cluster": board.cluster.name, "code": why.code, "why": why.message})
        else:
            loads.append(_load(board, pinned.get(board.cluster.pk, 0)))
    if len(loads) < 2:
        raise Refused(reasons.BALANCE_NEEDS_CLUSTERS)
    proposal: Proposal = goals.balance(ClusterLoad(tuple(loads), of="cluster"))
    by_key = {board.cluster.pk: board.cluster for board in boards}
    users: dict[tuple[int, int], int] = {}
    for flow in proposal.flows:
        if flow.from_id is not None and flow.to_id is not None:
            users[flow.from_id, flow.to_id] = users.get((flow.from_id, flow.to_id), 0) + flow.users
    return ClusterBalance(
        clusters=tuple(ClusterFill(n.name, n.capacity_users, n.users, proposal.after[n.id]) for n in loads),
        flows=tuple((by_key[source], by_key[to], count) for (source, to), count in sorted(users.items())),
        minimum_moves=proposal.minimum_moves,
        certificate=proposal.certificate,
        left_out=tuple(left_out),
    )


def make_plans(clusters: Sequence[Cluster], *, author: Any) -> ClusterBalance:
    """The same with a stored plan for each flow, by its hash. Raises Refused."""
    balance = propose(clusters)
    taken: dict[int, int] = {}
    plans = []
    for source, to, users in balance.flows:
        keys = _leaving(source, taken.get(source.pk, 0), users)
        taken[source.pk] = taken.get(source.pk, 0) + users
        plans.append(plan_to_cluster(source, keys, to, author=author))
    return ClusterBalance(**vars(balance) | {"plans": tuple(plans)})


def _leaving(cluster: Cluster, after: int, users: int) -> list[int]:
    board = boards_of([cluster])[0]
    groups = {sub.subcluster.pk: sub.subcluster for sub in board.subclusters}
    locked = list(homes_from([view.node for view in board.nodes], groups).locked)
    with connection.cursor() as cursor:
        cursor.execute(LEAVING, [cluster.pk, cluster.pk, locked, after, users])
        return [key for (key,) in cursor.fetchall()]


def _pinned(clusters: Sequence[Cluster]) -> dict[int, int]:
    rows = Assignment.objects.filter(cluster__in=clusters, pinned=True, home_node__isnull=False)
    return dict(rows.values_list("cluster").annotate(n=Count("pk")).order_by())


def _out(board: Board) -> Refused | None:
    """Why a cluster neither gives nor takes users now."""
    nodes = [view.node for view in board.nodes]
    why = homes_from(nodes, {sub.subcluster.pk: sub.subcluster for sub in board.subclusters}).assigns()
    if why:
        return Refused(why[0], **why[1])
    if not any(sub.nodes for sub in board.subclusters):
        return Refused(reasons.CLUSTER_WITHOUT_NODES, cluster=board.cluster.name)
    return None


def _load(board: Board, pinned: int) -> NodeLoad:
    """A cluster as the planner of nodes sees it."""
    redundant = board.cluster.model != DeploymentModel.BALANCED_NON_REDUNDANT
    pairs = [sub.nodes for sub in board.subclusters]
    users = [[(view.node.capacity_users, view.home.users) for view in pair] for pair in pairs]
    endpoints = [[(view.node.capacity_endpoints, view.home.endpoints) for view in pair] for pair in pairs]
    return NodeLoad(
        id=board.cluster.pk,
        name=board.cluster.name,
        subcluster=board.cluster.pk,
        slot=1,
        capacity_users=sum(most_users(pair, redundant=redundant) for pair in users if pair),
        capacity_endpoints=sum(most_users(pair, redundant=redundant) for pair in endpoints if pair),
        users=sum(count for pair in users for _, count in pair),
        endpoints=sum(count for pair in endpoints for _, count in pair),
        signed_in=sum(view.home.signed_in for pair in pairs for view in pair),
        pinned=pinned,
        pinned_signed_in=pinned,
    )

"""Moves between clusters: who goes and who stays, where the others go, and the plan of it; it runs like every plan.

    user IDs -> sort_out -> keys, and a code for each who stays
    users, another cluster -> counted by endpoints -> its mode places them (or one node takes them) -> Plan -> run

A person is one row: the run changes its cluster and home in one statement, so no one is lost or doubled wherever it is
cut off. Contacts belong to the person and come along; a pin belongs to a node, so pinned users stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from assignments.intercluster.leaving import Leaving
from assignments.intercluster.rules.headroom import headroom
from assignments.models import Goal, Operation, Plan
from assignments.moves.listed import left_alone_user, outcome, printed
from assignments.planning import approvals
from assignments.planning.drafts import make_given
from assignments.planning.loads import load_of, load_of_both
from assignments.planning.pick import Picked
from assignments.planning.rules import goals
from assignments.planning.rules.loads import EndpointClass, Flow
from assignments.population.selectors import Board, boards_of
from assignments.runs import operations
from topology import reasons
from topology.models import Cluster, DeploymentModel, Node
from topology.reasons import REASONS, Refused
from topology.reasons.words import UNASSIGNED_USERS, counted
from topology.rules.homes import Homes, demand_allowed
from topology.structure.homes import homes_from, homes_of

Users = Iterable[int] | QuerySet[Any]

JUDGE = """
    WITH asked AS (
        SELECT DISTINCT ON (fold_user_id(user_id)) user_id, n
        FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS a (user_id, n)
        WHERE user_id <> '' ORDER BY fold_user_id(user_id), n
    ), judged AS (
        SELECT asked.n, coalesce(person.user_id, asked.user_id) AS user_id, person.id, person.cluster,
            person.home_node_id AS home, CASE
            WHEN person.id IS NULL THEN '{unknown}'
            WHEN person.cluster_id = %(into)s THEN '{there}'
            WHEN person.cluster_id <> %(here)s THEN '{elsewhere}'
            WHEN person.pinned THEN '{pinned}'
            WHEN person.home_node_id = ANY(%(locked)s) THEN '{locked}' ELSE '' END AS code
        FROM asked LEFT JOIN LATERAL (
            SELECT u.id, u.user_id, a.cluster_id, c.name AS cluster, a.home_node_id, a.pinned
            FROM topology_enduser u JOIN assignments_assignment a ON a.user_id = u.id
            JOIN topology_cluster c ON c.id = a.cluster_id
            WHERE u.folded = fold_user_id(asked.user_id)
            ORDER BY a.cluster_id <> %(here)s, u.user_id <> asked.user_id, u.twin LIMIT 1
        ) person ON true
    )
    SELECT NULL, NULL, NULL, NULL, coalesce(array_agg(id ORDER BY id), '{{}}') FROM judged WHERE code = ''
    UNION ALL
    (SELECT user_id, code, cluster, home, NULL FROM judged WHERE code <> '' ORDER BY n)
"""
GOING = """
    FROM assignments_assignment a
    WHERE a.cluster_id = %s AND NOT a.pinned AND a.user_id {chosen}
        AND (a.home_node_id IS NULL OR a.home_node_id <> ALL(%s::bigint[]))
"""
PICK = """
    SELECT going.user_id, going.home_node_id, share.node_id,
        row_number() OVER (ORDER BY going.signed_in, going.user_id), going.endpoints
    FROM (
        SELECT user_id, home_node_id, signed_in, endpoints, weight,
            row_number() OVER (PARTITION BY weight ORDER BY hashint8(user_id), user_id) AS number
        FROM (SELECT a.*, CASE WHEN %s THEN a.endpoints END AS weight {going}) AS weighed
    ) AS going JOIN (
        SELECT node_id, weight, users, sum(users) OVER (PARTITION BY weight ORDER BY node_id) AS last
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS given (node_id, weight, users)
    ) AS share ON going.number > share.last - share.users AND going.number <= share.last
        AND going.weight IS NOT DISTINCT FROM share.weight
"""


@dataclass(frozen=True)
class Sorted:
    """The users of a list who can go, by key, and those who stay, each with a code, a sentence and a fix."""

    keys: tuple[int, ...]
    refused: tuple[dict[str, str], ...]


def sort_out(cluster: Cluster, ids: Iterable[str], into: Cluster) -> Sorted:
    """Who of these user IDs, in any spelling, can leave the cluster for another one; no one is moved."""
    _demand_two(cluster, into)
    homes = homes_of(cluster)
    statement = JUDGE.format(
        unknown=reasons.NO_SUCH_USER.code,
        there=reasons.ALREADY_IN_CLUSTER.code,
        elsewhere=reasons.USER_OF_OTHER_CLUSTER.code,
        pinned=reasons.USER_PINNED.code,
        locked=reasons.MOVE_PAIR_IN_FAILOVER.code,
    )
    values: dict[str, Any] = {
        "ids": [text.strip() for text in ids],
        "here": cluster.pk,
        "into": into.pk,
        "locked": list(homes.locked),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        (*_, keys), *stay = cursor.fetchall()
    names = {place.id: place.name for place in homes.places}
    refused = (_stays(homes, names, user, code, where or cluster.name, home) for user, code, where, home, _ in stay)
    return Sorted(tuple(keys), tuple(refused))


def _stays(homes: Homes, names: dict[int, str], user: str, code: str, where: str, home: int | None) -> dict[str, str]:
    facts: dict[str, Any] = {"user": user, "cluster": where, "node": names.get(home or 0, UNASSIGNED_USERS)}
    if home and (why := homes.gives(home)):
        facts |= why[1]
    return left_alone_user(user, Refused(REASONS[code], **facts))


def _demand_two(cluster: Cluster, into: Cluster) -> None:
    if cluster.pk == into.pk:
        raise Refused(reasons.SAME_CLUSTER, cluster=cluster.name)


def plan_to_cluster(cluster: Cluster, users: Users, into: Cluster, to_node: Node | None = None, *, author: Any) -> Plan:
    """The plan that takes these users (keys, or a queryset of one column of them) into another cluster.

    Its mode places them, manual leaves them unassigned; with `to_node` all of them go to that node. Pinned users and
    those whose pair fails over stay. Raises Refused when no one can go, when no one may arrive, and without room.
    """
    _demand_two(cluster, into)
    if to_node is not None and to_node.cluster_id != into.pk:
        raise Refused(reasons.PLAN_NO_NODE, node=to_node.name)
    homes = homes_of(into)
    demand_allowed(homes.assigns(), homes.takes(to_node.pk) if to_node else None)
    going = _going(cluster, users)
    classes = _classes(going)
    if not classes:
        raise Refused(reasons.NO_USERS_TO_MOVE, cluster=cluster.name)
    flows = _flows(into, classes, to_node)
    of_class = any(flow.endpoints is not None for flow in flows)
    columns = [[getattr(flow, name) for flow in flows] for name in ("to_id", "endpoints", "users")]
    picked = Picked(PICK.format(going=going.sql), [of_class, *going.params, *columns])
    scope: dict[str, Any] = {"to_cluster": into.pk} | ({"node": to_node.pk} if to_node else {})
    return make_given(cluster, load_of_both(cluster, into), Goal.TO_CLUSTER, scope, picked, author)


def _going(cluster: Cluster, users: Users) -> Picked:
    """Who of these can go, as the end of a SELECT."""
    if isinstance(users, QuerySet):
        text, params = users.order_by().query.sql_with_params()
        chosen, values = f"IN ({text})", list(params)
    else:
        chosen, values = "= ANY(%s)", [sorted(set(users))]
    return Picked(GOING.format(chosen=chosen), [cluster.pk, *values, list(homes_of(cluster).locked)])


def _classes(going: Picked) -> tuple[EndpointClass, ...]:
    sql = "SELECT a.endpoints, count(*), count(*) FILTER (WHERE NOT a.signed_in)"
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} {going.sql} GROUP BY 1 ORDER BY 1", going.params)
        return tuple(EndpointClass(*row) for row in cursor.fetchall())


def _flows(into: Cluster, classes: Sequence[EndpointClass], to_node: Node | None) -> list[Flow]:
    """How many go to which node."""
    users = sum(each.users for each in classes)
    if to_node is not None:
        return [Flow(None, to_node.pk, users)]
    load = load_of(into)
    flows = goals.place_as_redundant_as_possible(
        load.nodes,
        into.mode,
        users,
        endpoints=sum(each.users * each.endpoints for each in classes),
        redundant=load.redundant,
        classes=tuple(classes),
    )
    return flows or [Flow(None, None, users)]


@dataclass(frozen=True)
class OtherCluster:
    """Another cluster as a target: what it has, and what it still takes so that any one node may fail."""

    cluster: Cluster
    users: int
    capacity: int
    room: int
    refusal: Refused | None

    @property
    def target(self) -> str:
        return f"cluster:{self.cluster.pk}"

    def as_dict(self, who: Leaving) -> dict[str, Any]:
        """The verdict in the shape of those of nodes."""
        after, why = self.users + who.coming, who.refusal or self.refusal
        over = who.coming > self.room
        room = f"{self.cluster.name} has room for {counted(self.room, 'more user|more users')}."
        message = why.message if why else room
        if over and not why:
            message += " More than that leaves no room for a failover."
        if who.staying and not why:
            message += f" {counted(who.staying, 'user stays|users stay')}: pinned, or their pair fails over."
        return {
            "level": "refused" if why else "warning" if over or who.staying else "allowed",
            "code": why.code if why else "",
            "message": message,
            "lines": message,
            "fix": why.fix if why else "",
            "short": "refused" if why else f"{after:,} of {self.capacity:,} users",
            "coming": who.coming,
            "users_after": after,
            "capacity": self.capacity,
            "percent_after": round(100 * after / self.capacity) if self.capacity else 0,
        }


def other_clusters(clusters: Sequence[Cluster], cluster: Cluster) -> list[OtherCluster]:
    """All clusters but one as targets, in a fixed number of queries."""
    return [_other(board) for board in boards_of([one for one in clusters if one.pk != cluster.pk])]


def _other(board: Board) -> OtherCluster:
    redundant = board.cluster.model != DeploymentModel.BALANCED_NON_REDUNDANT
    groups = [[(view.node.capacity_users, view.home.users) for view in sub.nodes] for sub in board.subclusters]
    nodes = [view.node for view in board.nodes]
    subclusters = {sub.subcluster.pk: sub.subcluster for sub in board.subclusters}
    why = homes_from(nodes, subclusters).assigns()
    refusal = Refused(why[0], **why[1]) if why else None
    if not any(groups):
        refusal = Refused(reasons.CLUSTER_WITHOUT_NODES, cluster=board.cluster.name)
    capacity = sum(capacity for group in groups for capacity, _ in group)
    return OtherCluster(board.cluster, board.users, capacity, headroom(groups, redundant=redundant), refusal)


@dataclass(frozen=True)
class ListedArrivals:
    """How many go to which node of the other cluster, and who stays for which reason; None: no one was moved."""

    to: dict[str, int]
    refused: tuple[dict[str, str], ...]
    plan: Plan | None = None
    operation: Operation | None = None
    needs_approval: bool = False  # of a dry run

    def as_dict(self) -> dict[str, Any]:
        """The shape that the command prints."""
        return printed(self.to, self.refused, self.needs_approval)

    def ended(self) -> ListedArrivals:
        """What came of it by now, from the traces of its run."""
        if self.operation is None:
            return self
        nodes, left = outcome(self.operation)
        return replace(self, to=nodes, refused=(*self.refused, *left))


def move_listed(
    cluster: Cluster,
    ids: Iterable[str],
    into: Cluster,
    to_node: Node | None = None,
    *,
    actor: Any,
    dry_run: bool = False,
    rate: float | None = None,
    unthrottled: bool = False,
) -> ListedArrivals:
    """Begin to move those of a list who can go into another cluster; the others stay, each with a code.

    `rate` is users per cluster second and receiving node; None: the policy's. Raises Refused for what refuses all.
    """
    chosen = sort_out(cluster, ids, into)
    if not chosen.keys:
        return ListedArrivals({}, chosen.refused)
    plan = plan_to_cluster(cluster, chosen.keys, into, to_node, author=actor)
    to = Counter[str]()
    for flow in plan.body["flows"]:
        to[flow["to"] or "unassigned"] += flow["users"]
    if dry_run:
        waits = approvals.required(plan)
        return ListedArrivals(dict(sorted(to.items())), chosen.refused, plan, needs_approval=waits)
    operation = operations.start_run(plan.hash, actor=actor, rate=rate, unthrottled=unthrottled)
    return ListedArrivals(dict(sorted(to.items())), chosen.refused, plan, operation)

"""What the topology troubleshooter looks at, read from the board and from the database itself."""

from dataclasses import replace
from typing import Any

from django.db import connection
from django.utils import timezone

from assignments.board.tree import relogin_window
from assignments.directory import selectors as directory
from assignments.intercluster import mesh
from assignments.intercluster import selectors as intercluster
from assignments.population.selectors import Board, NodeView, SubclusterView, board_of
from assignments.recovery.rules.kept import SrmState
from assignments.retention.sizes import overdue, sizes
from topology.dns import selectors as dns
from topology.models import Cluster
from topology.rules import checks, deployment
from topology.rules.check_facts import ClusterFacts, NodeFacts, SubclusterFacts
from topology.rules.check_list import worst

# Both sides summed with opposite signs: what is left over is wrong, also where one side has no row at all.
MISCOUNTED = """
    SELECT coalesce(home.name, 'unassigned'), coalesce(serving.name, 'no node'), sum(users), sum(signed_in),
        sum(endpoints)
    FROM (
        SELECT home_node_id, serving_node_id, users, signed_in, endpoints
        FROM assignments_population WHERE cluster_id = %(cluster)s
        UNION ALL
        SELECT home_node_id, serving_node_id, -count(*), -count(*) FILTER (WHERE signed_in), -sum(endpoints)
        FROM assignments_assignment WHERE cluster_id = %(cluster)s GROUP BY 1, 2
    ) AS both_sides
    LEFT JOIN topology_node home ON home.id = home_node_id
    LEFT JOIN topology_node serving ON serving.id = serving_node_id
    GROUP BY 1, 2 HAVING sum(users) <> 0 OR sum(signed_in) <> 0 OR sum(endpoints) <> 0
    ORDER BY 1, 2
"""
STRAYS = """
    SELECT count(*) FROM assignments_assignment place
    JOIN topology_node home ON home.id = place.home_node_id
    JOIN topology_node serving ON serving.id = place.serving_node_id
    WHERE place.cluster_id = %(cluster)s AND place.serving_node_id <> place.home_node_id
        AND serving.subcluster_id IS DISTINCT FROM home.subcluster_id
"""
# Everybody of such a user ID, in whichever cluster, where one of them is of this one.
TWINS = """
    WITH shared AS (SELECT DISTINCT folded FROM topology_enduser WHERE twin > 0)
    SELECT string_agg(person.user_id, ', ' ORDER BY person.twin) FROM topology_enduser person
    JOIN assignments_assignment place ON place.user_id = person.id
    WHERE person.folded IN (SELECT folded FROM shared)
    GROUP BY person.folded HAVING bool_or(place.cluster_id = %(cluster)s) ORDER BY person.folded
"""


def facts_of(cluster: Cluster) -> ClusterFacts:
    """Everything the tests need; reads every assignment once, to compare the counts with the people."""
    return replace(
        shape_of(board_of(cluster)),
        miscounted=tuple(_miscounted(cluster)),
        strays=_strays(cluster),
        twins=_twins(cluster),
        **_uris(cluster),
        peers=tuple(mesh.problems(cluster, timezone.now())),
        unlike=tuple(mesh.unlike(cluster)),
        directory=tuple(directory.problems(cluster, timezone.now())),
        dns=_dns(cluster),
        stored=tuple(str(size) for size in sizes()),
        overdue=overdue(),
    )


def shape_of(board: Board) -> ClusterFacts:
    """What a board tells the tests, without reading people."""
    cluster, policy = board.cluster, board.cluster.policy
    return ClusterFacts(
        name=cluster.name,
        mode=cluster.mode,
        model=cluster.model,
        subclusters=tuple(_subcluster(cluster, view) for view in board.subclusters),
        unassigned_nodes=tuple(_node(view, SrmState()) for view in board.unassigned_nodes),
        unassigned_users=board.unassigned,
        keep_alive_interval=policy.keep_alive_interval,
        keep_alive_timeout=policy.keep_alive_timeout,
        initialization_keep_alive_timeout=policy.initialization_keep_alive_timeout,
        serve_beyond_capacity=policy.serve_beyond_capacity,
    )


def _subcluster(cluster: Cluster, view: SubclusterView) -> SubclusterFacts:
    limits, kept = relogin_window(cluster, view), SrmState.of(view.subcluster.srm)
    return SubclusterFacts(
        name=view.subcluster.name,
        ha=view.subcluster.ha_enabled,
        nodes=tuple(_node(node, kept) for node in view.nodes),
        relogin_window=(limits["lower"], limits["upper"]) if limits else None,
    )


def _node(view: NodeView, kept: SrmState) -> NodeFacts:
    return NodeFacts(
        name=view.node.name,
        profile=view.node.profile,
        capacity_users=view.node.capacity_users,
        capacity_endpoints=view.node.capacity_endpoints,
        home=view.home.users,
        endpoints=view.home.endpoints,
        serving=view.serving.users,
        away=view.away,
        out_of_service=view.out_of_service,
        state=view.node.state,
        publisher=view.node.publisher,
        flapping=kept.watch(str(view.node.pk), 0).flapping,
    )


def _rows(sql: str, cluster: Cluster) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"cluster": cluster.pk})
        return list(cursor.fetchall())


def _miscounted(cluster: Cluster) -> list[str]:
    return [
        f"Home {home}, served by {serving}: the count is off by {users} users, {signed_in} signed in, "
        f"{endpoints} endpoints"
        for home, serving, users, signed_in, endpoints in _rows(MISCOUNTED, cluster)
    ]


def _strays(cluster: Cluster) -> int:
    return int(_rows(STRAYS, cluster)[0][0])


def _uris(cluster: Cluster) -> dict[str, Any]:
    count, some = intercluster.count_of(cluster)
    claims = intercluster.claims([cluster.pk])
    told = tuple(f"{one.user_id} in {one.remote}" for one in claims[:3])
    return {"doubled_uris": count, "some_uris": some, "claimed": len(claims), "some_claimed": told}


def _twins(cluster: Cluster) -> tuple[str, ...]:
    return tuple(user_ids for (user_ids,) in _rows(TWINS, cluster))


def _dns(cluster: Cluster) -> tuple[tuple[str, str], ...] | None:
    told = dns.troubles(cluster, timezone.now())
    return None if told is None else tuple(told)


def check_report(cluster: Cluster) -> dict[str, Any]:
    """The outcome of every test, in the shape that the command and the API give."""
    facts = facts_of(cluster)
    results = checks.run(facts)
    return {
        "cluster": cluster.name,
        "outcome": worst(results),
        "checks": [check.as_dict() for check in results],
        "models": [fit.as_dict() for fit in deployment.judge(facts)],
    }

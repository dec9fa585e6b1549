"""The tree of a cluster with counts and states, in the one shape that the command and the API give."""

from typing import Any

from assignments.population.selectors import Board, NodeView, SubclusterView, board_of
from assignments.recovery.rules.relogin_window import pair_window
from topology.models import Cluster


def tree(cluster: Cluster) -> dict[str, Any]:
    """Subclusters, nodes and counts of a cluster, in a fixed number of queries."""
    return shape(board_of(cluster))


def shape(board: Board) -> dict[str, Any]:
    """A board as plain values."""
    cluster = board.cluster
    return {
        "cluster": cluster.name,
        "mode": cluster.mode,
        "model": cluster.model,
        "users": {
            "assigned": board.assigned,
            "unassigned": board.unassigned,
            "out_of_service": board.out_of_service,
        },
        "subclusters": [_subcluster(cluster, view) for view in board.subclusters],
        "unassigned_nodes": [_node(view) for view in board.unassigned_nodes],
    }


def _subcluster(cluster: Cluster, view: SubclusterView) -> dict[str, Any]:
    return {
        "name": view.subcluster.name,
        "ha": view.subcluster.ha_enabled,
        "relogin_window": relogin_window(cluster, view),
        "nodes": [_node(node) for node in view.nodes],
    }


def relogin_window(cluster: Cluster, view: SubclusterView) -> dict[str, int] | None:
    """Client Re-Login limits in seconds for the users there are now; None without a node (domain.md §4.8)."""
    if not view.nodes:
        return None
    profiles = [node.node.profile for node in view.nodes]
    homes = [node.home.users for node in view.nodes]
    policy = cluster.policy
    limits = pair_window(profiles, cluster.model, homes, policy.relogin_lower_limit, policy.second_connection_percent)
    return {"lower": limits.lower, "upper": limits.upper}


def _node(view: NodeView) -> dict[str, Any]:
    node = view.node
    return {
        "name": node.name,
        "publisher": node.publisher,
        "profile": node.profile,
        "capacity": {"users": node.capacity_users, "endpoints": node.capacity_endpoints},
        "state": node.state,
        "reason": node.reason,
        "home": view.home.users,
        "serving": view.serving.users,
        "endpoints": view.home.endpoints,
    }

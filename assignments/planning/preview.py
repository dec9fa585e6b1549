"""Where the next users would go by an assignment mode (domain.md §2); nothing is written.

load -> goals.place_unassigned, as an import asks it -> users per node, or the rule that forbids it
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from assignments.planning.loads import load_of
from assignments.planning.rules import goals
from assignments.planning.rules.loads import ClusterLoad, Flow
from topology import reasons
from topology.models import ENDPOINTS_PER_USER, Cluster, Mode
from topology.reasons import Refused
from topology.structure.homes import homes_of

USERS = 100


@dataclass(frozen=True)
class PreviewNode:
    """A node, and how many of the next users would come."""

    name: str
    capacity: int
    before: int
    coming: int

    @property
    def after(self) -> int:
        return self.before + self.coming


@dataclass(frozen=True)
class Preview:
    """The nodes of all subclusters with what they would get, or why no one could be placed."""

    users: int
    mode: str
    places: tuple[PreviewNode, ...] = ()
    refusal: Refused | None = None

    @property
    def manual(self) -> bool:
        return self.mode == Mode.MANUAL


def next_users(cluster: Cluster, mode: str = "", users: int = USERS) -> Preview:
    """Where so many new users would go by a mode, the cluster's own by default, each with endpoints as the others."""
    mode = mode if mode in Mode.values() else cluster.mode
    if mode == Mode.MANUAL:
        return Preview(users, mode)
    load = load_of(cluster)
    try:
        _demand_settled(cluster)
        coming = _placed(load, mode, users)
    except Refused as refusal:
        return Preview(users, mode, refusal=refusal)
    nodes = [node for node in load.nodes if node.subcluster is not None]
    return Preview(
        users, mode, tuple(PreviewNode(n.name, n.capacity_users, n.users, coming.get(n.id, 0)) for n in nodes)
    )


def _demand_settled(cluster: Cluster) -> None:
    """No user is added while a pair fails over (domain.md §1.4)."""
    if why := homes_of(cluster).assigns():
        raise Refused(reasons.CLUSTER_IN_FAILOVER, cluster=cluster.name, **why[1])


def _placed(load: ClusterLoad, mode: str, users: int) -> Counter[int]:
    """Room for a failover is kept where the model asks for it, as long as there is any."""
    endpoints = round(users * _mean(load))
    if load.redundant:
        try:
            return _by_node(goals.place_unassigned(load.nodes, mode, users, endpoints=endpoints, redundant=True))
        except Refused:
            pass
    return _by_node(goals.place_unassigned(load.nodes, mode, users, endpoints=endpoints))


def _by_node(flows: Iterable[Flow]) -> Counter[int]:
    users = Counter[int]()
    for flow in flows:
        users[flow.to_id or 0] += flow.users
    return users


def _mean(load: ClusterLoad) -> float:
    """Endpoints per user; as nodes are rated while there are no users."""
    users = sum(node.users for node in load.nodes)
    return sum(node.endpoints for node in load.nodes) / users if users else ENDPOINTS_PER_USER

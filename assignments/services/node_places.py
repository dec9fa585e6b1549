"""Where a node may be put by dragging it: the refusals of the verbs themselves, asked before the drop.

node + subclusters  ->  demand_place (topology/services)  ->  a verdict for every target, in the words of a drop
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from assignments.services.verdicts import REFUSED, Verdict
from topology import reasons, roles, services
from topology.models import Cluster, Node, Subcluster
from topology.reasons import Reason, Refused

OUT = "nodes"  # the nodes that are in no subcluster
SHORT = {
    reasons.NODE_ALREADY_THERE.code: "is here",
    reasons.SUBCLUSTER_FULL.code: "two nodes already",
    reasons.SUBCLUSTER_HA_ON.code: "HA is on",
    reasons.SUBCLUSTER_BUSY.code: "held by a run",
    reasons.NODE_HAS_USERS.code: "it has users",
    reasons.PUBLISHER_STAYS.code: "the publisher stays",
    reasons.NODE_JOINS.code: "joins",
    reasons.NODE_JOINS_PEER.code: "joins",
    reasons.NODE_LEAVES.code: "leaves its subcluster",
}


def node_of(cluster: Cluster, pk: int | None) -> Node:
    """A node of a cluster. Raises Refused with those it has."""
    nodes = {node.pk: node for node in Node.objects.filter(cluster=cluster).select_related("cluster", "subcluster")}
    if pk not in nodes:
        known = ", ".join(node.name for node in nodes.values()) or "none"
        raise Refused(reasons.NO_SUCH_NODE, name=pk, known=known)
    return nodes[pk]


def place_of(node: Node) -> str:
    """Where a node is, in the words of the targets."""
    return f"subcluster:{node.subcluster_id}" if node.subcluster_id else OUT


def targets(node: Node, actor_role: str | None) -> dict[str, dict[str, Any]]:
    """The verdict of every subcluster and of the unassigned nodes, in the shape that a drag of users gets."""
    places = [*Subcluster.objects.filter(cluster=node.cluster), None]
    found = [_verdict(node, place, actor_role) for place in places]
    return {verdict.target: verdict.as_dict() | {"short": SHORT.get(verdict.code, "refused")} for verdict in found}


def _verdict(node: Node, place: Subcluster | None, role: str | None) -> Verdict:
    target, name = (f"subcluster:{place.pk}", place.name) if place else (OUT, "Unassigned nodes")
    return Verdict(target, name, (_note(node, place, name, role),))


def _note(node: Node, place: Subcluster | None, name: str, role: str | None) -> tuple[Reason, dict[str, Any]]:
    facts: dict[str, Any] = {"name": node.short_name, "place": name}
    if role != roles.ADMINISTER:
        return reasons.ROLE_NEEDED, {"role": roles.ADMINISTER}
    if node.subcluster_id == (place and place.pk):
        return reasons.NODE_ALREADY_THERE, facts
    try:
        services.demand_place(node, place)
    except Refused as refusal:
        return refusal.reason, dict(refusal.facts)
    if place is None:
        return reasons.NODE_LEAVES, facts | {"place": node.subcluster.name if node.subcluster else name}
    peer = Node.objects.filter(subcluster=place).first()
    return (reasons.NODE_JOINS_PEER, facts | {"peer": peer.short_name}) if peer else (reasons.NODE_JOINS, facts)


@transaction.atomic
def place(node: Node, target: str, actor: Any) -> str:
    """Put a node there and answer the name of the place. Raises Refused as the verdict said, asked again."""
    places = {f"subcluster:{sub.pk}": sub for sub in Subcluster.objects.filter(cluster=node.cluster)}
    if target != OUT and target not in places:
        known = ", ".join(sub.name for sub in places.values()) or "none"
        raise Refused(reasons.NO_SUCH_SUBCLUSTER, name=target, cluster=node.cluster.name, known=known)
    found = _verdict(node, places.get(target), roles.role_of(actor))
    if found.level == REFUSED:
        raise found.refusal
    if target == OUT:
        services.unassign_node(node, actor=actor)
        return "the unassigned nodes"
    return services.move_node(node, places[target], actor=actor).subcluster.name  # type: ignore[union-attr]

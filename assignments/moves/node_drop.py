"""Where a node may be put by dragging it: the refusals of the verbs themselves, asked before the drop.

node + subclusters  ->  demand_place (topology/structure)  ->  a verdict for every target, in the words of a drop:
                        users and room afterwards, whether a failure would be survived, who signs in again
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from assignments.models import Population
from assignments.moves.drop_verdict import REFUSED, WARNING, DropVerdict, Note
from assignments.recovery.rules.relogin_window import window
from topology import reasons
from topology.accounts import roles
from topology.models import Event, Node, Policy, Subcluster
from topology.reasons import Refused, Said
from topology.structure import guards
from topology.structure.nodes import demand_place, move_node, unassign_node
from topology.structure.removed import removed_target

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
    reasons.NODE_LEFT_ALONE.code: "leaves its peer alone",
}


def place_of(node: Node) -> str:
    """Where a node is, in the words of the targets."""
    return f"subcluster:{node.subcluster_id}" if node.subcluster_id else OUT


def _demand_seen(node: Node, seen: str) -> None:
    """Raise Refused, with who did it, if a node is no longer where it was picked up."""
    if place_of(node) == seen:
        return
    codes = (reasons.NODE_PLACED.code, reasons.NODE_UNASSIGNED.code, reasons.SUBCLUSTER_REMOVED.code)
    done = Event.objects.filter(cluster=node.cluster, code__in=codes).order_by("-pk").first()
    raise Refused(reasons.NODE_MOVED_MEANWHILE, name=node.short_name, what=Said(done.why, done.told) if done else "")


@dataclass(frozen=True)
class NodeDropContext:
    """What the outlook of a verdict depends on: the other nodes by subcluster, and counts by home and serving node."""

    model: str
    lower: int
    others: dict[int | None, Node]
    home: dict[int | None, int]
    signed_in: dict[int | None, int]

    def again(self, node: Node) -> Note | None:
        """Those who sign in again when the services of a node restart, by its re-login window (domain.md §4.8)."""
        if not self.signed_in.get(node.pk):
            return None
        signed_in, home = self.signed_in[node.pk], self.home.get(node.pk, 0)
        relogin = window(node.profile, self.model, max(home, signed_in), self.lower)
        facts = {"peer": node.short_name, "users": f"{signed_in:,}", "seconds": f"{relogin.upper:,}"}
        return reasons.NODE_SIGN_IN_AGAIN, facts


def _context_of(node: Node) -> NodeDropContext:
    home: dict[int | None, int] = defaultdict(int)
    signed_in: dict[int | None, int] = defaultdict(int)
    for row in Population.objects.filter(cluster=node.cluster):
        home[row.home_node_id] += row.users
        signed_in[row.serving_node_id] += row.signed_in
    others = Node.objects.filter(cluster=node.cluster).exclude(pk=node.pk).order_by("-slot")
    lower = Policy.objects.get(cluster=node.cluster).relogin_lower_limit
    return NodeDropContext(node.cluster.model, lower, {other.subcluster_id: other for other in others}, home, signed_in)


def targets(node: Node, actor_role: str | None) -> dict[str, dict[str, Any]]:
    """The verdict of every subcluster and of the unassigned nodes, in the shape that a drag of users gets."""
    places, context = [*Subcluster.objects.filter(cluster=node.cluster), None], _context_of(node)
    verdicts = [_verdict(context, node, place, actor_role) for place in places]
    return {verdict.target: verdict.as_dict() | {"short": SHORT.get(verdict.code, "refused")} for verdict in verdicts}


def _verdict(context: NodeDropContext, node: Node, place: Subcluster | None, role: str | None) -> DropVerdict:
    target, name = (f"subcluster:{place.pk}", place.name) if place else (OUT, "Unassigned nodes")
    refusal = _refusal(node, place, name, role)
    notes = [refusal] if refusal else sorted(_outlook(context, node, place), key=lambda note: note[0].level != WARNING)
    return DropVerdict(target, name, tuple(notes))


def _refusal(node: Node, place: Subcluster | None, name: str, role: str | None) -> Note | None:
    if role != roles.ADMINISTER:
        return reasons.ROLE_NEEDED, roles.lacking(roles.ADMINISTER, node.cluster).facts
    if node.subcluster_id == (place and place.pk):
        return reasons.NODE_ALREADY_THERE, {"name": node.short_name, "place": name}
    try:
        demand_place(node, place)
    except Refused as refusal:
        return refusal.reason, dict(refusal.facts)
    return None


def _outlook(context: NodeDropContext, node: Node, place: Subcluster | None) -> Iterable[Note]:
    """What becomes of the place that it comes to, and of the one that it leaves."""
    source = node.subcluster
    peer = context.others.get(place.pk) if place else None
    left = context.others.get(source.pk) if source else None
    if place:
        yield from _joins(context, node, place, peer)
    elif source:
        yield reasons.NODE_LEAVES, {"name": node.short_name, "place": source.name}
    if source and left:
        facts = {"place": source.name, "users": f"{context.home[left.pk]:,}", "capacity": f"{left.capacity_users:,}"}
        yield reasons.NODE_LEFT_ALONE, {"peer": left.short_name} | facts
    yield from filter(None, (context.again(other) for other in (peer, left) if other))


def _joins(context: NodeDropContext, node: Node, place: Subcluster, peer: Node | None) -> Iterable[Note]:
    facts = {"name": node.short_name, "place": place.name}
    if not peer:
        yield reasons.NODE_JOINS, facts
        return
    yield reasons.NODE_JOINS_PEER, facts | {"peer": peer.short_name}
    users, weaker = context.home[peer.pk], min(node, peer, key=lambda one: one.capacity_users)
    counts = {"place": place.name, "users": f"{users:,}", "capacity": f"{node.capacity_users + peer.capacity_users:,}"}
    if users > weaker.capacity_users:
        room = {"node": weaker.short_name, "room": f"{weaker.capacity_users:,}"}
        yield reasons.NODE_PAIR_TOO_SMALL, counts | room
    else:
        yield reasons.NODE_PAIR_AFTER, counts


@transaction.atomic
def place_node(node: Node, target: str, actor: Any, *, seen: str | None = None) -> str:
    """Put a node there and answer the name of the place; `seen` is where the person saw it.

    Raises Refused as the verdict said, asked again, and when the node is elsewhere by now.
    """
    guards.hold(node.cluster)
    guards.refresh(node)
    if seen:
        _demand_seen(node, seen)
    places = {f"subcluster:{sub.pk}": sub for sub in Subcluster.objects.filter(cluster=node.cluster)}
    if target != OUT and target not in places:
        known = ", ".join(sub.name for sub in places.values()) or "none"
        other = Refused(reasons.NO_SUCH_SUBCLUSTER, name=target, cluster=node.cluster.name, known=known)
        raise removed_target(target, node.cluster) or other
    judged = _verdict(_context_of(node), node, places.get(target), roles.role_of(actor))
    if judged.level == REFUSED:
        raise judged.refusal
    if target == OUT:
        unassign_node(node, actor=actor)
        return "the unassigned nodes"
    return move_node(node, places[target], actor=actor).subcluster.name  # type: ignore[union-attr]

"""Sentences that the verdicts of nodes and of subclusters share."""

from __future__ import annotations

from collections.abc import Iterable

from assignments.models import RECOVERIES
from assignments.moves.drop_context import Chosens, DropContext
from assignments.moves.drop_verdict import Note
from assignments.runs.hand_moves import AT_ONCE
from topology import reasons
from topology.models import DeploymentModel, Node


def are_many(chosen: Chosens) -> bool:
    """Whether the chosen users are moved by a run, not at once."""
    return sum(one.users for one in chosen.values()) > AT_ONCE


def pair_refusals(context: DropContext, node: Node, many: bool) -> Iterable[Note]:
    """No one's home changes while its pair fails over. Many users are a run, and runs never meet; a few may slip in."""
    if locked := context.homes.gives(node.pk):
        yield locked
    held = context.held.get(node.subcluster_id or 0)
    if held and (many or held.kind in RECOVERIES):
        yield reasons.RUN_IN_PROGRESS, held.holding(context.subclusters[node.subcluster_id or 0].name)


def no_room(name: str, what: str, room: int, wanted: int) -> Note:
    """How much room a node or a subcluster has, and what would come."""
    facts = {"node": name, "room": f"{max(room, 0):,}", "what": what, "wanted": f"{wanted:,}"}
    return reasons.NODE_NO_ROOM, facts


def sign_in_again(context: DropContext, signed_in: int, most: int) -> Note:
    """Who signs in again and within which time; `most` users come to one node."""
    seconds = -(-most // context.policy.moves_per_second) if most > AT_ONCE else 1
    return reasons.MOVE_SIGN_IN_AGAIN, {"users": f"{signed_in:,}", "seconds": f"{seconds:,}"}


def is_standby(context: DropContext, node: Node) -> bool:
    """Whether it is the node that should stay empty."""
    cluster = context.cluster
    standby = cluster.fills_first_nodes or cluster.model == DeploymentModel.ACTIVE_STANDBY
    return node.slot == 2 and standby


def after_failure(context: DropContext, one: Node, other: Node, new: int) -> Note:
    """Whether one node of a pair could serve both with so many new users: a warning where it gets worse (N-1)."""
    together = context.home[one.pk].users + context.home[other.pk].users + new
    weaker = min(one, other, key=lambda node: node.capacity_users)
    facts = {"users": f"{together:,}", "capacity": f"{weaker.capacity_users:,}"}
    redundant = context.cluster.model != DeploymentModel.BALANCED_NON_REDUNDANT
    if redundant and together > weaker.capacity_users and new > 0:
        return reasons.MOVE_ABOVE_PEER, facts | {"node": weaker.short_name}
    return reasons.MOVE_PAIR_AFTER, facts | {"subcluster": context.subclusters[one.subcluster_id or 0].name}

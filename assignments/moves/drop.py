"""Moving users by hand: judged again under the locks, then done at once or begun as a run, and undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from assignments.models import Move, Operation, Plan
from assignments.moves.drop_verdict import REFUSED, DropVerdict
from assignments.moves.selection import Selection
from assignments.moves.verdict import verdicts
from assignments.runs import hand_moves, operations
from topology import reasons
from topology.accounts import roles
from topology.models import Node
from topology.reasons import Refused
from topology.structure.locks import all_subclusters, hold_subclusters


@dataclass(frozen=True)
class DropOutcome:
    """A move that is done, or that has begun as a throttled run; `nodes` have other numbers now."""

    operation: Operation
    nodes: frozenset[int]


def verdict(selection: Selection, target: str, actor_role: str | None) -> DropVerdict:
    """The verdict of one target. Raises Refused when it refuses, or when the list that was chosen from is old."""
    demand_unmoved(selection)
    judged = verdicts(selection, actor_role).get(target)
    if judged is None:
        raise Refused(reasons.MOVE_OTHER_TARGET, cluster=selection.cluster.name)
    if judged.level == REFUSED:
        raise judged.refusal
    return judged


def move(selection: Selection, target: str, actor: Any, *, role: str | None = None) -> DropOutcome:
    """Move the chosen users to a target ("node:3", "subcluster:2", "unassigned"), judged again under the locks.

    Up to 50 are moved at once, more begin a throttled run. `role` is that of an actor without an account. Raises
    Refused.
    """
    begun = _move(selection, target, actor, role or roles.role_of(actor))
    return _moved(operations.start(begun.hash, actor=actor) if isinstance(begun, Plan) else begun)


@transaction.atomic
def _move(selection: Selection, target: str, actor: Any, role: str | None) -> Operation | Plan:
    """The move of a few, or the plan of many: it stays when it has to be approved first."""
    _hold(selection, target)
    judged = verdict(selection, target, role)
    to = Node.objects.filter(pk=judged.node or 0).first()
    shown = (
        {} if selection.where or selection.drawn is None else dict.fromkeys(selection.users, selection.drawn or None)
    )
    users = selection.rows().values_list("user_id", flat=True) if selection.where else selection.users
    return hand_moves.move_judged(selection.cluster, users, judged.spread or to, actor=actor, expected=shown)


def undo_move(operation_id: int, actor: Any) -> DropOutcome:
    """Move back whom an operation moved and no one moved since, as a run. Raises Refused."""
    plan = operations.plan_undo(operation_id, actor=actor)
    return _moved(operations.start(plan.hash, actor=actor, valid_only=True))


def _hold(selection: Selection, target: str) -> None:
    """The locks of all subclusters that lose or get users, in one order, before anything is judged."""
    homes = list(selection.rows().order_by().values_list("home_node_id", flat=True).distinct())
    if None in homes:  # whether unassigned users may get a home is a question to every pair
        hold_subclusters(all_subclusters(selection.cluster.pk))
        return
    to = Q(pk=_key(target, "node")) | Q(subcluster=_key(target, "subcluster"))
    nodes = Node.objects.filter(Q(pk__in=homes) | to, cluster=selection.cluster, subcluster__isnull=False)
    hold_subclusters(nodes.values_list("subcluster_id", flat=True))


def _key(target: str, kind: str) -> int:
    """The key of a target of a kind; 0 for one of another kind."""
    of, _, key = target.partition(":")
    return int(key) if of == kind and key.isascii() and key.isdigit() and len(key) < 18 else 0


def _moved(operation: Operation) -> DropOutcome:
    ends = Move.objects.filter(operation=operation, done=True).values_list("from_node_id", "to_node_id").distinct()
    return DropOutcome(operation, frozenset(pk for pair in ends for pk in pair if pk is not None))


def demand_unmoved(selection: Selection) -> None:
    """Raises Refused when chosen users are no longer where their list had them: who moved them, when and where to."""
    if selection.drawn is None or selection.where:
        return
    home = Q(home_node=selection.drawn) if selection.drawn else Q(home_node=None)
    gone = list(selection.rows().exclude(home).values_list("user_id", flat=True)[:1000])
    if not gone:
        return
    trace = Move.objects.filter(user__in=gone, done=True).select_related("operation", "user", "to_node")
    last = trace.order_by("-at").first()
    if last is None:
        raise Refused(reasons.MOVE_NOT_THERE, users=len(gone))
    to = last.to_node.short_name if last.to_node else "the unassigned users"
    raise Refused(
        reasons.MOVE_GROUND_CHANGED,
        user=last.user.user_id,
        author=last.operation.author_name,
        node=to,
        at=last.at.isoformat(),
        users=len(gone),
        chosen=len(selection.users),
    )

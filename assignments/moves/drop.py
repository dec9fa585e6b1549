"""Moving users by hand: judged under the locks, then done at once or begun as a run, and undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from assignments.models import Move, Operation, Plan
from assignments.moves.drop_verdict import REFUSED, DropVerdict
from assignments.moves.selection import Selection
from assignments.moves.verdict import Judgement, judge_drop
from assignments.planning import approvals
from assignments.runs import hand_moves, operations
from assignments.runs.hand_moves import HandMove
from topology import reasons
from topology.accounts import roles
from topology.reasons import Refused
from topology.reasons.words import UNASSIGNED_USERS
from topology.structure.locks import hold_subclusters_of
from topology.structure.removed import removed_target


@dataclass(frozen=True)
class JudgedDrop:
    """The verdict of one target, and what it follows from."""

    verdict: DropVerdict
    judgement: Judgement


@dataclass(frozen=True)
class DropOutcome:
    """A move that is done, or that has begun as a throttled run; `nodes` have other numbers now."""

    operation: Operation
    nodes: frozenset[int]
    judged: JudgedDrop  # as it was under the locks


def verdict(selection: Selection, target: str, actor_role: str | None) -> DropVerdict:
    """The verdict of one target. Raises Refused when it refuses, or when the list that was chosen from is old."""
    return _judged(selection, target, actor_role).verdict


def needs_approval(selection: Selection, verdict: DropVerdict) -> bool:
    """Whether a second person has to approve the move of a verdict, which is a plan then, before it runs."""
    return verdict.coming > hand_moves.AT_ONCE and approvals.asked(selection.cluster.pk)


def _judged(selection: Selection, target: str, actor_role: str | None) -> JudgedDrop:
    judgement = judge_drop(selection, actor_role)
    if _are_elsewhere(selection, judgement):
        demand_unmoved(selection)
    verdict = judgement.on(target)
    if verdict is None:
        other = Refused(reasons.MOVE_OTHER_TARGET, cluster=selection.cluster.name)
        raise removed_target(target, selection.cluster) or other
    if verdict.level == REFUSED:
        raise verdict.refusal
    return JudgedDrop(verdict, judgement)


def move(selection: Selection, target: str, actor: Any, *, role: str | None = None) -> DropOutcome:
    """Move the chosen users to a target ("node:3", "subcluster:2", "unassigned"), judged under the locks.

    Up to 50 are moved at once, more begin a throttled run. `role` is that of an actor without an account. Raises
    Refused.
    """
    judged, begun = _move(selection, target, actor, role or roles.role_of(actor))
    if isinstance(begun, Plan):
        return DropOutcome(operations.start_run(begun.hash, actor=actor), frozenset(), judged)
    return DropOutcome(begun.operation, begun.nodes, judged)


@transaction.atomic
def _move(selection: Selection, target: str, actor: Any, role: str | None) -> tuple[JudgedDrop, HandMove | Plan]:
    """The move of a few, or the plan of many: it stays when it has to be approved first."""
    held = _hold(selection, target)
    judged = _judged(selection, target, role)
    verdict, judgement = judged.verdict, judged.judgement
    _demand_held(held, judgement, target)
    nodes = judgement.context.nodes
    begun = hand_moves.move_judged(
        selection.cluster,
        selection.rows().values_list("user_id", flat=True) if selection.where else selection.users,
        verdict.spread or nodes.get(verdict.node or 0),
        actor=actor,
        nodes=nodes,
        homes=judgement.homes,
    )
    return judged, begun


def undo_move(operation_id: int, actor: Any) -> Operation:
    """Move back whom an operation moved and no one moved since, as a run. Raises Refused."""
    plan = operations.plan_undo(operation_id, actor=actor)
    return operations.start_run(plan.hash, actor=actor, valid_only=True)


# The subclusters of all homes and of the target; those of the whole cluster where somebody has no home, for whether
# unassigned users may get one is a question to every pair.
TOUCHED = """
WITH homes AS MATERIALIZED (SELECT DISTINCT c.home FROM ({chosen}) c (home))
SELECT DISTINCT s.id FROM topology_subcluster s LEFT JOIN topology_node n ON n.subcluster_id = s.id
WHERE s.cluster_id = %s AND (
    s.id = %s OR n.id = %s OR EXISTS (SELECT 1 FROM homes h WHERE h.home IS NULL OR h.home = n.id)
) ORDER BY s.id"""


def _hold(selection: Selection, target: str) -> set[int]:
    """The locks of all subclusters that lose or get users, in one order, before anything is judged."""
    chosen, params = selection.sql("home_node_id")
    keys = [selection.cluster.pk, _key(target, "subcluster"), _key(target, "node")]
    return hold_subclusters_of(TOUCHED.format(chosen=chosen), [*params, *keys])


def _demand_held(held: set[int], judgement: Judgement, target: str) -> None:
    """Raises Refused when a subcluster that loses or gets users is not locked.

    A node came into it while the locks were waited for, or a user got a home there.
    """
    nodes, homes = judgement.context.nodes, judgement.chosen.keys()
    touched = {nodes[pk].subcluster_id for pk in (*homes, _key(target, "node")) if pk in nodes}
    touched |= judgement.context.subclusters.keys() & {_key(target, "subcluster")}
    if None in homes:
        touched |= judgement.context.subclusters.keys()
    if touched - held - {None}:
        raise Refused(reasons.CHANGED_MEANWHILE)


def _key(target: str, kind: str) -> int:
    """The key of a target of a kind; 0 for one of another kind."""
    of, _, key = target.partition(":")
    return int(key) if of == kind and key.isascii() and key.isdigit() and len(key) < 18 else 0


def _are_elsewhere(selection: Selection, judgement: Judgement) -> bool:
    """Whether somebody is not where the list that was chosen from had them, or where they were said to be."""
    if selection.where:
        return False
    left = selection.drawn is not None and judgement.chosen.keys() - {selection.drawn or None}
    return bool(left) or any(_has_left(selection, pk, home) for pk, home in judgement.homes.items())


def _has_left(selection: Selection, pk: int, home: int | None) -> bool:
    """Whether a user who is at home there now was said to be elsewhere."""
    return selection.homes.get(pk, home or 0) != (home or 0)


def demand_unmoved(selection: Selection) -> None:
    """Raises Refused when chosen users are no longer where they were when they were chosen: who moved them, and where.

    That is where their list had them, or where a drag was told when it began that they are.
    """
    if selection.where or (selection.drawn is None and not selection.homes):
        return
    gone: list[int] = []
    if selection.drawn is not None:
        home = Q(home_node=selection.drawn) if selection.drawn else Q(home_node=None)
        gone = list(selection.rows().exclude(home).values_list("user_id", flat=True)[:1000])
    if selection.homes and not gone:
        rows = selection.rows().filter(user__in=selection.homes).values_list("user_id", "home_node_id")
        gone = [pk for pk, home_pk in rows if _has_left(selection, pk, home_pk)]
    if not gone:
        return
    trace = Move.objects.filter(user__in=gone, done=True).select_related("operation", "user", "to_node")
    last = trace.order_by("-at").first()
    if last is None:
        raise Refused(reasons.MOVE_NOT_THERE, users=len(gone))
    to = last.to_node.short_name if last.to_node else UNASSIGNED_USERS
    raise Refused(
        reasons.MOVE_GROUND_CHANGED,
        user=last.user.user_id,
        author=last.operation.author_name,
        node=to,
        at=last.at.isoformat(),
        users=len(gone),
        chosen=len(selection.users),
    )

"""Moving users whom a list names by user ID: who cannot go is left alone with the reason, the others go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from assignments.models import Assignment, Move, Operation
from assignments.moves import drop
from assignments.moves.drop_verdict import DropVerdict
from assignments.moves.selection import UNASSIGNED, Selection
from assignments.moves.targets import target_of
from assignments.users.listing.filter import keys_by_id
from topology import reasons
from topology.models import Cluster, EndUser
from topology.reasons import Refused
from topology.reasons.general import reason_of_users
from topology.reasons.words import UNASSIGNED_LIST


@dataclass(frozen=True)
class ListedMove:
    """How many go where, and who stays (user ID, code, sentence and fix); without an operation no one was moved."""

    to: dict[str, int]
    refused: tuple[dict[str, str], ...]
    operation: Operation | None = None
    needs_approval: bool = False  # of a dry run: a second person has to approve it before it runs

    def as_dict(self) -> dict[str, Any]:
        """The shape that the command prints."""
        return printed(self.to, self.refused, self.needs_approval)


def printed(to: Mapping[str, int], refused: Iterable[Mapping[str, str]], needs_approval: bool) -> dict[str, Any]:
    """What came of a list, or would, as the command prints it: within a cluster and into another."""
    left = [{"user_id": row["user_id"], "code": row["code"]} for row in refused]
    waits = {"needs_approval": True} if needs_approval else {}
    return {"moved": sum(to.values()), "to": to, "refused": left, **waits}


def move_listed(
    cluster: Cluster, user_ids: Iterable[str], to: str, *, actor: Any, role: str, dry_run: bool = False
) -> ListedMove:
    """Move those of a list who can go to a node, a subcluster or nowhere ("unassigned"), as a drop does.

    Up to 50 are moved now, more begin a run. Raises Refused for what refuses all of them: no room, a failover, a run.
    """
    keys_by_user_id = keys_by_id(cluster, user_ids)
    target = target_of(cluster, None if to == UNASSIGNED else to)
    stay = dict(_unknown(cluster, [user_id for user_id, pk in keys_by_user_id.items() if pk is None]))
    stay |= _staying(cluster, target, {pk: user_id for user_id, pk in keys_by_user_id.items() if pk is not None})
    going = sorted({pk for user_id, pk in keys_by_user_id.items() if pk is not None and user_id not in stay})
    refused = tuple(left_alone_user(user_id, why) for user_id, why in stay.items())
    if not going:
        return ListedMove({}, refused)
    selection = Selection(cluster, tuple(going))
    if dry_run:
        verdict = drop.verdict(selection, target, role)
        return ListedMove(_shares(verdict), refused, needs_approval=drop.needs_approval(selection, verdict))
    moved = drop.move(selection, target, actor, role=role)
    return ListedMove(_shares(moved.judged.verdict), refused, moved.operation)


def _shares(verdict: DropVerdict) -> dict[str, int]:
    return dict(verdict.shares) or {UNASSIGNED: verdict.coming}


def ended(listed: ListedMove) -> ListedMove:
    """What came of it by now, from the traces of its operation."""
    if listed.operation is None:
        return listed
    to, stayed = outcome(listed.operation)
    return ListedMove(to, (*listed.refused, *stayed), listed.operation)


def outcome(operation: Operation) -> tuple[dict[str, int], list[dict[str, str]]]:
    """How many an operation brought to which node so far, and whom it left alone, each with code, sentence and fix."""
    moves = Move.objects.filter(operation=operation)
    done = moves.filter(done=True).values_list("to_node__name").annotate(users=Count("pk")).order_by("to_node__name")
    left = moves.filter(done=False).order_by("pk").values_list("user__user_id", "code")
    to = {name or UNASSIGNED: users for name, users in done}
    return to, [left_alone_user(user, Refused(reason_of_users(code))) for user, code in left]


def left_alone_user(user_id: str, why: Refused) -> dict[str, str]:
    """A user who is left alone, in the shape that the API gives."""
    return {"user_id": user_id, "code": why.code, "message": why.message, "fix": why.fix}


def _unknown(cluster: Cluster, user_ids: Sequence[str]) -> Iterable[tuple[str, Refused]]:
    elsewhere = EndUser.objects.filter(user_id__in=user_ids, assignment__isnull=False)
    others = set(elsewhere.exclude(assignment__cluster=cluster).values_list("user_id", flat=True))
    for user_id in user_ids:
        why = reasons.MOVE_OTHER_CLUSTER if user_id in others else reasons.NO_SUCH_USER
        yield user_id, Refused(why, users=1, user=user_id, cluster=cluster.name)


def _staying(cluster: Cluster, target: str, users: dict[int, str]) -> dict[str, Refused]:
    """Those who are there already, and the pinned ones."""
    rows = Assignment.objects.filter(cluster=cluster, user__in=users).order_by("user_id")
    stay: dict[str, Refused] = {}
    for pk, home, name, pinned in rows.values_list("user_id", "home_node_id", "home_node__name", "pinned"):
        place = name or UNASSIGNED_LIST
        if target == (f"node:{home}" if home else UNASSIGNED):
            stay[users[pk]] = Refused(reasons.USER_ALREADY_THERE, node=place)
        elif pinned:
            stay[users[pk]] = Refused(reasons.USER_PINNED, user=users[pk], node=place)
    return stay


def demand_some(user_ids: Sequence[str]) -> None:
    """Raise Refused for a list without a user ID."""
    if not user_ids:
        raise Refused(reasons.MOVE_NAMES_NOBODY)

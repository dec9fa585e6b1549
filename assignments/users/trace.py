"""Why a user is where they are: the person, the place, the pin, and every move that led there, the latest first.

Three queries at most, however long the story and however many users there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assignments.models import Assignment, FormerUser, Goal, Kind, Move, Operation, Pin, UserChange
from topology import reasons
from topology.models import ENDPOINT_KINDS, Cluster, EndUser, Event, Node
from topology.reasons import Refused, Said
from topology.reasons.general import said_of_a_user
from topology.reasons.words import REMOVED_NODE

STEPS = 50  # moves of one user that are shown
RECENT = 50  # removals among which somebody who is gone is looked for
IMPORT = reasons.USERS_IMPORTED.code


@dataclass(frozen=True)
class TracedMove:
    """One operation that moved a user, or left them alone and why."""

    at: datetime
    before: Node | None  # None: unassigned, or a node that was removed, as `former` and `place` say
    after: Node | None
    former: str
    place: str
    operation: Operation
    code: str
    done: bool

    @property
    def title(self) -> str:
        """What the operation was, in the words of the list of operations."""
        operation = self.operation
        if self.code == IMPORT:
            return "Import"
        planned = operation.plan and operation.plan.goal not in (Goal.MOVE, Goal.BALANCE)
        return str(Goal(operation.plan.goal).label if operation.plan and planned else operation.word)

    @property
    def why(self) -> str:
        """The reason of this move, in words."""
        return said_of_a_user(self.code)

    def as_dict(self) -> dict[str, Any]:
        """The shape that the command and the API give."""
        return {
            "at": self.at.isoformat(),
            "from": _named(self.before, self.former),
            "to": _named(self.after, self.place),
            "moved": self.done,
            "operation": self.operation.pk,
            "kind": self.title,
            "by": self.operation.author_name,
            "code": self.code,
            "why": self.why,
        }


def _named(node: Node | None, place: str) -> str | None:
    """The whole name of a node, None where it is none, and that it was removed."""
    return node.name if node else place if place == REMOVED_NODE else None


@dataclass(frozen=True)
class Story:
    """One user with home and serving node, and what led there."""

    place: Assignment
    steps: tuple[TracedMove, ...]
    more: bool
    failover: Operation | None  # that took the user to another node

    @property
    def home(self) -> Node | None:
        return self.place.home_node

    @property
    def serving(self) -> Node | None:
        return self.place.serving_node

    @property
    def pin(self) -> Pin | None:
        return getattr(self.place.user, "pin", None) if self.place.pinned else None

    @property
    def endpoints(self) -> list[str]:
        return [ENDPOINT_KINDS[kind] for kind in self.place.user.endpoints]

    @property
    def here(self) -> TracedMove | None:
        """The move that brought the user to the present home; None when it left no trace."""
        last = next((step for step in self.steps if step.done), None)
        return last if last and last.after == self.home and last.place != REMOVED_NODE else None

    @property
    def earlier(self) -> tuple[TracedMove, ...]:
        """All other moves, the latest first."""
        return tuple(step for step in self.steps if step is not self.here)

    @property
    def served(self) -> bool:
        """Signed in at a node that serves."""
        return bool(self.serving and self.serving.serves and self.place.signed_in)

    @property
    def apart(self) -> str:
        """Why home and serving node differ, or why no one serves the user; "" when there is nothing to explain."""
        if not (self.home and self.serving):
            return reasons.WHY_NOT_ASSIGNED.say()
        nodes = {"home": self.home.short_name, "serving": self.serving.short_name}
        if self.home != self.serving:
            why = reasons.WHY_SERVED_AWAY if self.served else reasons.WHY_AWAY_AND_OUT
            why = reasons.WHY_SIGNING_IN if self._signing_in else why
            return why.say(state=self.home.look.label, reached=self.serving.look.label, **nodes)
        why = reasons.WHY_SIGNING_IN if self._signing_in else reasons.WHY_OUT
        return "" if self.served else why.say(state=self.home.look.label, **nodes)

    @property
    def _signing_in(self) -> bool:
        return bool(self.serving and self.serving.serves and not self.place.signed_in)

    def as_dict(self) -> dict[str, Any]:
        """The shape that the command and the API give."""
        user, pin = self.place.user, self.pin
        return {
            "user": user.user_id,
            "name": user.name,
            "mail": user.mail,
            "directory_uri": user.directory_uri,
            "department": user.department,
            "endpoints": list(user.endpoints),
            "contacts": user.contacts,
            "home": self.home and self.home.name,
            "serving": self.serving and self.serving.name,
            "in_service": self.served,
            "signed_in": self.place.signed_in,
            "explanation": self.apart,
            "failover": self.failover and self.failover.pk,
            "pinned": pin and {"reason": pin.reason, "owner": pin.owner_name, "since": pin.at.isoformat()},
            "here": self.here and self.here.as_dict(),
            "trace": [step.as_dict() for step in self.steps],
        }


def _no_user(cluster: Cluster, key: int) -> Refused:
    """What is refused for the key of a user: with who removed them, and when, where the history knows it."""
    lines = Event.objects.filter(cluster=cluster, code=reasons.USERS_REMOVED.code).order_by("-id")[:RECENT]
    by_operation = {line.operation_id: line for line in lines}
    removed = FormerUser.objects.filter(operation__in=by_operation, user_key=key, change=UserChange.REMOVED)
    former = removed.order_by("-operation").first()
    if former is None:
        name = EndUser.objects.filter(pk=key).values_list("user_id", flat=True).first()  # of another cluster now
        return Refused(reasons.NO_SUCH_USER, user=name or f"with the key {key}", cluster=cluster.name)
    line = by_operation[former.operation_id]
    by = Said(reasons.REMOVED_BY, {"actor": line.actor_name, "at": line.at.isoformat()})
    again = f"Operation {former.operation_id} did it; its page can undo it. "
    return Refused(reasons.NO_SUCH_USER, user=former.user_id, cluster=cluster.name, removed=by, again=again)


def story(cluster: Cluster, user_pk: int) -> Story:
    """The story of a user of a cluster. Raises Refused."""
    rows = Assignment.objects.filter(cluster=cluster, user=user_pk)
    place = rows.select_related("user__pin", "home_node__subcluster", "serving_node").first()
    if place is None:
        raise _no_user(cluster, user_pk)
    moves = Move.objects.filter(user=user_pk).select_related("operation__plan", "from_node", "to_node")
    moves_of_user = list(moves.order_by("-at", "-pk")[: STEPS + 1])
    steps = tuple(
        TracedMove(m.at, m.from_node, m.to_node, m.former, m.place, m.operation, m.code, m.done)
        for m in moves_of_user[:STEPS]
    )
    return Story(place, steps, len(moves_of_user) > STEPS, _failover(place))


def _failover(place: Assignment) -> Operation | None:
    """The last failover from the home to the serving node, while they differ."""
    if place.home_node_id == place.serving_node_id:
        return None
    rows = Operation.objects.filter(kind=Kind.FAILOVER, from_node=place.home_node_id, to_node=place.serving_node_id)
    return rows.order_by("-pk").first()

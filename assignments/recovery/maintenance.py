"""Maintenance of a node: who works on it, why, until when, and the order of the work with live counts (domain.md §4.9).

begin ──> owner, reason and end on the node ──engine: its end──> gone, with a line of history each time
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from assignments.models import RUNS, Population
from assignments.recovery import reads, service
from assignments.recovery.rules import maintenance as rules
from assignments.recovery.rules.commands import change_pair
from assignments.recovery.rules.maintenance import Standing, Step
from assignments.recovery.rules.pair import Pair, Phase
from assignments.recovery.rules.pair_state import PairState, describe_trouble
from topology.live.actors import name_of
from topology.models import Cluster, Node, Subcluster
from topology.reasons import (
    MAINTENANCE_END_NOT_VALID,
    MAINTENANCE_NO_REASON,
    MAINTENANCE_NOT_ON,
    NODE_NOT_IN_SUBCLUSTER,
    SUBCLUSTER_BUSY,
    Refused,
)
from topology.structure.locks import hold_subclusters

LONGEST_REASON = 200


@transaction.atomic
def begin(node: Node, *, reason: str, until: datetime, actor: Any) -> Node:
    """Put a node into maintenance until a real instant, in the name of `actor`. Raises Refused."""
    sub, node = _held(node)
    reason = checked_reason(node, reason)
    if lock := sub.locks.filter(active=True, operation__kind__in=RUNS).first():
        raise Refused(SUBCLUSTER_BUSY, subcluster=sub.name, operation=lock.operation_id)
    end, owner = _seconds(sub, until), name_of(actor)
    signed_in = Population.objects.filter(home_node=node).aggregate(n=Sum("signed_in"))["n"] or 0
    written = {"maintenance_owner": owner, "maintenance_reason": reason, "maintenance_signed_in": signed_in}
    # The engine writes the end; if it refuses, nothing of this stays.
    Node.objects.filter(pk=node.pk).update(maintenance_since=timezone.now(), **written)
    return _do(sub, node, lambda state, i: rules.begin(state, i, end, reason, owner), actor)


@transaction.atomic
def extend(node: Node, *, until: datetime, actor: Any) -> Node:
    """Give a maintenance another end. Raises Refused."""
    sub, node = _held(node)
    end = _seconds(sub, until)
    return _do(sub, node, lambda state, i: rules.extend(state, i, end), actor)


@transaction.atomic
def end(node: Node, *, actor: Any) -> Node:
    """End a maintenance: what it held back may begin at once. Raises Refused."""
    sub, node = _held(node)
    return _do(sub, node, rules.end, actor)


def checked_reason(node: Node, reason: str) -> str:
    """Why a node is worked on, in a few words; raises Refused."""
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Refused(MAINTENANCE_NO_REASON, node=node.name, longest=LONGEST_REASON)
    return reason


def end_of(cluster: Cluster, span: str, until: str) -> datetime:
    """The real end of a maintenance: after a span, or at a time of day, both of the cluster's clock; raises Refused."""
    if bool(span) == bool(until):
        raise Refused(MAINTENANCE_END_NOT_VALID, days=rules.LONGEST // 86_400)
    now = cluster.now()
    there = (
        now + timedelta(seconds=rules.parse_span(span)) if span else rules.parse_time(until, timezone.localtime(now))
    )
    rules.demand_end(int(there.timestamp()), int(now.timestamp()))  # so near that every clock knows it
    return cluster.clock.real(there)


def refusal(node: Node) -> Refused | None:
    """Why work on a node may not begin now, or None when it may."""
    if node.subcluster is None:
        return Refused(NODE_NOT_IN_SUBCLUSTER, node=node.name)
    pair, _ = reads.read_pair(reads.with_policy(node.subcluster), 0)
    return rules.refusal(pair, reads.position(pair, node))


def _held(node: Node) -> tuple[Subcluster, Node]:
    """The subcluster of a node, locked, and the node as it is then."""
    _, subcluster = reads.placed(node)
    hold_subclusters([subcluster.pk])
    node, place = reads.placed(node)
    if place.pk != subcluster.pk:  # it was moved meanwhile, and the other place is not locked
        raise Refused(NODE_NOT_IN_SUBCLUSTER, node=node.name)
    return reads.with_policy(place), node


def _seconds(sub: Subcluster, real: datetime) -> int:
    """The cluster second of a real instant: the one that was meant, where the way there and back lost a microsecond."""
    return reads.cluster_seconds(sub.cluster, real + timedelta(microseconds=1))


def _do(sub: Subcluster, node: Node, do: Callable[[PairState, int], None], actor: Any) -> Node:
    def act(pair: Pair, now: int) -> Any:
        return change_pair(pair, now, lambda state: do(state, reads.position(pair, node)))

    service.change(sub, act, actor)
    return reads.placed(node)[0]


# --- How it stands --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Work:
    """A node in maintenance: the steps of the work, and what is counted for them."""

    node: Node
    peer: Node | None
    ha: bool
    steps: list[Step]
    trouble: str  # what does not run on the node, in words
    before: int  # of its users signed in when it began
    signed_in: int
    stopped: bool  # failed over by hand, its users served by the peer
    until: datetime  # real time
    late: bool  # sessions should be back by now

    @property
    def waits(self) -> bool:
        """Whether a step goes on by itself."""
        return any(step.standing is Standing.BUSY for step in self.steps)


def work(node: Node, now: datetime) -> Work:
    """How the work on a node in maintenance stands at a real instant, in five queries."""
    node, subcluster = reads.placed(node)
    if node.maintenance_until is None:
        raise Refused(MAINTENANCE_NOT_ON, node=node.name)
    sub = reads.with_policy(subcluster)
    at = reads.cluster_seconds(sub.cluster, now)
    pair, nodes = reads.read_pair(sub, at)
    member = reads.position(pair, node)
    signed_in = sum(signed for (home, _), (_, signed) in pair.populations.items() if home == member)
    steps = rules.checklist(pair, member, node.maintenance_signed_in, signed_in, at)
    healthy = pair.members[member].watch.healthy_at
    sessions = next(step for step in steps if step.key == "sessions")
    return Work(
        node=node,
        peer=next((other for other in nodes if other.pk != node.pk), None),
        ha=pair.ha,
        steps=steps,
        trouble=describe_trouble(node.truth),
        before=node.maintenance_signed_in,
        signed_in=signed_in,
        stopped=pair.memory.phase is Phase.FAILED_OVER and pair.memory.side == member,
        until=sub.cluster.clock.real(node.maintenance_until),
        late=sessions.standing is Standing.BUSY and healthy is not None and at - healthy > 60 * rules.SESSIONS_LATE,
    )

"""The Server Recovery Manager, live: read a subcluster, run the pure step, write what it decided.

    tick ──> due ──> step ─┐
    page, command ──> verb ┴─> lock ─> read ─> pure steps up to now ─> nodes, people, operation, history ─> next wake

One locked transaction for each step. The engine's clock is the cluster's; a step that comes late makes up for every
wake in between, at the instants they were due, so being late changes nothing but when it is seen. Who is signed in:
an assigned user is, while the serving node serves; the engine signs people out in one statement when it stops, and in
again at the rate of the throttle. What assigns or moves a user need not care: a tick finds those who wait.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from assignments.models import Kind, Operation
from assignments.recovery import policy, reads
from assignments.recovery.reads import Button
from assignments.recovery.rules import commands
from assignments.recovery.rules.commands import Command, Fault
from assignments.recovery.rules.foretold import sign_in_effect
from assignments.recovery.rules.kept import SrmState
from assignments.recovery.rules.pair import Outcome, Pair
from assignments.recovery.rules.relogin_window import Effect
from assignments.recovery.rules.step import step_pair
from assignments.recovery.writes import write_steps
from topology.models import Node, Subcluster
from topology.reasons import PACE_NOTHING_MOVES, Refused
from topology.rules.clock import set_back_since
from topology.structure.locks import hold_subclusters, try_subcluster

CATCH_UP = 400  # pure steps in one transaction; what is left is due at once
Act = Callable[[Pair, int], Outcome]

DUE = """
    SELECT s.id FROM topology_subcluster s WHERE s.next_wake <= %(now)s
    UNION
    SELECT s.id FROM topology_subcluster s JOIN topology_cluster c ON c.id = s.cluster_id  -- clocks were set back
        WHERE s.next_wake > %(now)s AND (s.srm->>'at')::bigint
            > extract(epoch FROM c.clock_cluster + (%(set_back)s - c.clock_real) * c.clock_speed)
    UNION
    SELECT s.id FROM topology_subcluster s JOIN topology_node n ON n.subcluster_id = s.id
        JOIN assignments_population p ON p.serving_node_id = n.id
        WHERE s.next_wake IS NULL AND (p.signed_in < p.users OR p.home_node_id <> p.serving_node_id)
    ORDER BY 1
"""


def due_subclusters(now: datetime) -> list[int]:
    """The subclusters whose next step has come, or where people wait and no one has looked yet."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now, "set_back": set_back_since(now)})
        return [pk for (pk,) in cursor.fetchall()]


def step(subcluster_id: int, now: datetime) -> bool:
    """Everything that is due in a subcluster; False when somebody else is at it, and the next tick comes back."""
    try:
        with transaction.atomic():
            if not try_subcluster(subcluster_id):
                return False
            subcluster = Subcluster.objects.filter(pk=subcluster_id).first()
            if subcluster is not None:
                _run(subcluster, now, None, None)
            return subcluster is not None
    except Refused:  # what was read had changed when it was to be written
        return False


def change(subcluster: Subcluster, act: Act, actor: Any) -> Outcome:
    """Catch up with a subcluster and do something else to it than a command or a fault; raises Refused."""
    return _verb(subcluster, act, actor)


def _run(subcluster: Subcluster, real: datetime, act: Act | None, actor: Any) -> Outcome:
    """Catch up with every wake until now, then act; the lock of the subcluster must be held. Raises Refused."""
    sub = reads.with_policy(subcluster, real)
    now = _now(sub, real)
    pair, nodes = reads.read_pair(sub, now)
    outcomes, at = _catch_up(pair, SrmState.of(sub.srm).wake, now, always=act is None)
    if act is not None:
        outcomes.append(act(outcomes[-1].pair if outcomes else pair, now))
        at = now
    write_steps(sub, nodes, pair, outcomes, at=at, real=real, actor=actor)
    return outcomes[-1]


def caught_up(subcluster: Subcluster, real: datetime) -> tuple[Pair, int]:
    """A subcluster as it is at an instant, and that instant of cluster time; nothing is written.

    Also where no tick has come since its last wake. `subcluster` comes with its cluster and policy.
    """
    sub = reads.by_the_clock(subcluster, real)
    now = _now(sub, real)
    pair, _ = reads.read_pair(sub, now)
    outcomes, _ = _catch_up(pair, SrmState.of(sub.srm).wake, now, always=False)
    return (outcomes[-1].pair if outcomes else pair), now


def _now(sub: Subcluster, real: datetime) -> int:
    """The cluster second of a step: not before the latest, where another machine's clock is a little ahead."""
    return max(reads.cluster_seconds(sub.cluster, real), SrmState.of(sub.srm).at)


def _catch_up(pair: Pair, wake: int | None, now: int, *, always: bool) -> tuple[list[Outcome], int]:
    """The steps at all wakes until now, and the instant of the last; one now if there was none and `always`."""
    outcomes: list[Outcome] = []
    at = now
    while wake is not None and wake <= now and len(outcomes) < CATCH_UP:
        outcomes.append(step_pair(pair, wake))
        at, pair, wake = wake, outcomes[-1].pair, outcomes[-1].next_wake
    if not outcomes and always:
        outcomes.append(step_pair(pair, now))
    return outcomes, at


@transaction.atomic
def _verb(subcluster: Subcluster, act: Act, actor: Any) -> Outcome:
    hold_subclusters([subcluster.pk])
    return _run(subcluster, timezone.now(), act, actor)


# --- Commands -------------------------------------------------------------------------------------
def failover(node: Node, actor: Any = None) -> Outcome:
    """Stop the services of a node; its peer takes its users. Raises Refused (domain.md §4.6)."""
    return _node_command(node, Command.FAILOVER, actor)


def fallback(node: Node, actor: Any = None) -> Outcome:
    """Start the services of a failed-over node; its users come home. Raises Refused (domain.md §4.6)."""
    return _node_command(node, Command.FALLBACK, actor)


def recover(subcluster: Subcluster, actor: Any = None) -> Outcome:
    """Start the recovery managers of a failed pair again. Raises Refused (domain.md §4.6)."""
    return _verb(subcluster, commands.recover, actor)


def enable_ha(subcluster: Subcluster, actor: Any = None) -> Outcome:
    """Let the two nodes back each other up. Raises Refused (domain.md §4.9)."""
    return _verb(subcluster, commands.enable_ha, actor)


def disable_ha(subcluster: Subcluster, actor: Any = None) -> Outcome:
    """End the protection of a subcluster. Raises Refused (domain.md §4.9)."""
    return _verb(subcluster, commands.disable_ha, actor)


def _node_command(node: Node, command: Command, actor: Any) -> Outcome:
    node, subcluster = reads.placed(node)
    return _verb(
        subcluster, lambda pair, now: commands.command_pair(pair, command, reads.position(pair, node), now), actor
    )


def set_sign_in_rate(
    operation: Operation, *, per_second: float | None, minutes: float | None, actor: Any = None
) -> Outcome:
    """Another budget for a failover or fallback that runs, for what is left of it; neither: the policy's.

    `per_second` is sign-ins per cluster second at the receiving node, `minutes` cluster minutes from now.
    Raises Refused.
    """
    budget = policy.checked_budget(per_second, minutes)

    def act(pair: Pair, now: int) -> Outcome:
        _moving(operation)  # another one may have begun while the lock was waited for
        return commands.set_sign_in_rate(pair, budget, now)

    return _verb(_moving(operation), act, actor)


def try_sign_in_rate(operation: Operation, *, per_second: float | None, minutes: float | None) -> Effect:
    """What such a budget would come to, in cluster seconds; nothing is written. Raises Refused."""
    budget = policy.checked_budget(per_second, minutes)
    sub = reads.with_policy(_moving(operation))
    pair, now = caught_up(sub, timezone.now())
    return sign_in_effect(pair, budget, now)


def _moving(operation: Operation) -> Subcluster:
    """The subcluster in which a failover or fallback runs; raises Refused when it does not run."""
    sub = Subcluster.objects.filter(locks__operation=operation, locks__active=True).first()
    if sub is None or operation.kind not in (Kind.FAILOVER, Kind.FAILBACK):
        raise Refused(PACE_NOTHING_MOVES, subcluster=str(operation))
    return sub


# --- Faults ---------------------------------------------------------------------------------------
def inject(node: Node, kind: str, service: str = "", actor: Any = None) -> Outcome:
    """Break power, network, database or a named service of a simulated node. Raises Refused."""
    return _fault(node, commands.inject, kind, service, actor)


def repair(node: Node, kind: str, service: str = "", actor: Any = None) -> Outcome:
    """Mend what was broken on a simulated node. Raises Refused."""
    return _fault(node, commands.repair, kind, service, actor)


def _fault(
    node: Node, change: Callable[[Pair, int, Fault, str, int], Outcome], kind: str, service: str, actor: Any
) -> Outcome:
    fault, named = commands.parse_fault(kind, service)
    node, subcluster = reads.placed(node)
    return _verb(subcluster, lambda pair, now: change(pair, reads.position(pair, node), fault, named, now), actor)


# --- What may be asked ----------------------------------------------------------------------------
def buttons(subcluster: Subcluster) -> list[Button]:
    """Every command of a subcluster with the reason of its refusal, if it is refused now (domain.md §4.5)."""
    return reads.buttons(subcluster)

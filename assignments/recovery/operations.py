"""The operation of a failover or fallback: what shows its progress and holds the subcluster meanwhile.

transition begins ──> Operation running, locks the subcluster ──> people move ──> finished, or failed
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from assignments.models import ACTIVE, Kind, Operation, Progress
from assignments.recovery.rules.pair import Outcome, Pair, Phase
from assignments.recovery.rules.pair_state import PairState
from assignments.runs import locks
from topology.live import actors, events
from topology.models import Node, Subcluster
from topology.reasons import WAITS_FOR_CANARY, WAITS_FOR_HOME

MOVING = (Phase.FAILING_OVER, Phase.TAKING_BACK)
Moved = dict[tuple[int, int], int]


def follow_transitions(
    sub: Subcluster,
    run: int | None,
    nodes: list[Node],
    before: Pair,
    outcomes: list[Outcome],
    moved: Moved,
    real: datetime,
    actor: Any,
) -> tuple[dict[int, Operation], int | None]:
    """Begin, advance and end operations as the transitions did; `run` is the key of the one that was in progress.

    Answers which one ran at each cluster second, and the key of the one that is in progress now.
    """
    current = Operation.objects.filter(pk=run, state__in=ACTIVE).first() if run else None
    by_second: dict[int, Operation] = {}
    pair = before
    for outcome in outcomes:
        if _key(outcome.pair) != _key(pair):
            by = actor if outcome is outcomes[-1] else None
            current = _change(sub, nodes, outcome.pair, current, moved, real, by)
            run = current.pk if current and outcome.pair.memory.phase in MOVING else None
        if current:
            by_second |= {event.at: current for event in outcome.events}
        pair = outcome.pair
    if current and current.active:
        _advance(current, moved, nodes, pair)
    return by_second, run


def _key(pair: Pair) -> tuple[str, int, int] | None:
    """Names a transition; None while none runs."""
    memory = pair.memory
    return (memory.phase.value, memory.side, memory.since) if memory.phase in MOVING else None


def _change(
    sub: Subcluster,
    nodes: list[Node],
    pair: Pair,
    current: Operation | None,
    moved: Moved,
    real: datetime,
    actor: Any,
) -> Operation | None:
    """The transition is another one, or over."""
    if current and current.active:
        _advance(current, moved, nodes, pair)
        _end(current, pair, real)
    if pair.memory.phase not in MOVING:
        return current
    return _begin(sub, nodes, pair, real, actor)


def _begin(sub: Subcluster, nodes: list[Node], pair: Pair, real: datetime, actor: Any) -> Operation:
    side = pair.memory.side
    back = pair.memory.phase is Phase.TAKING_BACK
    source, target = (nodes[1 - side], nodes[side]) if back else (nodes[side], nodes[1 - side])
    throttle = pair.members[side if back else 1 - side].watch.throttle
    rate = throttle.rate if throttle else PairState(pair, pair.memory.since).rate(pair.memory.to_move)
    # Who lost the connection before it began waits from then on (domain.md §4.7).
    first = pair.memory.since if back else max(pair.memory.since, pair.members[side].watch.relogin_at)
    begun = Operation.objects.create(
        cluster=sub.cluster,
        kind=Kind.FAILBACK if back else Kind.FAILOVER,
        state=Progress.RUNNING,
        from_node=source,
        to_node=target,
        total=pair.memory.to_move,
        rate=rate,
        anchor_at=datetime.fromtimestamp(first, UTC),
        **actors.author(actor),
        started_at=real,
        heartbeat_at=real,
    )
    locks.lock_for_recovery(sub, begun)
    events.touch(f"operation-{begun.pk}")
    return begun


def _advance(run: Operation, moved: Moved, nodes: list[Node], pair: Pair) -> None:
    """Count those who moved along this operation; each is counted once."""
    at = {node.pk: i for i, node in enumerate(nodes)}
    done = moved.pop((at.get(run.from_node_id or 0, -1), at.get(run.to_node_id or 0, -1)), 0)
    throttle = pair.members[at[run.to_node_id]].watch.throttle if run.to_node_id in at else None
    rate, waits = throttle.rate if throttle else run.rate, _wait_code(pair)
    if done or rate != run.rate or waits != run.wait_code:
        run.done += done
        run.total, run.rate, run.wait_code = max(run.total, run.done), rate, waits
        run.save(update_fields=["done", "total", "rate", "wait_code"])
        events.touch(f"operation-{run.pk}")


def _wait_code(pair: Pair) -> str:
    """Why no one goes home now in a fallback that runs (domain.md §4.8)."""
    if pair.memory.phase is not Phase.TAKING_BACK:
        return ""
    if not pair.members[pair.memory.side].serves:
        return WAITS_FOR_HOME.code
    return WAITS_FOR_CANARY.code if pair.memory.resume_at else ""


def _end(run: Operation, pair: Pair, real: datetime) -> None:
    """Finished when the pair came to rest; failed when it did not get there. Who is left, was left for want of room."""
    reached = pair.memory.phase in (Phase.FAILED_OVER, Phase.NORMAL)
    run.state = Progress.FINISHED if reached else Progress.FAILED
    run.skipped = run.total - run.done
    run.finished_at, run.wait_code = real, ""
    run.save(update_fields=["state", "skipped", "finished_at", "wait_code"])
    locks.release_subclusters(run)
    events.touch(f"operation-{run.pk}")

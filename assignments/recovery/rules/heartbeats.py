"""What the recovery managers notice: heartbeats that stop and return, services and databases that fail.

Heartbeats are counted from the start of a node's recovery manager, one each interval. What is noticed is not yet a
decision: that takes until the delays of the policy have passed (recovery.py).

    heard ──power, network or its SRM goes──> not heard since the last heartbeat ──back──> restarted or reconnected
"""

from dataclasses import replace

from assignments.recovery.rules.pair import Phase
from assignments.recovery.rules.pair_state import Desk
from topology.reasons import NODE_RECONNECTED, NODE_RETURNED


def observe(d: Desk) -> None:
    """Bring what is remembered of each member up to date with how it is."""
    for i in d.members:
        if d.heard(i):
            _hear(d, i)
        else:
            _miss(d, i)
        _judge(d, i)


def _miss(d: Desk, i: int) -> None:
    """A node that is not heard: the last heartbeat was the last one due."""
    watch = d.watches[i]
    if watch.heard_at is None:
        beats = (d.now - watch.started_at) // d.parameters.keep_alive_interval
        d.watch(i, heard_at=watch.started_at + max(0, beats) * d.parameters.keep_alive_interval)
    d.watch(i, stopped=watch.stopped or not replace(d.truth[i], network=True).heard)


def _hear(d: Desk, i: int) -> None:
    """A node that is heard: as ever, or again."""
    watch = d.watches[i]
    if watch.heard_at is None:
        return
    if watch.stopped:
        d.watch(i, heard_at=None, stopped=False, started_at=d.now, restarted=True)
        d.returned.add(i)
    else:
        d.watch(i, heard_at=None)
        d.reconnected.add(i)
    if d.phase is not Phase.OFF:
        d.say(NODE_RETURNED if i in d.returned else NODE_RECONNECTED, i)


def _judge(d: Desk, i: int) -> None:
    """Since when a heard node has had trouble, or been well."""
    watch = d.watches[i]
    if d.able(i):
        since = d.now if watch.healthy_at is None else watch.healthy_at
        d.watch(i, troubled_at=None, healthy_at=since)
    elif d.heard(i):
        d.watch(i, troubled_at=d.now if watch.troubled_at is None else watch.troubled_at, healthy_at=None)
    else:
        d.watch(i, troubled_at=None, healthy_at=None)

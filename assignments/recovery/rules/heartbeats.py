"""What the recovery managers notice: heartbeats that stop and return, services and databases that fail.

Heartbeats are counted from the start of a node's recovery manager, one each interval. What is noticed is not yet a
decision: that takes until the delays of the policy have passed (recovery.py).

    heard ──power, network or its SRM goes──> not heard since the last heartbeat ──back──> restarted or reconnected
"""

from dataclasses import replace

from assignments.recovery.rules.pair import Phase
from assignments.recovery.rules.pair_state import PairState
from topology.reasons import NODE_RECONNECTED, NODE_RETURNED


def observe_heartbeats(state: PairState) -> None:
    """Note of each member whether it is heard; `judge_heartbeats` follows, whenever a pair settles."""
    for i in state.members:
        if state.heard(i):
            _hear(state, i)
        else:
            _miss(state, i)


def _miss(state: PairState, i: int) -> None:
    """A node that is not heard: the last heartbeat was the last one due."""
    watch = state.watches[i]
    if watch.heard_at is None:
        beats = (state.now - watch.started_at) // state.parameters.keep_alive_interval
        state.watch(i, heard_at=watch.started_at + max(0, beats) * state.parameters.keep_alive_interval)
    state.watch(i, stopped=watch.stopped or not replace(state.truth[i], network=True).heard)


def _hear(state: PairState, i: int) -> None:
    """A node that is heard: as ever, or again."""
    watch = state.watches[i]
    if watch.heard_at is None:
        return
    if watch.stopped:
        state.watch(i, heard_at=None, stopped=False, started_at=state.now, restarted=True)
        state.returned.add(i)
    else:
        state.watch(i, heard_at=None)
        state.reconnected.add(i)
    if state.phase is not Phase.OFF:
        state.say(NODE_RETURNED if i in state.returned else NODE_RECONNECTED, i)


def judge_heartbeats(state: PairState) -> None:
    """Since when each heard node has had trouble, or been well; again whenever a node is stopped or may run."""
    for i in state.members:
        watch = state.watches[i]
        if state.able(i):
            since = state.now if watch.healthy_at is None else watch.healthy_at
            state.watch(i, troubled_at=None, healthy_at=since)
        elif state.heard(i):
            state.watch(i, troubled_at=state.now if watch.troubled_at is None else watch.troubled_at, healthy_at=None)
        else:
            state.watch(i, troubled_at=None, healthy_at=None)

"""How a pair enters and leaves the phases of recovery, and which states and reasons that shows (domain.md §4.4).

normal -> take_over -> finish_failover -> take_back -> finish_fallback -> normal
               └───────────── fail ─────────────┘          initialize: from HA off, failed mode, or silence
"""

from typing import Any

from assignments.recovery.rules.pair import REASONS_OF, Cause, Phase
from assignments.recovery.rules.pair_state import PairState, reason_in_words
from assignments.recovery.rules.sign_ins import cut_off, keep_second_connections, movers, moves_left, tell_disconnected
from topology.reasons import (
    AUTO_RECOVERY_STARTED,
    FAILOVER_FINISHED,
    FAILOVER_STARTED,
    FALLBACK_FINISHED,
    FALLBACK_STARTED,
    MAINTENANCE_HOLDS,
    NODE_ABLE,
    NODE_LOST,
    NODE_NOT_ABLE,
    PAIR_FAILED,
    PAIR_INITIALIZING,
    SECOND_CONNECTIONS_KEPT,
)
from topology.rules.states import State, StateReason, reason_label

SILENT = (Cause.PEER_DOWN, Cause.PEER_REBOOT, Cause.PEER_MISSING)
AUTO = {Cause.AUTO_SERVICE: Cause.SERVICE, Cause.AUTO_DATABASE: Cause.DATABASE}


def show_off(state: PairState) -> None:
    """Show a pair without HA (domain.md §4.4)."""
    state.show_all(State.UNKNOWN, StateReason.HIGH_AVAILABILITY_NOT_ENABLED)


def initialize_pair(state: PairState) -> None:
    """Both recovery managers start (domain.md §4.3, Initializing)."""
    state.enter(Phase.INITIALIZING, cause=Cause.NONE)
    for i in state.members:
        if state.heard(i):
            state.watch(i, started_at=state.now)
    show_initializing(state)
    state.say(PAIR_INITIALIZING)


def show_initializing(state: PairState) -> None:
    """Show a pair whose recovery managers start (domain.md §4.4)."""
    for i in state.members:
        if state.heard(i):
            state.show(i, State.INITIALIZING, StateReason.INITIALIZATION)
        else:
            state.show(i, State.UNKNOWN, StateReason.UNKNOWN)


def enter_normal(state: PairState) -> None:
    """Both nodes work."""
    state.enter(Phase.NORMAL, cause=Cause.NONE)
    state.show_all(State.NORMAL, StateReason.NORMAL)


def take_over(state: PairState, side: int, cause: Cause) -> None:
    """The other member takes the users of `side`; if it cannot, the pair fails (domain.md §4.5)."""
    peer = 1 - side
    if cause is not Cause.ADMIN and state.held is not None:
        return hold(state, side)
    if _cannot_take_over(state, peer):
        return enter_failed_mode(state, StateReason.CRITICAL_SERVICE_DOWN)
    if state.watches[side].stopped_by_hand:
        cause = Cause.ADMIN  # whatever else is wrong: what a person stopped stays stopped (domain.md §4.6)
    horizon = state.now - state.parameters.failover_limit_hours * 3600
    kept = tuple(at for at in state.memory.failovers if at > horizon)
    state.enter(Phase.FAILING_OVER, side=side, cause=cause)
    state.remember(failovers=kept if cause is Cause.ADMIN else (*kept, state.now)[-20:])
    state.watch(side, lost=not state.heard(side))
    show_failing_over(state)
    at_once = keep_second_connections(state, side)
    users = sum(g.users for g in movers(state, peer))
    state.remember(to_move=users)
    why = AUTO_RECOVERY_STARTED if cause in AUTO else FAILOVER_STARTED
    facts: dict[str, Any] = {
        "users": users,
        "possible": moves_left(state, peer),
        "rate": state.rate(users),
        "peer": state.name(peer),
    }
    lost = cut_off(state)
    state.say(why, side, cause=reason_in_words(cause), **facts)
    if at_once:
        state.say(SECOND_CONNECTIONS_KEPT, side, users=at_once, peer=state.name(peer))
    tell_disconnected(state, lost)
    return None


def _cannot_take_over(state: PairState, peer: int) -> bool:
    """Not heard, stopped by hand, or in trouble for longer than the critical service delay (domain.md §4.2)."""
    watch = state.watches[peer]
    if not state.heard(peer) or watch.stopped_by_hand:
        return True
    return not state.able(peer) and (watch.troubled_at is None or state.due(state.trouble_over(peer)))


def hold(state: PairState, side: int) -> None:
    """Leave a pair alone while a person works on one of its nodes, and say so once (domain.md §4.9)."""
    if state.held is not None and not state.memory.held:
        state.remember(held=True)
        state.say(MAINTENANCE_HOLDS, side, worked_on=state.name(state.held))


def show_failing_over(pair_state: PairState) -> None:
    """Show a failover in progress, by its cause (domain.md §4.4)."""
    f, t, cause = pair_state.failed, pair_state.backup, pair_state.memory.cause
    reason = REASONS_OF[cause]
    for i, state in ((f, State.FAILING_OVER), (t, State.TAKING_OVER)):
        pair_state.show(i, state, StateReason.INITIALIZATION if pair_state.watches[i].restarted else reason)
    if cause in AUTO:
        pair_state.show(f, State.FAILOVER_AFFECTED_SERVICES, reason)
        pair_state.show(t, State.BACKUP_ACTIVATED, reason)
    elif cause is Cause.PEER_MISSING:
        pair_state.show(f, State.FAILED_OVER_CSNR, StateReason.INITIALIZATION)
    elif not pair_state.heard(f) and pair_state.watches[f].lost:
        pair_state.show(f, State.UNKNOWN, REASONS_OF[pair_state.gone(f)])


def finish_failover(state: PairState) -> None:
    """All users who can be are served by the backup (domain.md §4.3)."""
    cause = AUTO.get(state.memory.cause, state.memory.cause)
    restarted = [w.restarted for w in state.watches]
    full = state.memory.full
    state.enter(Phase.FAILED_OVER, side=state.failed, cause=cause, full=full)
    for i in state.members:
        state.watch(i, restarted=restarted[i])
    show_failed_over(state)
    left = sum(users - signed for users, signed in state.cells.values())
    state.say(
        FAILOVER_FINISHED, state.failed, peer=state.name(state.backup), served=state.signed_in(state.backup), left=left
    )


def show_failed_over(state: PairState) -> None:
    """Show a finished failover, by its cause and by who is heard (domain.md §4.4)."""
    f, t, cause = state.failed, state.backup, state.memory.cause
    if state.watches[t].restarted and not state.heard(f) and not state.by_hand and state.due(state.silence_over(f)):
        state.remember(cause=Cause.PEER_MISSING)
        state.watch(t, restarted=False)
        cause = Cause.PEER_MISSING
    reason = REASONS_OF[cause]
    if not state.heard(t) and state.watches[t].lost:
        state.show(t, State.UNKNOWN, StateReason.UNKNOWN)
    else:
        state.show(
            t, State.RUNNING_IN_BACKUP_MODE, StateReason.INITIALIZATION if state.watches[t].restarted else reason
        )
    if not state.heard(f):
        _show_unheard(state)
    elif state.by_hand:
        if state.watches[f].lost:
            state.watch(f, restarted=True, lost=False)
        state.show(f, State.IDLE, StateReason.INITIALIZATION if state.watches[f].restarted else reason)
    else:
        _show_heard(state, reason)


def _show_unheard(state: PairState) -> None:
    """The failed-over node is not heard, perhaps not for long enough to say so."""
    f = state.failed
    if state.memory.cause is Cause.PEER_MISSING:
        state.show(f, State.FAILED_OVER_CSNR, StateReason.INITIALIZATION)
    elif state.watches[f].lost:
        state.show(f, State.UNKNOWN, REASONS_OF[state.gone(f)])
    elif state.heard(state.backup) and state.due(state.silence_over(f)):
        state.watch(f, lost=True)
        state.show(f, State.UNKNOWN, REASONS_OF[state.gone(f)])
        state.say(NODE_LOST, f, seconds=state.parameters.keep_alive_timeout, cause=state.trouble(f))
    elif state.states[f][0] in (State.FAILING_OVER, State.FAILOVER_AFFECTED_SERVICES):
        # The failover is over, and what was heard of it last is that it did not serve.
        reason = StateReason.INITIALIZATION if state.watches[f].restarted else REASONS_OF[state.memory.cause]
        state.show(f, State.IDLE if state.by_hand else State.FAILED_OVER_CSNR, reason)


def _show_heard(state: PairState, reason: StateReason) -> None:
    """The failed-over node is heard: able to serve, or not yet, or no longer (domain.md §4.4, rows 11 to 13)."""
    f = state.failed
    if state.watches[f].lost:  # whatever it was that came back, it starts anew
        state.watch(f, restarted=True, lost=False)
    fresh = state.watches[f].restarted or state.memory.cause in SILENT
    was = state.states[f][0]
    if state.able(f):
        state.show(f, State.FAILED_OVER, StateReason.INITIALIZATION if fresh else reason)
        if was is not State.FAILED_OVER:
            state.say(NODE_ABLE, f)
    elif was is not State.FAILED_OVER or state.due(state.trouble_over(f)):
        starting = fresh and was is not State.FAILED_OVER
        trouble = StateReason.INITIALIZATION if starting else REASONS_OF[state.trouble_cause(f)]
        if was is State.FAILED_OVER_CSNR:
            trouble = state.states[f][1]
        state.show(f, State.FAILED_OVER_CSNR, trouble)
        state.watch(f, restarted=False)
        if was in (State.FAILED_OVER, State.UNKNOWN):
            state.say(NODE_NOT_ABLE, f, trouble=state.trouble(f))


def take_back(state: PairState, cause: Cause) -> None:
    """The home node starts its services again and takes its users back (domain.md §4.5, §4.6)."""
    f, t = state.failed, state.backup
    state.enter(Phase.TAKING_BACK, side=f, cause=cause)
    state.watch(f, stopped_by_hand=False)
    show_taking_back(state)
    users = sum(g.users for g in movers(state, f))
    state.remember(to_move=users)
    facts: dict[str, Any] = {"users": users, "possible": users, "rate": state.rate(users), "peer": state.name(t)}
    state.say(FALLBACK_STARTED, f, cause=reason_in_words(cause), **facts)


def show_taking_back(pair_state: PairState) -> None:
    """The home node is Taking Back, the backup Falling Back; never the other way round (domain.md §4.3)."""
    reason = REASONS_OF[pair_state.memory.cause]
    for i, state in ((pair_state.failed, State.TAKING_BACK), (pair_state.backup, State.FALLING_BACK)):
        pair_state.show(i, state, StateReason.INITIALIZATION if pair_state.watches[i].restarted else reason)


def finish_fallback(state: PairState) -> None:
    """All users are served by their home node again (domain.md §4.3)."""
    f = state.failed
    if state.memory.cause is Cause.AUTOMATIC:
        state.remember(fell_back_at=state.now)
    enter_normal(state)
    state.say(FALLBACK_FINISHED, f)


def enter_failed_mode(state: PairState, why: StateReason) -> None:
    """An error that only a person resolves: both nodes run in failed mode (domain.md §4.3)."""
    state.enter(Phase.FAILED, why=why, cause=Cause.NONE)
    state.show_all(State.RUNNING_IN_FAILED_MODE, why)
    state.say(PAIR_FAILED, cause=reason_label(why))

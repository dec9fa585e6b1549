"""How a pair enters and leaves the phases of recovery, and which states and reasons that shows (domain.md §4.4).

normal -> take_over -> finish_failover -> take_back -> finish_fallback -> normal
               └───────────── fail ─────────────┘          initialize: from HA off, failed mode, or silence
"""

from typing import Any

from assignments.recovery.rules.pair import REASONS_OF, Cause, Phase
from assignments.recovery.rules.pair_state import Desk, reason_in_words
from assignments.recovery.rules.sign_ins import cut_off, movers, moves_left, tell_disconnected
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
)
from topology.rules.states import State, StateReason, reason_label

SILENT = (Cause.PEER_DOWN, Cause.PEER_REBOOT, Cause.PEER_MISSING)
AUTO = {Cause.AUTO_SERVICE: Cause.SERVICE, Cause.AUTO_DATABASE: Cause.DATABASE}


def show_off(d: Desk) -> None:
    d.show_all(State.UNKNOWN, StateReason.HIGH_AVAILABILITY_NOT_ENABLED)


def initialize(d: Desk) -> None:
    """Both recovery managers start (domain.md §4.3, Initializing)."""
    d.enter(Phase.INITIALIZING, cause=Cause.NONE)
    for i in d.members:
        if d.heard(i):
            d.watch(i, started_at=d.now)
    show_initializing(d)
    d.say(PAIR_INITIALIZING)


def show_initializing(d: Desk) -> None:
    for i in d.members:
        if d.heard(i):
            d.show(i, State.INITIALIZING, StateReason.INITIALIZATION)
        else:
            d.show(i, State.UNKNOWN, StateReason.UNKNOWN)


def normal(d: Desk) -> None:
    """Both nodes work."""
    d.enter(Phase.NORMAL, cause=Cause.NONE)
    d.show_all(State.NORMAL, StateReason.NORMAL)


def take_over(d: Desk, side: int, cause: Cause) -> None:
    """The other member takes the users of `side`; if it cannot, the pair fails (domain.md §4.5)."""
    peer = 1 - side
    if cause is not Cause.ADMIN and d.held is not None:
        return hold(d, side)
    if _cannot_take_over(d, peer):
        return fail(d, StateReason.CRITICAL_SERVICE_DOWN)
    if d.watches[side].stopped_by_hand:
        cause = Cause.ADMIN  # whatever else is wrong: what a person stopped stays stopped (domain.md §4.6)
    horizon = d.now - d.parameters.failover_limit_hours * 3600
    kept = tuple(at for at in d.memory.failovers if at > horizon)
    d.enter(Phase.FAILING_OVER, side=side, cause=cause)
    d.remember(failovers=kept if cause is Cause.ADMIN else (*kept, d.now)[-20:])
    d.watch(side, lost=not d.heard(side))
    show_failing_over(d)
    users = sum(g.users for g in movers(d, peer))
    d.remember(to_move=users)
    why = AUTO_RECOVERY_STARTED if cause in AUTO else FAILOVER_STARTED
    facts: dict[str, Any] = {
        "users": users,
        "possible": moves_left(d, peer),
        "rate": d.rate(users),
        "peer": d.name(peer),
    }
    lost = cut_off(d)
    d.say(why, side, cause=reason_in_words(cause), **facts)
    tell_disconnected(d, lost)
    return None


def _cannot_take_over(d: Desk, peer: int) -> bool:
    """Not heard, stopped by hand, or in trouble for longer than the critical service delay (domain.md §4.2)."""
    watch = d.watches[peer]
    if not d.heard(peer) or watch.stopped_by_hand:
        return True
    return not d.able(peer) and (watch.troubled_at is None or d.due(d.trouble_over(peer)))


def hold(d: Desk, side: int) -> None:
    """Leave a pair alone while a person works on one of its nodes, and say so once (domain.md §4.9)."""
    if d.held is not None and not d.memory.held:
        d.remember(held=True)
        d.say(MAINTENANCE_HOLDS, side, worked_on=d.name(d.held))


def show_failing_over(d: Desk) -> None:
    f, t, cause = d.failed, d.backup, d.memory.cause
    reason = REASONS_OF[cause]
    for i, state in ((f, State.FAILING_OVER), (t, State.TAKING_OVER)):
        d.show(i, state, StateReason.INITIALIZATION if d.watches[i].restarted else reason)
    if cause in AUTO:
        d.show(f, State.FAILOVER_AFFECTED_SERVICES, reason)
        d.show(t, State.BACKUP_ACTIVATED, reason)
    elif cause is Cause.PEER_MISSING:
        d.show(f, State.FAILED_OVER_CSNR, StateReason.INITIALIZATION)
    elif not d.heard(f) and d.watches[f].lost:
        d.show(f, State.UNKNOWN, REASONS_OF[d.gone(f)])


def finish_failover(d: Desk) -> None:
    cause = AUTO.get(d.memory.cause, d.memory.cause)
    restarted = [w.restarted for w in d.watches]
    full = d.memory.full
    d.enter(Phase.FAILED_OVER, side=d.failed, cause=cause, full=full)
    for i in d.members:
        d.watch(i, restarted=restarted[i])
    show_failed_over(d)
    left = sum(users - signed for users, signed in d.cells.values())
    d.say(FAILOVER_FINISHED, d.failed, peer=d.name(d.backup), served=d.signed_in(d.backup), left=left)


def show_failed_over(d: Desk) -> None:
    f, t, cause = d.failed, d.backup, d.memory.cause
    if d.watches[t].restarted and not d.heard(f) and not d.by_hand and d.due(d.silence_over(f)):
        d.remember(cause=Cause.PEER_MISSING)
        d.watch(t, restarted=False)
        cause = Cause.PEER_MISSING
    reason = REASONS_OF[cause]
    if not d.heard(t) and d.watches[t].lost:
        d.show(t, State.UNKNOWN, StateReason.UNKNOWN)
    else:
        d.show(t, State.RUNNING_IN_BACKUP_MODE, StateReason.INITIALIZATION if d.watches[t].restarted else reason)
    if not d.heard(f):
        _show_unheard(d)
    elif d.by_hand:
        if d.watches[f].lost:
            d.watch(f, restarted=True, lost=False)
        d.show(f, State.IDLE, StateReason.INITIALIZATION if d.watches[f].restarted else reason)
    else:
        _show_heard(d, reason)


def _show_unheard(d: Desk) -> None:
    """The failed-over node is not heard, perhaps not for long enough to say so."""
    f = d.failed
    if d.memory.cause is Cause.PEER_MISSING:
        d.show(f, State.FAILED_OVER_CSNR, StateReason.INITIALIZATION)
    elif d.watches[f].lost:
        d.show(f, State.UNKNOWN, REASONS_OF[d.gone(f)])
    elif d.heard(d.backup) and d.due(d.silence_over(f)):
        d.watch(f, lost=True)
        d.show(f, State.UNKNOWN, REASONS_OF[d.gone(f)])
        d.say(NODE_LOST, f, seconds=d.parameters.keep_alive_timeout, cause=d.trouble(f))
    elif d.states[f][0] in (State.FAILING_OVER, State.FAILOVER_AFFECTED_SERVICES):
        # The failover is over, and what was heard of it last is that it did not serve.
        reason = StateReason.INITIALIZATION if d.watches[f].restarted else REASONS_OF[d.memory.cause]
        d.show(f, State.IDLE if d.by_hand else State.FAILED_OVER_CSNR, reason)


def _show_heard(d: Desk, reason: StateReason) -> None:
    """The failed-over node is heard: able to serve, or not yet, or no longer (domain.md §4.4, rows 11 to 13)."""
    f = d.failed
    if d.watches[f].lost:  # whatever it was that came back, it starts anew
        d.watch(f, restarted=True, lost=False)
    fresh = d.watches[f].restarted or d.memory.cause in SILENT
    was = d.states[f][0]
    if d.able(f):
        d.show(f, State.FAILED_OVER, StateReason.INITIALIZATION if fresh else reason)
        if was is not State.FAILED_OVER:
            d.say(NODE_ABLE, f)
    elif was is not State.FAILED_OVER or d.due(d.trouble_over(f)):
        starting = fresh and was is not State.FAILED_OVER
        trouble = StateReason.INITIALIZATION if starting else REASONS_OF[d.trouble_cause(f)]
        if was is State.FAILED_OVER_CSNR:
            trouble = d.states[f][1]
        d.show(f, State.FAILED_OVER_CSNR, trouble)
        d.watch(f, restarted=False)
        if was in (State.FAILED_OVER, State.UNKNOWN):
            d.say(NODE_NOT_ABLE, f, trouble=d.trouble(f))


def take_back(d: Desk, cause: Cause) -> None:
    """The home node starts its services again and takes its users back (domain.md §4.5, §4.6)."""
    f, t = d.failed, d.backup
    d.enter(Phase.TAKING_BACK, side=f, cause=cause)
    d.watch(f, stopped_by_hand=False)
    show_taking_back(d)
    users = sum(g.users for g in movers(d, f))
    d.remember(to_move=users)
    facts: dict[str, Any] = {"users": users, "possible": users, "rate": d.rate(users), "peer": d.name(t)}
    d.say(FALLBACK_STARTED, f, cause=reason_in_words(cause), **facts)


def show_taking_back(d: Desk) -> None:
    """The home node is Taking Back, the backup Falling Back; never the other way round (domain.md §4.3)."""
    reason = REASONS_OF[d.memory.cause]
    for i, state in ((d.failed, State.TAKING_BACK), (d.backup, State.FALLING_BACK)):
        d.show(i, state, StateReason.INITIALIZATION if d.watches[i].restarted else reason)


def finish_fallback(d: Desk) -> None:
    f = d.failed
    if d.memory.cause is Cause.AUTOMATIC:
        d.remember(fell_back_at=d.now)
    normal(d)
    d.say(FALLBACK_FINISHED, f)


def fail(d: Desk, why: StateReason) -> None:
    """An error that only a person resolves: both nodes run in failed mode (domain.md §4.3)."""
    d.enter(Phase.FAILED, why=why, cause=Cause.NONE)
    d.show_all(State.RUNNING_IN_FAILED_MODE, why)
    d.say(PAIR_FAILED, cause=reason_label(why))

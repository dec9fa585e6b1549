"""The Server Recovery Manager of one subcluster, on populations (domain.md §4.3 to §4.7).

`step_pair(pair, now)` decides everything that is due: what is detected, which state follows, who signs in where. It
keeps nothing and asks no clock; live, in what-if and in tests the same function runs.

    off ──enable HA──> initializing ──> normal ──┬─ admin, services, database, silence ──> failing over
     ^                      ^                    ^                                              │
     └──disable HA          │ recover            │                                              v
                          failed <── errors      └────── taking back <── fallback ─────── failed over
                                                                                 (and, when the backup fails in
                                                                                  its turn, the other way round)

States and reasons of the two nodes follow from phase, cause and truth. During a fallback the home node is Taking
Back and the backup Falling Back.
"""

from collections.abc import Callable

from assignments.recovery.rules.heartbeats import judge_heartbeats, observe_heartbeats
from assignments.recovery.rules.maintenance import end_maintenance
from assignments.recovery.rules.pair import Cause, Outcome, Pair, Parameters, Phase
from assignments.recovery.rules.pair_state import PairState
from assignments.recovery.rules.sign_ins import disconnect_users, movers, moves_left, sign_users_in
from assignments.recovery.rules.transitions import (
    enter_failed_mode,
    enter_normal,
    finish_failover,
    finish_fallback,
    initialize_pair,
    show_failed_over,
    show_failing_over,
    show_initializing,
    show_off,
    show_taking_back,
    take_back,
    take_over,
)
from topology.reasons import FALLBACK_LIMIT_REACHED, HA_DISABLED, PAIR_NORMAL, PAIR_SILENT
from topology.rules.states import State, StateReason

DAY = 86_400


def step_pair(pair: Pair, now: int) -> Outcome:
    """Everything that is due in a subcluster at an instant of cluster time; a second call changes nothing more."""
    state = PairState(pair, now)
    advance_pair(state)
    return state.outcome()


def advance_pair(state: PairState) -> None:
    """Observe, follow the transitions until none is left, then let people sign in, and once more what follows."""
    keep_stopped(state)
    known = state.known()
    sign_users_in(state)  # users who are due by now sign in before anything else is decided
    end_maintenance(state)
    observe_heartbeats(state)
    for _ in range(2):
        settle(state)
        before, known = known, state.known()
        if known == before:
            break  # no one signed in and nothing was decided, so nothing would
        sign_users_in(state)
    state.say_untold()


def keep_stopped(state: PairState) -> None:
    """Remember of a failover by hand that a person stopped the services, whatever phase follows (domain.md §4.6)."""
    if state.phase is Phase.OFF:
        for i in state.members:
            state.watch(i, stopped_by_hand=False)
    elif state.by_hand and state.phase in (Phase.FAILING_OVER, Phase.FAILED_OVER):
        state.watch(state.failed, stopped_by_hand=True)


def settle(state: PairState) -> None:
    """Follow transitions until the pair stays where it is."""
    for _ in range(8):
        seen = (state.memory, tuple(state.states))
        _enter_or_leave_ha(state)
        keep_stopped(state)
        judge_heartbeats(state)
        if not _silent(state):
            PHASES[state.phase](state)
        disconnect_users(state)
        state.forget_what_is_new()
        if (state.memory, tuple(state.states)) == seen:
            return


# --- HA off and start-up --------------------------------------------------------------------------
def _enter_or_leave_ha(state: PairState) -> None:
    ha = state.ha and len(state.before.members) == 2
    if ha and state.phase is Phase.OFF:
        initialize_pair(state)
    elif not ha and state.phase is not Phase.OFF:
        state.enter(Phase.OFF, cause=Cause.NONE)
        show_off(state)
        state.say(HA_DISABLED)


def _initializing(state: PairState) -> None:
    """Look at both, once they hear each other or one has waited long enough (domain.md §4.5)."""
    show_initializing(state)
    heard = [i for i in state.members if state.heard(i)]
    if len(heard) == 1:
        [i] = heard
        if state.due(state.watches[i].started_at + state.parameters.initialization_keep_alive_timeout):
            take_over(state, 1 - i, Cause.PEER_MISSING)
        return
    able = [i for i in heard if state.able(i)]
    if len(able) == 2:
        started = max(state.memory.since, *(w.started_at for w in state.watches))
        if state.due(started + state.parameters.keep_alive_interval):
            enter_normal(state)
            state.say(PAIR_NORMAL)
    elif len(able) == 1:
        take_over(state, 1 - able[0], state.trouble_cause(1 - able[0]))
    else:
        enter_failed_mode(state, StateReason.CRITICAL_SERVICE_DOWN)


def _silent(state: PairState) -> bool:
    """No one is heard: nothing can be decided, and after a while nothing is known (domain.md §4.4, row 24)."""
    if state.phase is Phase.OFF:
        return False
    if any(state.heard(i) for i in state.members):
        if all(w.lost for w in state.watches):
            _wake_up(state)
        return False
    heard = [w.heard_at if w.heard_at is not None else state.now for w in state.watches]
    if not all(w.lost for w in state.watches) and state.due(max(heard) + state.parameters.keep_alive_timeout):
        for i in state.members:
            state.watch(i, lost=True)
        state.show_all(State.UNKNOWN, StateReason.UNKNOWN)
        state.say(PAIR_SILENT)
    return True


def _wake_up(state: PairState) -> None:
    """Somebody is heard again after no one was: a failover and failed mode stay, the rest is looked at anew."""
    for i in state.members:
        state.watch(i, lost=not state.heard(i))
    if state.phase not in (Phase.FAILED_OVER, Phase.FAILED):
        initialize_pair(state)


# --- Normal ---------------------------------------------------------------------------------------
def _normal(state: PairState) -> None:
    for i in state.members:
        _show_in_normal(state, i)
    for i in state.members:
        peer = 1 - i
        if not state.heard(i):
            if state.heard(peer) and state.due(state.silence_over(i)):
                return take_over(state, i, state.silence_cause(i))
        elif state.watches[i].troubled_at is not None and state.due(state.trouble_over(i)):
            if not state.heard(peer) and not state.due(state.silence_over(peer)):
                continue  # it may still come back and take over
            return take_over(state, i, state.trouble_cause(i))
    return None


def _show_in_normal(state: PairState, i: int) -> None:
    """A node whose SRM started again before its peer missed it shows Initializing for one heartbeat."""
    if not state.heard(i) or state.watches[i].heard_at is not None:
        return
    started = state.watches[i].started_at + state.parameters.keep_alive_interval
    if state.watches[i].restarted and not state.due(started):
        state.show(i, State.INITIALIZING, StateReason.INITIALIZATION)
    else:
        state.watch(i, restarted=False)
        state.show(i, State.NORMAL, StateReason.NORMAL)


# --- Failing over ---------------------------------------------------------------------------------
def _failing_over(state: PairState) -> None:
    f, t = state.failed, state.backup
    if f in state.reconnected and state.watches[f].lost:
        # Both recovery managers ran all the time and each took the other for gone (domain.md §4.4, row 16).
        return enter_failed_mode(state, StateReason.UNKNOWN)
    if not state.heard(t):
        return _backup_silent(state)
    group = movers(state, t)
    if not state.truth[t].database and group and state.due(min(g.not_before for g in group)):
        return enter_failed_mode(state, StateReason.TAKE_OVER_USERS_FAILED)
    if state.watches[t].troubled_at is not None and state.due(state.trouble_over(t)):
        return _backup_troubled(state)
    show_failing_over(state)
    if not moves_left(state, t) and state.due(state.memory.since + state.parameters.keep_alive_interval):
        finish_failover(state)
    return None


# --- Failed over ----------------------------------------------------------------------------------
def _failed_over(state: PairState) -> None:
    f, t = state.failed, state.backup
    if not state.heard(t):
        if state.heard(f):
            show_failed_over(state)
        return _backup_silent(state)
    show_failed_over(state)
    if state.watches[t].troubled_at is not None and state.due(state.trouble_over(t)):
        return _backup_troubled(state)
    if _automatic_fallback_due(state):
        take_back(state, Cause.AUTOMATIC)
    return None


def _backup_silent(state: PairState) -> None:
    """The backup is not heard: the node that failed over takes all users, if it can serve (domain.md §4.5)."""
    f, t = state.failed, state.backup
    if not state.heard(f) or not state.due(state.silence_over(t)):
        return None
    if state.by_hand:
        return enter_failed_mode(state, StateReason.UNKNOWN)
    return take_over(state, t, state.silence_cause(t))


def _backup_troubled(state: PairState) -> None:
    """A critical service or the database died on the backup (domain.md §4.4, rows 15, 22 and 23)."""
    t, database = state.backup, not state.truth[state.backup].database
    if state.able(state.failed) and not state.by_hand:
        return take_over(state, t, Cause.AUTO_DATABASE if database else Cause.AUTO_SERVICE)
    return enter_failed_mode(state, StateReason.DATABASE_FAILURE if database else StateReason.CRITICAL_SERVICE_DOWN)


def _automatic_fallback_due(state: PairState) -> bool:
    """Healthy for long enough, inside the hours and not too often; else a person is asked (domain.md §4.2)."""
    at = automatic_fallback_at(state)
    if state.memory.asked or at is None or not state.due(at):
        return False
    failovers = recent_failovers(state, state.now)
    if failovers < state.parameters.failover_limit:
        return True
    state.remember(asked=True)  # and it stays so until a person falls back, however long that takes
    state.say(FALLBACK_LIMIT_REACHED, state.failed, failovers=failovers, hours=state.parameters.failover_limit_hours)
    return False


def automatic_fallback_at(state: PairState) -> int | None:
    """From when on the failed-over node is fallen back to by itself; None: not by itself (domain.md §4.2)."""
    p, healthy = state.parameters, state.watches[state.failed].healthy_at
    if (
        not p.enable_automatic_fallback
        or state.by_hand
        or healthy is None
        or not state.able(state.failed)
        or state.held is not None
    ):
        return None
    at = max(healthy, state.memory.since) + p.automatic_fallback_delay
    if state.memory.fell_back_at is not None:
        at = max(at, state.memory.fell_back_at + p.automatic_fallback_hold_down)
    return _opens(state.parameters, max(at, state.now))


def recent_failovers(state: PairState, at: int) -> int:
    """Automatic failovers of the pair within the hours of their limit, seen from an instant."""
    return sum(failover > at - state.parameters.failover_limit_hours * 3600 for failover in state.memory.failovers)


def _opens(p: Parameters, at: int) -> int:
    """The first instant from `at` on inside the hours for automatic fallbacks; `at` itself, if there are none."""
    first, last = p.automatic_fallback_from, p.automatic_fallback_until
    if first is None or last is None or first == last:
        return at
    second = at % DAY
    inside = first <= second < last if first < last else second >= first or second < last
    return at if inside else at + (first - second) % DAY


# --- Taking back ----------------------------------------------------------------------------------
def _taking_back(state: PairState) -> None:
    f, t = state.failed, state.backup
    for i in (f, t):
        if not state.heard(i):
            if state.heard(1 - i) and state.due(state.silence_over(i)):
                take_over(state, i, state.silence_cause(i))
            return None
    if movers(state, f) and not (state.truth[f].database and state.truth[t].database):
        return enter_failed_mode(state, StateReason.TAKE_BACK_USERS_FAILED)
    if _home_troubled(state):
        return None
    if state.watches[t].troubled_at is not None and state.due(state.trouble_over(t)):
        return take_over(state, t, state.trouble_cause(t))
    show_taking_back(state)
    if state.able(f) and not movers(state, f) and state.due(state.memory.since + state.parameters.keep_alive_interval):
        finish_fallback(state)
    return None


def _home_troubled(state: PairState) -> bool:
    """Services that do not start, or die while users come home, end the fallback (domain.md §4.4, row 14)."""
    troubled = state.watches[state.failed].troubled_at
    if troubled is None or not state.due(max(troubled, state.memory.since) + state.parameters.critical_service_delay):
        return False
    started = troubled > state.memory.since
    enter_failed_mode(
        state, StateReason.CRITICAL_SERVICE_DOWN if started else StateReason.START_OF_CRITICAL_SERVICES_FAILED
    )
    return True


# --- Failed ---------------------------------------------------------------------------------------
def _failed(state: PairState) -> None:
    """One restarted recovery manager knows nothing; two start over (domain.md §4.4, row 21)."""
    restarted = [w.restarted for w in state.watches]
    if all(restarted):
        return initialize_pair(state)
    if any(restarted):
        state.remember(why=StateReason.UNKNOWN)
    state.show_all(State.RUNNING_IN_FAILED_MODE, state.memory.why)
    return None


PHASES: dict[Phase, Callable[[PairState], None]] = {
    Phase.OFF: show_off,
    Phase.INITIALIZING: _initializing,
    Phase.NORMAL: _normal,
    Phase.FAILING_OVER: _failing_over,
    Phase.FAILED_OVER: _failed_over,
    Phase.TAKING_BACK: _taking_back,
    Phase.FAILED: _failed,
}

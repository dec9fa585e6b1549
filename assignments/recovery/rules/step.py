"""The Server Recovery Manager of one subcluster, on populations (domain.md §4.3 to §4.7).

`step(pair, now)` decides everything that is due: what is detected, which state follows, who signs in where. It keeps
nothing and asks no clock; live, in what-if and in tests the same function runs.

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

from assignments.recovery.rules.heartbeats import observe
from assignments.recovery.rules.maintenance import end_maintenance
from assignments.recovery.rules.pair import Cause, Outcome, Pair, Parameters, Phase
from assignments.recovery.rules.pair_state import Desk
from assignments.recovery.rules.sign_ins import disconnect, flow, movers, moves_left
from assignments.recovery.rules.transitions import (
    fail,
    finish_failover,
    finish_fallback,
    initialize,
    normal,
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


def step(pair: Pair, now: int) -> Outcome:
    """Everything that is due in a subcluster at an instant of cluster time; a second call changes nothing more."""
    desk = Desk(pair, now)
    advance(desk)
    return desk.outcome()


def advance(d: Desk) -> None:
    """Observe, follow the transitions until none is left, then let people sign in."""
    keep_stopped(d)
    flow(d)  # whoever is due by now signs in before anything else is decided
    end_maintenance(d)
    observe(d)
    settle(d)
    flow(d)
    settle(d)
    flow(d)
    d.say_untold()


def keep_stopped(d: Desk) -> None:
    """Remember of a failover by hand that a person stopped the services, whatever phase follows (domain.md §4.6)."""
    if d.phase is Phase.OFF:
        for i in d.members:
            d.watch(i, stopped_by_hand=False)
    elif d.by_hand and d.phase in (Phase.FAILING_OVER, Phase.FAILED_OVER):
        d.watch(d.failed, stopped_by_hand=True)


def settle(d: Desk) -> None:
    """Follow transitions until the pair stays where it is."""
    for _ in range(8):
        seen = (d.memory, tuple(d.states))
        _enter_or_leave_ha(d)
        keep_stopped(d)
        if not _silent(d):
            PHASES[d.phase](d)
        disconnect(d)
        d.forget_what_is_new()
        if (d.memory, tuple(d.states)) == seen:
            return


# --- HA off and start-up --------------------------------------------------------------------------
def _enter_or_leave_ha(d: Desk) -> None:
    ha = d.ha and len(d.before.members) == 2
    if ha and d.phase is Phase.OFF:
        initialize(d)
    elif not ha and d.phase is not Phase.OFF:
        d.enter(Phase.OFF, cause=Cause.NONE)
        show_off(d)
        d.say(HA_DISABLED)


def _initializing(d: Desk) -> None:
    """Look at both, once they hear each other or one has waited long enough (domain.md §4.5)."""
    show_initializing(d)
    heard = [i for i in d.members if d.heard(i)]
    if len(heard) == 1:
        [i] = heard
        if d.due(d.watches[i].started_at + d.parameters.initialization_keep_alive_timeout):
            take_over(d, 1 - i, Cause.PEER_MISSING)
        return
    able = [i for i in heard if d.able(i)]
    if len(able) == 2:
        started = max(d.memory.since, *(w.started_at for w in d.watches))
        if d.due(started + d.parameters.keep_alive_interval):
            normal(d)
            d.say(PAIR_NORMAL)
    elif len(able) == 1:
        take_over(d, 1 - able[0], d.trouble_cause(1 - able[0]))
    else:
        fail(d, StateReason.CRITICAL_SERVICE_DOWN)


def _silent(d: Desk) -> bool:
    """Nobody is heard: nothing can be decided, and after a while nothing is known (domain.md §4.4, row 24)."""
    if d.phase is Phase.OFF:
        return False
    if any(d.heard(i) for i in d.members):
        if all(w.lost for w in d.watches):
            _wake_up(d)
        return False
    heard = [w.heard_at if w.heard_at is not None else d.now for w in d.watches]
    if not all(w.lost for w in d.watches) and d.due(max(heard) + d.parameters.keep_alive_timeout):
        for i in d.members:
            d.watch(i, lost=True)
        d.show_all(State.UNKNOWN, StateReason.UNKNOWN)
        d.say(PAIR_SILENT)
    return True


def _wake_up(d: Desk) -> None:
    """Somebody is heard again after nobody was: a failover and failed mode stay, the rest is looked at anew."""
    for i in d.members:
        d.watch(i, lost=not d.heard(i))
    if d.phase not in (Phase.FAILED_OVER, Phase.FAILED):
        initialize(d)


# --- Normal ---------------------------------------------------------------------------------------
def _normal(d: Desk) -> None:
    for i in d.members:
        _show_in_normal(d, i)
    for i in d.members:
        peer = 1 - i
        if not d.heard(i):
            if d.heard(peer) and d.due(d.silence_over(i)):
                return take_over(d, i, d.silence_cause(i))
        elif d.watches[i].troubled_at is not None and d.due(d.trouble_over(i)):
            if not d.heard(peer) and not d.due(d.silence_over(peer)):
                continue  # it may still come back and take over
            return take_over(d, i, d.trouble_cause(i))
    return None


def _show_in_normal(d: Desk, i: int) -> None:
    """A node whose SRM started again before its peer missed it shows Initializing for one heartbeat."""
    if not d.heard(i) or d.watches[i].heard_at is not None:
        return
    started = d.watches[i].started_at + d.parameters.keep_alive_interval
    if d.watches[i].restarted and not d.due(started):
        d.show(i, State.INITIALIZING, StateReason.INITIALIZATION)
    else:
        d.watch(i, restarted=False)
        d.show(i, State.NORMAL, StateReason.NORMAL)


# --- Failing over ---------------------------------------------------------------------------------
def _failing_over(d: Desk) -> None:
    f, t = d.failed, d.backup
    if f in d.reconnected and d.watches[f].lost:
        # Both recovery managers ran all the time and each took the other for gone (domain.md §4.4, row 16).
        return fail(d, StateReason.UNKNOWN)
    if not d.heard(t):
        return _backup_silent(d)
    group = movers(d, t)
    if not d.truth[t].database and group and d.due(min(g.not_before for g in group)):
        return fail(d, StateReason.TAKE_OVER_USERS_FAILED)
    if d.watches[t].troubled_at is not None and d.due(d.trouble_over(t)):
        return _backup_troubled(d)
    show_failing_over(d)
    if not moves_left(d, t) and d.due(d.memory.since + d.parameters.keep_alive_interval):
        finish_failover(d)
    return None


# --- Failed over ----------------------------------------------------------------------------------
def _failed_over(d: Desk) -> None:
    f, t = d.failed, d.backup
    if not d.heard(t):
        if d.heard(f):
            show_failed_over(d)
        return _backup_silent(d)
    show_failed_over(d)
    if d.watches[t].troubled_at is not None and d.due(d.trouble_over(t)):
        return _backup_troubled(d)
    if _automatic_fallback_due(d):
        take_back(d, Cause.AUTOMATIC)
    return None


def _backup_silent(d: Desk) -> None:
    """The backup is not heard: whoever failed over takes everybody, if it can serve (domain.md §4.5)."""
    f, t = d.failed, d.backup
    if not d.heard(f) or not d.due(d.silence_over(t)):
        return None
    if d.by_hand:
        return fail(d, StateReason.UNKNOWN)
    return take_over(d, t, d.silence_cause(t))


def _backup_troubled(d: Desk) -> None:
    """A critical service or the database died on the backup (domain.md §4.4, rows 15, 22 and 23)."""
    t, database = d.backup, not d.truth[d.backup].database
    if d.able(d.failed) and not d.by_hand:
        return take_over(d, t, Cause.AUTO_DATABASE if database else Cause.AUTO_SERVICE)
    return fail(d, StateReason.DATABASE_FAILURE if database else StateReason.CRITICAL_SERVICE_DOWN)


def _automatic_fallback_due(d: Desk) -> bool:
    """Healthy for long enough, inside the hours and not too often; else a person is asked (domain.md §4.2)."""
    at = automatic_fallback_at(d)
    if d.memory.asked or at is None or not d.due(at):
        return False
    failovers = recent_failovers(d, d.now)
    if failovers < d.parameters.failover_limit:
        return True
    d.remember(asked=True)  # and it stays so until a person falls back, however long that takes
    d.say(FALLBACK_LIMIT_REACHED, d.failed, failovers=failovers, hours=d.parameters.failover_limit_hours)
    return False


def automatic_fallback_at(d: Desk) -> int | None:
    """From when on the failed-over node is fallen back to by itself; None: not by itself (domain.md §4.2)."""
    p, healthy = d.parameters, d.watches[d.failed].healthy_at
    if not p.enable_automatic_fallback or d.by_hand or healthy is None or not d.able(d.failed) or d.held is not None:
        return None
    at = max(healthy, d.memory.since) + p.automatic_fallback_delay
    if d.memory.fell_back_at is not None:
        at = max(at, d.memory.fell_back_at + p.automatic_fallback_hold_down)
    return _opens(d.parameters, max(at, d.now))


def recent_failovers(d: Desk, at: int) -> int:
    """Automatic failovers of the pair within the hours of their limit, seen from an instant."""
    return sum(failover > at - d.parameters.failover_limit_hours * 3600 for failover in d.memory.failovers)


def _opens(p: Parameters, at: int) -> int:
    """The first instant from `at` on inside the hours for automatic fallbacks; `at` itself, if there are none."""
    first, last = p.automatic_fallback_from, p.automatic_fallback_until
    if first is None or last is None or first == last:
        return at
    second = at % DAY
    inside = first <= second < last if first < last else second >= first or second < last
    return at if inside else at + (first - second) % DAY


# --- Taking back ----------------------------------------------------------------------------------
def _taking_back(d: Desk) -> None:
    f, t = d.failed, d.backup
    for i in (f, t):
        if not d.heard(i):
            if d.heard(1 - i) and d.due(d.silence_over(i)):
                take_over(d, i, d.silence_cause(i))
            return None
    if movers(d, f) and not (d.truth[f].database and d.truth[t].database):
        return fail(d, StateReason.TAKE_BACK_USERS_FAILED)
    if _home_troubled(d):
        return None
    if d.watches[t].troubled_at is not None and d.due(d.trouble_over(t)):
        return take_over(d, t, d.trouble_cause(t))
    show_taking_back(d)
    if d.able(f) and not movers(d, f) and d.due(d.memory.since + d.parameters.keep_alive_interval):
        finish_fallback(d)
    return None


def _home_troubled(d: Desk) -> bool:
    """Services that do not start, or die while users come home, end the fallback (domain.md §4.4, row 14)."""
    troubled = d.watches[d.failed].troubled_at
    if troubled is None or not d.due(max(troubled, d.memory.since) + d.parameters.critical_service_delay):
        return False
    started = troubled > d.memory.since
    fail(d, StateReason.CRITICAL_SERVICE_DOWN if started else StateReason.START_OF_CRITICAL_SERVICES_FAILED)
    return True


# --- Failed ---------------------------------------------------------------------------------------
def _failed(d: Desk) -> None:
    """One restarted recovery manager knows nothing; two start over (domain.md §4.4, row 21)."""
    restarted = [w.restarted for w in d.watches]
    if all(restarted):
        return initialize(d)
    if any(restarted):
        d.remember(why=StateReason.UNKNOWN)
    d.show_all(State.RUNNING_IN_FAILED_MODE, d.memory.why)
    return None


PHASES: dict[Phase, Callable[[Desk], None]] = {
    Phase.OFF: show_off,
    Phase.INITIALIZING: _initializing,
    Phase.NORMAL: _normal,
    Phase.FAILING_OVER: _failing_over,
    Phase.FAILED_OVER: _failed_over,
    Phase.TAKING_BACK: _taking_back,
    Phase.FAILED: _failed,
}

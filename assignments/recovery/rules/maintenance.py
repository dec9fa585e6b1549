"""A node that a person works on: when that may begin, what it holds back, and the order of the work (domain.md §4.9).

    begin ──> nothing begins by itself in the pair, no one is sent to the node ──> ended by hand, or at its end

A maintenance ends by itself at its end, for a node that was forgotten in it would protect no one. The order of the
work has two ways: HA off, so that the users of the node have no service meanwhile, or a failover by hand before.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from assignments.recovery.rules.pair import Pair, Phase
from assignments.recovery.rules.pair_state import PairState, describe_trouble
from topology.reasons import (
    HA_TRANSITION_RUNS,
    MAINTENANCE_ALREADY,
    MAINTENANCE_BEGUN,
    MAINTENANCE_END_NOT_VALID,
    MAINTENANCE_ENDED,
    MAINTENANCE_EXTENDED,
    MAINTENANCE_LAST_NODE,
    MAINTENANCE_NOT_ON,
    MAINTENANCE_OF_PEER,
    MAINTENANCE_OVER,
    Refused,
)
from topology.rules import spans
from topology.rules.states import LOOKS

LONGEST = 7 * 86_400  # seconds
SETTLES = 120  # seconds between HA off and the work (domain.md §4.9)
SESSIONS_LATE = 30  # minutes; sessions that are not back by then will not come by themselves


# --- Legality -------------------------------------------------------------------------------------
def refusal(pair: Pair, member: int) -> Refused | None:
    """Why work on a node may not begin now, or None when it may."""
    m = pair.members[member]
    if m.maintenance is not None:
        return Refused(MAINTENANCE_ALREADY, node=m.name)
    if pair.memory.phase in (Phase.FAILING_OVER, Phase.TAKING_BACK):
        moving = pair.members[pair.memory.side]
        facts = {"subcluster": pair.name, "node": moving.name, "state": LOOKS[moving.state].label}
        return Refused(HA_TRANSITION_RUNS, **facts)
    for peer in (p for i, p in enumerate(pair.members) if i != member):
        if peer.maintenance is not None:
            return Refused(MAINTENANCE_OF_PEER, node=m.name, peer=peer.name)
        if m.serves and not peer.serves and pair.memory.phase is not Phase.OFF:
            return Refused(MAINTENANCE_LAST_NODE, node=m.name, peer=peer.name, state=LOOKS[peer.state].label)
        if m.serves and not peer.truth.up:
            return Refused(MAINTENANCE_LAST_NODE, node=m.name, peer=peer.name, state=describe_trouble(peer.truth))
    return None


def parse_span(text: str) -> int:
    """The seconds of a span such as 90m, 2h or 1d; raises Refused."""
    seconds = spans.parse(text, LONGEST)
    if seconds is None:
        raise Refused(MAINTENANCE_END_NOT_VALID, days=LONGEST // 86_400)
    return seconds


def parse_time(text: str, now: datetime) -> datetime:
    """The next time of day such as 05:30 after `now`, or a date and time; raises Refused."""
    try:
        if len(text) <= 5:
            return _next(time.fromisoformat(text), now)
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(MAINTENANCE_END_NOT_VALID, days=LONGEST // 86_400) from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=now.tzinfo)
    # One that is far away is refused here: in another zone, or by a faster clock, it may have no date.
    if abs(instant - now) > timedelta(days=1, seconds=LONGEST):
        raise Refused(MAINTENANCE_END_NOT_VALID, days=LONGEST // 86_400)
    return instant


def _next(at: time, now: datetime) -> datetime:
    """When a clock shows a time of day next; an hour that comes twice in a night is two, one left out is that after."""
    days = (now.date(), now.date() + timedelta(days=1))
    shown = [datetime.combine(day, at.replace(fold=fold), now.tzinfo) for day in days for fold in (0, 1)]
    real = [each for each in shown if not each.fold or each.timestamp() > each.replace(fold=0).timestamp()]
    return min((each for each in real if each.timestamp() > now.timestamp()), key=datetime.timestamp)


def demand_end(until: int, now: int) -> None:
    """Refuse an end that has passed or is too far away."""
    if not now < until <= now + LONGEST:
        raise Refused(MAINTENANCE_END_NOT_VALID, days=LONGEST // 86_400)


# --- What is done ---------------------------------------------------------------------------------
def begin(state: PairState, member: int, until: int, reason: str, owner: str) -> None:
    """Put a node into maintenance; raises Refused."""
    demand_end(until, state.now)
    if refused := refusal(state.freeze(), member):
        raise refused
    state.maintenance[member] = until
    state.say(MAINTENANCE_BEGUN, member, owner=owner, what=reason, minutes=round((until - state.now) / 60))


def extend(state: PairState, member: int, until: int) -> None:
    """Give a maintenance another end; raises Refused."""
    demand_end(until, state.now)
    _demand_on(state, member)
    state.maintenance[member] = until
    state.say(MAINTENANCE_EXTENDED, member, minutes=round((until - state.now) / 60))


def end(state: PairState, member: int) -> None:
    """End a maintenance; what it held back may begin at once. Raises Refused."""
    _demand_on(state, member)
    _lift(state, member)
    state.say(MAINTENANCE_ENDED, member)


def end_maintenance(state: PairState) -> None:
    """End what is at its end."""
    for i in state.members:
        until = state.maintenance[i]
        if until is not None and state.due(until):
            _lift(state, i)
            state.say(MAINTENANCE_OVER, i)


def _lift(state: PairState, member: int) -> None:
    state.maintenance[member] = None
    state.remember(held=False)


def _demand_on(state: PairState, member: int) -> None:
    if state.maintenance[member] is None:
        raise Refused(MAINTENANCE_NOT_ON, node=state.name(member))


# --- The order of the work ------------------------------------------------------------------------
class Standing(StrEnum):
    """Where a step stands: over, its turn, under way by itself, or later."""

    DONE = "done"
    NOW = "now"
    BUSY = "busy"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist; `wait` is the cluster seconds until it is over by itself."""

    key: str
    standing: Standing
    wait: int = 0


def checklist(pair: Pair, member: int, before: int, signed_in: int, now: int) -> list[Step]:
    """The steps of §4.9 for a node in maintenance, as they stand; the first that is not done is the turn.

    `before` users at home there were signed in when it began, `signed_in` are now.
    """
    m = pair.members[member]
    stopped = pair.memory.phase is Phase.FAILED_OVER and pair.memory.side == member
    away = stopped or not pair.ha
    wait = max(0, pair.memory.since + SETTLES - now) if away and not stopped else 0
    works = m.truth.heard and m.truth.up
    back = stopped or (m.serves and signed_in >= before)
    done = [away, away and not wait, away and not wait and works, away and works and back]
    keys = ["away", "settle", "work", "sessions"]
    turn = done.index(False) if False in done else len(done)
    goes_on = {"settle"} | ({"sessions"} if works else set())
    goes_on |= {"away"} if pair.memory.phase in (Phase.FAILING_OVER, Phase.TAKING_BACK) else set()
    steps = [
        Step(key, _standing(i, turn, key in goes_on), wait if key == "settle" else 0) for i, key in enumerate(keys)
    ]
    return [*steps, Step("finish", Standing.NOW if turn == len(keys) else Standing.LATER)]


def _standing(place: int, turn: int, goes_on: bool) -> Standing:
    if place != turn:
        return Standing.DONE if place < turn else Standing.LATER
    return Standing.BUSY if goes_on else Standing.NOW

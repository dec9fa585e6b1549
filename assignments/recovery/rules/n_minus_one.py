"""What happens if a node fails now: who takes its users, how full that node gets, who is left, how long it takes.

The answer counts as the engine would: rated capacity unless the policy says beyond, the computed or budgeted rate,
the time until the failure is detected, and the wait of the clients (domain.md §3, §4.8).
"""

from dataclasses import dataclass

from assignments.recovery.rules.pair import Pair, Phase
from assignments.recovery.rules.pair_state import PairState
from assignments.recovery.rules.relogin_window import seconds_for
from assignments.recovery.rules.sign_ins import keep_second_connections


@dataclass(frozen=True, slots=True)
class Verdict:
    """The consequence of one failure; `taker` is None when no one takes over, `seconds` None when it never ends."""

    taker: str | None
    users: int  # served by the node now, who lose service
    taken: int
    percent: int  # load of the taker afterwards, of its rated users
    left_out: int
    seconds: int | None


def n_minus_one(pair: Pair, member: int, *, by_hand: bool = False, notice: int | None = None) -> Verdict:
    """The verdict on one node of a pair, without its users' own actions.

    `by_hand` asks of a failover by hand, which maintenance of the node does not hold back. `notice` is after how many
    seconds the failure is noticed; left out, it is that of a node that is not heard any more.
    """
    users = pair.serving(member)
    taker = _taker(pair, member, by_hand)
    if taker is None:
        return Verdict(None, users, 0, 0, users, None if users else 0)
    state = PairState(pair, 0)
    own, _ = pair.populations.get((taker, member), (0, 0))  # at home on the taker: they come back whatever it holds
    taken = own + min(users - own, state.room_for_guests(taker))
    load = 100 * (pair.serving(taker) + taken) / pair.members[taker].capacity
    seconds = None
    if taken == users:
        p = pair.parameters
        noticed = p.keep_alive_timeout if notice is None else notice
        wait = max(noticed, p.relogin_lower_limit)
        again = taken - _served_at_once(pair, member, by_hand)
        seconds = wait + seconds_for(again, state.rate(again)) if again else noticed if taken else 0
    return Verdict(pair.members[taker].name, users, taken, round(load), users - taken, seconds)


def _served_at_once(pair: Pair, member: int, by_hand: bool) -> int:
    """Who need not sign in again, for a second connection: of each home alone, as the engine counts them."""
    state = PairState(pair, 0)
    if not by_hand:
        state.sign_out(member)  # the failure has cut them all off by then
    return keep_second_connections(state, member)


def _taker(pair: Pair, member: int, by_hand: bool) -> int | None:
    """Who would take over: the peer, if HA is on, no one works on the pair, and it can serve and is not stopped."""
    if not pair.ha or len(pair.members) < 2:
        return None
    under_way = pair.memory.phase is Phase.FAILING_OVER and pair.memory.side == member
    if not (by_hand or under_way) and any(m.maintenance is not None for m in pair.members):
        return None
    peer = 1 - member
    able = pair.members[peer].truth.heard and pair.members[peer].truth.up
    phase = pair.memory.phase
    if not able or phase in (Phase.OFF, Phase.FAILED):
        return None
    stopped = phase in (Phase.FAILING_OVER, Phase.FAILED_OVER) and pair.memory.side == peer
    by_hand = stopped and pair.memory.cause == "admin"
    return None if by_hand else peer

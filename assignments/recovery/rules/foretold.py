"""What a failover or fallback will come to: how fast users sign in and how long it takes, counted as the engine does.

pair, command --the engine begins it--> the pair in its transition --> Effect of what is left of it
"""

from assignments.recovery.rules.commands import Command, command_pair, set_sign_in_rate
from assignments.recovery.rules.pair import Pair, Phase
from assignments.recovery.rules.pair_state import PairState
from assignments.recovery.rules.relogin_window import Budget, Effect, seconds_for
from assignments.recovery.rules.sign_ins import CANARY, movers, moves_left


def command_effect(pair: Pair, what: Command, member: int, now: int) -> Effect:
    """What a failover or fallback by hand would mean; raises Refused where it is not legal (domain.md §4.6)."""
    return _rest(PairState(command_pair(pair, what, member, now).pair, now))


def sign_in_effect(pair: Pair, budget: Budget, now: int) -> Effect:
    """What a budget would mean for the rest of the transition that runs; raises Refused (domain.md §4.8)."""
    return _rest(PairState(set_sign_in_rate(pair, budget, now).pair, now))


def _rest(state: PairState) -> Effect:
    """The rest of the transition that runs: its rate, the seconds until all are served who have room, its peak."""
    target = state.backup if state.phase is Phase.FAILING_OVER else state.failed
    groups = movers(state, target)
    users, rate = moves_left(state, target), state.rate(sum(group.users for group in groups))
    wait = max(0, min((group.not_before for group in groups), default=state.now) - state.now)
    return Effect(rate, wait + seconds_for(users, rate) + _canary_waits(state, users), rate if users else 0.0)


def _canary_waits(state: PairState, users: int) -> int:
    """The seconds in which a canary fallback waits; a single user is all of it and needs none."""
    kept, p = state.memory, state.parameters
    if state.phase is not Phase.TAKING_BACK or not p.canary_fallback or users < 2:
        return 0
    under_way = max(0, kept.resume_at - state.now) if kept.resume_at else 0
    return under_way + p.critical_service_delay * max(0, len(CANARY) - kept.canary - bool(kept.resume_at))

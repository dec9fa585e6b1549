"""What people may ask of a pair, and what faults do to it (domain.md §4.5, §4.6).

    command ──> catch up with what is due ──> legal now? ── no ──> Refused, with its reason
                                                  └── yes ──> change ──> step

Failover, Fallback and Recover are legal only where the product shows their button; a refusal says why.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from assignments.recovery.rules.pair import Cause, Outcome, Pair, Phase
from assignments.recovery.rules.pair_state import PairState, describe_trouble
from assignments.recovery.rules.relogin_window import Budget
from assignments.recovery.rules.sign_ins import movers
from assignments.recovery.rules.step import advance_pair
from assignments.recovery.rules.transitions import initialize_pair, take_back, take_over
from topology.reasons import (
    FAILOVER_NODE_NOT_HEARD,
    FAILOVER_NOT_NORMAL,
    FAILOVER_PEER_NOT_ABLE,
    FALLBACK_NODE_NOT_HEARD,
    FALLBACK_NOT_FAILED_OVER,
    FALLBACK_SERVICES_NOT_RUNNING,
    FAULT_ALREADY_THERE,
    FAULT_INJECTED,
    FAULT_KIND_UNKNOWN,
    FAULT_NOT_THERE,
    FAULT_REPAIRED,
    HA_ALREADY_ENABLED,
    HA_ENABLED,
    HA_NEEDS_TWO_NODES,
    HA_NOT_ENABLED,
    HA_TRANSITION_RUNS,
    MAINTENANCE_NOT_READY,
    NO_SUCH_SERVICE,
    NODE_IN_MAINTENANCE,
    PACE_CHANGED,
    PACE_NOTHING_MOVES,
    RECOVER_NOT_FAILED,
    RECOVER_STARTED,
    Refused,
)
from topology.reasons.words import NAMELESS
from topology.rules.states import LOOKS, SERVICES, State, Truth


class Command(StrEnum):
    """What the buttons of a subcluster ask for; failover and fallback of a node, the others of the pair."""

    FAILOVER = "failover"
    FALLBACK = "fallback"
    RECOVER = "recover"
    ENABLE_HA = "enable_ha"
    DISABLE_HA = "disable_ha"


OF_A_NODE = (Command.FAILOVER, Command.FALLBACK)


class Fault(StrEnum):
    """What can be broken and repaired on a simulated node."""

    POWER = "power"
    NETWORK = "network"
    DATABASE = "database"
    SERVICE = "service"


# --- Legality -------------------------------------------------------------------------------------
def refusal(pair: Pair, command: Command, member: int = 0) -> Refused | None:
    """Why a command is not legal now, or None when it is (domain.md §4.5)."""
    name = {"subcluster": pair.name}
    if len(pair.members) < 2:
        return Refused(HA_NEEDS_TWO_NODES, **name)
    if command is Command.ENABLE_HA:
        return Refused(HA_ALREADY_ENABLED, **name) if pair.ha else _not_ready(pair)
    if not pair.ha:
        return Refused(HA_NOT_ENABLED, **name)
    return _CHECKS[command](pair, member)


def _not_ready(pair: Pair) -> Refused | None:
    """HA comes back when the work is done: a node that does not run would fail over at once (domain.md §4.9)."""
    for m in pair.members:
        if m.maintenance is not None and not (m.truth.heard and m.truth.up):
            return Refused(MAINTENANCE_NOT_READY, node=m.name, trouble=describe_trouble(m.truth))
    return None


def _facts(pair: Pair, member: int) -> dict[str, str]:
    m = pair.members[member]
    peer = pair.members[1 - member]
    return {
        "subcluster": pair.name,
        "node": m.name,
        "state": LOOKS[m.state].label,
        "peer": peer.name,
        "trouble": describe_trouble(m.truth),
    }


def _failover_refused(pair: Pair, member: int) -> Refused | None:
    facts, peer = _facts(pair, member), pair.members[1 - member]
    if pair.memory.phase is not Phase.NORMAL or pair.members[member].state is not State.NORMAL:
        return Refused(FAILOVER_NOT_NORMAL, **facts)
    if not pair.members[member].truth.heard:
        return Refused(FAILOVER_NODE_NOT_HEARD, **facts)
    if peer.maintenance is not None:
        return Refused(NODE_IN_MAINTENANCE, node=peer.name)
    if not (peer.truth.heard and peer.truth.up and peer.state is State.NORMAL):
        trouble = describe_trouble(peer.truth) or f"it is {LOOKS[peer.state].label}"
        return Refused(FAILOVER_PEER_NOT_ABLE, **(facts | {"trouble": trouble}))
    return None


def _fallback_refused(pair: Pair, member: int) -> Refused | None:
    facts, state = _facts(pair, member), pair.members[member].state
    if pair.memory.phase is not Phase.FAILED_OVER or member != pair.memory.side:
        return Refused(FALLBACK_NOT_FAILED_OVER, **facts)
    if pair.members[member].maintenance is not None:
        return Refused(NODE_IN_MAINTENANCE, node=pair.members[member].name)
    if not pair.members[member].truth.heard:
        return Refused(FALLBACK_NODE_NOT_HEARD, **facts)
    if state not in (State.IDLE, State.FAILED_OVER):
        return Refused(FALLBACK_SERVICES_NOT_RUNNING, **facts)
    return None


def _recover_refused(pair: Pair, member: int) -> Refused | None:
    return None if pair.memory.phase is Phase.FAILED else Refused(RECOVER_NOT_FAILED, **_facts(pair, member))


def _disable_refused(pair: Pair, member: int) -> Refused | None:
    moving = pair.memory.phase in (Phase.FAILING_OVER, Phase.TAKING_BACK)
    return Refused(HA_TRANSITION_RUNS, **_facts(pair, pair.memory.side)) if moving else None


_CHECKS: dict[Command, Callable[[Pair, int], Refused | None]] = {
    Command.FAILOVER: _failover_refused,
    Command.FALLBACK: _fallback_refused,
    Command.RECOVER: _recover_refused,
    Command.DISABLE_HA: _disable_refused,
}


# --- Commands -------------------------------------------------------------------------------------
def command_pair(pair: Pair, what: Command, member: int, now: int) -> Outcome:
    """Do what a button asks for; raises Refused with the pair unchanged."""
    state = PairState(pair, now)
    advance_pair(state)
    if refused := refusal(state.freeze(), what, member):
        raise refused
    _DO[what](state, member)
    advance_pair(state)
    return state.outcome()


def change_pair(pair: Pair, now: int, do: Callable[[PairState], None]) -> Outcome:
    """Catch up with what is due, do something, and what follows from it; `do` may raise Refused."""
    state = PairState(pair, now)
    advance_pair(state)
    do(state)
    advance_pair(state)
    return state.outcome()


def set_sign_in_rate(pair: Pair, budget: Budget, now: int) -> Outcome:
    """Give the transition that runs a budget of its own, or none for the policy's; raises Refused (domain.md §4.8)."""
    return change_pair(pair, now, lambda state: _set_sign_in_rate(state, budget))


def _set_sign_in_rate(state: PairState, budget: Budget) -> None:
    if state.phase not in (Phase.FAILING_OVER, Phase.TAKING_BACK):
        raise Refused(PACE_NOTHING_MOVES, subcluster=state.before.name)
    state.remember(per_second=budget.per_second, minutes=budget.minutes)
    target = state.backup if state.phase is Phase.FAILING_OVER else state.failed
    users = sum(group.users for group in movers(state, target))
    state.say(
        PACE_CHANGED,
        target,
        budget=state.budget.words or "as the re-login window says",
        rate=state.rate(users),
        users=users,
    )


def failover(pair: Pair, member: int, now: int) -> Outcome:
    """Stop the services of a node and hand its users to the peer; raises Refused (domain.md §4.6)."""
    return command_pair(pair, Command.FAILOVER, member, now)


def fallback(pair: Pair, member: int, now: int) -> Outcome:
    """Start the services of a failed-over node and bring its users home; raises Refused (domain.md §4.6)."""
    return command_pair(pair, Command.FALLBACK, member, now)


def recover(pair: Pair, now: int) -> Outcome:
    """Start the recovery managers of both nodes again; raises Refused (domain.md §4.6)."""
    return command_pair(pair, Command.RECOVER, 0, now)


def enable_ha(pair: Pair, now: int) -> Outcome:
    """Let each node back the other up; raises Refused (domain.md §4.5)."""
    return command_pair(pair, Command.ENABLE_HA, 0, now)


def disable_ha(pair: Pair, now: int) -> Outcome:
    """End the protection of a pair; users served away go home when the home serves; raises Refused."""
    return command_pair(pair, Command.DISABLE_HA, 0, now)


def _do_failover(state: PairState, member: int) -> None:
    take_over(state, member, Cause.ADMIN)


def _do_fallback(state: PairState, member: int) -> None:
    take_back(state, Cause.ADMIN)


def _do_recover(state: PairState, member: int) -> None:
    state.say(RECOVER_STARTED)
    initialize_pair(state)


def _do_enable(state: PairState, member: int) -> None:
    state.ha = True
    state.say(HA_ENABLED)


def _do_disable(state: PairState, member: int) -> None:
    state.ha = False


_DO: dict[Command, Callable[[PairState, int], None]] = {
    Command.FAILOVER: _do_failover,
    Command.FALLBACK: _do_fallback,
    Command.RECOVER: _do_recover,
    Command.ENABLE_HA: _do_enable,
    Command.DISABLE_HA: _do_disable,
}


# --- Faults ---------------------------------------------------------------------------------------
def broken(truth: Truth, kind: Fault, service: str, node: str) -> Truth:
    """The truth with one more fault; raises Refused when it is there already or unknown."""
    what = _name_fault(kind, service)
    if _is_broken(truth, kind, service):
        raise Refused(FAULT_ALREADY_THERE, node=node, what=what)
    return _with(truth, kind, service, broken=True)


def mended(truth: Truth, kind: Fault, service: str, node: str) -> Truth:
    """The truth with one fault fewer; raises Refused when it is not there or unknown."""
    what = _name_fault(kind, service)
    if not _is_broken(truth, kind, service):
        raise Refused(FAULT_NOT_THERE, node=node, what=what)
    return _with(truth, kind, service, broken=False)


def inject(pair: Pair, member: int, kind: Fault, service: str, now: int) -> Outcome:
    """Break something on a node; only heartbeats and delays tell the engine. Raises Refused."""
    return _change_truth(pair, member, kind, service, now, repair=False)


def repair(pair: Pair, member: int, kind: Fault, service: str, now: int) -> Outcome:
    """Mend what was broken on a node; raises Refused."""
    return _change_truth(pair, member, kind, service, now, repair=True)


def _change_truth(pair: Pair, member: int, kind: Fault, service: str, now: int, *, repair: bool) -> Outcome:
    state = PairState(pair, now)
    advance_pair(state)
    change = mended if repair else broken
    truth = change(state.truth[member], kind, service, state.name(member))
    what = _name_fault(kind, service) if repair else _describe_fault(pair, member, kind, service)
    state.say(FAULT_REPAIRED if repair else FAULT_INJECTED, member, what=what, kind=kind.value, service=service)
    state.truth[member] = truth
    advance_pair(state)
    return state.outcome()


def parse_fault(kind: str, service: str) -> tuple[Fault, str]:
    """A fault by its words; raises Refused for unknown ones."""
    if kind not in list(Fault):
        raise Refused(FAULT_KIND_UNKNOWN, kind=kind or "without a kind", known=", ".join(Fault))
    if kind == Fault.SERVICE and service not in SERVICES:
        raise Refused(NO_SUCH_SERVICE, service=service or NAMELESS, known=", ".join(SERVICES))
    return Fault(kind), service if kind == Fault.SERVICE else ""


def _name_fault(kind: Fault, service: str) -> str:
    if kind is Fault.NETWORK:
        return "network partition"
    return service if kind is Fault.SERVICE else kind.value


def _describe_fault(pair: Pair, member: int, kind: Fault, service: str) -> str:
    """What breaks; of a partition also that no one died, for each recovery manager takes the other for gone."""
    what = _name_fault(kind, service)
    if kind is not Fault.NETWORK or len(pair.members) < 2:
        return what
    alive = all(m.truth.power for m in pair.members)
    return f"{what} from {pair.members[1 - member].name}" + (", both stay alive" if alive else "")


def _is_broken(truth: Truth, kind: Fault, service: str) -> bool:
    if kind is Fault.SERVICE:
        return service in truth.failed_services
    return not getattr(truth, kind.value)


def _with(truth: Truth, kind: Fault, service: str, *, broken: bool) -> Truth:
    if kind is Fault.SERVICE:
        names = truth.failed_services | {service} if broken else truth.failed_services - {service}
        return replace(truth, failed_services=names)
    if kind is Fault.POWER:
        return replace(truth, power=not broken)
    return replace(truth, network=not broken) if kind is Fault.NETWORK else replace(truth, database=not broken)

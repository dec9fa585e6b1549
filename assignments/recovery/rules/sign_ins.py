"""How people follow a step: they lose their connection, wait, and sign in again one after the other.

Each member has one throttle for all who sign in there: first those it serves already, then those who move to it.

    source stops serving ──> signed out ──> wait for the lower limit ──> sign in at the rate ──> served at the target

Who moves to a member follows from the phase alone:

    failing over, failed over   everybody at the failed member -> the backup, as far as it has room
    taking back                 users at home on the failed member, served by the backup -> home
    normal, HA off              users served away from a home that serves -> home
"""

from dataclasses import dataclass, replace

from assignments.recovery.rules.pair import FLAPPING, Phase
from assignments.recovery.rules.pair_state import PairState
from assignments.recovery.rules.relogin_window import Throttle, with_second
from topology.reasons import (
    BACKUP_FULL,
    BACKUP_HAS_ROOM,
    FALLBACK_CANARY_WAITS,
    NODE_FLAPPING,
    TERMINATING_NOTIFY_SENT,
    USERS_BACK,
    USERS_DISCONNECTED,
    USERS_SIGNED_IN,
)

RECHECK = 60  # seconds between looks for room on a full backup
CANARY = (0.01, 0.10)  # shares of a fallback after which it waits


@dataclass(frozen=True, slots=True)
class Movers:
    """Users of one home who are to leave a source for a target, not before an instant; all signed in or none."""

    home: int
    source: int
    users: int
    not_before: int
    waiting: bool = False


def disconnect_users(state: PairState) -> None:
    """Sign out the users that a member no longer serves, and say so."""
    tell_disconnected(state, cut_off(state))


def cut_off(state: PairState) -> dict[int, int]:
    """Sign out the users that a member no longer serves; their clients wait for the lower limit (domain.md §4.7).

    Answers how many, by member.
    """
    lost: dict[int, int] = {}
    for i in state.members:
        serving = state.serves(i)
        if state.watches[i].serving and not serving:
            _count_interruption(state, i)
            state.watch(i, relogin_at=state.now + state.parameters.relogin_lower_limit)
        if not serving:  # also where it seemed to serve for the moment in which it came back
            state.watch(i, throttle=None)
        state.watch(i, serving=serving)
        if not serving and (users := state.sign_out(i)):
            lost[i] = users
    return lost


def _count_interruption(state: PairState, i: int) -> None:
    """Of a member that stops serving: the first time, or again before all of its users were back; then it flaps."""
    if not state.serving(i) or state.watches[i].stopped_by_hand:
        return
    again = state.watches[i].interruptions if state.signed_in(i) < state.serving(i) else 0
    state.watch(i, interruptions=again + 1, interrupted_at=state.watches[i].interrupted_at if again else state.now)
    if again + 1 == FLAPPING:
        seconds = state.now - state.watches[i].interrupted_at
        state.note(NODE_FLAPPING, i, times=FLAPPING, seconds=seconds, users=state.serving(i))


def keep_second_connections(state: PairState, source: int) -> int:
    """Let the backup serve at once who holds a connection to it already, as far as it has room (domain.md §4.7).

    Of each home, and of who is signed in and who is not, it is the policy's share; answers how many.
    """
    target, percent = 1 - source, state.parameters.second_connection_percent
    kept = 0
    for home in (target, source) if percent else ():
        users, signed = state.cells.get((home, source), (0, 0))
        for count, waiting in ((signed, False), (users - signed, True)):
            take = with_second(count, percent)
            take = take if home == target else min(take, state.room_for_guests(target))
            if take:
                state.move(home, source, target, take, None, waiting=waiting)
            kept += take
    return kept


def tell_disconnected(state: PairState, lost: dict[int, int]) -> None:
    """Say how many users of each member lost their connection, and from when on they sign in again, in seconds."""
    for i, users in lost.items():
        state.say(USERS_DISCONNECTED, i, users=users, wait=state.parameters.relogin_lower_limit)


def sign_users_in(state: PairState) -> None:
    """Let everybody sign in who is due; what is said of it shows the counts after all of them."""
    state.flows.clear()
    for target in state.members:
        _flow_into(state, target)
        if state.watches[target].interruptions and state.signed_in(target) == state.serving(target):
            state.watch(target, interruptions=0)
    state.say_noted()
    _tell_room(state)


def movers(state: PairState, target: int) -> list[Movers]:
    """Who moves to a member in this phase: those at home there first, then those not signed in, then the others.

    Users who lost the connection wait for the lower limit, on whatever node. Where neither recovery manager
    is heard no one decides, so no one moves.
    """
    source, phase = 1 - target, state.phase
    if len(state.before.members) < 2 or not _receives(state, target):
        return []
    homes = (target, source) if phase in (Phase.FAILING_OVER, Phase.FAILED_OVER) else (target,)
    since, late = state.memory.since, max(state.memory.since, state.watches[source].relogin_at)
    groups: list[Movers] = []
    for home in homes:
        users, signed = state.cells.get((home, source), (0, 0))
        groups += [Movers(home, source, users - signed, late, waiting=True)] if users > signed else []
        groups += [Movers(home, source, signed, since)] if signed else []
    return groups if phase is Phase.OFF or any(state.heard(i) for i in state.members) else []


def _receives(state: PairState, target: int) -> bool:
    if state.phase in (Phase.FAILING_OVER, Phase.FAILED_OVER):
        return target == state.backup
    if state.phase is Phase.TAKING_BACK:
        return target == state.failed
    return state.phase in (Phase.NORMAL, Phase.OFF)


def moves_left(state: PairState, target: int) -> int:
    """How many are still to move to a member, as far as it has room."""
    room, left = state.room(target), 0
    for group in movers(state, target):
        take = group.users if group.home == target else min(group.users, room)
        room, left = max(0, room - take), left + take
    return left


def _flow_into(state: PairState, target: int) -> None:
    if not state.serves(target):
        return None
    waiting = state.serving(target) - state.signed_in(target)
    groups = movers(state, target)
    parts = [(waiting, state.watches[target].relogin_at)] if waiting else []
    parts += [(group.users, group.not_before) for group in groups]
    if not parts:
        return _end(state, target)
    users, first = sum(n for n, _ in parts), min(at for _, at in parts)
    throttle = _throttle(state, target, users, first)
    state.watch(target, throttle=throttle)
    done, left = _sign_in_waiting(state, target, waiting)
    moved, movable, blocked = _move_due(state, target, groups)
    later = min((at for _, at in parts if at > state.now), default=None)
    _tell(state, target, done, moved)
    _go_on(state, target, [*left, *movable], later, blocked)
    return None


def _throttle(state: PairState, target: int, users: int, not_before: int) -> Throttle:
    """The throttle at work on a member; a new one when the budget changed, or when no one may sign in for a while."""
    kept, budget = state.watches[target].throttle, state.budget
    start = max(state.now, not_before)
    if kept and kept.budget == budget.key and kept.anchor <= start and max(kept.anchor, state.now) >= not_before:
        return replace(kept, total=max(kept.total, users))
    return Throttle(start, state.rate(users), 0, users, budget.key)


def _spend(state: PairState, target: int, wanted: int) -> tuple[int, Throttle]:
    """How many of those who want to may sign in at a member by now, and its throttle before they do."""
    throttle = state.watches[target].throttle
    assert throttle is not None
    users = min(wanted, throttle.ready(state.now))
    state.watch(target, throttle=replace(throttle, done=throttle.done + users))
    return users, throttle


def _sign_in_waiting(state: PairState, target: int, waiting: int) -> tuple[int, list[int]]:
    """Sign in the users that the member serves already: how many did, how many of each home may and are to come."""
    relogin_at = state.watches[target].relogin_at
    if not waiting or relogin_at > state.now:
        return 0, []
    done, left = 0, []
    for home in (target, 1 - target):
        total, signed = state.cells.get((home, target), (0, 0))
        # In the second in which they may, the credit until now is that of others.
        users, throttle = _spend(state, target, total - signed if relogin_at < state.now else 0)
        if users:
            state.sign_in(home, target, users, throttle)
        done += users
        left.append(total - signed - users)
    return done, left


def _move_due(state: PairState, target: int, groups: list[Movers]) -> tuple[int, list[int], bool]:
    """Move who is due and has room: how many moved, how many of each group still can, whether somebody has no room."""
    moved, left, blocked = 0, [], False
    allowed = _canary_allows(state, sum(g.users for g in groups)) if state.phase is Phase.TAKING_BACK else None
    for group in groups:
        if group.not_before > state.now:
            continue
        can = group.users if group.home == target else min(group.users, state.room_for_guests(target))
        can = can if allowed is None else min(can, max(0, allowed - moved))
        take, throttle = _spend(state, target, can if group.not_before < state.now else 0)
        if take:
            state.move(group.home, group.source, target, take, throttle, waiting=group.waiting)
            moved += take
        left.append(can - take)
        blocked = blocked or (can < group.users and allowed is None)
    return moved, left, blocked


def _canary_allows(state: PairState, left: int) -> int | None:
    """How many may go home before the fallback waits; None: all of them."""
    if not state.parameters.canary_fallback or state.memory.canary >= len(CANARY):
        return None
    if state.memory.resume_at:
        healthy = state.watches[state.failed].healthy_at
        if healthy is None or not state.due(
            max(state.memory.resume_at, healthy + state.parameters.critical_service_delay)
        ):
            return 0  # a node that degrades in between begins its wait anew when it is well again
        state.remember(canary=state.memory.canary + 1, resume_at=0)
        return _canary_allows(state, left)
    total = max(state.memory.to_move, left)
    return max(0, max(1, int(total * CANARY[state.memory.canary])) - (total - left))


def _go_on(state: PairState, target: int, left: list[int], later: int | None, blocked: bool) -> None:
    """The throttle after a batch, and when the next one is worth a step; `left` are groups in turn.

    Credit is for those who may sign in: where no one may, it begins anew when the next of them may, so that no batch
    comes at once.
    """
    throttle = state.watches[target].throttle
    assert throttle is not None
    if later is not None:
        state.wakes.append(later)
    if users := sum(left):
        state.next_batches.append(throttle.next_batch(state.now, users))
        state.flows.append(throttle.batches(state.now, next(group for group in left if group)))
    elif later is not None:
        state.watch(target, throttle=replace(throttle, anchor=later, done=0))
    elif movers(state, target):  # no room, or a canary fallback waits
        state.watch(target, throttle=None)
        state.wakes += [state.now + RECHECK] if blocked else []
    else:
        _end(state, target)


def _tell(state: PairState, target: int, signed_in: int, moved: int) -> None:
    if moved and state.serves(1 - target):
        state.note(TERMINATING_NOTIFY_SENT, target, progress=True, source=state.name(1 - target), users=moved)
    elif moved:
        state.note(USERS_SIGNED_IN, target, progress=True, users=moved)
    if signed_in:
        state.note(USERS_SIGNED_IN, target, progress=True, users=signed_in)
    if state.phase is Phase.TAKING_BACK:
        _pause_canary(state, target)


def _pause_canary(state: PairState, target: int) -> None:
    """After each share of a canary fallback, wait and see whether the receiving node bears it.

    Also where no one moved: of a few users one is more than either share, so the second share is used up already.
    """
    left = sum(g.users for g in movers(state, target))
    if not left or _canary_allows(state, left) != 0 or state.memory.resume_at:
        return
    wait = state.parameters.critical_service_delay
    state.remember(resume_at=state.now + wait)
    state.wakes.append(state.now + wait)
    state.note(FALLBACK_CANARY_WAITS, target, users=state.memory.to_move - left, wait=wait)


def _end(state: PairState, target: int) -> None:
    """No one waits to sign in at a member any more: the last did, or the transition ended that was to bring them."""
    if state.watches[target].throttle is None:
        return
    state.watch(target, throttle=None)
    if state.phase in (Phase.NORMAL, Phase.OFF, Phase.INITIALIZING, Phase.FAILED) and state.memory.since < state.now:
        state.note(USERS_BACK, target)


def _tell_room(state: PairState) -> None:
    """Say once when a backup is full, and once when the last of those left out is served."""
    if state.phase not in (Phase.FAILING_OVER, Phase.FAILED_OVER):
        return
    waiting = state.serving(state.failed)
    full = bool(movers(state, state.backup)) and not moves_left(state, state.backup)
    if full and not state.memory.full:
        state.remember(full=True)
        capacity = state.before.members[state.backup].capacity
        state.say(BACKUP_FULL, state.backup, served=state.serving(state.backup), capacity=capacity, left=waiting)
    elif state.memory.full and not waiting:
        state.remember(full=False)
        state.say(BACKUP_HAS_ROOM, state.backup)

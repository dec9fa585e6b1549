"""How people follow a step: they lose their connection, wait, and sign in again one after the other.

Each member has one throttle for all who sign in there: first those it serves already, then those who move to it.

    source stops serving ──> signed out ──> wait for the lower limit ──> sign in at the rate ──> served at the target

Who moves to a member follows from the phase alone:

    failing over, failed over   everybody at the failed member -> the backup, as far as it has room
    taking back                 users at home on the failed member, served by the backup -> home
    normal, HA off              whoever is served away from a home that serves -> home
"""

from dataclasses import dataclass, replace

from assignments.recovery.rules.pair import FLAPPING, Phase
from assignments.recovery.rules.pair_state import Desk
from assignments.recovery.rules.relogin_window import Throttle
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


def disconnect(d: Desk) -> None:
    """Sign out whoever a member no longer serves, and say so."""
    tell_disconnected(d, cut_off(d))


def cut_off(d: Desk) -> dict[int, int]:
    """Sign out whoever a member no longer serves; their clients wait for the lower limit (domain.md §4.7).

    Answers how many, by member.
    """
    lost: dict[int, int] = {}
    for i in d.members:
        serving = d.serves(i)
        if d.watches[i].serving and not serving:
            _count_interruption(d, i)
            d.watch(i, relogin_at=d.now + d.parameters.relogin_lower_limit, throttle=None)
        d.watch(i, serving=serving)
        if not serving and (users := d.sign_out(i)):
            lost[i] = users
    return lost


def _count_interruption(d: Desk, i: int) -> None:
    """Of a member that stops serving: the first time, or again before all of its users were back; then it flaps."""
    if not d.serving(i) or d.watches[i].stopped_by_hand:
        return
    again = d.watches[i].interruptions if d.signed_in(i) < d.serving(i) else 0
    d.watch(i, interruptions=again + 1, interrupted_at=d.watches[i].interrupted_at if again else d.now)
    if again + 1 == FLAPPING:
        seconds = d.now - d.watches[i].interrupted_at
        d.note(NODE_FLAPPING, i, times=FLAPPING, seconds=seconds, users=d.serving(i))


def tell_disconnected(d: Desk, lost: dict[int, int]) -> None:
    for i, users in lost.items():
        d.say(USERS_DISCONNECTED, i, users=users, wait=d.parameters.relogin_lower_limit)


def flow(d: Desk) -> None:
    """Let everybody sign in who is due; what is said of it shows the counts after all of them."""
    for target in d.members:
        _flow_into(d, target)
        if d.watches[target].interruptions and d.signed_in(target) == d.serving(target):
            d.watch(target, interruptions=0)
    d.say_noted()
    _tell_room(d)


def movers(d: Desk, target: int) -> list[Movers]:
    """Who moves to a member in this phase: those at home there first, and whoever is not signed in before the others.

    Whoever lost the connection waits for the lower limit, whoever serves meanwhile. Where neither recovery manager
    is heard nobody decides, so nobody moves.
    """
    source = 1 - target
    if len(d.before.members) < 2 or not _receives(d, target):
        return []
    if d.phase is not Phase.OFF and not any(d.heard(i) for i in d.members):
        return []
    homes = (target, source) if d.phase in (Phase.FAILING_OVER, Phase.FAILED_OVER) else (target,)
    since, late = d.memory.since, max(d.memory.since, d.watches[source].relogin_at)
    groups: list[Movers] = []
    for home in homes:
        users, signed = d.cells.get((home, source), (0, 0))
        groups += [Movers(home, source, users - signed, late, waiting=True)] if users > signed else []
        groups += [Movers(home, source, signed, since)] if signed else []
    return groups


def _receives(d: Desk, target: int) -> bool:
    if d.phase in (Phase.FAILING_OVER, Phase.FAILED_OVER):
        return target == d.backup
    if d.phase is Phase.TAKING_BACK:
        return target == d.failed
    return d.phase in (Phase.NORMAL, Phase.OFF)


def moves_left(d: Desk, target: int) -> int:
    """How many are still to move to a member, as far as it has room."""
    room, left = d.room(target), 0
    for group in movers(d, target):
        take = group.users if group.home == target else min(group.users, room)
        room, left = max(0, room - take), left + take
    return left


def _flow_into(d: Desk, target: int) -> None:
    if not d.serves(target):
        return None
    waiting = d.serving(target) - d.signed_in(target)
    groups = movers(d, target)
    parts = [(waiting, d.watches[target].relogin_at)] if waiting else []
    parts += [(group.users, group.not_before) for group in groups]
    if not parts:
        return _end(d, target)
    users, first = sum(n for n, _ in parts), min(at for _, at in parts)
    throttle = _throttle(d, target, users, first)
    d.watch(target, throttle=throttle)
    done, left = _sign_in_waiting(d, target, waiting)
    moved, movable, blocked = _move_due(d, target, groups)
    later = min((at for _, at in parts if at > d.now), default=None)
    _tell(d, target, done, moved)
    _go_on(d, target, left + movable, later, blocked)
    return None


def _throttle(d: Desk, target: int, users: int, not_before: int) -> Throttle:
    """The throttle at work on a member; a new one when the budget changed, or when nobody may sign in for a while."""
    kept, budget = d.watches[target].throttle, d.budget
    start = max(d.now, not_before)
    if kept and kept.budget == budget.key and kept.anchor <= start and max(kept.anchor, d.now) >= not_before:
        return replace(kept, total=max(kept.total, users))
    return Throttle(start, d.rate(users), 0, users, budget.key)


def _spend(d: Desk, target: int, wanted: int) -> tuple[int, Throttle]:
    """How many of those who want to may sign in at a member by now, and its throttle before they do."""
    throttle = d.watches[target].throttle
    assert throttle is not None
    users = min(wanted, throttle.ready(d.now))
    d.watch(target, throttle=replace(throttle, done=throttle.done + users))
    return users, throttle


def _sign_in_waiting(d: Desk, target: int, waiting: int) -> tuple[int, int]:
    """Sign in those whom the member serves already: how many did, how many more may and are to come."""
    if not waiting or d.watches[target].relogin_at > d.now:
        return 0, 0
    if d.watches[target].relogin_at == d.now:
        return 0, waiting  # the credit until now is that of others
    done = 0
    for home in (target, 1 - target):
        total, signed = d.cells.get((home, target), (0, 0))
        users, throttle = _spend(d, target, total - signed)
        if users:
            d.sign_in(home, target, users, throttle)
        done += users
    return done, waiting - done


def _move_due(d: Desk, target: int, groups: list[Movers]) -> tuple[int, int, bool]:
    """Move who is due and has room: how many moved, how many still can, whether somebody has no room."""
    moved = left = 0
    blocked = False
    allowed = _canary_allows(d, sum(g.users for g in groups)) if d.phase is Phase.TAKING_BACK else None
    for group in groups:
        if group.not_before > d.now:
            continue
        can = group.users if group.home == target else min(group.users, d.room(target))
        can = can if allowed is None else min(can, max(0, allowed - moved))
        take, throttle = _spend(d, target, can if group.not_before < d.now else 0)
        if take:
            d.move(group.home, group.source, target, take, throttle, waiting=group.waiting)
            moved += take
        left += can - take
        blocked = blocked or (can < group.users and allowed is None)
    return moved, left, blocked


def _canary_allows(d: Desk, left: int) -> int | None:
    """How many may go home before the fallback waits; None: all of them."""
    if not d.parameters.canary_fallback or d.memory.canary >= len(CANARY):
        return None
    if d.memory.resume_at:
        healthy = d.watches[d.failed].healthy_at
        if healthy is None or not d.due(max(d.memory.resume_at, healthy + d.parameters.critical_service_delay)):
            return 0  # a node that degrades in between begins its wait anew when it is well again
        d.remember(canary=d.memory.canary + 1, resume_at=0)
        return _canary_allows(d, left)
    total = max(d.memory.to_move, left)
    return max(0, max(1, int(total * CANARY[d.memory.canary])) - (total - left))


def _go_on(d: Desk, target: int, left: int, later: int | None, blocked: bool) -> None:
    """The throttle after a batch, and when the next one is worth a step.

    Credit is for those who may sign in: where nobody may, it begins anew when the next of them may, so that no batch
    comes at once.
    """
    throttle = d.watches[target].throttle
    assert throttle is not None
    if later is not None:
        d.wakes.append(later)
    if left:
        d.wakes.append(throttle.next_batch(d.now, left))
    elif later is not None:
        d.watch(target, throttle=replace(throttle, anchor=later, done=0))
    elif movers(d, target):  # no room, or a canary fallback waits
        d.watch(target, throttle=None)
        d.wakes += [d.now + RECHECK] if blocked else []
    else:
        _end(d, target)


def _tell(d: Desk, target: int, signed_in: int, moved: int) -> None:
    if moved and d.serves(1 - target):
        d.note(TERMINATING_NOTIFY_SENT, target, progress=True, source=d.name(1 - target), users=moved)
    elif moved:
        d.note(USERS_SIGNED_IN, target, progress=True, users=moved)
    if signed_in:
        d.note(USERS_SIGNED_IN, target, progress=True, users=signed_in)
    if d.phase is Phase.TAKING_BACK:
        _pause_canary(d, target)


def _pause_canary(d: Desk, target: int) -> None:
    """After each share of a canary fallback, wait and see whether the receiving node bears it.

    Also where nobody moved: of a few users one is more than either share, so the second share is used up already.
    """
    left = sum(g.users for g in movers(d, target))
    if not left or _canary_allows(d, left) != 0 or d.memory.resume_at:
        return
    wait = d.parameters.critical_service_delay
    d.remember(resume_at=d.now + wait)
    d.wakes.append(d.now + wait)
    d.note(FALLBACK_CANARY_WAITS, target, users=d.memory.to_move - left, wait=wait)


def _end(d: Desk, target: int) -> None:
    """Nobody waits to sign in at a member any more: the last did, or the transition ended that was to bring them."""
    if d.watches[target].throttle is None:
        return
    d.watch(target, throttle=None)
    if d.phase in (Phase.NORMAL, Phase.OFF, Phase.INITIALIZING, Phase.FAILED) and d.memory.since < d.now:
        d.note(USERS_BACK, target)


def _tell_room(d: Desk) -> None:
    """Say once when a backup is full, and once when the last of those left out is served."""
    if d.phase not in (Phase.FAILING_OVER, Phase.FAILED_OVER):
        return
    waiting = d.serving(d.failed)
    full = bool(movers(d, d.backup)) and not moves_left(d, d.backup)
    if full and not d.memory.full:
        d.remember(full=True)
        capacity = d.before.members[d.backup].capacity
        d.say(BACKUP_FULL, d.backup, served=d.serving(d.backup), capacity=capacity, left=waiting)
    elif d.memory.full and not waiting:
        d.remember(full=False)
        d.say(BACKUP_HAS_ROOM, d.backup)

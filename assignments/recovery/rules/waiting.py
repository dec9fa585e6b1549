"""Who is without service and why: those who cannot sign in, and those who wait for the window or the throttle.

    lost the connection ──> somebody serves them, or takes them over, and has room? ── no ──> cannot sign in
                                                     └── yes ──> signing in, the last of them at `until`

The two together are `Pair.out_of_service`: who lost the connection and has not signed in again, on any node.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from assignments.recovery.rules.pair import Pair
from assignments.recovery.rules.pair_state import PairState
from assignments.recovery.rules.sign_ins import movers


@dataclass(frozen=True, slots=True)
class WithoutService:
    """Users without service; `until` is the cluster second in which the last of those who sign in does."""

    cannot: int = 0
    signing_in: int = 0
    until: int | None = None


def users_without_service(pair: Pair, now: int) -> list[WithoutService]:
    """For the users of each member, by home, as things stand at an instant of cluster time."""
    state = PairState(pair, now)
    signing: dict[int, int] = defaultdict(int)
    until: dict[int, int] = {}
    for target in state.members:
        if state.serves(target):
            for home, users, last in _queue(state, target):
                signing[home] += users
                until[home] = max(last, until.get(home, last))
    return [WithoutService(_lost(state, i) - signing[i], signing[i], until.get(i)) for i in state.members]


def _lost(state: PairState, home: int) -> int:
    return sum(n - (signed if state.serves(at) else 0) for (i, at), (n, signed) in state.cells.items() if i == home)


def _queue(state: PairState, target: int) -> Iterator[tuple[int, int, int]]:
    """Those who wait to sign in at a member, in turn: their home, how many, and when the last of them is in."""
    parts = _parts(state, target)
    if not parts:
        return
    throttle = state.watches[target].throttle
    rate = throttle.rate if throttle else state.rate(sum(users for _, users, _ in parts))
    free = throttle.anchor + throttle.done / rate if throttle else float(state.now)
    for home, users, first in sorted(parts, key=lambda part: part[2]):
        free = max(free, first) + users / rate
        yield home, users, ceil(free - 1e-6)


def _parts(state: PairState, target: int) -> list[tuple[int, int, int]]:
    """Home, users and first second of those who wait at a member, and of those who are to come, as it has room."""
    parts = []
    for home in (target, 1 - target):
        users, signed = state.cells.get((home, target), (0, 0))
        parts += [(home, users - signed, state.watches[target].relogin_at)] if users > signed else []
    room = state.room(target)
    for group in movers(state, target):
        take = group.users if group.home == target else min(group.users, room)
        room = max(0, room - take)
        parts += [(group.home, take, group.not_before)] if take and group.waiting else []
    return parts

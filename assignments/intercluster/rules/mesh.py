"""What is between any two clusters, from the sides of it: the state of a relation, its sentence and its fix.

    sides (a row each) + clusters -> a Link for every pair: well | new | stale | failed | one-sided | missing

A relation is made on both sides; a mesh is whole when every pair of clusters has one. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import combinations

from topology import reasons
from topology.reasons import REASONS, Reason
from topology.reasons.words import counted

INTERVAL = timedelta(seconds=60)  # real time between two syncs of a side
STALE = timedelta(minutes=5)  # real time without a sync after which what is known counts as old
REPORT_OLD = timedelta(minutes=15)  # real time without a report of a monitor after which what it said counts as old
PAIRS = 2048  # without a relation, whose sentences are kept: 34 clusters have 561, asked for with every overview
WELL, NEW, STALE_STATE, FAILED, ONE_SIDED, MISSING = "well", "new", "stale", "failed", "one_sided", "missing"
GRAVITY = (FAILED, ONE_SIDED, STALE_STATE, MISSING, NEW, WELL)  # the worst first
TONES = {FAILED: "bad", ONE_SIDED: "warn", STALE_STATE: "warn", MISSING: "warn", NEW: "busy", WELL: "good"}
WORDS = {
    FAILED: "Failed",
    ONE_SIDED: "One-sided",
    STALE_STATE: "Stale",
    MISSING: "No relation",
    NEW: "Waits for its first sync",
    WELL: "In sync",
}
COUNTED = {state: word.lower() for state, word in WORDS.items()} | {  # behind a number of relations
    MISSING: "without a relation",
    NEW: "waiting for the first sync",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a relation: what a cluster knows of a remote one."""

    cluster: str
    remote: str
    address: str
    code: str  # why the last sync failed; "" when it came through
    certificate: str
    users: int
    tried_at: datetime | None
    synced_at: datetime | None
    fault: str = ""
    behind: int = 0  # users who came, went or moved there since the last sync
    source: str = ""  # the monitor of a real cluster that reports all this, looking at `tried_at`
    release: str = ""  # of the remote cluster, as the monitor reports it

    def is_old(self, now: datetime) -> bool:
        """Whether a monitor has reported nothing for so long that no one knows what is true now."""
        return bool(self.source) and self.tried_at is not None and now - self.tried_at > REPORT_OLD

    def state(self, now: datetime) -> str:
        """The state of this side alone; of a reported one what the report says, until it is old."""
        if self.tried_at is None:
            return NEW
        if self.is_old(now):
            return STALE_STATE
        if self.code and self.code not in (reasons.PEER_ONE_SIDED.code, reasons.PEER_STALE.code):
            return FAILED
        if self.code == reasons.PEER_ONE_SIDED.code:
            return ONE_SIDED
        if self.source:
            return STALE_STATE if self.code else WELL
        return STALE_STATE if self.synced_at is None or now - self.synced_at > STALE else WELL

    def why(self, now: datetime) -> Reason | None:
        """What is wrong with this side."""
        if self.is_old(now):
            return reasons.PEER_REPORT_OLD
        if self.state(now) == STALE_STATE:
            return reasons.PEER_STALE
        return REASONS.get(self.code)


class WithState:
    """What has the state of a relation, and so its colour and its word."""

    __slots__ = ()
    state: str

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def word(self) -> str:
        return WORDS[self.state]


@dataclass(frozen=True, slots=True)
class Link(WithState):
    """What is between two clusters, `here` before `there` by name."""

    here: str
    there: str
    sides: tuple[Side, ...]
    state: str
    message: str
    fix: str

    @property
    def of(self) -> tuple[str, str]:
        """Both names."""
        return self.here, self.there


def links(clusters: Sequence[str], sides: Iterable[Side], now: datetime) -> list[Link]:
    """The relation of every pair of clusters, whether there is one or not, in the order of names."""
    known = {(side.cluster, side.remote): side for side in sides}
    pairs = combinations(sorted(clusters), 2)
    return [link_of(here, there, (known.get((here, there)), known.get((there, here))), now) for here, there in pairs]


def link_of(one: str, other: str, sides: Iterable[Side | None], now: datetime) -> Link:
    """The relation of two clusters from its sides, as far as there are any."""
    here, there = sorted((one, other))
    known = tuple(side for side in sides if side)
    if not known:
        return _missing(here, there)
    if len(known) == 1:
        side = known[0]
        said = _say(reasons.PEER_ONE_SIDED, cluster=side.cluster, remote=side.remote)
        return Link(here, there, known, ONE_SIDED, *said)
    worst = min(known, key=lambda side: GRAVITY.index(side.state(now)))
    state = worst.state(now)
    why = worst.why(now)
    if why is None:
        return Link(here, there, known, state, WORDS[state] + ".", "")
    facts = {"cluster": worst.cluster, "remote": worst.remote, "address": worst.address, "age": _age(worst, now)}
    return Link(here, there, known, state, *_say(why, **facts, source=worst.source))


@lru_cache(PAIRS)
def _missing(here: str, there: str) -> Link:
    return Link(here, there, (), MISSING, *_say(reasons.PEER_MISSING, cluster=here, remote=there))


def _say(why: Reason, **facts: str) -> tuple[str, str]:
    return why.say(**facts), why.say_fix(**facts)


def _age(side: Side, now: datetime) -> str:
    since = side.tried_at if side.is_old(now) else side.synced_at
    if since is None:
        return "as long as it is known"
    minutes = int((now - since).total_seconds() // 60)
    if minutes < 120:
        return counted(minutes, "minute")
    return counted(minutes // 60, "hour") if minutes < 2880 else counted(minutes // 1440, "day")


# --- Rehearsed ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RehearsalStep:
    """One instant of a rehearsal, in seconds from the fault."""

    at: int
    text: str


def rehearse_fault(side: Side, fault: str, moves_per_hour: int, hours: float = 1.0) -> list[RehearsalStep]:
    """What a fault on one side would do, step by step, until it was repaired after so many hours."""
    seconds = int(hours * 3600)
    names = {"here": side.cluster, "there": side.remote}
    until = "its peers still count on its last answer"
    what = {
        "unreachable": "{here} does not reach the publisher of {there} any more.",
        "certificate": "{here} does not trust the certificate of {there} any more.",
        "stalled": "{here} hears no changes of {there} any more, without an error.",
    }[fault].format(**names)
    steps = [RehearsalStep(0, f"{what} Users stay signed in and see each other: {until}.")]
    if fault != "stalled":
        next_sync = int(INTERVAL.total_seconds())
        text = f"By now a sync of {side.cluster} has failed: its check fails, and history says so."
        steps.append(RehearsalStep(next_sync, text))
    old = int(STALE.total_seconds())
    if seconds > old:
        steps.append(RehearsalStep(old, f"What {side.cluster} knows of {side.remote} counts as stale."))
    lost = int(moves_per_hour * hours)
    if lost:
        text = f"{lost:,} users who moved into or out of {side.remote} are looked for where they were:"
        steps.append(
            RehearsalStep(seconds, f"{text} {side.cluster} shows no presence for them. Here the fault is repaired.")
        )
    back = seconds + int(INTERVAL.total_seconds())
    text = f"The next sync brings all users of {side.remote} at once ({side.users:,}); “Sync now” does not wait for it."
    steps.append(RehearsalStep(back, text))
    return steps

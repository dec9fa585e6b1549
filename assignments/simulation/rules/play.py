"""What-if: the recovery engine driven by a virtual clock from wake to wake, in memory.

    Scenario (pairs, timeline, until) ──run──> Result: the log, the curves, the numbers

The step is that of the live engine, so a rehearsal says what will happen. Nothing here waits or reads a clock;
the same scenario gives the same result. While people sign in evenly no one watches, as live, how they do: of their
batches only the last before anything else happens is a step, and it brings in all of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assignments.recovery.rules import commands
from assignments.recovery.rules.commands import Command, Fault
from assignments.recovery.rules.pair import (
    Batch,
    Happening,
    Memory,
    Outcome,
    Pair,
    Phase,
    Watch,
    picture_of_pair,
    served_by_member,
)
from assignments.recovery.rules.step import step_pair
from topology.reasons import Refused
from topology.rules.states import State, StateReason

MOST_STEPS = 200_000  # a scenario that needs more is cut off, and says so


@dataclass(frozen=True, slots=True)
class Action:
    """One line of the timeline; `member` is a position in the pair."""

    at: int
    do: str
    pair: int
    member: int = 0
    kind: Fault = Fault.POWER
    service: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Pairs as they are at the start, what is done to them when, and when to stop; instants in cluster seconds."""

    name: str
    pairs: tuple[Pair, ...]
    timeline: tuple[Action, ...] = ()
    until: int = 3600
    seed: int = 0
    start: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A pair at an instant, with the sign-ins per second at each node since the sample before.

    `batch` is what changed its counts since then, when a single one did.
    """

    t: int
    pair: Pair
    sign_ins: Mapping[str, float]
    batch: Batch | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of a scenario came to."""

    log: tuple[Mapping[str, Any], ...]
    samples: tuple[Sample, ...]
    settled_at: int | None
    served_again_at: int | None
    user_minutes: float
    peak_users: Mapping[str, int]
    peak_sign_ins: Mapping[str, float]
    never_returned: int
    steps: int
    cut_off: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The shape that command, page and API give."""
        return {
            "log": [dict(line) for line in self.log],
            "result": {
                "settled_at": self.settled_at,
                "served_again_at": self.served_again_at,
                "user_minutes_without_service": self.user_minutes,
                "peak_users": dict(self.peak_users),
                "peak_sign_ins_per_second": dict(self.peak_sign_ins),
                "never_returned": self.never_returned,
            }
            | ({"cut_off": True} if self.cut_off else {}),
        }


def at_rest(pair: Pair, now: int = 0) -> Pair:
    """The pair as it is when nothing has happened for long: Normal with HA on, everybody signed in at home."""
    ha = pair.ha and len(pair.members) == 2
    shown = (State.NORMAL, StateReason.NORMAL) if ha else (State.UNKNOWN, StateReason.HIGH_AVAILABILITY_NOT_ENABLED)
    watch = Watch(started_at=now, healthy_at=now)
    members = tuple(replace(m, state=shown[0], reason=shown[1], watch=watch) for m in pair.members)
    memory = Memory(phase=Phase.NORMAL if ha else Phase.OFF, since=now)
    return replace(pair, members=members, memory=memory, ha=ha)


def run(scenario: Scenario, *, every_batch: bool = False) -> Result:
    """Play a scenario to its end; deterministic, and fast for any number of users.

    `every_batch` steps as often as the live engine does, to the same result with more samples.
    """
    player = _Player(scenario, every_batch=every_batch)
    player.play()
    return player.result()


def act(pair: Pair, action: Action, now: int) -> Outcome:
    """One line of the timeline on a pair; raises Refused."""
    if action.do in ("fault", "repair"):
        change = commands.inject if action.do == "fault" else commands.repair
        return change(pair, action.member, action.kind, action.service, now)
    return commands.command_pair(pair, Command(action.do), action.member, now)


@dataclass(slots=True)
class _Track:
    """One pair on its way through the scenario."""

    pair: Pair
    wake: int | None
    seen: int  # when it was looked at last
    signed: dict[int, int] = field(default_factory=dict)  # when somebody signed in last, by member
    seconds: dict[int, Counter[int]] = field(default_factory=dict)  # sign-ins by member and second, the latest


class _Player:
    """Plays a scenario and keeps count."""

    def __init__(self, scenario: Scenario, *, every_batch: bool) -> None:
        self.scenario, self.every_batch = scenario, every_batch
        self.end = scenario.start + scenario.until
        self.actions = deque(sorted(scenario.timeline, key=lambda a: a.at))
        self.tracks = [_Track(pair, scenario.start, scenario.start) for pair in scenario.pairs]
        self.log: list[Mapping[str, Any]] = []
        self.samples: list[Sample] = []
        self.changed_at = scenario.start
        self.last_back = scenario.start  # the second in which the last one who was without service signed in
        self.user_seconds = 0.0
        self.steps = 0
        names = [m.name for pair in scenario.pairs for m in pair.members]
        self.peak_users = dict.fromkeys(names, 0)
        self.peak_sign_ins = dict.fromkeys(names, 0.0)
        for track in self.tracks:
            self._count_peaks(track.pair)

    def play(self) -> None:
        """From wake to wake and action to action; what is due comes before what is done at the same instant."""
        while self.steps < MOST_STEPS:
            wake, i = min(((t.wake, i) for i, t in enumerate(self.tracks) if t.wake is not None), default=(None, 0))
            action = self.actions[0] if self.actions else None
            at = None if action is None else self.scenario.start + action.at
            if wake is not None and wake <= self.end and (at is None or wake <= at):
                self._advance(i, wake, step_pair)
            elif action is not None and at is not None and at <= self.end:
                self.actions.popleft()
                self._do(action, at)
            else:
                return

    def _do(self, action: Action, at: int) -> None:
        track = self.tracks[action.pair]
        try:
            self._advance(action.pair, at, lambda pair, now: act(pair, action, now))
        except Refused as refused:
            self._advance(action.pair, at, step_pair)  # its line shows the pair of its own instant
            facts = refused.facts | {"node": track.pair.members[action.member].name}
            pair = track.pair
            line = Happening(
                at, refused.reason, facts, picture_of_pair(pair), pair.out_of_service, served_by_member(pair)
            )
            self.log.append(self._line(track.pair.name, line))

    def _advance(self, i: int, now: int, decide: Callable[[Pair, int], Outcome]) -> None:
        track = self.tracks[i]
        outcome = decide(track.pair, now)
        self.steps += 1
        self.user_seconds += track.pair.out_of_service * (now - track.seen) - _seconds_saved(outcome, now)
        self.last_back = max(self.last_back, _last_back(outcome, now))
        self._count_sign_ins(track, outcome, now)
        if outcome.changes or outcome.batches:
            self.changed_at = now
        self.log += [self._line(track.pair.name, event) for event in outcome.events if not event.progress]
        track.pair, track.wake, track.seen = outcome.pair, self._next_wake(i, outcome), now
        self._count_peaks(track.pair)

    def _next_wake(self, i: int, outcome: Outcome) -> int | None:
        """When to step a pair again: where people sign in evenly, at their last batch before anything else happens."""
        if self.every_batch or not outcome.even:
            return outcome.next_wake
        action = next((self.scenario.start + a.at for a in self.actions if a.pair == i), self.end)
        batches = bisect_right(outcome.even, min(action, self.end))
        return outcome.even[batches - 1] if batches else outcome.next_wake

    def _line(self, subcluster: str, event: Happening) -> Mapping[str, Any]:
        return {
            "t": event.at - self.scenario.start,
            "subcluster": subcluster,
            "event": event.why.code,
            "nodes": {name: dict(values) for name, values in event.nodes.items()},
            "out_of_service": event.out_of_service,
            "served": dict(event.served),
            "facts": {"actor": "The scenario", "subcluster": subcluster} | dict(event.facts),
        } | ({"repeated": True} if event.repeated else {})

    def _count_peaks(self, pair: Pair) -> None:
        for i, member in enumerate(pair.members):
            self.peak_users[member.name] = max(self.peak_users[member.name], pair.serving(i))

    def _count_sign_ins(self, track: _Track, outcome: Outcome, now: int) -> None:
        """Sign-ins per second since the batch before, and the curves of the chart."""
        rates: dict[str, float] = {}
        for i, member in enumerate(outcome.pair.members):
            batches = [b for b in outcome.batches if b.target == i and b.throttle]
            if not batches:
                continue
            peak = _peak(track.seconds.setdefault(i, Counter()), batches, now)
            began = batches[0].throttle.anchor if batches[0].throttle else now
            mean = sum(b.users for b in batches) / max(1, now - max(began, track.signed.get(i, began)))
            track.signed[i] = now
            rates[member.name] = round(min(mean, peak), 3)
            self.peak_sign_ins[member.name] = max(self.peak_sign_ins[member.name], round(peak, 3))
        if outcome.batches or outcome.changes or outcome.events:
            batch = outcome.batches[0] if len(outcome.batches) == 1 else None
            self.samples.append(Sample(now - self.scenario.start, outcome.pair, rates, batch))

    def result(self) -> Result:
        """The numbers; users still out of service at the end were so until the end."""
        out = 0
        for track in self.tracks:
            out += track.pair.out_of_service
            self.user_seconds += track.pair.out_of_service * max(0, self.end - track.seen)
        moving = (Phase.INITIALIZING, Phase.FAILING_OVER, Phase.TAKING_BACK)
        settled = not any(t.pair.memory.phase in moving or t.pair.signing_in for t in self.tracks)
        start = self.scenario.start
        return Result(
            log=tuple(self.log),
            samples=tuple(self.samples),
            settled_at=self.changed_at - start if settled else None,
            served_again_at=None if out else self.last_back - start,
            user_minutes=round(self.user_seconds / 60, 2),
            peak_users=self.peak_users,
            peak_sign_ins=self.peak_sign_ins,
            never_returned=out,
            steps=self.steps,
            cut_off=self.steps >= MOST_STEPS,
        )


def _seconds_saved(outcome: Outcome, now: int) -> int:
    """User-seconds by which those of a step's batches who were without service signed in before the step."""
    return sum(b.throttle.user_seconds(b.users, now) for b in outcome.batches if b.waiting and b.throttle)


def _last_back(outcome: Outcome, now: int) -> int:
    """The second in which the last of a step's batches who was without service signed in; 0 for none."""
    back = (b for b in outcome.batches if b.waiting)
    return max((b.throttle.span(b.waiting)[1] if b.throttle else now for b in back), default=0)


def _peak(latest: Counter[int], batches: list[Batch], now: int) -> float:
    """The most sign-ins of a step's batches in one second at their node; `latest` holds those of its edges.

    Batches meet only in the seconds in which they begin and end. A rate that is no whole number lets one more in now
    and then: less than a person above it is rounding.
    """
    peak = 0.0
    for throttle, users in [(b.throttle, b.users) for b in batches if b.throttle]:
        first, last = throttle.span(users)
        sign_ins = [throttle.most_between(first, last, users)]
        for second in {first, last}:
            latest[second] += throttle.users_in(second, users)
            sign_ins.append(latest[second])
        peak = max(peak, *(throttle.rate if 0 <= most - throttle.rate < 1 else float(most) for most in sign_ins))
    for second in [second for second in latest if second < now]:
        del latest[second]
    return peak

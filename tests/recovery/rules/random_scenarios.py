"""Random scenarios for the recovery engine, and a checker that judges what it does by domain.md §4 alone.

    seed -> document (as in a scenario file) -> Scenario -> Checker: each batch judged -> what is wrong

The checker follows people by the second in which they lost their connection; of the engine it takes only batches,
states and truth. A scenario that fails is cut down to the smallest one that still fails.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import ceil
from typing import Any

import yaml

from assignments.recovery.rules.commands import Fault
from assignments.recovery.rules.kept import SrmState
from assignments.recovery.rules.pair import (
    BatchKind,
    Memory,
    Outcome,
    Pair,
    Phase,
)
from assignments.recovery.rules.relogin_window import pair_window
from assignments.recovery.rules.step import step_pair
from assignments.simulation import scenario_reader
from assignments.simulation.rules.play import Action, Scenario, act
from topology.reasons import Refused
from topology.rules.states import CRITICAL_SERVICES, RECOVERY_MANAGER

QUIET = "Cisco OAM Agent"  # a service that matters to nobody
NODES = ("a.example.org", "b.example.org")
LONG = 6 * 3600  # after the last action everything has come to rest
MOST_STEPS = 20_000


# --- Scenarios ------------------------------------------------------------------------------------
def document(seed: int, *, large: bool = False) -> dict[str, Any]:
    """A random pair and what is done to it, as a scenario file would say it; a large one takes more steps."""
    rng = random.Random(seed)
    profile = rng.choice([500, 1000, 5000, 5000, 15000])
    full = rng.choice([0.02, 0.1, 0.5, 0.5, 0.9] if large else [0.002, 0.01, 0.02, 0.05])
    users = [int(profile * full * rng.choice([0.5, 1, 1])), int(profile * full * rng.choice([0, 0.5, 1]))]
    topology: dict[str, Any] = {
        "model": rng.choice(["balanced_redundant", "balanced_non_redundant", "active_standby"]),
        "policy": _policy(rng),
        "subclusters": [
            {
                "name": "sc-1",
                "ha": rng.random() < 0.9,
                "nodes": [{"name": n, "profile": profile, "users": u} for n, u in zip(NODES, users, strict=True)],
            }
        ],
    }
    timeline = list(_timeline(rng))
    if rng.random() < 0.2:
        topology["policy"]["second_connection_percent"] = rng.choice([5, 30, 50, 100])
    until = max((int(line["at"][:-1]) for line in timeline), default=0) + LONG
    return {"name": f"random {seed}", "topology": topology, "timeline": timeline, "until": f"{until}s"}


def _policy(rng: random.Random) -> dict[str, Any]:
    policy: dict[str, Any] = {}
    if rng.random() < 0.3:
        policy["enable_automatic_fallback"] = True
    if rng.random() < 0.2:
        policy["sign_ins_per_second"] = rng.choice([2, 5, 9])
    return policy


def _timeline(rng: random.Random) -> Iterator[dict[str, Any]]:
    at = 0
    broken: list[dict[str, Any]] = []
    for _ in range(rng.randint(1, 12)):
        at += rng.choice([0, 1, 1, 5, 10, 15, 30, 59, 60, 61, 89, 90, 91, 119, 121, 300, 900, 2400])
        if broken and rng.random() < 0.45:
            fault = broken.pop(rng.randrange(len(broken)))
            yield {"at": f"{at}s", "do": "repair"} | fault
        elif rng.random() < 0.35:
            do = rng.choice(["failover", "failover", "fallback", "fallback", "recover", "disable_ha", "enable_ha"])
            yield {"at": f"{at}s", "do": do} | (
                {"node": rng.choice(NODES)} if do in ("failover", "fallback") else {"subcluster": "sc-1"}
            )
        else:
            fault = {"node": rng.choice(NODES), "kind": rng.choice(["power", "network", "database", "service"])}
            if fault["kind"] == "service":
                fault["service"] = rng.choice([RECOVERY_MANAGER, RECOVERY_MANAGER, CRITICAL_SERVICES[0]])
            if fault not in broken:
                broken.append(fault)
                yield {"at": f"{at}s", "do": "fault"} | fault
    for fault in broken if rng.random() < 0.5 else []:
        yield {"at": f"{at + 600}s", "do": "repair"} | fault


def parse(scenario: Any) -> Scenario:
    """The scenario of a document that names no cluster."""
    return scenario_reader.parse(scenario, lambda name: (_ for _ in ()).throw(AssertionError(name)))


def smallest(scenario: dict[str, Any], fails: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """The scenario without every line of the timeline that it does not need in order to fail."""
    i = len(scenario["timeline"]) - 1
    while i >= 0:
        shorter = scenario | {"timeline": scenario["timeline"][:i] + scenario["timeline"][i + 1 :]}
        scenario = shorter if fails(shorter) else scenario
        i -= 1
    return scenario


def report(scenario: dict[str, Any], fails: Callable[[dict[str, Any]], str]) -> str:
    """What fails, and the smallest scenario in which it does, to be saved as a file."""
    small = smallest(scenario, fails)
    return f"{fails(small)}\n{yaml.safe_dump(small, sort_keys=False)}"


# --- Driving --------------------------------------------------------------------------------------
Seen = Callable[[Pair, Outcome, Action | None, int], None]


def drive(
    scenario: Scenario,
    pair: Pair,
    seen: Seen,
    *,
    probes: tuple[int, ...] = (),
    found: list[Any] | None = None,
    extra: tuple[int, ...] = (),
    keep: bool = False,
) -> Pair:
    """From wake to wake and action to action; `extra` wakes change nothing, nor does keeping the pair in between.

    What is at each of the `probes`, before the actions of that instant, is put into `found`.
    """
    wake: int | None = 0
    ahead = deque(sorted(probes))
    actions, more = deque(sorted(scenario.timeline, key=lambda a: a.at)), deque(sorted(extra))
    for _ in range(MOST_STEPS):
        due = ([] if wake is None else [wake]) + [a.at for a in list(actions)[:1]] + list(more)[:1]
        at = min(due, default=scenario.until + 1)
        while ahead and ahead[0] <= at and found is not None:
            found.append(_seen_at(pair, ahead.popleft()))
        if at > scenario.until:
            return pair
        action = None
        if more and more[0] == at and at != wake:
            more.popleft()
            outcome = step_pair(pair, at)
        elif wake == at:
            outcome = step_pair(pair, at)
        else:
            action = actions.popleft()
            try:
                outcome = act(pair, action, at)
            except Refused:
                action, outcome = None, step_pair(pair, at)
        seen(pair, outcome, action, at)
        assert outcome.next_wake is None or outcome.next_wake > at, "time stands still"
        pair, wake = _kept(outcome.pair, at) if keep else outcome.pair, outcome.next_wake
    raise AssertionError(f"no rest after {MOST_STEPS} steps")


def _seen_at(pair: Pair, probe: int) -> Any:
    at = step_pair(pair, probe).pair
    return probe, dict(at.populations), [m.state.value for m in at.members]


def _kept(pair: Pair, now: int) -> Pair:
    """The pair as it comes back from what is written down between two steps."""
    kept = SrmState.of(SrmState.after(pair).as_json())
    members = tuple(replace(m, watch=kept.watch(m.key or m.name, now)) for m in pair.members)
    return replace(pair, members=members, memory=kept.memory or Memory())


# What the pair table shows (domain.md §4.4), with a node that is not heard and with what leads from row to row.
PAIRS = {
    Phase.INITIALIZING: {"initializing initializing", "initializing unknown", "unknown unknown"},
    Phase.NORMAL: {"normal normal", "initializing normal", "initializing initializing", "unknown unknown"},
    Phase.FAILING_OVER: {
        "failing_over taking_over",
        "taking_over unknown",
        "failed_over_critical_services_not_running taking_over",
        "backup_activated failover_affected_services",
        "unknown unknown",
    },
    Phase.FAILED_OVER: {
        "idle running_in_backup_mode",
        "failed_over running_in_backup_mode",
        "failed_over_critical_services_not_running running_in_backup_mode",
        "running_in_backup_mode unknown",
        "idle unknown",
        "failed_over unknown",
        "failed_over_critical_services_not_running unknown",
        "unknown unknown",
    },
    Phase.TAKING_BACK: {"falling_back taking_back", "unknown unknown"},
    Phase.FAILED: {"running_in_failed_mode running_in_failed_mode", "unknown unknown"},
    Phase.OFF: {"unknown unknown"},
}
# From which phases another one is entered (domain.md §4.5).
BEFORE = {
    Phase.NORMAL: {Phase.INITIALIZING, Phase.TAKING_BACK},
    Phase.FAILING_OVER: set(Phase) - {Phase.OFF},  # from failed mode where both recovery managers started again
    Phase.FAILED_OVER: {Phase.FAILING_OVER},
    Phase.TAKING_BACK: {Phase.FAILED_OVER},
    Phase.FAILED: set(Phase) - {Phase.OFF},
}


# --- Judging --------------------------------------------------------------------------------------
class Checker:
    """Judges each step of one pair; raises AssertionError with what is wrong."""

    def __init__(self, pair: Pair) -> None:
        self.homes = [pair.home(i) for i in range(len(pair.members))]
        self.lower = pair.parameters.relogin_lower_limit
        profiles = [m.profile for m in pair.members]
        second = pair.parameters.second_connection_percent
        window = pair_window(profiles, pair.model, self.homes, second=second)
        self.rate = pair.parameters.sign_ins_per_second or window.rate
        self.lost: dict[tuple[int, int], deque[list[int]]] = {}  # who waits: [lost the connection at, users]
        self.seconds: list[Counter[int]] = [Counter() for _ in pair.members]
        self.stopped: set[int] = set()
        self.restarted: set[int] = set()
        self.last = -1

    def __call__(self, before: Pair, outcome: Outcome, action: Action | None, now: int) -> None:
        after = outcome.pair
        assert now >= self.last, "time runs back"
        self.last = now
        self._people(outcome, now)
        self._commands(action, after)
        self._counts(after)
        self._decisions(before, outcome, action)

    def _commands(self, action: Action | None, after: Pair) -> None:
        if action is None:
            return
        if action.do == "failover":
            self.stopped.add(action.member)
        elif action.do == "fallback":
            self.stopped.discard(action.member)
        elif action.do == "disable_ha":
            self.stopped.clear()
        elif action.do == "repair" and (action.kind == "power" or action.service == RECOVERY_MANAGER):
            self.restarted.add(action.member)

    def _people(self, outcome: Outcome, now: int) -> None:
        for batch in outcome.batches:
            if batch.kind is BatchKind.SIGN_OUT:
                self.lost.setdefault((batch.home, batch.source), deque()).append([now, batch.users])
                continue
            if batch.throttle is None:  # they hold a second connection: nobody waits, nobody signs in
                assert batch.kind is BatchKind.MOVE
                self._wait_over(batch.home, batch.source, batch.waiting, now, at_once=True)
                continue
            seconds = list(batch.sign_ins())
            assert sum(n for _, n in seconds) == batch.users, "each sign-in has its second"
            assert all(second <= now for second, _ in seconds), "somebody signs in later than told"
            assert batch.target not in self.stopped, f"signs in at {batch.target} at {now}, stopped by hand"
            for second, users in seconds:
                self.seconds[batch.target][second] += users
                found = self.seconds[batch.target][second]
                assert found <= ceil(self.rate - 1e-9), f"{found} sign-ins in second {second}, {self.rate:g} allowed"
            self._wait_over(batch.home, batch.source, batch.waiting, seconds[0][0])

    def _wait_over(self, home: int, source: int, waiting: int, first: int, *, at_once: bool = False) -> None:
        """Whoever waited longest signs in first."""
        queue = self.lost.get((home, source), deque())
        while waiting:
            assert queue, "signs in without having lost the connection"
            since, users = queue[0]
            assert at_once or first >= since + self.lower, f"signs in at {first}, lost the connection at {since}"
            take = min(waiting, users)
            waiting, queue[0][1] = waiting - take, users - take
            if not queue[0][1]:
                queue.popleft()

    def _counts(self, pair: Pair) -> None:
        assert [pair.home(i) for i in range(len(pair.members))] == self.homes, "somebody is lost, or has another home"
        for (home, at), (users, signed) in pair.populations.items():
            assert 0 <= signed <= users, "more are signed in than there are"
            assert not signed or pair.members[at].truth.up, f"signed in at {at}, which does not run"
            assert not signed or at not in self.stopped, f"signed in at {at}, which was stopped by hand"
            waits = sum(n for _, n in self.lost.get((home, at), ()))
            assert waits == users - signed, f"{users - signed} are without service, {waits} lost the connection"
        for i, member in enumerate(pair.members):
            guests = pair.serving(i) - pair.populations.get((i, i), (0, 0))[0]
            assert not guests or pair.serving(i) <= max(member.capacity, self.homes[i]), f"{i} is above its capacity"

    def _decisions(self, before: Pair, outcome: Outcome, action: Action | None) -> None:
        was, now = before.memory.phase, outcome.pair.memory.phase
        pairs = (before, outcome.pair)
        if before.ha and outcome.pair.ha and not any(m.truth.heard for p in pairs for m in p.members):
            assert all(b.kind is not BatchKind.MOVE for b in outcome.batches), "moves without recovery managers"
            assert was is now or action is not None, "a decision without recovery managers"
        done = action.do if action else ""
        if was is Phase.FAILED and now is not was:
            both = len(self.restarted) == 2
            assert done in ("recover", "disable_ha") or both, "failed mode is left by itself"
        if now is Phase.FAILED and was is not now:
            self.restarted.clear()
        shown = " ".join(sorted(m.state.value for m in outcome.pair.members))
        assert shown in PAIRS[now], f"no row of the pair table: {shown} while {now}"
        initializing = done in ("enable_ha", "recover")  # which may lead on in the same instant
        assert was is now or initializing or was in BEFORE.get(now, set(Phase)), f"{now} after {was}"

    def end(self, pair: Pair) -> None:
        """Long after the last action: whoever can be served is, and nothing is on its way."""
        assert pair.memory.phase not in (Phase.FAILING_OVER, Phase.TAKING_BACK) or not all(
            m.truth.heard and m.truth.up for m in pair.members
        ), f"still {pair.memory.phase}"
        for i, member in enumerate(pair.members):
            waiting = sum(n - s for (_, at), (n, s) in pair.populations.items() if at == i)
            assert not waiting or not member.serves, f"{waiting} wait at {i}, which serves"


def broken(scenario: dict[str, Any]) -> str:
    """What a scenario breaks; empty when nothing."""
    try:
        parsed = parse(scenario)
        pair = parsed.pairs[0]
        checker = Checker(pair)
        rng = random.Random(parsed.name)
        last = max((a.at for a in parsed.timeline), default=0)
        probes = tuple(rng.randrange(1, last + 1200) for _ in range(4))
        seen: list[Any] = []
        end = drive(parsed, pair, checker, probes=probes, found=seen)
        checker.end(end)
        _depends_on_time_alone(parsed, pair, end, seen, rng)
    except AssertionError as error:
        return str(error) or "an assertion failed"
    return ""


def _depends_on_time_alone(scenario: Scenario, pair: Pair, end: Pair, seen: list[Any], rng: random.Random) -> None:
    """More steps, a fault that matters to nobody, and keeping the pair in between change nothing at any instant."""
    probes = tuple(at for at, _, _ in seen)
    steps = tuple(rng.randrange(1, max(probes) + 1) for _ in range(20))
    quiet = Action(steps[0], "fault", 0, rng.randrange(2), Fault.SERVICE, QUIET)
    with_quiet = replace(scenario, timeline=(*scenario.timeline, quiet))
    often: list[Any] = []
    same = drive(with_quiet, pair, lambda *_: None, probes=probes, found=often, extra=steps, keep=True)
    assert seen == often, f"more steps, or a fault that matters to nobody, change an instant: {seen} {often}"
    assert same.populations == end.populations, "or the end"
    assert [m.state for m in same.members] == [m.state for m in end.members], "or the states of the end"

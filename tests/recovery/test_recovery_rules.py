"""What holds for every sequence of faults and commands, found by Hypothesis (domain.md §4)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assignments.recovery.rules import commands, maintenance
from assignments.recovery.rules.commands import Command, Fault
from assignments.recovery.rules.kept import FormerLimit, SrmState
from assignments.recovery.rules.n_minus_one import n_minus_one
from assignments.recovery.rules.pair import (
    BatchKind,
    Member,
    Outcome,
    Pair,
    Parameters,
    Phase,
)
from assignments.recovery.rules.relogin_window import Budget
from assignments.recovery.rules.step import step
from assignments.simulation.rules import play as simulator
from assignments.simulation.rules.play import Action, at_rest
from tests import torture
from topology.reasons import Refused
from topology.rules.states import RECOVERY_MANAGER

SERVICES = ("Cisco Presence Engine", "Cisco XCP Router", RECOVERY_MANAGER, "Cisco OAM Agent")
MOVING = (Phase.INITIALIZING, Phase.FAILING_OVER, Phase.TAKING_BACK)
DAY = 86_400


@dataclass(frozen=True)
class Person:
    """What people do besides commands: another rate for a transition, maintenance of a node."""

    at: int
    do: str  # rate, begin, end
    member: int
    value: float = 0.0

    def act(self, pair: Pair, now: int) -> Outcome:
        if self.do == "rate":
            return commands.set_sign_in_rate(pair, Budget(per_second=self.value or None), now)
        if self.do == "begin":
            end = now + int(self.value)
            return commands.change(pair, now, lambda d: maintenance.begin(d, self.member, end, "new disk", "ada"))
        return commands.change(pair, now, lambda d: maintenance.end(d, self.member))


@dataclass(frozen=True)
class Case:
    pair: Pair
    actions: tuple[Action | Person, ...]


# Instants near each other and near the delays of the engine, where what is due meets what is done.
GAPS = st.sampled_from([0, 0, 1, 14, 15, 16, 59, 60, 61, 75, 89, 90, 91, 119, 120, 121, 300, 1800, 3600])


@st.composite
def actions(draw: st.DrawFn, nodes: int, at: int) -> Action | Person:
    member = draw(st.integers(0, nodes - 1))
    what = draw(st.sampled_from(["fault", "fault", "fault", "repair", "repair", "command", "command", "person"]))
    if what in ("fault", "repair"):
        kind = draw(st.sampled_from(list(Fault)))
        service = draw(st.sampled_from(SERVICES)) if kind is Fault.SERVICE else ""
        return Action(at, what, 0, member, kind, service)
    if what == "command":
        return Action(at, str(draw(st.sampled_from(list(Command)))), 0, member)
    do = draw(st.sampled_from(["rate", "begin", "end"]))
    values = {"rate": [0.0, 0.3, 5, 300], "begin": [60.0, 1800, 28_800], "end": [0.0]}
    return Person(at, do, member, draw(st.sampled_from(values[do])))


@st.composite
def timelines(draw: st.DrawFn, nodes: int) -> tuple[Action | Person, ...]:
    at, found = draw(st.integers(0, 200)), []
    for gap in draw(st.lists(st.one_of(GAPS, st.integers(0, 2000)), max_size=14)):
        at += gap
        found.append(draw(actions(nodes, at)))
    return tuple(found)


@st.composite
def parameters(draw: st.DrawFn) -> Parameters:
    budget = draw(st.sampled_from([{}, {}, {"sign_ins_per_second": 0.5}, {"sign_ins_per_second": 7},
                                   {"sign_ins_per_second": 400}, {"done_within_minutes": 3}]))  # fmt: skip
    return Parameters(
        enable_automatic_fallback=draw(st.booleans()),
        automatic_fallback_delay=draw(st.sampled_from([60, 1800])),
        failover_limit=draw(st.sampled_from([1, 3])),
        automatic_fallback_from=draw(st.sampled_from([None, 79_200])),
        automatic_fallback_until=draw(st.sampled_from([None, 7200])),
        critical_service_delay=draw(st.sampled_from([1, 90, 400])),
        keep_alive_interval=draw(st.sampled_from([1, 15, 60])),
        serve_beyond_capacity=draw(st.booleans()),
        canary_fallback=draw(st.booleans()),
        relogin_lower_limit=draw(st.sampled_from([0, 30, 120])),
        **budget,
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    nodes = draw(st.sampled_from([1, 2, 2, 2, 2]))
    capacity = draw(st.sampled_from([100, 1000, 5000]))
    homes = [draw(st.integers(0, capacity)) for _ in range(nodes)]
    members = tuple(Member(f"node-{i}", capacity, 5000) for i in range(nodes))
    counts = {(i, i): (n, n) for i, n in enumerate(homes)}
    ha = draw(st.booleans()) or nodes == 2
    pair = at_rest(Pair("sc", members, counts, ha, "balanced_redundant", draw(parameters())))
    return Case(pair, draw(timelines(nodes)))


def act(pair: Pair, action: Action | Person, now: int) -> Outcome:
    return action.act(pair, now) if isinstance(action, Person) else simulator.act(pair, action, now)


def pair_of(homes: tuple[int, int], capacity: int = 100, **values: Any) -> Pair:
    """A pair at rest, for cases that were found once."""
    members = tuple(Member(f"node-{i}", capacity, 5000) for i in (0, 1))
    counts = {(i, i): (n, n) for i, n in enumerate(homes)}
    return at_rest(Pair("sc", members, counts, True, "balanced_redundant", Parameters(**values)))


# The backup's own users still wait for their lower limit when the last of the others has come.
OWN_USERS_WAIT = Case(
    pair_of((1, 1), critical_service_delay=1, keep_alive_interval=1, relogin_lower_limit=30),
    (
        Action(0, "fault", 0, 0, Fault.POWER),
        Action(32, "fault", 0, 1, Fault.NETWORK),
        Action(32, "repair", 0, 1, Fault.NETWORK),
    ),
)
# The wake that fails the take-over comes two seconds after a batch.
FAILS_AFTER_A_BATCH = Case(
    pair_of((0, 356), 1000, relogin_lower_limit=0),
    (Action(0, "failover", 0, 1), Action(0, "fault", 0, 0, Fault.SERVICE, RECOVERY_MANAGER)),
)
# A day after a person was asked the limit of failovers would let the engine fall back.
ASKED_A_DAY_AGO = Case(
    pair_of(
        (0, 0),
        critical_service_delay=1,
        keep_alive_interval=1,
        relogin_lower_limit=0,
        enable_automatic_fallback=True,
        automatic_fallback_delay=60,
        failover_limit=1,
    ),
    (Action(0, "fault", 0, 0, Fault.NETWORK), Action(61, "fault", 0, 1, Fault.POWER)),
)
# The services that a person stopped run again in the step that turns HA off.
OFF_AFTER_A_FAILOVER_BY_HAND = Case(
    pair_of((0, 0), critical_service_delay=1, keep_alive_interval=1, relogin_lower_limit=0),
    (Action(0, "failover", 0, 0), Action(1, "disable_ha", 0, 0)),
)
MANY = settings(max_examples=600 if torture.WHOLE else 20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


Check = Callable[[Pair, Outcome, int], None]


def play(case: Case, check: Check | None = None, until: int = 2 * DAY) -> tuple[Pair, list[Outcome]]:
    """The whole case, with `check(before, outcome, now)` after every step."""
    pair, wake, outcomes = case.pair, 0, []
    todo = list(case.actions)
    for _ in range(20_000):
        at = todo[0].at if todo else None
        if (wake is None and at is None) or (at is None and wake is not None and wake > until):
            return pair, outcomes
        if at is not None and (wake is None or at < wake):
            now, action = at, todo.pop(0)
            try:
                outcome = act(pair, action, now)
            except Refused:
                continue
        else:
            assert wake is not None
            now = wake
            outcome = step(pair, now)
        if check:
            check(pair, outcome, now)
        pair, wake = outcome.pair, outcome.next_wake
        outcomes.append(outcome)
    raise AssertionError("the engine never comes to rest")


def repairs(pair: Pair, at: int) -> tuple[Action | Person, ...]:
    found = []
    for i, member in enumerate(pair.members):
        truth = member.truth
        found += [Action(at, "repair", 0, i, kind) for kind in (Fault.POWER, Fault.NETWORK, Fault.DATABASE)
                  if not getattr(truth, kind.value)]  # fmt: skip
        found += [Action(at, "repair", 0, i, Fault.SERVICE, name) for name in sorted(truth.failed_services)]
    return tuple(found)


# What holds after every step; each of these makes a check of a case. One play of a case serves all of them.
def homes_stay(case: Case) -> Check:
    """Nobody is lost, and no home changes."""
    homes = [case.pair.home(i) for i in range(len(case.pair.members))]

    def check(before: Pair, outcome: Outcome, now: int) -> None:
        assert [outcome.pair.home(i) for i in range(len(homes))] == homes
        for users, signed_in in outcome.pair.populations.values():
            assert 0 <= signed_in <= users

    return check


def backups_hold(case: Case) -> Check:
    """A backup never takes more than it is rated for."""

    def check(before: Pair, outcome: Outcome, now: int) -> None:
        for i, member in enumerate(outcome.pair.members):
            if not case.pair.parameters.serve_beyond_capacity:
                assert outcome.pair.serving(i) <= max(member.capacity, before.serving(i), outcome.pair.home(i))

    return check


def only_the_served_are_signed_in(case: Case) -> Check:
    """A user has one serving node; nobody is signed in where nothing serves, so never at two nodes."""

    def check(before: Pair, outcome: Outcome, now: int) -> None:
        for (_, at), (_, signed_in) in outcome.pair.populations.items():
            assert not signed_in or outcome.pair.members[at].serves

    return check


def a_repeated_step_changes_nothing(case: Case) -> Check:
    def check(before: Pair, outcome: Outcome, now: int) -> None:
        again = step(outcome.pair, now)
        assert not again.changes
        assert not again.batches
        assert not again.events
        assert again.pair == outcome.pair

    return check


def the_throttle_is_kept(case: Case) -> Check:
    """Nobody signs in faster than the rate, counted from one batch to the next at each node."""
    last: dict[int, int] = {}

    def check(before: Pair, outcome: Outcome, now: int) -> None:
        for i, member in enumerate(outcome.pair.members):
            users = sum(b.users for b in outcome.batches if b.target == i and b.kind is not BatchKind.SIGN_OUT)
            if not users:
                continue
            throttle = before.members[i].watch.throttle or member.watch.throttle
            assert throttle, "people signed in without a throttle"
            since = max(last.get(i, 0), throttle.anchor)
            assert users <= throttle.rate * (now - since) + 1
            last[i] = now

    return check


def nothing_is_due_without_a_wake(later: int) -> Check:
    """Where a step names no instant to come again, a step at any later one changes nothing."""

    def check(before: Pair, outcome: Outcome, now: int) -> None:
        if outcome.next_wake is None:
            extra = step(outcome.pair, now + later)
            assert [*extra.changes, *extra.events, *extra.batches] == []
            assert extra.pair == outcome.pair

    return check


ALWAYS = (
    homes_stay,
    backups_hold,
    only_the_served_are_signed_in,
    a_repeated_step_changes_nothing,
    the_throttle_is_kept,
)


@MANY
@given(cases(), st.integers(1, 9 * DAY))
@example(OWN_USERS_WAIT, 1)
@example(OFF_AFTER_A_FAILOVER_BY_HAND, 1)
@example(
    replace(ASKED_A_DAY_AGO, actions=(Action(0, "fault", 0, 0, Fault.POWER), Action(99, "repair", 0, 0, Fault.POWER))),
    2 * DAY,
)
def test_what_holds_after_every_step(case: Case, later: int) -> None:
    checks = [*(make(case) for make in ALWAYS), nothing_is_due_without_a_wake(later)]

    def check(before: Pair, outcome: Outcome, now: int) -> None:
        for one in checks:
            one(before, outcome, now)

    play(case, check)


@MANY
@given(cases(), st.integers(1, 400))
@example(FAILS_AFTER_A_BATCH, 1)
def test_a_step_between_two_wakes_moves_only_who_is_due(case: Case, later: int) -> None:
    """An extra tick may move some people earlier than the next wake would, but nothing else happens differently.

    Where that wake ends the take-over or fallback, who was due since the last batch stays; an extra tick in between
    has moved them by then: no more of them than the throttle allows in that time.
    """

    def check(before: Pair, outcome: Outcome, now: int) -> None:
        wake = outcome.next_wake
        if wake is None or wake - now < 2:
            return
        between = now + 1 + later % (wake - now - 1)
        extra = step(outcome.pair, between)
        assert not extra.changes
        assert all(event.progress for event in extra.events)
        direct, detour = step(outcome.pair, wake), step(extra.pair, wake)
        assert detour.pair.members[0].state == direct.pair.members[0].state
        if direct.pair.memory.phase is outcome.pair.memory.phase:
            assert detour.pair.populations == direct.pair.populations
            return
        rates = [m.watch.throttle.rate for m in outcome.pair.members if m.watch.throttle]
        assert strays(direct.pair, detour.pair) <= sum(rates) * (wake - now) + len(rates)

    play(replace(case, actions=case.actions[:6]), check, until=DAY // 2)


def strays(one: Pair, other: Pair) -> int:
    """How many people are served elsewhere in one than in the other; nobody may be lost between them."""
    keys = {*one.populations, *other.populations}
    change = {key: other.populations.get(key, (0, 0))[0] - one.populations.get(key, (0, 0))[0] for key in keys}
    for home in {key[0] for key in keys}:
        assert sum(users for key, users in change.items() if key[0] == home) == 0
    return sum(users for users in change.values() if users > 0)


@MANY
@given(cases())
@example(ASKED_A_DAY_AGO)
def test_every_run_settles_once_the_faults_stop(case: Case) -> None:
    pair, _ = play(case)
    repaired = replace(case, pair=pair, actions=repairs(pair, 3 * DAY))
    pair, _ = play(repaired, until=5 * DAY)
    if pair.memory.phase is Phase.FAILED:
        pair, _ = play(Case(pair, (Action(6 * DAY, "recover", 0),)), until=7 * DAY)
    if pair.memory.phase is Phase.FAILED_OVER:
        pair, _ = play(Case(pair, (Action(8 * DAY, "fallback", 0, pair.memory.side),)), until=9 * DAY)
    assert pair.memory.phase in (Phase.NORMAL, Phase.OFF)
    assert pair.out_of_service == 0
    for (home, at), (users, signed_in) in pair.populations.items():
        assert home == at
        assert users == signed_in


@MANY
@given(cases())
def test_what_is_kept_between_steps_can_be_written_and_read(case: Case) -> None:
    def check(before: Pair, outcome: Outcome, now: int) -> None:
        was = FormerLimit(80, "2026-03-02T00:00:00+00:00")
        kept = SrmState.after(outcome.pair, at=now, wake=outcome.next_wake, window=(60, 90), window_was=was)
        read = SrmState.of(json.loads(json.dumps(kept.as_json())))
        assert read == kept
        assert all(read.watch(member.name, 0) == member.watch for member in outcome.pair.members)

    play(case, check)


@MANY
@given(cases())
def test_the_same_scenario_gives_the_same_result(case: Case) -> None:
    timeline = tuple(action for action in case.actions if isinstance(action, Action))
    scenario = simulator.Scenario("twice", (case.pair,), timeline, until=DAY)
    assert simulator.run(scenario) == simulator.run(scenario)


@MANY
@given(st.integers(0, 6000), st.integers(0, 6000), st.sampled_from([2000, 5000, 12_000]), st.booleans())
def test_the_verdict_is_what_a_failure_brings(first: int, second: int, capacity: int, beyond: bool) -> None:
    first, second = min(first, capacity), min(second, capacity)
    members = tuple(Member(name, capacity, 5000) for name in ("a", "b"))
    counts = {(0, 0): (first, first), (1, 1): (second, second)}
    pair = at_rest(Pair("sc", members, counts, True, parameters=Parameters(serve_beyond_capacity=beyond)))
    verdict = n_minus_one(pair, 0)
    result = simulator.run(simulator.Scenario("off", (pair,), (Action(0, "fault", 0, 0, Fault.POWER),), until=DAY))
    assert verdict.taken == result.peak_users["b"] - second
    assert verdict.left_out == result.never_returned
    if verdict.seconds is not None and first:
        assert result.served_again_at == verdict.seconds


@pytest.mark.parametrize(("users", "factor"), [(5_000, 1), (166_666, 2)])
def test_a_million_users_cost_no_more_steps_than_thirty_thousand(users: int, factor: int) -> None:
    """Six nodes, everybody fails over and comes back: the number of steps does not follow the number of users.

    How long it takes, the benchmark judges (tests/bench/test_bench_whatif.py).
    """
    result = simulator.run(everybody(users))
    assert result.never_returned == 0
    assert result.steps < 1_200


def everybody(users: int) -> simulator.Scenario:
    pairs = []
    for p in range(3):
        members = tuple(Member(f"n{p}{i}", 2 * users, 25_000) for i in range(2))
        counts = {(i, i): (users, users) for i in range(2)}
        pairs.append(at_rest(Pair(f"sc-{p}", members, counts, True, parameters=Parameters())))
    timeline = [Action(0, "failover", p, 0) for p in range(3)]
    timeline += [Action(2 * DAY, "fallback", p, 0) for p in range(3)]
    return simulator.Scenario("all", tuple(pairs), tuple(timeline), until=6 * DAY)

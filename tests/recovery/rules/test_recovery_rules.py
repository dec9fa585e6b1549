"""What holds for every sequence of faults and commands, found by Hypothesis (domain.md §4)."""

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assignments.recovery.rules.commands import Fault
from assignments.recovery.rules.kept import FormerLimit, SrmState
from assignments.recovery.rules.n_minus_one import n_minus_one
from assignments.recovery.rules.pair import BatchKind, Member, Outcome, Pair, Parameters, Phase
from assignments.recovery.rules.step import step_pair
from assignments.simulation.rules import play as simulator
from assignments.simulation.rules.play import Action, at_rest
from tests.recovery.rules.cases import (
    ASKED_A_DAY_AGO,
    DAY,
    FAILS_AFTER_A_BATCH,
    MANY,
    OFF_AFTER_A_FAILOVER_BY_HAND,
    OWN_USERS_WAIT,
    Case,
    Check,
    cases,
    play,
    repairs,
)


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
        again = step_pair(outcome.pair, now)
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
            extra = step_pair(outcome.pair, now + later)
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
        extra = step_pair(outcome.pair, between)
        assert not extra.changes
        assert all(event.progress for event in extra.events)
        direct, detour = step_pair(outcome.pair, wake), step_pair(extra.pair, wake)
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


@pytest.mark.in_turns
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


@pytest.mark.in_turns
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

"""The balancer acts only when nothing speaks against it, and always says what does."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.runs.rules.balancer import (
    Automation,
    BalancerInput,
    BalancerRules,
    Hands,
    Load,
    decide,
    defer,
    imbalance,
)
from assignments.runs.rules.window import RunWindow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALWAYS = RunWindow(time(0), time(0))
RULES = BalancerRules(Automation.ON, 10, 3, 5, timedelta(hours=1), ALWAYS)
UNEVEN = (Load(3000, 5000), Load(1000, 5000))
EVEN = (Load(2000, 5000), Load(2000, 5000))
LOAD = BalancerInput(UNEVEN, EVEN, 1000, held=2)


def test_acts_when_nothing_speaks_against_it() -> None:
    verdict = decide(RULES, LOAD, NOW)
    assert verdict.act
    assert verdict.sentence == "Running a plan of 1,000 moves that lowers the excess of 50% by 50 points."
    assert verdict.held == 0


@pytest.mark.parametrize(
    ("rules", "load", "code"),
    [
        ({"automation": Automation.OFF}, {}, "BALANCER_OFF"),
        ({"automation": Automation.RECOMMEND}, {}, "BALANCER_RECOMMENDS"),
        ({}, {"failover": "sc-1"}, "BALANCER_FAILOVER"),
        ({}, {"degraded": "n1"}, "BALANCER_DEGRADED"),
        ({}, {"operation": "Rebalance 7"}, "BALANCER_BUSY"),
        ({"threshold": 51}, {}, "BALANCER_BALANCED"),
        ({}, {"held": 1}, "BALANCER_HOLDING"),
        ({}, {"moved_at": NOW - timedelta(minutes=59)}, "BALANCER_COOLDOWN"),
        ({"window": RunWindow(time(22), time(6))}, {}, "BALANCER_WINDOW"),
        ({"minimum_gain": 51}, {}, "BALANCER_GAIN"),
        ({}, {"after": UNEVEN, "moves": 0}, "BALANCER_GAIN"),
    ],
)
def test_says_what_holds_it_back(rules: dict, load: dict, code: str) -> None:
    verdict = decide(replace(RULES, **rules), replace(LOAD, **load), NOW)
    assert not verdict.act
    assert verdict.why.code == code
    assert "{" not in verdict.sentence


BLOCKS = [
    {"maintenance": "n1"},
    {"failover": "sc-1"},
    {"degraded": "n1"},
    {"operation": "Rebalance 7"},
    {"moved_at": NOW},
    {"loads": EVEN},
]


@pytest.mark.parametrize("block", BLOCKS)
def test_rounds_do_not_count_while_it_could_not_act(block: dict) -> None:
    held, acted = 2, []
    for load in (block, block, block, {}, {}, {}):
        verdict = decide(RULES, replace(LOAD, **load, held=held), NOW)
        held = verdict.held
        acted.append(verdict.act)
    assert acted == [False, False, False, False, False, True]


def test_rounds_do_not_count_outside_of_the_window() -> None:
    rules = replace(RULES, window=RunWindow(time(13), time(14)))
    before, opened = NOW, NOW + timedelta(hours=1)
    assert decide(rules, replace(LOAD, held=9), before).held == 0
    assert decide(rules, replace(LOAD, held=0), opened).why.code == "BALANCER_HOLDING"


@pytest.mark.parametrize(
    ("away", "codes"),
    [
        (timedelta(seconds=31), ["BALANCER_ACTS"]),
        (timedelta(minutes=10), ["BALANCER_HOLDING", "BALANCER_HOLDING", "BALANCER_ACTS"]),
        (timedelta(days=3), ["BALANCER_HOLDING", "BALANCER_HOLDING", "BALANCER_ACTS"]),
    ],
)
def test_after_a_stop_it_begins_anew(away: timedelta, codes: list[str]) -> None:
    held, last, said = 2, NOW - away, []
    for number in range(len(codes)):
        now = NOW + number * timedelta(seconds=30)
        verdict = decide(RULES, replace(LOAD, held=held, checked_at=last), now)
        held, last = verdict.held, now
        said.append(verdict.why.code)
    assert said == codes


@pytest.mark.parametrize("rounds", [1, 2, 3])
@pytest.mark.parametrize(
    "before",
    [
        {"checked_at": NOW - timedelta(days=3)},
        {"said": "BALANCER_MAINTENANCE"},
        {"said": "BALANCER_FAILOVER"},
        {"said": "BALANCER_DEGRADED"},
    ],
)
def test_the_first_round_after_trouble_never_acts(before: dict, rounds: int) -> None:
    rules = replace(RULES, rounds=rounds)
    verdict = decide(rules, replace(LOAD, held=0, **before), NOW)
    assert verdict.why.code == "BALANCER_HOLDING"
    for number in range(1, 4):
        now = NOW + number * timedelta(seconds=30)
        verdict = decide(rules, replace(LOAD, held=verdict.held, checked_at=now, said=verdict.why.code), now)
        assert verdict.act == (number >= max(1, rounds - 1))
        if verdict.act:
            return


LOADS = {1: UNEVEN[0], 2: UNEVEN[1]}
ACTS = decide(RULES, LOAD, NOW)


@pytest.mark.parametrize(
    ("hands", "code"),
    [
        (Hands(), "BALANCER_ACTS"),
        (Hands("Rebalance 7", "undone"), "BALANCER_UNDONE"),
        (Hands(taken_back=1), "BALANCER_MOVED_BY_HAND"),
        (Hands(moved={(2, 1): 1000}), "BALANCER_MOVED_BY_HAND"),  # without them the nodes were even
        (Hands(moved={(2, 1): 100}), "BALANCER_ACTS"),  # without them they were not
        (Hands(moved={(1, 2): 100}), "BALANCER_ACTS"),
        (Hands(moved={(8, 9): 100}), "BALANCER_ACTS"),  # between nodes that are gone
    ],
)
def test_what_people_did_is_not_taken_back(hands: Hands, code: str) -> None:
    verdict = defer(RULES, ACTS, LOADS, hands)
    assert (verdict.why.code, verdict.act) == (code, code == "BALANCER_ACTS")
    assert "{" not in verdict.sentence
    if not verdict.act:  # it says the same in the next round
        assert decide(RULES, replace(LOAD, held=verdict.held), NOW).act


def test_never_acts_in_its_first_round_and_forgets_rounds_when_calm() -> None:
    held, acted = 0, []
    for loads in (UNEVEN, UNEVEN, EVEN, UNEVEN, UNEVEN, UNEVEN):
        verdict = decide(RULES, replace(LOAD, loads=loads, held=held), NOW)
        held = verdict.held
        acted.append(verdict.act)
    assert acted == [False, False, False, False, False, True]


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 25_000)), min_size=1, max_size=6))
def test_imbalance_is_zero_only_without_a_node_a_whole_percent_above_its_share(pairs: list[tuple[int, int]]) -> None:
    loads = tuple(Load(u, c) for u, c in pairs)
    users, capacity = sum(u for u, _ in pairs), sum(c for _, c in pairs)
    above = any(u * capacity * 100 >= 101 * c * users for u, c in pairs) if users else False
    assert (imbalance(loads) > 0) == above


def test_a_window_over_midnight_in_its_own_time_zone() -> None:
    window = RunWindow(time(22), time(6), "Europe/Berlin")
    assert window.holds(datetime(2026, 1, 10, 21, 0, tzinfo=UTC))
    assert window.holds(datetime(2026, 1, 10, 4, 59, tzinfo=UTC))
    assert not window.holds(datetime(2026, 1, 10, 5, 0, tzinfo=UTC))
    assert window.opens(datetime(2026, 1, 10, 12, 0, tzinfo=UTC)) == datetime(2026, 1, 10, 21, 0, tzinfo=UTC)
    assert window.opens(datetime(2026, 7, 10, 12, 0, tzinfo=UTC)) == datetime(2026, 7, 10, 20, 0, tzinfo=UTC)


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.times(),
    st.times(),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_a_window_opens_at_an_instant_that_is_not_before_now(now: datetime, start: time, end: time, zone: str) -> None:
    window = RunWindow(start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0), zone)
    opens = window.opens(now)
    assert now <= opens <= now + timedelta(hours=50)
    if window.holds(now):
        assert opens == now

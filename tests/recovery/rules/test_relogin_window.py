"""The re-login window is computed, and matches every sample point of the product's tables (domain.md §4.8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.recovery.rules.relogin_window import (
    TABLES,
    Budget,
    Throttle,
    due,
    effect,
    pair_window,
    seconds_for,
    window,
)
from topology.models import PROFILES

AA, AS = "balanced_redundant", "active_standby"
SAMPLES = [
    (500, AA, 100, 187), (500, AA, 250, 287), (500, AS, 500, 453),
    (1000, AA, 100, 153), (1000, AA, 500, 287), (1000, AS, 1000, 453),
    (2000, AA, 500, 287), (2000, AA, 1000, 453), (2000, AS, 2000, 787),
    (5000, AA, 500, 203), (5000, AA, 2500, 537), (5000, AS, 2500, 953), (5000, AS, 5000, 1787),
    (15000, AA, 2000, 253), (15000, AA, 7500, 620), (15000, AS, 5000, 953), (15000, AS, 15000, 2620),
    (25000, AA, 5000, 676), (25000, AA, 12500, 1509), (25000, AS, 10000, 1245), (25000, AS, 25000, 3245),
]  # fmt: skip
RATES = {  # users per second at full load
    (500, AA): 1.5, (500, AS): 1.5, (1000, AA): 3, (1000, AS): 3, (2000, AA): 3, (2000, AS): 3,
    (5000, AA): 6, (5000, AS): 3, (15000, AA): 15, (15000, AS): 6, (25000, AA): 9, (25000, AS): 8,
}  # fmt: skip


@pytest.mark.parametrize(("profile", "model", "users", "upper"), SAMPLES)
def test_every_sample_point_of_the_tables(profile: int, model: str, users: int, upper: int) -> None:
    found = window(profile, model, users)
    assert (found.lower, found.upper) == (120, upper)


@pytest.mark.parametrize(("profile", "model"), RATES)
def test_the_rate_at_full_load(profile: int, model: str) -> None:
    full = profile if model == AS else profile // 2
    assert window(profile, model, full).rate == pytest.approx(RATES[profile, model], rel=0.01)


def test_the_default_of_the_product_is_the_full_5000_node() -> None:
    assert window(5000, AA, 2500).upper == 537


def test_there_is_a_table_for_every_profile() -> None:
    assert set(TABLES) == set(PROFILES)


@pytest.mark.parametrize("users", range(8_000, 13_001, 500))
def test_the_irregular_rows_of_25000_active_standby(users: int) -> None:
    assert 8.5 <= window(25000, AS, users).rate <= 9


def test_users_are_rounded_up_to_the_next_row() -> None:
    assert window(5000, AA, 2001) == window(5000, AA, 2500)
    assert window(5000, AA, 2001) != window(5000, AA, 2000)


def test_beyond_the_last_row_the_rate_goes_on_as_in_the_product_s_own_example() -> None:
    assert window(5000, AA, 5000).upper == 953


@given(st.sampled_from(PROFILES), st.sampled_from([AA, AS]), st.integers(0, 60_000))
def test_more_users_never_have_less_time(profile: int, model: str, users: int) -> None:
    assert window(profile, model, users).upper <= window(profile, model, users + 1).upper


def test_active_active_counts_the_fuller_node_and_active_standby_the_pair() -> None:
    assert pair_window([5000, 5000], AA, [1000, 2500]).upper == 537
    assert pair_window([5000, 5000], AS, [2500, 2500]).upper == 1787
    assert pair_window([15000, 5000], AA, [2500, 1000]).upper == 537  # the weaker profile decides


def test_another_lower_limit_shifts_the_window() -> None:
    assert (window(5000, AA, 2500, 60).lower, window(5000, AA, 2500, 60).upper) == (60, 477)


@given(st.integers(0, 10**9), st.floats(0.1, 5000), st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_is_due_depends_on_the_anchor_alone(anchor: int, rate: float, first: int, second: int) -> None:
    """Asked often or once, early or late: never more than the rate, never less than a person short of it."""
    now = anchor + max(first, second)
    assert due(anchor, 0, rate, anchor + min(first, second)) <= due(anchor, 0, rate, now)
    assert due(anchor, 7, rate, now) == 7 + due(anchor, 0, rate, now)
    exact = (now - anchor) * rate
    assert exact - 1 <= due(anchor, 0, rate, now) <= exact + 1e-5 * max(1, exact)
    assert due(anchor, 0, rate, anchor - 5) == 0


@given(st.integers(1, 10**6), st.floats(0.1, 5000))
def test_the_last_one_is_due_when_the_time_says(users: int, rate: float) -> None:
    seconds = seconds_for(users, rate)
    assert due(0, 0, rate, seconds) >= users
    assert seconds == 0 or due(0, 0, rate, seconds - 1) < users


@given(st.floats(0.2, 400), st.integers(1, 30_000))
def test_batches_end_with_the_last_one_and_are_few(rate: float, users: int) -> None:
    now, done, batches = 1000, 0, 0
    while done < users:
        throttle = Throttle(1000, rate, done, users)
        now = throttle.next_batch(now, users - done)
        done += min(users - done, throttle.ready(now))
        batches += 1
    assert now == 1000 + seconds_for(users, rate)
    assert batches <= 102


@given(rate=st.floats(0.05, 40), done=st.integers(0, 500), users=st.integers(1, 2000), cut=st.integers(0, 2000))
def test_people_of_a_batch_are_counted_by_the_second(rate: float, done: int, users: int, cut: int) -> None:
    """However many batches they come in: who is in by an instant, in a second, and at most in one of some seconds."""
    throttle, seconds = Throttle(1000, rate, done), dict(Throttle(1000, rate, done).seconds(users))
    first, last = throttle.span(users)
    second = first + cut % (last - first + 1)
    assert throttle.by(second, users) == sum(n for at, n in seconds.items() if at <= second)
    assert throttle.users_in(second, users) == seconds.get(second, 0)
    inside = [seconds.get(at, 0) for at in range(first + 1, last)]
    assert throttle.most_between(first, last, users) == max(inside, default=0)


@pytest.mark.parametrize(
    ("budget", "rate", "seconds"),
    [(Budget(), 6, 120 + 417), (Budget(per_second=4), 4, 120 + 625), (Budget(minutes=10), 2500 / 600, 120 + 600)],
)
def test_the_effect_of_a_budget(budget: Budget, rate: float, seconds: int) -> None:
    found = effect(budget, window(5000, AA, 2500), 2500)
    assert found.rate == pytest.approx(rate, rel=0.01)
    assert found.seconds == seconds
    assert found.peak == found.rate

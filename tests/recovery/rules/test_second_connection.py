"""Clients with a second connection: served by the backup at once, in engine and database, in window and outlook."""

from dataclasses import replace

import pytest
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from assignments.models import Population
from assignments.recovery import service
from assignments.recovery.rules.commands import Fault, inject, repair
from assignments.recovery.rules.n_minus_one import n_minus_one
from assignments.recovery.rules.pair import Member, Memory, Outcome, Pair, Parameters, Phase
from assignments.recovery.rules.pair_state import PairState
from assignments.recovery.rules.relogin_window import pair_window, with_second
from assignments.recovery.rules.sign_ins import keep_second_connections
from assignments.recovery.rules.step import step_pair
from tests.recovery.rules.golden import simulated
from tests.support.worlds import make_acme, node
from topology.models import Cluster
from topology.rules.states import State
from topology.structure.policy import update_policy

COUNTS = st.integers(0, 9000)


def pair_of(percent: int, home: tuple[int, int] = (100, 100), guests: tuple[int, int] = (0, 0)) -> Pair:
    """A Normal pair: at home on the first node, and at home on the second but served by the first."""
    members = tuple(Member(name, 5000, 5000, state=State.NORMAL) for name in ("a", "b"))
    cells = {key: counts for key, counts in {(0, 0): home, (1, 0): guests}.items() if counts[0]}
    parameters = Parameters(second_connection_percent=percent)
    return Pair("sc-1", members, cells, ha=True, parameters=parameters, memory=Memory(Phase.NORMAL))


@given(st.integers(0, 100), COUNTS, COUNTS, COUNTS)
def test_nobody_is_lost_and_the_backup_is_not_overfilled(percent: int, users: int, signed: int, guests: int) -> None:
    pair = pair_of(percent, (users, min(users, signed)), (guests, guests))
    state = PairState(pair, 0)
    kept = keep_second_connections(state, 0)
    after = state.freeze()
    assert sum(n for n, _ in after.populations.values()) == users + guests
    assert [after.home(i) for i in (0, 1)] == [pair.home(i) for i in (0, 1)]
    assert all(0 <= signed_in <= n for n, signed_in in after.populations.values())
    assert kept == after.serving(1) <= with_second(users, percent) + with_second(guests, percent)
    away = after.populations.get((0, 1), (0, 0))[0]
    assert away <= max(0, 5000 - after.populations.get((1, 1), (0, 0))[0]) or not away
    assert all(batch.throttle is None for batch in state.batches)


@given(st.integers(1, 25_000), st.integers(0, 100))
def test_a_window_is_that_of_those_who_sign_in_again(users: int, percent: int) -> None:
    window = pair_window([5000, 5000], "balanced_redundant", [users, 0], second=percent)
    assert window == pair_window([5000, 5000], "balanced_redundant", [users - with_second(users, percent), 0])
    assert window.upper <= pair_window([5000, 5000], "balanced_redundant", [users, 0]).upper


def test_n_minus_one_is_sooner() -> None:
    none, half, everybody = (n_minus_one(pair_of(percent), 0).seconds for percent in (0, 50, 100))
    assert none is not None
    assert half is not None
    assert everybody == Parameters().keep_alive_timeout < half < none


@given(st.integers(1, 150), st.integers(1, 150), st.integers(0, 100), st.sampled_from([500, 1000, 5000]))
@example(135, 94, 70, 1000)  # two shares of two homes, each rounded down
def test_n_minus_one_of_a_node_with_guests_is_what_the_engine_takes(a: int, b: int, percent: int, profile: int) -> None:
    members = tuple(Member(name, 5000, profile, state=State.NORMAL) for name in ("a", "b"))
    parameters = Parameters(second_connection_percent=percent)
    cells = {(0, 0): (a, a), (1, 1): (b, b)}
    pair = Pair("sc-1", members, cells, ha=True, parameters=parameters, memory=Memory(Phase.NORMAL))
    pair, _ = until_all_are_served(inject(pair, 1, Fault.POWER, "", 0))
    pair, _ = until_all_are_served(repair(pair, 1, Fault.POWER, "", LATER))
    assert (pair.memory.phase, pair.serving(0)) == (Phase.FAILED_OVER, a + b)
    told = n_minus_one(pair, 0).seconds
    _, served = until_all_are_served(inject(pair, 0, Fault.POWER, "", 2 * LATER))
    assert served == 2 * LATER + (told or 0)


LATER = 21_000  # cluster seconds; by then everything has settled, and a keep-alive is sent at that instant


def until_all_are_served(outcome: Outcome) -> tuple[Pair, int]:
    """The pair when nothing is left to happen, and the instant at which the last user was served."""
    served, out = 0, True
    while (wake := outcome.next_wake) is not None:
        outcome = step_pair(outcome.pair, wake)
        if out and not outcome.pair.out_of_service:
            served = wake
        out = bool(outcome.pair.out_of_service)
    return outcome.pair, served


def test_by_hand_nobody_is_without_service() -> None:
    assert simulated("second_connection_failover").user_minutes == 0


def test_after_a_power_loss_they_are_served_with_the_take_over() -> None:
    """Four of five are out until the failure is noticed (60 s), not until they could sign in again."""
    with_them, without = simulated("second_connection_power_loss"), simulated("power_loss")
    assert with_them.user_minutes < without.user_minutes / 4
    assert replace(with_them, log=()).peak_users == without.peak_users


@pytest.mark.django_db
def test_the_people_of_the_share_are_served_in_the_same_step() -> None:
    cluster = make_acme(imp1a=10)
    update_policy(Cluster.objects.get(pk=cluster.pk), {"second_connection_percent": 70})
    source, peer = node(cluster, "imp1a"), node(cluster, "imp1b")
    service.failover(source, actor=None)
    service.step(source.subcluster_id or 0, timezone.now())
    at_once = Population.objects.get(home_node=source, serving_node=peer)
    assert (at_once.users, at_once.signed_in) == (7, 7)
    rest = Population.objects.get(home_node=source, serving_node=source)
    assert (rest.users, rest.signed_in) == (3, 0)

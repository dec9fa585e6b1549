"""What dialogs and banners foretell of a failover or fallback is what the engine then does."""

from dataclasses import replace
from typing import Any

import pytest

from assignments.recovery.rules.commands import Command, Fault
from assignments.recovery.rules.foretold import command_effect, sign_in_effect
from assignments.recovery.rules.n_minus_one import n_minus_one
from assignments.recovery.rules.pair import Member, Pair, Parameters
from assignments.recovery.rules.relogin_window import Budget
from assignments.simulation.rules.play import Action, Result, Scenario, at_rest, run

HOUR = 3600
CASES: list[dict[str, Any]] = [
    {},
    {"relogin_lower_limit": 0},
    {"second_connection_percent": 40},
    {"second_connection_percent": 100},
    {"sign_ins_per_second": 3.0},
    {"done_within_minutes": 7.0},
    {"canary_fallback": True},
    {"canary_fallback": True, "critical_service_delay": 300, "sign_ins_per_second": 50.0},
]


def pair_of(users: int, **parameters: Any) -> Pair:
    members = tuple(Member(name, 5000, 5000) for name in ("a", "b"))
    counts = {(0, 0): (users, users), (1, 1): (500, 500)}
    return at_rest(Pair("sc", members, counts, True, parameters=Parameters(**parameters)))


def played(pair: Pair, *actions: Action, until: int = 4 * HOUR) -> Result:
    return run(Scenario("foretold", (pair,), actions, until))


def last_sign_in(result: Result, since: int) -> int:
    """When the last one signed in after an instant, in seconds since."""
    return max((sample.t for sample in result.samples if sample.sign_ins and sample.t > since), default=since) - since


@pytest.mark.parametrize("users", [0, 1, 7, 2500])
@pytest.mark.parametrize("parameters", CASES)
def test_a_command_takes_as_long_as_was_said(parameters: dict[str, Any], users: int) -> None:
    pair = pair_of(users, **parameters)
    failover, fallback = (Action(at, do, 0, 0) for at, do in ((0, "failover"), (2 * HOUR, "fallback")))
    said = command_effect(pair, Command.FAILOVER, 0, 0).seconds
    assert last_sign_in(played(pair, failover), 0) == (said if users else 0)
    away = played(pair, failover, until=2 * HOUR).samples[-1].pair
    said = command_effect(away, Command.FALLBACK, 0, 2 * HOUR).seconds
    seen = last_sign_in(played(pair, failover, fallback), 2 * HOUR)
    assert seen == pytest.approx(said, abs=3)  # the throttle of a canary begins anew after each stage


def test_another_rate_of_a_canary_fallback_takes_as_long_as_was_said() -> None:
    pair = pair_of(2500, canary_fallback=True)
    actions = Action(0, "failover", 0, 0), Action(HOUR, "fallback", 0, 0)
    begun = played(pair, *actions, until=HOUR + 40).samples[-1].pair  # it waits after the first stage
    said = sign_in_effect(begun, Budget(), HOUR + 40).seconds
    assert last_sign_in(played(pair, *actions), HOUR) - 40 == pytest.approx(said, abs=3)


@pytest.mark.parametrize("kind", [Fault.POWER, Fault.DATABASE, Fault.SERVICE])
@pytest.mark.parametrize("delay", [90, 600])
def test_a_fault_takes_as_long_as_was_said_until_all_are_served(kind: Fault, delay: int) -> None:
    pair = pair_of(2500, critical_service_delay=delay)
    service = "Cisco Presence Engine" if kind is Fault.SERVICE else ""
    noticed = pair.parameters.noticed_after(heard=kind is not Fault.POWER)
    seen = played(pair, Action(0, "fault", 0, 0, kind, service)).served_again_at
    assert seen == n_minus_one(pair, 0, notice=noticed).seconds


def test_who_is_left_out_does_not_count() -> None:
    pair = pair_of(2500)
    small = replace(pair, members=(pair.members[0], replace(pair.members[1], capacity=600)))
    said = command_effect(small, Command.FAILOVER, 0, 0).seconds
    assert last_sign_in(played(small, Action(0, "failover", 0, 0)), 0) == said

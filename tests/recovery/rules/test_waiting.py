"""Who is without service: those who cannot sign in, and those who are signing in, with when the last of them is in."""

from dataclasses import replace

import pytest

from assignments.recovery.rules.pair import Pair
from assignments.recovery.rules.step import step_pair
from assignments.recovery.rules.waiting import WithoutService, users_without_service
from assignments.simulation.rules.play import Scenario
from tests.recovery.rules.random_scenarios import document, drive, parse


def at(scenario: Scenario, now: int) -> Pair:
    """The pair of a scenario as it is at an instant."""
    until = replace(scenario, until=now, timeline=tuple(a for a in scenario.timeline if a.at < now))
    return step_pair(drive(until, scenario.pairs[0], lambda *_: None), now).pair


def scenario(timeline: list[dict[str, object]], a: int = 2500, b: int = 2500) -> Scenario:
    nodes = [{"name": name, "profile": 5000, "users": users} for name, users in (("a", a), ("b", b))]
    topology = {"model": "balanced_redundant", "subclusters": [{"name": "sc-1", "ha": True, "nodes": nodes}]}
    return parse({"name": "waiting", "topology": topology, "timeline": timeline, "until": "2h"})


POWER = {"at": "0s", "do": "fault", "node": "a", "kind": "power"}


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (30, WithoutService(2500, 0, None)),  # nobody knows yet that it failed
        (90, WithoutService(0, 2500, 537)),  # taken over; clients wait for the lower limit
        (320, WithoutService(0, 1301, 537)),
        (537, WithoutService(0, 0, None)),
    ],
)
def test_a_failover_by_the_minute(now: int, wanted: WithoutService) -> None:
    assert users_without_service(at(scenario([POWER]), now), now) == [wanted, WithoutService()]


def test_who_finds_no_room_cannot_sign_in() -> None:
    pair = at(scenario([POWER], 4000, 4000), 130)
    found, own = users_without_service(pair, 130)
    assert (found.cannot, found.signing_in, own) == (3000, pair.out_of_service - 3000, WithoutService())


def test_both_nodes_are_told_apart() -> None:
    """The backup loses its network for a second: its own users wait longer than those who come."""
    brief = [{"at": f"{at}s", "do": do, "node": "b", "kind": "network"} for at, do in ((70, "fault"), (71, "repair"))]
    pair = at(scenario([POWER, *brief]), 100)
    assert users_without_service(pair, 100) == [WithoutService(0, 2500, 537), WithoutService(0, 2500, 954)]


@pytest.mark.parametrize("seed", range(1, 60))
def test_random_pairs_keep_the_promise(seed: int) -> None:
    """The parts are the whole; and where nothing else happens, the last is in when that was said."""
    played = parse(document(seed))
    now = max((a.at for a in played.timeline), default=0) + 400
    pair = at(played, now)
    found = users_without_service(pair, now)
    assert sum(w.cannot + w.signing_in for w in found) == pair.out_of_service
    ends = [w.until for w in found if w.until is not None]
    if ends and not any(w.cannot for w in found) and all(m.truth.up and m.truth.heard for m in pair.members):
        assert at(played, max(ends) + 1).out_of_service == 0
        assert at(played, max(ends) - 2).out_of_service > 0

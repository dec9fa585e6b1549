"""The numbers of a scenario, counted again from nothing but who lost the connection and who signed in, in which second.

The engine brings people back in batches, and its player counts while it plays; here a plain log of sign-ins is kept of
random scenarios, as somebody with a pencil would, and every number of the result is made from it.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any

import pytest

from assignments.recovery.rules.pair import BatchKind, Outcome, Pair
from assignments.simulation.rules import play
from assignments.simulation.rules.play import Result, Scenario
from tests.recovery.rules.random_scenarios import document, parse
from tests.support import torture

BLOCKS = 4
SCENARIOS = torture.many(160)


class SignIns:
    """Who waits since when, and who signed in where and when; of one scenario."""

    def __init__(self) -> None:
        self.lost: dict[tuple[str, int, int], deque[list[int]]] = defaultdict(deque)
        self.waited = 0  # seconds, of all people together
        self.back = 0
        self.seconds: Counter[tuple[str, int]] = Counter()

    def __call__(self, outcome: Outcome, now: int) -> None:
        pair = outcome.pair
        for batch in outcome.batches:
            people = self.lost[pair.name, batch.home, batch.source]
            if batch.kind is BatchKind.SIGN_OUT:
                people.append([now, batch.users])
                continue
            left = batch.waiting
            for second, users in batch.sign_ins() if batch.throttle else [(now, batch.users)]:
                if batch.throttle:
                    self.seconds[pair.members[batch.target].name, second] += users
                left -= self._back(people, min(left, users), second)

    def _back(self, people: deque[list[int]], users: int, second: int) -> int:
        """So many of those who wait signed in, who waited longest first."""
        left = users
        while left:
            since, waiting = people[0]
            took = min(left, waiting)
            self.waited, self.back = self.waited + took * (second - since), max(self.back, second)
            left, people[0][1] = left - took, waiting - took
            if took == waiting:
                people.popleft()
        return users

    def numbers(self, until: int) -> dict[str, Any]:
        still = [(since, users) for people in self.lost.values() for since, users in people]
        never = sum(users for _, users in still)
        waited = self.waited + sum(users * (until - since) for since, users in still)
        return {
            "user_minutes_without_service": pytest.approx(waited / 60, abs=0.006),
            "served_again_at": None if never else self.back,
            "never_returned": never,
        }

    def peak(self, name: str) -> int:
        return max((users for (at, _), users in self.seconds.items() if at == name), default=0)


def played(scenario: Scenario, seen: Callable[[Outcome, int], None], patch: pytest.MonkeyPatch) -> Result:
    def watched(decide: Callable[..., Outcome]) -> Callable[..., Outcome]:
        def decided(pair: Pair, *more: Any) -> Outcome:
            outcome = decide(pair, *more)
            seen(outcome, more[-1])
            return outcome

        return decided

    with patch.context() as inside:
        inside.setattr(play, "step_pair", watched(play.step_pair))
        inside.setattr(play, "act", watched(play.act))
        return play.run(scenario)


def several(seed: int) -> dict[str, Any]:
    """One, two or three random pairs, each with what is done to it; some are looked at before all are back."""
    parts = [document(3 * seed + n) for n in range(1 + seed % 3)]
    whole = parts[0]
    for n, part in enumerate(parts):
        pair = part["topology"]["subclusters"][0]
        names = {node["name"]: f"{n}{node['name']}" for node in pair["nodes"]} | {pair["name"]: f"{pair['name']}-{n}"}
        pair |= {"name": names[pair["name"]], "nodes": [x | {"name": names[x["name"]]} for x in pair["nodes"]]}
        for line in part["timeline"]:
            line |= {key: names[line[key]] for key in ("node", "subcluster") if key in line}
    whole["topology"]["subclusters"] = [part["topology"]["subclusters"][0] for part in parts]
    whole["timeline"] = [line for part in parts for line in part["timeline"]]
    last = max((int(line["at"][:-1]) for line in whole["timeline"]), default=0)
    return whole | {"until": f"{last + (90, 400, 9_000)[seed % 7 % 3]}s"}


@pytest.mark.parametrize("block", range(BLOCKS))
def test_every_number_of_a_result_is_that_of_the_log_of_sign_ins(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(1 + block, 1 + SCENARIOS, BLOCKS):
        scenario, log = parse(several(seed)), SignIns()
        result = played(scenario, log, monkeypatch)
        said = result.as_dict()["result"]
        counted = log.numbers(scenario.until)
        assert {key: said[key] for key in counted} == counted, f"seed {seed}"
        for name, most in result.peak_sign_ins.items():
            assert abs(most - log.peak(name)) < 1, f"seed {seed}: {most} a second at {name}, {log.peak(name)} were"


def test_people_are_back_in_the_second_of_the_last_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others who still move do not make it later."""
    users = [{"name": "a", "profile": 500, "users": 0}, {"name": "b", "profile": 1000, "users": 1000}]
    pair = {"name": "sc-1", "ha": True, "nodes": users}
    policy = {"sign_ins_per_second": 40}
    timeline = [
        {"at": "44s", "do": "failover", "node": "b"},
        {"at": "284s", "do": "disable_ha", "subcluster": "sc-1"},
    ]
    topology = {"policy": policy, "subclusters": [pair]}
    scenario = parse({"name": "both ways", "topology": topology, "timeline": timeline, "until": "2h"})
    log = SignIns()
    assert played(scenario, log, monkeypatch).served_again_at == log.back == 297

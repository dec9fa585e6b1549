"""What-if leaves out batches of even sign-ins: beside a run with a step at each of them only the steps differ."""

import random
from typing import Any

import pytest

from assignments.recovery.rules.pair import Populations
from assignments.simulation.rules import timeline
from assignments.simulation.rules.play import Result, Scenario, run
from tests.bench import test_bench_whatif as bench
from tests.recovery.rules import golden
from tests.recovery.rules.random_scenarios import document, drive, parse
from tests.simulation.test_counted import several
from tests.support import torture

BLOCKS = 4
SCENARIOS = torture.many(64, 25)


def differs(scenario: Scenario) -> str:
    """What a run says otherwise when it leaves batches out; empty when nothing."""
    short, whole = run(scenario), run(scenario, every_batch=True)
    assert short.as_dict() == whole.as_dict()
    assert short.steps <= whole.steps
    return _samples(short, whole) or _frames(timeline.record(scenario, short), timeline.record(scenario, whole))


def _samples(short: Result, whole: Result) -> str:
    """Each pair at each of its samples is that of the whole run, in the same order."""
    others = iter(whole.samples)
    for sample in short.samples:
        if not any((sample.t, sample.pair) == (other.t, other.pair) for other in others):
            return f"{sample.pair.name} at {sample.t} s is not in the whole run, or is there in another order"
    return ""


def _frames(short: dict[str, Any], whole: dict[str, Any]) -> str:
    """At the instants of the whole run, and in between, the page shows the same."""
    rng = random.Random(len(timeline.instants(whole)))
    for t in [*timeline.instants(whole), *(rng.randrange(whole["until"]) for _ in range(50))]:
        if shown(short, t) != shown(whole, t):
            return f"at {t} s {shown(short, t)} is shown instead of {shown(whole, t)}"
    return ""


def shown(kept: timeline.Timeline, t: int) -> list[dict[str, Any]]:
    """What the page shows of each node, without how fast it gets there."""
    way = ("signs", "flow", "budget")
    nodes = [node for group in timeline.at(kept, t) for node in group["nodes"]]
    return [{key: value for key, value in node.items() if key not in way} for node in nodes]


@pytest.mark.parametrize("name", golden.NAMES)
def test_a_golden_scenario_is_the_same(name: str) -> None:
    assert not differs(golden.scenario(name))


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_scenarios_are_the_same(block: int) -> None:
    for seed in range(1 + block, 1 + SCENARIOS, BLOCKS):
        assert not differs(parse(several(seed))), f"seed {seed}, one, two or three pairs"
        assert not differs(parse(document(seed, large=True))), f"seed {seed}, large"


@pytest.mark.parametrize("users", [30_000, 1_000_000])
def test_a_failover_and_fallback_of_three_pairs_takes_few_steps(users: int) -> None:
    scenario = parse(bench.document(users))
    assert not differs(scenario)
    assert run(scenario).steps < 50 < 500 < run(scenario, every_batch=True).steps


# --- The counts of every second -------------------------------------------------------------------
def counts(cells: Populations, home: int) -> tuple[int, int, int]:
    """Users of a node who are served at home, at the backup, and nowhere."""
    _, own = cells.get((home, home), (0, 0))
    _, away = cells.get((home, 1 - home), (0, 0))
    return own, away, sum(users for (i, _), (users, _) in cells.items() if i == home) - own - away


@pytest.mark.in_turns
@pytest.mark.parametrize("name", ["power_loss", "manual_failover_and_fallback", "canary_fallback", "budget_time"])
def test_every_second_of_a_timeline_has_the_counts_of_a_step_there(name: str) -> None:
    """Where one group signs in after the other at one node; else those of the last batch."""
    scenario = golden.scenario(name)
    kept = timeline.record(scenario, run(scenario))
    done = {action.at for action in scenario.timeline}
    probes = tuple(t for t in range(1, scenario.until) if t not in done)
    found: list[Any] = []
    drive(scenario, scenario.pairs[0], lambda *_: None, probes=probes, found=found)
    assert len(found) == len(probes)
    for t, cells, _ in found:
        nodes = [(node["home"], node["backup"], node["out"]) for node in shown(kept, t)]
        assert nodes == [counts(cells, 0), counts(cells, 1)], f"at {t} s"

"""Random scenarios hold the invariants of domain.md §4: some hundreds here, many thousands with `make torture`."""

import os

import pytest

from tests.recovery.random_scenarios import broken, document, report

TORTURE = bool(os.environ.get("TORTURE"))
SCENARIOS = int(os.environ.get("RANDOM_SCENARIOS", "20000" if TORTURE else "120"))
FIRST = int(os.environ.get("RANDOM_SEED", "1"))
BLOCKS = 8


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_scenarios_hold_the_invariants(block: int) -> None:
    for seed in range(FIRST + block, FIRST + SCENARIOS, BLOCKS):
        scenario = document(seed, large=TORTURE)
        assert not broken(scenario), report(scenario, broken)

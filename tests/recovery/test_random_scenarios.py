"""Random scenarios hold the invariants of domain.md §4: some hundreds here, many thousands with `make torture`."""

import os

import pytest
import yaml

from tests.recovery.random_scenarios import broken, document, report

TORTURE = bool(os.environ.get("TORTURE"))
SCENARIOS = int(os.environ.get("RANDOM_SCENARIOS", "20000" if TORTURE else "400"))
FIRST = int(os.environ.get("RANDOM_SEED", "1"))
BLOCKS = 8


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_scenarios_hold_the_invariants(block: int) -> None:
    for seed in range(FIRST + block, FIRST + SCENARIOS, BLOCKS):
        scenario = document(seed, large=TORTURE)
        assert not broken(scenario), report(scenario, broken)


# A node comes back in the second in which its backup is lost: it seems to serve, fails over, and takes over at 340 s.
BACK_AS_THE_BACKUP_GOES = """
name: back as the backup goes
topology:
  subclusters:
  - name: sc-1
    ha: true
    nodes: [{name: a, profile: 1000, users: 20}, {name: b, profile: 1000, users: 10}]
timeline:
- {at: 101s, do: fault, node: a, kind: power}
- {at: 220s, do: repair, node: a, kind: power}
- {at: 220s, do: fault, node: b, kind: network}
until: 2h
"""


def test_no_credit_begins_at_a_node_that_only_seems_to_serve() -> None:
    scenario = yaml.safe_load(BACK_AS_THE_BACKUP_GOES)
    assert not broken(scenario), report(scenario, broken)

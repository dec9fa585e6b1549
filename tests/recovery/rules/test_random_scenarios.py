"""Random scenarios hold the invariants of domain.md §4: some hundreds here, many thousands with `make torture`."""

import os

import pytest
import yaml

from tests.recovery.rules.random_scenarios import broken, document, report
from tests.support import torture

SCENARIOS = int(os.environ.get("RANDOM_SCENARIOS", "20000" if torture.WHOLE else "200"))
FIRST = int(os.environ.get("RANDOM_SEED", "1"))
BLOCKS = 8


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_scenarios_hold_the_invariants(block: int) -> None:
    for seed in range(FIRST + block, FIRST + SCENARIOS, BLOCKS):
        scenario = document(seed, large=torture.WHOLE)
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


# Guests with a second connection may not take the room of those who are at home there and still to come back.
FULL_WHEN_ITS_OWN_COME_BACK = """
name: full when its own come back
topology:
  policy: {second_connection_percent: 50, critical_service_delay: 30}
  subclusters:
  - name: sc-1
    ha: true
    nodes: [{name: a, profile: 1000, users: 700}, {name: b, profile: 1000, users: 1000}]
timeline:
- {at: 150s, do: fault, node: b, kind: service, service: Cisco Sync Agent}
- {at: 182s, do: repair, node: b, kind: service, service: Cisco Sync Agent}
- {at: 1469s, do: fault, node: a, kind: network}
until: 2h
"""


def test_guests_leave_the_room_of_those_at_home_there() -> None:
    scenario = yaml.safe_load(FULL_WHEN_ITS_OWN_COME_BACK)
    assert not broken(scenario), report(scenario, broken)

"""What the card of a failed-over node says of its way back where automatic fallback is on (domain.md §4.2)."""

import re

import pytest
from django.urls import reverse

from assignments.recovery.rules.commands import Fault
from assignments.simulation.rules.play import Action
from tests.board.pages import as_
from tests.recovery.driven import node, scenario, states, sub
from tests.recovery.recovery_world import Drive, clock_at, make
from topology.accounts import roles
from topology.rules.states import State

pytestmark = pytest.mark.django_db


def card(drive: Drive) -> str:
    with clock_at(drive.real):
        return as_(roles.VIEWER).get(reverse("node", args=[sub().cluster.name, node().pk])).content.decode()


def fail_and_come_back(drive: Drive, at: int) -> str:
    drive.until(at)
    drive.do(Action(at, "fault", 0, 0, Fault.POWER))
    drive.until(at + 1000)
    assert "data-outlook" not in card(drive)  # it is not well yet
    drive.do(Action(at + 1000, "repair", 0, 0, Fault.POWER))
    return card(drive)


@pytest.mark.in_turns
@pytest.mark.usefixtures("in_utc")
def test_it_falls_back_by_itself_until_the_limit_is_reached(db: None) -> None:
    world = scenario(enable_automatic_fallback=True, failover_limit=2)
    drive = Drive(make(world), world)
    shown = fail_and_come_back(drive, 60)
    assert re.search(r"Falls back automatically at <time[^>]*T00:47:40", shown)  # 30 minutes after 1060 s
    drive.until(2859)
    assert states()[0][0] == State.FAILED_OVER
    drive.until(5000)
    assert states()[0][0] == State.NORMAL
    shown = fail_and_come_back(drive, 5000)
    assert "Fall back manually: 2 automatic failovers within 24 h" in shown
    drive.until(12_000)
    assert states()[0][0] == State.FAILED_OVER


@pytest.mark.usefixtures("in_utc")
def test_it_waits_for_the_hours_of_the_day(db: None) -> None:
    world = scenario(
        enable_automatic_fallback=True, automatic_fallback_from=4 * 3600, automatic_fallback_until=5 * 3600
    )
    drive = Drive(make(world), world)
    assert re.search(r"Falls back automatically at <time[^>]*T04:00:00", fail_and_come_back(drive, 60))
    drive.until(4 * 3600 + 1)
    assert states()[0][0] == State.TAKING_BACK


def test_it_says_nothing_where_only_a_person_falls_back(db: None) -> None:
    drive = Drive(make(scenario()), scenario())
    assert "data-outlook" not in fail_and_come_back(drive, 60)

"""What the page says while users are out of service: what failed, who, until when, and what to press."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from assignments.models import Operation
from assignments.population.selectors import board_of
from assignments.recovery import reads
from assignments.recovery.incidents import Incident, incidents_of
from assignments.recovery.next_steps import next_steps_of
from assignments.recovery.rules.commands import Fault
from assignments.runs.views.run_shown import Run
from assignments.simulation.rules.play import Action
from tests.board.pages import as_
from tests.recovery.driven import HOME_AGAIN, POWER_LOSS, node, scenario
from tests.recovery.recovery_world import Drive, clock_at, make
from tests.recovery.test_out_of_service import FAILED_MODE, HA_OFF, MENDED, fault
from topology.accounts import roles
from topology.models import Cluster, Node, Policy
from topology.rules.states import RECOVERY_MANAGER

pytestmark = pytest.mark.django_db
MIN = 60


def after(*timeline: Action, until: int, capacity: int = 0) -> tuple[Drive, Cluster]:
    made = scenario(*timeline, until=until)
    if capacity:
        [pair] = made.pairs
        members = tuple(replace(member, capacity=capacity) for member in pair.members)
        made = replace(made, pairs=(replace(pair, members=members),))
    cluster = make(made)
    drive = Drive(cluster, made)
    drive.play()
    return drive, cluster


def incidents(drive: Drive, cluster: Cluster) -> list[Incident]:
    with clock_at(drive.real):
        board = board_of(Cluster.objects.get(pk=cluster.pk))
        return incidents_of(board, reads.controls(board.cluster))


def strip(drive: Drive, cluster: Cluster, role: str = roles.OPERATOR) -> str:
    with clock_at(drive.real):
        page = as_(role).get(reverse("summary-bar", args=[cluster.name])).content.decode()
    [found] = re.findall(r'<section[^>]*class="incidents.*?</section>', page, re.S)
    return " ".join(re.sub(r"<[^>]*>", " ", found).split())


def test_before_it_is_detected_the_end_is_a_limit_and_nothing_is_to_press_for_it() -> None:
    drive, cluster = after(fault(60, 0), until=70)
    [incident] = incidents(drive, cluster)
    assert (incident.out, incident.at_most, incident.taker) == (300, True, node("b.example.org").short_name)
    assert incident.seconds
    said = strip(drive, cluster)
    assert "Power off" in said
    assert "300 users out of service" in said
    assert re.search(r"All served again within \d", said)
    assert "Power on" in said


def test_the_limit_of_a_service_that_stopped_counts_its_delay() -> None:
    drive, cluster = after(Action(60, "fault", 0, 0, Fault.SERVICE, "Cisco Presence Engine"), until=70)
    Policy.objects.update(critical_service_delay=900)
    [incident] = incidents(drive, cluster)
    assert incident.at_most
    assert incident.seconds
    assert incident.seconds > 900


def test_while_users_sign_in_the_end_is_that_of_the_engine_and_the_rate_can_be_changed() -> None:
    drive, cluster = after(fault(60, 0), until=200)
    [incident] = incidents(drive, cluster)
    assert not incident.at_most
    assert incident.run is not None
    with clock_at(drive.real):
        [waits] = [w for c in reads.controls(cluster).values() for w in c.waits.values()]
    assert incident.until
    assert incident.until == waits.until
    assert incident.seconds == pytest.approx((incident.until - drive.real).total_seconds())
    assert "Step log" in strip(drive, cluster)


def test_the_run_ends_when_the_banner_says_while_clients_still_wait() -> None:
    drive, cluster = after(fault(60, 0), until=160)
    [incident] = incidents(drive, cluster)
    assert incident.run
    assert incident.run.done == 0
    with clock_at(drive.real):
        run = Run(Operation.objects.select_related("cluster__policy").get(pk=incident.run.pk), drive.real)
        assert run.remaining == pytest.approx(incident.seconds, abs=2)


def test_where_nobody_takes_over_it_says_so_and_asks_for_the_repair() -> None:
    drive, cluster = after(HA_OFF, fault(60, 0), until=30 * MIN)
    [incident] = incidents(drive, cluster)
    assert (incident.seconds, incident.cannot, incident.command) == (None, 300, None)
    assert [(r.kind, r.node.pk) for r in incident.repairs] == [("power", node().pk)]
    assert f"Repair {node().short_name} Until then 300 users cannot sign in: HA of" in strip(drive, cluster)
    assert "Ask an operator" in strip(drive, cluster, roles.VIEWER)


def test_everything_that_is_broken_gets_its_button_and_a_viewer_none() -> None:
    drive, cluster = after(fault(60, 0), fault(60, 1), until=30 * MIN)
    [incident] = incidents(drive, cluster)
    assert [r.node.pk for r in incident.repairs] == [node().pk, node("b.example.org").pk]
    said = strip(drive, cluster)
    assert f"Repair {node().short_name} or b Until then 600 users cannot sign in: neither node can serve them." in said
    assert "Power on" in said
    assert "Power on" not in strip(drive, cluster, roles.VIEWER)


def test_a_node_that_was_failed_over_without_room_asks_for_its_fallback() -> None:
    drive, cluster = after(Action(60, "failover", 0, 0), until=30 * MIN, capacity=400)
    [incident] = incidents(drive, cluster)
    assert incident.out == 200
    assert incident.command
    assert incident.command.command == "fallback"
    assert f"Fall back to {node().short_name} Until then 200 users cannot sign in." in strip(drive, cluster)


def test_a_pair_in_failed_mode_asks_for_the_service_that_is_down() -> None:
    drive, cluster = after(*FAILED_MODE, until=30 * MIN)
    [incident] = incidents(drive, cluster)
    assert [r.kind for r in incident.repairs] == [Fault.SERVICE.value]
    assert incident.out == 600


def test_nobody_out_of_service_makes_no_incident() -> None:
    drive, cluster = after(*MENDED, until=30 * MIN)
    assert incidents(drive, cluster) == []
    assert "No user is out of service" in strip(drive, cluster)
    assert "Recover sc-1 Until then sc-1 has no protection." in strip(drive, cluster)


NEXT = {  # what happened -> what to press while all are served, and what the page says of it
    "the failover is over": (POWER_LOSS[:1], ["power"], "", "Power off", "Repair a Until then sc-1 has no protection."),
    "the node is back": (
        POWER_LOSS,
        [],
        "fallback",
        "a is ready to take its users back",
        "Fall back to a Then each node serves its own users again.",
    ),
    "a recovery manager alone": (
        (HA_OFF, fault(60, 0, Fault.SERVICE, RECOVERY_MANAGER)),
        [RECOVERY_MANAGER],
        "",
        f"{RECOVERY_MANAGER} failed",
        f"Start {RECOVERY_MANAGER} on a",
    ),
    "home again": ((*POWER_LOSS, HOME_AGAIN), [], "", "", ""),
    "HA off and nothing broken": ((HA_OFF,), [], "", "", ""),
}


@pytest.mark.in_turns
@pytest.mark.parametrize("case", NEXT)
def test_until_a_pair_is_whole_again_the_page_offers_the_next_step(case: str) -> None:
    timeline, repairs, command, *said = NEXT[case]
    drive, cluster = after(*timeline, until=80 * MIN)
    assert incidents(drive, cluster) == []
    with clock_at(drive.real):
        board = board_of(Cluster.objects.get(pk=cluster.pk))
        found = next_steps_of(board, reads.controls(board.cluster))
    assert [r.service or r.kind for step in found for r in step.repairs] == repairs
    assert [str(step.command.command) for step in found if step.command] == ([command] if command else [])
    shown = strip(drive, cluster)
    assert all(words in shown for words in said), shown
    assert ("No user out of service in sc-1" in shown) == bool(repairs or command)
    assert ("Ask an operator" in strip(drive, cluster, roles.VIEWER)) == bool(repairs or command)


def test_a_node_in_maintenance_has_its_steps_on_its_card_alone() -> None:
    drive, cluster = after(*POWER_LOSS[:1], until=30 * MIN)
    [pk] = Node.objects.filter(power_on=False).values_list("pk", flat=True)
    until = drive.real + timedelta(days=9)
    why = {"maintenance_since": drive.real, "maintenance_reason": "disks", "maintenance_owner": "op"}
    Node.objects.filter(pk=pk).update(maintenance_until=until, **why)
    assert "Power on" not in strip(drive, cluster)


def test_the_end_of_a_failover_is_said_once_by_the_banner() -> None:
    drive, cluster = after(fault(60, 0), until=200)
    with clock_at(drive.real):
        page = as_(roles.OPERATOR).get(reverse("summary-bar", args=[cluster.name])).content.decode()
        run = Operation.objects.get()
        alone = as_(roles.OPERATOR).get(reverse("operation-bar", args=[run.pk])).content.decode()
    rate = r'<span class="run-rate">\s*'
    assert re.search(rf"{rate}{run.rate:.1f} sign-ins/s", page)
    assert re.search(rf"{rate}\d+ \w+.* left\s*·\s*{run.rate:.1f} sign-ins/s", alone)

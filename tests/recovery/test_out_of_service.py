"""Who is out of service: the page, its lists and the commands say what the recovery engine says (domain.md §4.3)."""

import json
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from assignments.models import Operation
from assignments.population.selectors import board_of, node_view
from assignments.recovery import reads
from assignments.recovery.rules.commands import Fault
from assignments.simulation.rules.play import Action
from assignments.users.listing import pages
from assignments.users.listing.filter import UserFilter, matching_users
from tests.board.pages import as_
from tests.recovery.driven import HOME_AGAIN, POWER_LOSS, node, scenario, sub
from tests.recovery.recovery_world import Drive, clock_at, make
from topology.accounts import roles
from topology.models import Cluster
from topology.rules.states import CRITICAL_SERVICES, State

pytestmark = pytest.mark.django_db
MIN = 60


def fault(at: int, member: int, kind: Fault = Fault.POWER, service: str = "") -> Action:
    return Action(at, "fault", 0, member, kind, service)


HA_OFF = Action(0, "disable_ha", 0)
# A failover by hand, then the backup loses a critical service: both run in failed mode (domain.md §4.4, row 15).
FAILED_MODE = (Action(0, "failover", 0, 0), fault(20 * MIN, 1, Fault.SERVICE, CRITICAL_SERVICES[0]))
MENDED = (*FAILED_MODE, Action(25 * MIN, "repair", 0, 1, Fault.SERVICE, CRITICAL_SERVICES[0]))
# What happens -> states of both nodes after half an hour, and users out of service of the 300 of each.
CASES: dict[str, tuple[tuple[Action, ...], tuple[State, State], int]] = {
    "all well": ((), (State.NORMAL, State.NORMAL), 0),
    "power lost, HA off": ((HA_OFF, fault(60, 0)), (State.UNKNOWN, State.UNKNOWN), 300),
    "both dead": ((fault(60, 0), fault(60, 1)), (State.UNKNOWN, State.UNKNOWN), 600),
    "detected and taken over": ((fault(60, 0),), (State.UNKNOWN, State.RUNNING_IN_BACKUP_MODE), 0),
    "not detected yet": ((fault(30 * MIN - 10, 0),), (State.NORMAL, State.NORMAL), 300),
    "recovery manager alone": (
        (HA_OFF, fault(60, 0, Fault.SERVICE, "Cisco Server Recovery Manager")),
        (State.UNKNOWN, State.UNKNOWN),
        0,
    ),
    "failed mode, the backup broken": (FAILED_MODE, (State.RUNNING_IN_FAILED_MODE,) * 2, 600),
    "failed mode, all services run": (MENDED, (State.RUNNING_IN_FAILED_MODE,) * 2, 0),
}


@pytest.fixture(params=CASES)
def case(request: Any, db: None) -> tuple[Cluster, int]:
    timeline, wanted, out = CASES[request.param]
    world = scenario(*timeline, until=30 * MIN)
    cluster = make(world)
    Drive(cluster, world).play()
    assert (node().state, node("b.example.org").state) == wanted
    return cluster, out


def test_page_lists_and_commands_say_what_the_engine_says(case: tuple[Cluster, int], capsys: Any) -> None:
    cluster, out = case
    pair, _ = reads.read_pair(reads.with_policy(sub()), 0)
    board = board_of(cluster)
    assert pair.out_of_service == out
    assert board.out_of_service == sum(view.out_of_service for view in board.nodes) == out
    assert sum(view.served for view in board.nodes) == 600 - out
    assert pages.count_users(UserFilter(cluster.pk, out_of_service=True)) == (out, False)
    assert pages.count_users(UserFilter(cluster.pk, out_of_service=False)) == (600 - out, False)
    call_command("show_topology", cluster.name, "--json")
    assert json.loads(capsys.readouterr().out)["users"]["out_of_service"] == out
    for view in board.nodes:
        one = node_view(view.node)
        assert (one.out_of_service, one.served) == (view.out_of_service, view.served)


@pytest.mark.in_turns
def test_the_page_shows_it(case: tuple[Cluster, int]) -> None:
    cluster, out = case
    page = as_(roles.VIEWER).get(reverse("cluster", args=[cluster.name])).content.decode()
    assert ("is-alarm" in page) == bool(out)
    assert page.count('class="node-out tone-bad"') == sum(1 for view in board_of(cluster).nodes if view.out_of_service)
    for view in board_of(cluster).nodes:
        assert view.node.look.label in page


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [(70, r"300 cannot sign in"), (130, r"300 are signing\s+in \(until "), (200, r"\d+ are signing\s+in \(until ")],
)
def test_a_node_tells_who_cannot_sign_in_from_who_is_signing_in(db: None, seconds: int, wanted: str) -> None:
    world = scenario(fault(60, 0), until=seconds)
    cluster = make(world)
    drive = Drive(cluster, world)
    drive.play()
    with clock_at(drive.real):
        page = as_(roles.VIEWER).get(reverse("map", args=[cluster.name])).content.decode()
    assert re.search(wanted, page), re.findall(r"data-waits.*?</p>", page, re.S)


def test_whoever_is_out_of_service_is_not_signed_in(case: tuple[Cluster, int]) -> None:
    cluster, _ = case
    assert not matching_users(UserFilter(cluster.pk, out_of_service=True)).filter(signed_in=True).exists()


@pytest.mark.in_turns
def test_no_line_of_the_log_of_a_failover_counts_anyone_as_served_and_out_of_service(db: None) -> None:
    world = scenario(*POWER_LOSS, HOME_AGAIN)
    Drive(make(world), world).play()
    outs = []
    for run in Operation.objects.all():
        page = as_(roles.VIEWER).get(reverse("operation", args=[run.pk])).content.decode()
        for line in re.findall(r'<li id="step-.*?</li>', page, re.S):
            _, _, told = line.partition("line-nodes")
            served, out = (
                sum(int(number.replace(",", "")) for number in re.findall(what, told))
                for what in (r"serves\s+([\d,]+)", r"([\d,]+) out of service")
            )
            assert served + out <= 600, line
            outs.append(out)
    assert max(outs) == 300
    assert outs[-1] == 0

"""Maintenance that people begin: what it needs, what refuses it, its checklist, its command and its page."""

from datetime import datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from assignments.models import Kind, Operation, Progress, SubclusterLock
from assignments.recovery import maintenance, reads, service
from assignments.recovery.rules.maintenance import Standing
from assignments.simulation.rules.play import Scenario
from tests.board.pages import as_
from tests.recovery.driven import A, B, node, scenario, sub
from tests.recovery.maintained import HOUR, begin, codes, refused
from tests.recovery.recovery_world import MIDNIGHT, Drive, clock_at, make
from topology.accounts import roles
from topology.models import Cluster, Node

pytestmark = pytest.mark.django_db

NIGHTS = [  # in Berlin the hour from 02:00 comes twice in one, and not at all in the other
    ("Europe/Berlin", "2026-10-25T00:10:00+00:00", "02:30", 1 / 3),
    ("Europe/Berlin", "2026-10-25T00:40:00+00:00", "02:30", 5 / 6),
    ("Europe/Berlin", "2026-10-25T01:10:00+00:00", "02:30", 1 / 3),
    ("Europe/Berlin", "2026-10-25T01:40:00+00:00", "02:30", 23.5 + 1 / 3),
    ("Europe/Berlin", "2026-10-25T00:10:00+00:00", "2h", 2),
    ("Europe/Berlin", "2026-03-29T00:10:00+00:00", "02:30", 1 + 1 / 3),
    ("Europe/Berlin", "2026-03-29T00:10:00+00:00", "2h", 2),
    ("Europe/Berlin", "2026-03-29T00:10:00+00:00", "05:30", 3 + 1 / 3),
    ("UTC", "2026-10-25T00:40:00+00:00", "00:40", 24),
]


@pytest.fixture
def pair(db: None) -> Cluster:
    return make(scenario())


# --- What it refuses ------------------------------------------------------------------------------
def test_it_needs_a_reason_and_an_end(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    refused("MAINTENANCE_NO_REASON", lambda: begin(drive, reason="  "))
    refused("MAINTENANCE_NO_REASON", lambda: begin(drive, reason="x" * 201))
    for hours in (0, -1, 24 * 8):
        refused("MAINTENANCE_END_NOT_VALID", lambda hours=hours: begin(drive, hours=hours))
    assert not node().in_maintenance
    assert not codes()


def test_not_both_nodes_of_a_pair_and_not_twice(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive)
    refused("MAINTENANCE_OF_PEER", lambda: begin(drive, B))
    refused("MAINTENANCE_ALREADY", lambda: begin(drive, A))
    refused("MAINTENANCE_NOT_ON", lambda: maintenance.end(node(B), actor="ada"))
    assert codes() == ["MAINTENANCE_BEGUN"]


def test_not_the_last_node_that_serves(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    with clock_at(drive.real):
        service.failover(node(A))
        refused("HA_TRANSITION_RUNS", lambda: begin(drive, B))
    drive.until(1800)
    refused("MAINTENANCE_LAST_NODE", lambda: begin(drive, B))
    assert begin(drive, A).in_maintenance


def test_not_while_a_run_moves_its_users(pair: Cluster) -> None:
    run = Operation.objects.create(cluster=pair, kind=Kind.REBALANCE, state=Progress.RUNNING, total=5, author_name="x")
    SubclusterLock.objects.create(operation=run, subcluster=sub())
    assert refused("SUBCLUSTER_BUSY", lambda: begin(Drive(pair, scenario()))).facts["operation"] == run.pk


def test_a_maintenance_without_owner_or_reason_cannot_be_stored(pair: Cluster) -> None:
    with pytest.raises(IntegrityError):
        Node.objects.filter(name=A).update(maintenance_until=timezone.now())


def test_ha_comes_back_when_the_node_runs_again(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive)
    with clock_at(drive.real):
        service.disable_ha(sub())
        service.inject(node(), "power")
        found = refused("MAINTENANCE_NOT_READY", lambda: service.enable_ha(sub()))
        assert "power is off" in found.message
        service.repair(node(), "power")
        service.enable_ha(sub())


# --- The order of the work ------------------------------------------------------------------------
def standings(at: datetime) -> dict[str, str]:
    return {step.key: step.standing.value for step in maintenance.work(node(), at).steps}


def test_the_checklist_follows_the_work_with_ha_off(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive)
    assert standings(drive.real)["away"] == Standing.NOW
    with clock_at(drive.real):
        service.disable_ha(sub())
    assert standings(drive.real)["settle"] == Standing.BUSY
    [settle] = [s for s in maintenance.work(node(), drive.real).steps if s.key == "settle"]
    assert settle.wait == 120
    drive.until(121)
    assert standings(drive.real)["finish"] == Standing.NOW  # nothing was done to it yet: all are signed in
    with clock_at(drive.real):
        service.inject(node(), "power")
    found = maintenance.work(node(), drive.real)
    assert standings(drive.real)["work"] == Standing.NOW
    assert (found.before, found.signed_in, found.trouble) == (300, 0, "power is off")
    with clock_at(drive.real):
        service.repair(node(), "power")
    assert standings(drive.real)["sessions"] == Standing.BUSY
    assert not maintenance.work(node(), drive.real + HOUR / 3).late
    assert maintenance.work(node(), drive.real + HOUR).late
    drive.until(1200)
    assert maintenance.work(node(), drive.real).signed_in == 300
    assert standings(drive.real)["finish"] == Standing.NOW


def test_the_checklist_follows_the_work_after_a_failover_by_hand(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive)
    with clock_at(drive.real):
        service.failover(node())
    assert standings(drive.real)["away"] == Standing.BUSY
    assert reads.verdicts(pair)[node().pk].taker == B
    drive.until(1200)
    found = maintenance.work(node(), drive.real)
    assert found.stopped
    assert standings(drive.real) == dict.fromkeys(("away", "settle", "work", "sessions"), "done") | {"finish": "now"}
    with clock_at(drive.real):
        service.inject(node(), "power")
    assert standings(drive.real)["work"] == Standing.NOW


# --- Command line and page ------------------------------------------------------------------------
def test_from_the_command_line(pair: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ha", "maintenance", A, "--reason", "new disk", "--for", "2h")
    assert "in maintenance until" in capsys.readouterr().out
    assert node().maintenance_reason == "new disk"
    assert node().maintenance_owner == "command line"
    call_command("ha", "status", "sc-1")
    assert "Maintenance: new disk (command line)" in capsys.readouterr().out
    call_command("ha", "maintenance", A, "--for", "30m")
    call_command("ha", "maintenance", A, "--end")
    assert not node().in_maintenance
    assert codes() == ["MAINTENANCE_BEGUN", "MAINTENANCE_EXTENDED", "MAINTENANCE_ENDED"]
    far = [["--until", f"{year:04}-01-01T00:00{zone}"] for year in (1, 9999) for zone in ("", "+14:00", "-14:00")]
    for wrong in (["--for", "soon"], ["--until", "25:00"], [], ["--for", "2h", "--until", "05:00"], *far):
        with pytest.raises(CommandError, match="MAINTENANCE_END_NOT_VALID"):
            call_command("ha", "maintenance", A, "--reason", "x", *wrong)


@pytest.mark.usefixtures("in_utc")
def test_span_and_time_of_day_are_of_one_clock(pair: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """The clock stands at 22:00 of the day before and runs sixty times as fast: 05:30 is 7.5 hours away, or 450 s."""
    now = timezone.now().replace(microsecond=0)
    there = now.replace(hour=22, minute=0, second=0)
    Cluster.objects.filter(pk=pair.pk).update(clock_real=now, clock_cluster=there, clock_speed=60)
    pair.refresh_from_db()
    with clock_at(now):
        assert maintenance.end_of(pair, "", "05:30") == maintenance.end_of(pair, "450m", "") == now + HOUR / 8
        call_command("ha", "maintenance", A, "--reason", "new disk", "--until", "05:30")
    until = timezone.localtime(there + 7.5 * HOUR)
    said = capsys.readouterr().out
    assert (
        f"until {until:%Y-%m-%d %H:%M} on the clock of {pair.name}, {now + HOUR / 8:%Y-%m-%d %H:%M:%S} UTC in real time"
        in said
    )


@pytest.mark.usefixtures("in_utc")
@pytest.mark.parametrize("speed", [1, 7, 120, 600])
def test_an_end_is_the_time_that_was_said_at_any_speed_of_the_clock(pair: Cluster, speed: int) -> None:
    now = timezone.now()
    Cluster.objects.filter(pk=pair.pk).update(clock_real=now, clock_speed=speed)
    pair.refresh_from_db()
    for later in (HOUR / 7, HOUR / 3, HOUR * 23.99):
        said = f"{pair.now(now) + later:%H:%M}"
        with clock_at(now):
            call_command("ha", "maintenance", A, "--reason", "new disk", "--until", said)
            until = node().maintenance_until
            call_command("ha", "maintenance", A, "--end")
        assert until is not None
        assert f"{until:%H:%M:%S}" == f"{said}:00"


def test_the_longest_span_is_allowed_and_none_is_not(pair: Cluster) -> None:
    call_command("ha", "maintenance", A, "--reason", "new disk", "--for", "7d")
    for span in ("0s", "7d1s"):
        with pytest.raises(CommandError, match="MAINTENANCE_END_NOT_VALID"):
            call_command("ha", "maintenance", A, "--for", span)


@pytest.mark.parametrize("until", ["0001-01-01T00:00+14:00", "0001-01-01T00:00", "9999-12-31T23:59-14:00"])
def test_an_end_that_no_clock_knows_is_refused(pair: Cluster, until: str) -> None:
    Cluster.objects.filter(pk=pair.pk).update(clock_speed=120)
    with pytest.raises(CommandError, match="MAINTENANCE_END_NOT_VALID"):
        call_command("ha", "maintenance", A, "--reason", "new disk", "--until", until)


@pytest.mark.parametrize(("zone", "utc", "said", "later"), NIGHTS)
def test_an_end_in_a_night_of_a_change_of_hours(pair: Cluster, zone: str, utc: str, said: str, later: float) -> None:
    now = datetime.fromisoformat(utc)
    Cluster.objects.filter(pk=pair.pk).update(clock_real=now, clock_cluster=now, clock_speed=1)
    pair.refresh_from_db()
    span, until = (said, "") if said[-1] == "h" else ("", said)
    with clock_at(now), timezone.override(zone):
        assert maintenance.end_of(pair, span, until) - now == HOUR * later


def test_on_the_page(pair: Cluster) -> None:
    client, key = as_(roles.OPERATOR), node().pk
    address = reverse("maintenance", args=[pair.name, key])
    assert "Ends after" in client.get(address).content.decode()
    said = client.post(f"{address}/begin", {"reason": "new disk", "for": "2h"})
    assert said.status_code == 200
    assert 'data-standing="now"' in said.content.decode()
    card = as_(roles.VIEWER).get(reverse("node", args=[pair.name, key])).content.decode()
    assert "In maintenance" in card
    assert "new disk" in card
    assert client.post(f"{address}/begin", {"reason": "again", "for": "2h"}).status_code == 409
    client.post(f"{address}/ha-off")
    assert not sub().ha_enabled
    client.post(f"{address}/ha-on")
    assert sub().ha_enabled
    client.post(f"{address}/extend", {"for": "3h"})
    ended = client.post(f"{address}/end", headers={"HX-Request": "true"})
    assert not node().in_maintenance
    assert "The maintenance of a is over." in ended.content.decode()
    assert "close-dialog" in ended.headers["HX-Trigger"]
    for late in ("extend", "ha-off", "ha-on", "end"):  # in a window that still shows the order of the work
        refused_there = client.post(f"{address}/{late}", {"for": "3h"}, headers={"HX-Request": "true"})
        assert refused_there.status_code == 409
        assert refused_there.headers["HX-Retarget"] == "#messages"
        assert "is not in maintenance" in refused_there.content.decode()
    assert sub().ha_enabled
    history = client.get(reverse("history", args=[pair.name])).content.decode()
    assert "new disk" in history
    assert client.post(f"{address}/nonsense").status_code == 404


def test_a_failover_by_hand_is_asked_for_with_its_numbers(pair: Cluster) -> None:
    begin(Drive(pair, scenario()))
    client = as_(roles.OPERATOR)
    asked = client.get(reverse("ask", args=[pair.name, "nodes", node().pk, "failover"])).content.decode()
    assert "sign in again at b.example.org" in asked
    panel = client.get(reverse("subcluster", args=[pair.name, sub().pk])).content.decode()
    assert "No protection now" in panel
    assert "One node cannot carry both" not in panel
    assert "No node takes over: 300" in panel


def test_what_if_begins_with_the_maintenance(pair: Cluster) -> None:
    from assignments.simulation.rules import start_state

    begin(Drive(pair, scenario()))
    found, _ = reads.read_pair(reads.with_policy(sub()), int(MIDNIGHT.timestamp()))
    assert not start_state.is_at_rest([found], int(MIDNIGHT.timestamp()))
    written = start_state.write([found], int(MIDNIGHT.timestamp()))
    bare = Scenario("x", (found,)).pairs[0]
    [again], _ = start_state.read(written, [bare])
    assert [m.maintenance for m in again.members] == [m.maintenance for m in found.members]

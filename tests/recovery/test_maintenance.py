"""Maintenance of a node: what it holds back, what it refuses, and the order of the work (domain.md §4.9)."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from assignments.models import Assignment, Goal, Kind, Operation, Progress, SubclusterLock
from assignments.moves.selection import Selection
from assignments.moves.verdict import verdicts
from assignments.planning import plans
from assignments.planning.loads import load_of
from assignments.planning.rules import goals
from assignments.recovery import maintenance, reads, service
from assignments.recovery.rules.commands import Fault
from assignments.recovery.rules.maintenance import Standing
from assignments.recovery.rules.n_minus_one import n_minus_one
from assignments.recovery.rules.step import step
from assignments.runs import balancer, hand_moves, operations
from assignments.simulation.rules.play import Action, Scenario
from assignments.users.importing.imports import import_users
from tests.board.test_page import as_
from tests.recovery.recovery_world import MIDNIGHT, Drive, clock_at, make
from tests.recovery.test_recovery_service import A, B, node, scenario, states, sub
from tests.worlds import make_acme
from tests.worlds import node as acme_node
from topology.accounts import roles
from topology.models import Cluster, EndUser, Event, Mode, Node
from topology.reasons import Refused
from topology.rules.states import State

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def pair(db: None) -> Cluster:
    return make(scenario())


def begin(drive: Drive, name: str = A, hours: float = 4, **values: Any) -> Node:
    with clock_at(drive.real):
        given = {"reason": "new disk", "until": drive.real + hours * HOUR, "actor": "ada"} | values
        return maintenance.begin(node(name), **given)


def codes() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("code", flat=True))


def refused(code: str, act: Any) -> Refused:
    with pytest.raises(Refused) as found, transaction.atomic():
        act()
    assert found.value.code == code
    assert "{" not in found.value.message + found.value.fix
    return found.value


# --- What it holds back ---------------------------------------------------------------------------
def test_a_node_that_is_worked_on_does_not_fail_over(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive)
    with clock_at(drive.real):
        service.inject(node(), "power")
    drive.until(1800)
    assert [state for state, _ in states()] == [State.NORMAL, State.NORMAL]
    assert codes().count("MAINTENANCE_HOLDS") == 1
    assert not Operation.objects.exists()


def test_its_peer_is_not_failed_over_to_it(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive)
    with clock_at(drive.real):
        service.inject(node(B), "power")
    drive.until(1800)
    assert [state for state, _ in states()] == [State.NORMAL, State.NORMAL]
    said = Event.objects.get(code="MAINTENANCE_HOLDS").sentence
    assert said.startswith(f"{B} would fail over, but {A} is in maintenance")


def test_what_was_held_back_begins_when_it_ends(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive)
    with clock_at(drive.real):
        service.inject(node(), "power")
    drive.until(1800)
    with clock_at(drive.real):
        maintenance.end(node(), actor="ada")
    assert [state for state, _ in states()] == [State.UNKNOWN, State.TAKING_OVER]
    drive.until(4000)
    assert states()[1][0] == State.RUNNING_IN_BACKUP_MODE


def test_it_ends_by_itself_at_its_end(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive, hours=0.5)
    with clock_at(drive.real):
        service.inject(node(), "power")
    drive.until(1799)
    assert node().in_maintenance
    drive.until(1801)
    found = node()
    assert not found.in_maintenance
    assert (found.maintenance_owner, found.maintenance_reason, found.maintenance_since) == ("", "", None)
    assert "MAINTENANCE_OVER" in codes()
    assert states()[1][0] == State.TAKING_OVER


def test_it_ends_at_its_instant_also_when_the_tick_comes_late(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive, hours=0.5)
    late = MIDNIGHT + 3 * HOUR
    with clock_at(late):
        service.step(sub().pk, late)
    assert Event.objects.get(code="MAINTENANCE_OVER").facts["t"] == int((MIDNIGHT + HOUR / 2).timestamp())


def test_no_automatic_fallback_to_it(db: None) -> None:
    world = scenario(automatic := Action(60, "fault", 0, 0, Fault.POWER), enable_automatic_fallback=True)
    drive = Drive(make(world), world)
    drive.until(60)
    drive.do(automatic)
    drive.until(1000)
    begin(drive)
    drive.do(Action(1000, "repair", 0, 0, Fault.POWER))
    drive.until(6000)
    assert states()[0][0] == State.FAILED_OVER
    with clock_at(drive.real):
        refused("NODE_IN_MAINTENANCE", lambda: service.fallback(node()))
        maintenance.end(node(), actor="ada")
    assert states()[0][0] == State.TAKING_BACK


def test_a_failover_by_hand_goes_from_it_and_not_to_it(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive)
    with clock_at(drive.real):
        refused("NODE_IN_MAINTENANCE", lambda: service.failover(node(B)))
        service.failover(node(A))
    drive.until(1800)
    assert states()[0][0] == State.IDLE


def test_the_verdict_says_that_nobody_takes_over(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    begin(drive)
    for verdict in reads.verdicts(pair).values():
        assert verdict.taker is None
        assert verdict.left_out == 300


def test_the_verdict_is_what_then_happens(pair: Cluster) -> None:
    """N-1 of a pair in maintenance, against the engine."""
    drive = Drive(pair, scenario())
    begin(drive)
    found, _ = reads.read_pair(reads.with_policy(sub()), int(MIDNIGHT.timestamp()))
    verdict = n_minus_one(found, 1)
    broken = service.commands.inject(found, 1, Fault.POWER, "", int(MIDNIGHT.timestamp())).pair
    for at in range(15, 3600, 15):
        broken = step(broken, int(MIDNIGHT.timestamp()) + at).pair
    assert broken.out_of_service == verdict.left_out


# --- Nobody is sent there -------------------------------------------------------------------------
@pytest.fixture
def acme(db: None) -> Cluster:
    cluster = make_acme(imp1a=30, imp1b=10, imp3a=5, waiting=4)
    until = timezone.now() + HOUR
    maintenance.begin(acme_node(cluster, "imp3a"), reason="new disk", until=until, actor="ada")
    return cluster


def test_no_drop_no_plan_and_no_move_goes_there(acme: Cluster) -> None:
    target = acme_node(acme, "imp3a")
    ids = list(Assignment.objects.filter(home_node__name__startswith="imp1a").values_list("user", flat=True)[:3])
    verdict = verdicts(Selection(acme, users=tuple(ids)), roles.OPERATE)[f"node:{target.pk}"]
    assert (verdict.level, verdict.code, verdict.short) == ("refused", "NODE_IN_MAINTENANCE", "in maintenance")
    refused("NODE_IN_MAINTENANCE", lambda: hand_moves.move_users(acme, ids, target, actor=None))
    for goal in (Goal.BALANCE, Goal.FILL):
        plan = plans.make_plan(acme, goal, author="ada")
        assert target.name not in {flow["to"] for flow in plan.body["flows"]}
        assert plan.moves
    loads = load_of(acme).nodes
    assert target.pk not in goals.place_unassigned(loads, Mode.BALANCED, 10)
    refused("NODE_IN_MAINTENANCE", lambda: plans.make_plan(acme, Goal.ACTIVE_STANDBY, author="ada"))


def test_a_list_that_names_it_is_refused_and_the_mode_passes_it_over(acme: Cluster) -> None:
    target = acme_node(acme, "imp3a")
    named = "user_id,node\n" + f"new-1,{target.name}\nnew-2,imp1b.acme.org\nimp3a-0001,{target.name}\n"
    report = import_users(acme, BytesIO(named.encode()), actor="ada")
    [problem] = report.problems.listed
    assert (problem.line, problem.reason.code, problem.facts) == (2, "NODE_IN_MAINTENANCE", {"node": target.name})
    assert not EndUser.objects.filter(user_id__startswith="new-").exists()
    report = import_users(acme, BytesIO(b"user_id\n" + b"".join(b"new-%d\n" % n for n in range(40))), actor="ada")
    assert report.assigned == 40
    assert target.name not in report.nodes
    maintenance.end(target, actor="ada")
    assert import_users(acme, BytesIO(named.encode()), actor="ada").ok


def test_a_plan_made_before_is_refused(acme: Cluster) -> None:
    maintenance.end(acme_node(acme, "imp3a"), actor="ada")
    plan = plans.make_plan(acme, Goal.BALANCE, author="ada")
    assert any(flow["to"].startswith("imp3a") for flow in plan.body["flows"])
    until = timezone.now() + HOUR
    maintenance.begin(acme_node(acme, "imp3a"), reason="new disk", until=until, actor="ada")
    refused("NODE_IN_MAINTENANCE", lambda: operations.start(plan.hash, actor="ada"))


def test_the_balancer_waits(acme: Cluster) -> None:
    balancer.configure(acme, {"automation": "on", "threshold": 1, "rounds": 1}, actor="ada")
    verdict = balancer.look_at_cluster(acme.pk, timezone.now())
    assert verdict is not None
    assert (verdict.act, verdict.why.code, verdict.facts["node"]) == (False, "BALANCER_MAINTENANCE", "imp3a.acme.org")


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
    for wrong in (["--for", "soon"], ["--until", "25:00"], [], ["--for", "2h", "--until", "05:00"]):
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
    client.post(f"{address}/end")
    assert not node().in_maintenance
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

"""Maintenance of a node: no failover from it or to it, nobody moves there, and it ends by itself."""

from io import BytesIO

import pytest
from django.utils import timezone

from assignments.models import Assignment, Goal, Operation
from assignments.moves.selection import Selection
from assignments.moves.verdict import verdicts
from assignments.planning import plans
from assignments.planning.loads import load_of
from assignments.planning.rules import goals
from assignments.recovery import maintenance, reads, service
from assignments.recovery.rules.commands import Fault
from assignments.recovery.rules.n_minus_one import n_minus_one
from assignments.recovery.rules.step import step_pair
from assignments.runs import balancer, hand_moves, operations
from assignments.simulation.rules.play import Action
from assignments.users.importing.imports import import_users
from tests.recovery.driven import A, B, node, scenario, states, sub
from tests.recovery.maintained import HOUR, begin, codes, refused
from tests.recovery.recovery_world import MIDNIGHT, Drive, clock_at, make
from tests.support.worlds import make_acme
from tests.support.worlds import node as acme_node
from topology.accounts import roles
from topology.models import Cluster, EndUser, Event, Mode, Node
from topology.rules.states import State
from topology.structure import nodes, subclusters

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(db: None) -> Cluster:
    return make(scenario())


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


@pytest.mark.parametrize("way", ["unassigned", "moved", "subcluster removed"])
def test_it_ends_where_the_node_leaves_the_pair_for_which_it_held_things_back(pair: Cluster, way: str) -> None:
    Assignment.objects.all().delete()
    Node.objects.filter(name=B).update(publisher=False)
    drive = Drive(pair, scenario())
    with clock_at(drive.real):
        service.disable_ha(sub())
    begin(drive, B)
    other = subclusters.create_subcluster(pair, "sc-2")
    with clock_at(drive.real):
        if way == "unassigned":
            nodes.unassign_node(node(B), actor="ada")
        elif way == "moved":
            nodes.move_node(node(B), other, actor="ada")
        else:
            subclusters.remove_subcluster(sub(), actor="ada")
    left = node(B)
    assert not left.in_maintenance
    assert (left.maintenance_since, left.maintenance_owner, left.maintenance_reason) == (None, "", "")
    assert Event.objects.get(code="MAINTENANCE_ENDED").sentence == f"ada ended the maintenance of {B}."


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
        broken = step_pair(broken, int(MIDNIGHT.timestamp()) + at).pair
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
    refused("NODE_IN_MAINTENANCE", lambda: operations.start_run(plan.hash, actor="ada"))


def test_the_balancer_waits(acme: Cluster) -> None:
    balancer.configure(acme, {"automation": "on", "threshold": 1, "rounds": 1}, actor="ada")
    verdict = balancer.look_at_cluster(acme.pk, timezone.now())
    assert verdict is not None
    assert (verdict.act, verdict.why.code, verdict.facts["node"]) == (False, "BALANCER_MAINTENANCE", "imp3a.acme.org")

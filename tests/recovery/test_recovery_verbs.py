"""Verbs of recovery on real PostgreSQL: what is legal and why not, who is named, what a change does meanwhile."""

from datetime import timedelta
from unittest import mock

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.urls import reverse

from assignments.models import Kind, Operation, Population, Progress, SubclusterLock
from assignments.recovery import reads
from assignments.recovery import service as recovery
from assignments.recovery.rules.commands import Command
from tests.board.pages import as_
from tests.recovery.driven import HOURS, POWER_LOSS, A, B, node, scenario, states, sub
from tests.recovery.recovery_world import BASE, MIDNIGHT, Drive, add_people, clock_at, make
from topology.accounts import roles
from topology.models import Cluster, Event, Node, Policy, Subcluster
from topology.reasons import Refused
from topology.structure.policy import set_clock_speed, update_policy


@pytest.fixture
def pair(db: None) -> Cluster:
    return make(scenario())


def test_buttons_say_what_is_legal_and_why_not(pair: Cluster) -> None:
    shown = {(b.command, b.node and b.node.name): b for b in recovery.buttons(sub())}
    assert shown[Command.FAILOVER, A].legal
    assert shown[Command.FAILOVER, B].legal
    assert shown[Command.DISABLE_HA, None].legal
    refused = {key: b.refused.code for key, b in shown.items() if b.refused}
    assert refused == {
        (Command.FALLBACK, A): "FALLBACK_NOT_FAILED_OVER",
        (Command.FALLBACK, B): "FALLBACK_NOT_FAILED_OVER",
        (Command.RECOVER, None): "RECOVER_NOT_FAILED",
        (Command.ENABLE_HA, None): "HA_ALREADY_ENABLED",
    }
    for button in shown.values():
        if button.refused:
            assert "{" not in button.refused.message + button.refused.fix


@pytest.mark.parametrize("command", ["fallback", "failover"])
def test_a_refused_command_changes_nothing(pair: Cluster, command: str) -> None:
    Node.objects.filter(name=A).update(power_on=command == "fallback")
    before = list(Node.objects.values()), sub().ha_enabled
    with clock_at(MIDNIGHT), pytest.raises(Refused):
        getattr(recovery, command)(node())
    assert (list(Node.objects.values()), sub().ha_enabled) == before
    assert not Operation.objects.exists()


def test_history_names_the_person_who_asked_and_the_engine_for_the_rest(pair: Cluster) -> None:
    person = get_user_model().objects.create_user("ada")
    drive = Drive(pair, scenario())
    drive.until(60)
    with clock_at(drive.real):
        recovery.failover(node(), actor=person)
    drive.until(1200)
    by = dict(Event.objects.values_list("code", "actor_name"))
    assert by["FAILOVER_STARTED"] == "ada"
    assert by["FAILOVER_FINISHED"] == "engine"
    run = Operation.objects.get()
    assert (run.author_name, run.author) == ("ada", person)
    for event in Event.objects.all():
        assert "{" not in event.sentence


@pytest.mark.in_turns
def test_a_manual_failover_stays_until_a_manual_fallback(pair: Cluster) -> None:
    update_policy(pair, {"enable_automatic_fallback": True})
    drive = Drive(pair, scenario())
    with clock_at(drive.real):
        recovery.failover(node())
    drive.until(6 * HOURS)
    assert states() == [("idle", "on_admin_request"), ("running_in_backup_mode", "on_admin_request")]


def test_a_failover_takes_the_subcluster_from_a_run_and_gives_it_back(pair: Cluster) -> None:
    run = Operation.objects.create(cluster=pair, kind=Kind.REBALANCE, state=Progress.RUNNING, total=5, author_name="x")
    SubclusterLock.objects.create(operation=run, subcluster=sub())
    drive = Drive(pair, scenario(*POWER_LOSS))
    drive.until(60)
    drive.do(POWER_LOSS[0])
    drive.until(200)
    assert SubclusterLock.objects.get(active=True).operation.kind == Kind.FAILOVER
    assert not SubclusterLock.objects.get(operation=run).active
    drive.until(1200)
    assert SubclusterLock.objects.get(active=True).operation_id == run.pk


def test_the_budget_can_be_changed_while_it_runs(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    with clock_at(drive.real):
        recovery.failover(node())
    drive.until(140)
    slow = Operation.objects.get()
    with clock_at(drive.real):
        update_policy(pair, {"sign_ins_per_second": 0.5})
    done = Operation.objects.get().done
    drive.until(240)
    run = Operation.objects.get()
    assert slow.rate is not None
    assert slow.rate > 5
    assert run.rate == 0.5
    assert 45 <= run.done - done <= 55


def test_changing_the_speed_of_the_clock_moves_the_wakes(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    with clock_at(drive.real):
        recovery.inject(node(), "power")
    assert sub().next_wake == reads.real_time(Cluster.objects.get(), BASE + 60)
    with clock_at(drive.real + timedelta(seconds=20)):
        set_clock_speed(pair, 10)
    assert sub().next_wake is not None
    assert abs(sub().next_wake - (MIDNIGHT + timedelta(seconds=24))) < timedelta(seconds=0.01)  # type: ignore[operator]
    with pytest.raises(Refused) as refused:
        set_clock_speed(pair, 601)
    assert refused.value.code == "CLOCK_SPEED_OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"critical_service_delay": 0}, "POLICY_OUT_OF_RANGE"),
        ({"critical_service_delay": "90"}, "POLICY_OUT_OF_RANGE"),
        ({"keep_alive_timeout": 10}, "POLICY_OUT_OF_RANGE"),
        ({"enable_automatic_fallback": 1}, "POLICY_OUT_OF_RANGE"),
        ({"sign_ins_per_second": 5, "done_within_minutes": 5}, "POLICY_OUT_OF_RANGE"),
        ({"relogin_upper_limit": 537}, "POLICY_FIELD_UNKNOWN"),
    ],
)
def test_a_policy_out_of_range_is_refused_and_nothing_is_kept(
    pair: Cluster, values: dict[str, object], code: str
) -> None:
    before = Policy.objects.values().get()
    with pytest.raises(Refused) as refused:
        update_policy(pair, {"failover_limit": 5} | values)
    assert refused.value.code == code
    assert Policy.objects.values().get() == before


def test_who_is_assigned_to_a_failed_over_node_is_served_by_the_backup(pair: Cluster) -> None:
    drive = Drive(pair, scenario())
    with clock_at(drive.real):
        recovery.failover(node())
    drive.until(1200)
    add_people_named(pair, node(), 30)
    Subcluster.objects.update(next_wake=None)
    assert recovery.due_subclusters(drive.real) == [sub().pk]
    drive.tick()
    drive.until(1800)
    assert Population.objects.get(home_node=node(), serving_node=node(B)).users == 330
    assert not Population.objects.filter(home_node=node(), serving_node=node(), users__gt=0).exists()


def add_people_named(cluster: Cluster, target: Node, count: int) -> None:
    with mock.patch.object(target, "name", "late"):
        add_people(cluster, target, count, signed_in=False)


@pytest.mark.in_turns
def test_who_finds_no_room_comes_at_the_rate_when_there_is_room(db: None) -> None:
    cluster = make(scenario(users=1000, sign_ins_per_second=2))
    Node.objects.filter(name=B).update(capacity_users=1100)
    drive = Drive(cluster, scenario())
    with clock_at(drive.real):
        recovery.failover(node())
    drive.until(1200)
    away = Population.objects.get(home_node=node(), serving_node=node(B))
    assert away.users == 100
    assert Event.objects.filter(code="BACKUP_FULL").count() == 1
    Node.objects.filter(name=B).update(capacity_users=2000)
    drive.until(1260)
    away.refresh_from_db()
    assert 0 < away.users - 100 <= 120  # not all at once: two per second
    drive.until(2000)
    away.refresh_from_db()
    assert away.users == 1000
    assert Event.objects.filter(code="BACKUP_HAS_ROOM").count() == 1


def test_a_node_without_a_subcluster_has_no_recovery(pair: Cluster) -> None:
    spare = Node.objects.create(
        cluster=pair, number=6, name="spare.example.org", capacity_users=10, capacity_endpoints=20
    )
    with pytest.raises(Refused) as refused:
        recovery.inject(spare, "power")
    assert refused.value.code == "NODE_NOT_IN_SUBCLUSTER"


@pytest.mark.parametrize(
    ("kind", "service", "code"),
    [
        ("fire", "", "FAULT_KIND_UNKNOWN"),
        ("service", "", "NO_SUCH_SERVICE"),
        ("service", "Cisco Tea", "NO_SUCH_SERVICE"),
    ],
)
def test_unknown_faults_are_refused(pair: Cluster, kind: str, service: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        recovery.inject(node(), kind, service)
    assert refused.value.code == code


def test_the_window_is_told_when_it_changes(pair: Cluster) -> None:
    with clock_at(MIDNIGHT):
        recovery.step(sub().pk, MIDNIGHT)
        add_people_named(pair, node(), 1000)
        recovery.step(sub().pk, MIDNIGHT)
    [event] = Event.objects.filter(code="WINDOW_CHANGED")
    assert (event.facts["upper_before"], event.facts["upper"]) == (203, 370)
    assert event.sentence.startswith("The re-login window of sc-1 is now 120 to 370 s")


# --- Commands -------------------------------------------------------------------------------------
def test_ha_status_has_the_shape_of_the_product(pair: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ha", "status", "sc-1")
    assert capsys.readouterr().out.splitlines() == [
        "Subcluster Name: sc-1",
        "    Node 1 Name : a.example.org State: Normal Reason: Normal",
        "    Node 2 Name : b.example.org State: Normal Reason: Normal",
    ]


def test_ha_failover_from_the_command_line(pair: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ha", "failover", A)
    assert capsys.readouterr().out.splitlines()[:3] == [
        "Request SUCCESSFUL.",
        "Subcluster Name: sc-1",
        "    Node 1 Name : a.example.org State: Failing Over Reason: On Admin Request",
    ]
    with pytest.raises(CommandError, match="FAILOVER_NOT_NORMAL"):
        call_command("ha", "failover", B)
    assert Operation.objects.get().author_name == "command line"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("ha", "failover"), "There is no node without a name. Known: a.example.org"),
        (("ha", "recover"), "There is no subcluster without a name in any cluster. Known: sc-1"),
        (
            ("ha", "recover", "", "--cluster", "what-if"),
            "There is no subcluster without a name in what-if. Known: sc-1",
        ),
        (("ha", "status", "--cluster", ""), "There is no cluster without a name. Known: what-if"),
        (("fault", "", "power"), "There is no node without a name. Known: a.example.org"),
        (("fault", A, ""), "There is no fault without a kind. Known: power"),
    ],
)
def test_what_was_asked_for_by_no_name_is_told_so(pair: Cluster, asked: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command(*asked)
    assert said in str(refused.value)


@pytest.mark.parametrize(("off", "alive"), [((), True), ((A,), False), ((B,), False), ((A, B), False)])
def test_a_partition_says_that_both_stay_alive_only_where_they_are(
    pair: Cluster, off: tuple[str, ...], alive: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in off:
        call_command("fault", name, "power")
    client = as_(roles.OPERATOR)
    menu = client.get(reverse("node-menu", args=[pair.name, node().pk])).content.decode()
    toast = client.post(reverse("fault", args=[pair.name, node().pk]), {"kind": "network"}).content.decode()
    call_command("fault", A, "network", repair=True)
    capsys.readouterr()
    call_command("fault", A, "network")
    printed = capsys.readouterr().out
    assert "partition from b" in printed
    assert "partition from b" in toast
    assert [("stay alive" in text) for text in (printed, toast, menu)] == [alive] * 3


def test_fault_from_the_command_line(pair: Cluster) -> None:
    call_command("fault", A, "service", service="Cisco Presence Engine")
    assert node().failed_services == ["Cisco Presence Engine"]
    call_command("fault", A, "service", service="Cisco Presence Engine", repair=True)
    assert node().failed_services == []
    with pytest.raises(CommandError, match="FAULT_NOT_THERE"):
        call_command("fault", A, "power", repair=True)

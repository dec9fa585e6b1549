"""The live recovery engine under races, cuts and load, and its verbs, on real PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assignments.models import Assignment, Kind, Operation, Population, Progress, SubclusterLock
from assignments.recovery import reads
from assignments.recovery import service as recovery
from assignments.recovery.rules.commands import Command, Fault
from assignments.recovery.rules.pair import Member, Pair, Parameters
from assignments.simulation.rules import play
from assignments.simulation.rules.play import Action, Scenario, at_rest
from tests.live_stack import LiveStack
from tests.recovery.recovery_world import BASE, MIDNIGHT, Drive, add_people, clock_at, make
from topology.models import Cluster, EndUser, Event, Node, Policy, Subcluster
from topology.reasons import Refused
from topology.structure.policy import set_clock_speed, update_policy

A, B = "a.example.org", "b.example.org"
HOURS = 3600


def scenario(*timeline: Action, users: int = 300, until: int = 2 * HOURS, **parameters: Any) -> Scenario:
    members = tuple(Member(name, 10 * max(users, 500), 5000) for name in (A, B))
    counts = {(i, i): (users, users) for i in range(2)}
    pair = at_rest(Pair("sc-1", members, counts, True, "balanced_redundant", Parameters(**parameters)))
    return Scenario("test", (pair,), timeline, until)


POWER_LOSS = (Action(60, "fault", 0, 0, Fault.POWER), Action(2400, "repair", 0, 0, Fault.POWER))
HOME_AGAIN = Action(3000, "fallback", 0, 0)


def node(name: str = A) -> Node:
    return Node.objects.select_related("subcluster").get(name=name)


def sub() -> Subcluster:
    return Subcluster.objects.get(name="sc-1")


def states() -> list[tuple[str, str]]:
    return list(Node.objects.order_by("number").values_list("state", "reason"))


def all_home() -> bool:
    return not Assignment.objects.exclude(home_node=F("serving_node"), signed_in=True).exists()


# --- Races and cuts -------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_do_the_work_once() -> None:
    cluster = make(scenario(users=500))
    drive = Drive(cluster, scenario(*POWER_LOSS))
    drive.until(60)
    drive.do(POWER_LOSS[0])
    drive.until(200)
    real = drive.real + timedelta(seconds=30)
    barrier, answers = threading.Barrier(4), []

    def tick() -> None:
        barrier.wait()
        answers.append(recovery.step(sub().pk, real))
        connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(True) >= 1
    run = Operation.objects.get(kind=Kind.FAILOVER)
    away = Assignment.objects.filter(cluster=cluster).exclude(home_node=F("serving_node")).count()
    assert run.done == away > 0
    assert away <= 6 * (230 - 180) + 1  # never more than the throttle allows since the clients' wait ended
    assert Event.objects.filter(code="FAILOVER_STARTED").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_step_waits_for_nobody_who_holds_the_subcluster() -> None:
    make(scenario())
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(7301, %s)", [sub().pk])
            held.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    try:
        assert recovery.step(sub().pk, MIDNIGHT) is False
    finally:
        done.set()
        thread.join()


class Cut(Exception):
    """The process died here, as far as the database can tell."""


@contextmanager
def cut_at(statement: int) -> Iterator[None]:
    """Die at the n-th statement of a transaction."""
    count = 0

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += 1
        if count == statement:
            raise Cut
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


class Dying(Drive):
    """Every step dies at some statement first, another one each time, and is then done again."""

    def __init__(self, cluster: Cluster, plan: Scenario, every: int) -> None:
        super().__init__(cluster, plan, beat=1)
        self.every, self.calls, self.cuts = every, 0, 0

    def tick(self) -> None:
        self._dies(super().tick)
        super().tick()

    def do(self, action: Action) -> None:
        if self._dies(lambda: Drive.do(self, action)):
            super().do(action)

    def _dies(self, call: Callable[[], None]) -> bool:
        self.calls += 1
        try:
            with cut_at(2 + self.calls * self.every % 13):
                call()
        except Cut:
            self.cuts += 1
            return True
        return False


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("every", [2, 3, 5, 8])
def test_dying_between_any_two_statements_changes_nothing(every: int) -> None:
    """Each tick dies at another statement first and is then delivered again; the log is that of an undisturbed run."""
    plan = scenario(*POWER_LOSS, HOME_AGAIN, users=300)
    lines = play.run(plan).log
    expected = [(x["t"], x["subcluster"], x["event"], x["nodes"], x["out_of_service"]) for x in lines]

    cluster = make(plan, speed=10)
    dying = Dying(cluster, plan, every)
    dying.play()
    assert dying.cuts > 10
    assert dying.log() == expected
    assert all_home()
    assert not SubclusterLock.objects.filter(active=True).exists()
    runs = [(o.kind, o.state, o.done, o.total) for o in Operation.objects.filter(cluster=cluster).order_by("pk")]
    assert runs == [("failover", "finished", 300, 300), ("failback", "finished", 300, 300)]


@pytest.mark.django_db(transaction=True)
def test_users_whose_rows_somebody_holds_come_with_a_later_batch() -> None:
    cluster = make(scenario(users=100))
    plan = scenario(*POWER_LOSS, users=100)
    drive = Drive(cluster, plan)
    drive.until(60)
    drive.do(POWER_LOSS[0])
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            rows = Assignment.objects.filter(home_node=node()).order_by("user_id")[:60]
            list(rows.select_for_update())
            locked.set()
            done.wait(30)
        connection.close()

    drive.until(170)  # everybody is signed out by now; the wait ends at 180
    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(20)
    try:
        drive.until(240)
        assert Population.objects.get(home_node=node(), serving_node=node(B)).users == 40
    finally:
        done.set()
        thread.join()
    drive.until(400)
    assert Population.objects.get(home_node=node(), serving_node=node(B)).users == 100


@pytest.mark.slow  # tests/recovery/test_survival.py kills the worker of a whole console
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_a_failover_and_in_the_fallback_loses_nothing(live_stack: LiveStack) -> None:
    plan = scenario(users=600)
    cluster = make(plan, speed=60)
    Cluster.objects.filter(pk=cluster.pk).update(clock_real=timezone.now())
    target = node()
    for act in (lambda: recovery.inject(target, "power"), None):
        if act is None:
            recovery.repair(target, "power")
            recovery.fallback(target)
        else:
            act()
        wait_for(lambda: Operation.objects.filter(done__gt=0, state=Progress.RUNNING).exists())
        live_stack.kill_worker()
        live_stack.start_worker()
        wait_for(lambda: not Operation.objects.filter(state=Progress.RUNNING).exists())
    runs = [(o.kind, o.state, o.done, o.total) for o in Operation.objects.order_by("pk")]
    assert runs == [("failover", "finished", 600, 600), ("failback", "finished", 600, 600)]
    assert all_home()
    assert states() == [("normal", "normal")] * 2


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = timezone.now() + timedelta(seconds=seconds)
    pause = threading.Event()
    while not condition():
        assert timezone.now() < end, "it did not happen in time"
        pause.wait(0.05)


# --- Load -----------------------------------------------------------------------------------------
def queries_of_a_whole_failure(users: int) -> tuple[int, int]:
    """Queries and ticks of a failover and fallback of so many users at one node."""
    plan = scenario(*POWER_LOSS, HOME_AGAIN, users=users, done_within_minutes=5)
    cluster = make(plan, speed=60)
    drive = Drive(cluster, plan, beat=1)
    with CaptureQueriesContext(connection) as seen:
        drive.play()
    assert all_home()
    EndUser.objects.all().delete()
    cluster.delete()
    return len(seen), drive.ticks


@pytest.mark.django_db
def test_queries_do_not_grow_with_users() -> None:
    few, many = queries_of_a_whole_failure(40), queries_of_a_whole_failure(4_000)
    assert many[0] <= few[0] + 6 * max(0, many[1] - few[1]) + 40


@pytest.mark.django_db
def test_thirty_thousand_users_fail_over_and_come_home() -> None:
    plan = scenario(*POWER_LOSS, HOME_AGAIN, users=30_000, done_within_minutes=5)
    cluster = make(plan, speed=600)
    started = timezone.now()
    Drive(cluster, plan, beat=1).play()
    took = (timezone.now() - started).total_seconds()
    assert all_home()
    runs = [(o.kind, o.state, o.done) for o in Operation.objects.order_by("pk")]
    assert runs == [("failover", "finished", 30_000), ("failback", "finished", 30_000)]
    assert took < 60  # a few seconds alone; the machine may be busy


@pytest.mark.django_db
def test_nothing_due_costs_one_query(django_assert_num_queries: Any) -> None:
    make(scenario())
    with django_assert_num_queries(1):
        assert recovery.due_subclusters(MIDNIGHT) == []


# --- Verbs ----------------------------------------------------------------------------------------
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


def test_fault_from_the_command_line(pair: Cluster) -> None:
    call_command("fault", A, "service", service="Cisco Presence Engine")
    assert node().failed_services == ["Cisco Presence Engine"]
    call_command("fault", A, "service", service="Cisco Presence Engine", repair=True)
    assert node().failed_services == []
    with pytest.raises(CommandError, match="FAULT_NOT_THERE"):
        call_command("fault", A, "power", repair=True)

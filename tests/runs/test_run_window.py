"""Runs that move users only inside the window of the cluster, in the window's time zone."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from assignments.models import Goal, Operation, SubclusterLock
from assignments.planning import plans
from assignments.runs import balancer, batches, operations
from assignments.runs.views.run_shown import Run
from tests.support.crowd import Hands, homes, make_crowd, nodes_of, people_of
from tests.support.overtaken import overtaken
from topology.accounts import roles
from topology.accounts.sign_in import give_role
from topology.models import Cluster, Event
from topology.reasons import Refused
from topology.structure.locks import hold_subclusters
from topology.structure.nodes import move_node

pytestmark = pytest.mark.django_db

ZONE = "Asia/Kolkata"  # half an hour off the others


@pytest.fixture
def crowd() -> Cluster:
    return make_crowd(40, 0)


@pytest.fixture(autouse=True)
def hands() -> Iterator[Hands]:
    """A noon at which the whole process stands: views and services read the same clock as the worker."""
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo(ZONE)), tick=False) as traveller:
        yield Hands(traveller)


def night(cluster: Cluster) -> None:
    balancer.configure(cluster, {"window_start": time(22), "window_end": time(6), "zone": ZONE}, actor=None)


def start(cluster: Cluster, **options: Any) -> Operation:
    plan = plans.make_plan(cluster, Goal.BALANCE, author="anna")
    return operations.start_run(plan.hash, actor="anna", unthrottled=True, **options)


def test_nothing_moves_before_the_window_opens_and_all_of_it_then(crowd: Cluster, hands: Hands) -> None:
    night(crowd)
    run = start(crowd, in_window=True)
    for _ in range(5):
        assert hands.tick(2)
    run.refresh_from_db()
    assert (run.state, run.done, run.wait_code) == ("running", 0, "WAITS_FOR_WINDOW")
    hands.at = datetime(2026, 11, 24, 21, 59, 58, tzinfo=ZoneInfo(ZONE))
    hands.tick(1)
    assert homes(crowd) == [40, 0]
    hands.tick(1)
    run.refresh_from_db()
    assert (run.state, run.done, run.wait_code) == ("finished", 20, "")


def test_a_run_stops_when_the_window_closes_and_goes_on_the_next_night(crowd: Cluster, hands: Hands) -> None:
    night(crowd)
    hands.at = datetime(2026, 11, 25, 5, 59, 57, tzinfo=ZoneInfo(ZONE))
    plan = plans.make_plan(crowd, Goal.BALANCE, author="anna")
    run = operations.start_run(plan.hash, actor="anna", rate=1, in_window=True)
    for _ in range(10):
        hands.tick()
    run.refresh_from_db()
    assert 0 < run.done <= 3
    assert run.wait_code == "WAITS_FOR_WINDOW"
    done, hands.at = run.done, datetime(2026, 11, 25, 22, 0, tzinfo=ZoneInfo(ZONE))
    hands.tick()
    run.refresh_from_db()
    assert run.wait_code == ""
    assert run.done - done <= 3, "the day is not made up for by a burst"
    assert Run(run, hands.at).speed == 1, "nor counted in the speed"
    hands.finish(run)
    assert homes(crowd) == [20, 20]


def test_a_run_that_waits_for_its_window_stands_in_nobodys_way(crowd: Cluster, hands: Hands) -> None:
    night(crowd)
    sleeper = start(crowd, in_window=True)
    hands.tick()
    other = start(crowd)
    Operation.objects.filter(pk=other.pk).update(state="paused")
    hands.at = datetime(2026, 11, 24, 22, 0, tzinfo=ZoneInfo(ZONE))
    hands.tick()
    sleeper.refresh_from_db()
    assert (sleeper.done, sleeper.wait_code) == (0, "WAITS_FOR_TURN")
    operations.resume(other.pk, actor="anna")
    hands.finish(other)
    hands.finish(sleeper)
    sleeper.refresh_from_db()
    assert (sleeper.done, sleeper.skipped, sleeper.wait_code) == (0, 20, "")
    assert homes(crowd) == [20, 20]
    assert not SubclusterLock.objects.filter(active=True).exists()


def test_a_run_whose_window_closes_lets_another_go_on(crowd: Cluster, hands: Hands) -> None:
    night(crowd)
    hands.at = datetime(2026, 11, 25, 5, 59, 58, tzinfo=ZoneInfo(ZONE))
    plan = plans.make_plan(crowd, Goal.BALANCE, author="anna")
    first = operations.start_run(plan.hash, actor="anna", rate=1, in_window=True)
    assert SubclusterLock.objects.filter(operation=first, active=True).exists()
    with pytest.raises(Refused) as refusal:
        start(crowd)
    assert refusal.value.code == "RUN_IN_PROGRESS"
    for _ in range(6):
        hands.tick()
    done = Operation.objects.get(pk=first.pk).done
    assert 0 < done < 20
    second = start(crowd)
    hands.finish(second)
    assert homes(crowd) == [20, 20]
    hands.at = datetime(2026, 11, 25, 22, 0, tzinfo=ZoneInfo(ZONE))
    hands.finish(first)
    first.refresh_from_db()
    assert (first.done, first.skipped) == (done, 20 - done)


def test_a_plan_is_booked_once(crowd: Cluster, hands: Hands) -> None:
    night(crowd)
    plan = plans.make_plan(crowd, Goal.BALANCE, author="anna")
    first = operations.start_run(plan.hash, actor="anna", unthrottled=True, in_window=True)
    with pytest.raises(Refused) as refusal:
        operations.start_run(plan.hash, actor="ben", unthrottled=True, in_window=True)
    assert (refusal.value.code, refusal.value.facts["operation"]) == ("RUN_BOOKED", first.pk)
    operations.cancel(first.pk, actor="anna")
    assert operations.start_run(plan.hash, actor="ben", unthrottled=True, in_window=True).active


@pytest.mark.parametrize("waits_first", [False, True])
def test_a_node_that_changes_its_subcluster_by_day_is_held_where_it_is_by_night(
    hands: Hands, waits_first: bool
) -> None:
    crowd = make_crowd(40, 0, 6)
    _, second, third = nodes_of(crowd)
    first_pair, other_pair = crowd.subclusters.order_by("pk")
    night(crowd)
    plan = plans.make_plan(crowd, Goal.BALANCE, {"subclusters": [first_pair.pk]}, author="anna")
    sleeper = operations.start_run(plan.hash, actor="anna", unthrottled=True, in_window=True)
    hands.tick()
    move_node(second, other_pair)
    stays = paused(crowd, people_of(nodes_of(crowd)[0], 3)) if waits_first else None
    other = paused(crowd, people_of(third))
    hands.at = datetime(2026, 11, 24, 22, 0, tzinfo=ZoneInfo(ZONE))
    hands.tick(3)
    if stays:
        operations.resume(stays.pk, actor="anna")
        hands.finish(stays)
        hands.tick(3)
    sleeper.refresh_from_db()
    assert (sleeper.done, sleeper.wait_code) == (0, "WAITS_FOR_TURN"), "another run has its subcluster"
    assert set(sleeper.locks.values_list("subcluster", flat=True)) == {first_pair.pk, other_pair.pk}
    operations.resume(other.pk, actor="anna")
    hands.finish(other)
    hands.finish(sleeper)
    sleeper.refresh_from_db()
    assert sleeper.done + sleeper.skipped == 20
    assert homes(crowd)[1] == sleeper.done > 0
    assert not SubclusterLock.objects.filter(active=True).exists()


def paused(cluster: Cluster, people: list[int]) -> Operation:
    """A run that unassigns these people, and holds their subcluster meanwhile."""
    run = operations.start_run(
        plans.plan_move(cluster, people, None, author="anna").hash, actor="anna", unthrottled=True
    )
    return operations.pause(run.pk, actor="anna")


def test_it_is_changed_while_it_runs(crowd: Cluster, hands: Hands) -> None:
    night(crowd)
    run = start(crowd)
    operations.set_window(run.pk, actor="anna", in_window=True)
    hands.tick()
    run.refresh_from_db()
    assert run.wait_code == "WAITS_FOR_WINDOW"
    operations.set_window(run.pk, actor="anna", in_window=False)
    hands.tick()
    run.refresh_from_db()
    assert run.state == "finished"
    said = list(Event.objects.filter(code__in=("RUN_INTO_WINDOW", "RUN_ANY_TIME")).order_by("pk"))
    assert [event.sentence for event in said] == [
        f"anna limited the run to the window 22:00\u201306:00 {ZONE}.",
        "anna let the run go on at any time.",
    ]
    with pytest.raises(Refused) as refusal:
        operations.set_window(run.pk, actor="anna", in_window=True)
    assert refusal.value.code == "RUN_STATE_WRONG"


def test_a_run_is_not_held_for_a_window_that_there_is_not(crowd: Cluster) -> None:
    with pytest.raises(Refused) as refusal:
        start(crowd, in_window=True)
    assert refusal.value.code == "RUN_NO_WINDOW"
    assert not Operation.objects.exists()


def test_a_window_that_is_taken_away_lets_the_run_go(crowd: Cluster, hands: Hands) -> None:
    night(crowd)
    run = start(crowd, in_window=True)
    hands.tick()
    balancer.configure(crowd, {"window_end": time(22)}, actor=None)
    hands.tick()
    run.refresh_from_db()
    assert run.state == "finished"


def test_who_waits_says_when_the_window_opens(crowd: Cluster, hands: Hands) -> None:
    night(crowd)
    run = start(crowd, in_window=True)
    hands.tick()
    run.refresh_from_db()
    from assignments.runs.wait_reasons import sentence

    assert sentence(run, hands.at) == (
        f"Waiting for the window 22:00\u201306:00 {ZONE}, which opens 2026-11-24 22:00 UTC+05:30."
    )
    assert sentence(run, hands.at + timedelta(hours=19)).endswith("opens 2026-11-25 22:00 UTC+05:30.")


def as_operator() -> Client:
    user, _ = get_user_model().objects.get_or_create(username="operator")
    give_role(user, roles.OPERATOR)
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    return client


def test_the_plan_offers_the_window_and_the_run_shows_it(crowd: Cluster, hands: Hands) -> None:
    client = as_operator()
    plan = plans.make_plan(crowd, Goal.BALANCE, author="anna")
    address = reverse("plan", args=[plan.hash])
    assert "in_window" not in client.get(address).content.decode()
    night(crowd)
    assert f"Only inside the window 22:00\u201306:00 {ZONE}" in client.get(address).content.decode()
    client.post(reverse("run-plan", args=[plan.hash]), {"rate": "5", "in_window": "on"})
    run = Operation.objects.get()
    assert run.in_window
    hands.tick()
    for name in ("operation-bar", "operation"):
        page = client.get(reverse(name, args=[run.pk])).content.decode()
        assert "Waiting for the window" in page, name
        assert "Running for" not in page, "nothing runs"
    assert "22:00\u201306:00" in client.get(reverse("operations", args=["crowd"])).content.decode()
    client.post(reverse("steer", args=[run.pk, "window"]))
    run.refresh_from_db()
    assert not run.in_window


def test_the_commands_start_it_in_the_window_and_lift_it(crowd: Cluster) -> None:
    with pytest.raises(CommandError, match="RUN_NO_WINDOW"):
        call_command("rebalance", "crowd", "--in-window", "--no-wait", stdout=StringIO())
    night(crowd)
    call_command("rebalance", "crowd", "--in-window", "--no-wait", stdout=StringIO())
    run = Operation.objects.get()
    assert run.in_window
    call_command("operations", "any-time", str(run.pk), stdout=StringIO())
    run.refresh_from_db()
    assert not run.in_window


@pytest.mark.parametrize("zone", ["localtime", "Factory", "posixrules", "leapseconds", "posix/UTC", "right/UTC", ""])
def test_what_is_no_zone_or_another_on_each_machine_is_refused(crowd: Cluster, zone: str) -> None:
    with pytest.raises(Refused, match="not a known time zone"):
        balancer.configure(crowd, {"zone": zone}, actor=None)


@pytest.mark.django_db(transaction=True)
def test_a_node_that_changes_its_subcluster_as_a_run_begins_is_held_where_it_is() -> None:
    crowd = make_crowd(40, 0, 6)
    first_pair, other_pair = crowd.subclusters.order_by("pk")
    plan = plans.make_plan(crowd, Goal.BALANCE, {"subclusters": [first_pair.pk]}, author="anna")
    said = overtaken(
        lambda: operations.start_run(plan.hash, actor="anna"),
        lambda: move_node(nodes_of(crowd)[1], other_pair),
    )
    assert isinstance(said, Refused), "where it would move to is not held"
    assert said.code == "CHANGED_MEANWHILE"
    run = operations.start_run(plan.hash, actor="anna")
    assert set(run.locks.values_list("subcluster", flat=True)) == {first_pair.pk, other_pair.pk}


@pytest.mark.django_db(transaction=True)
def test_a_batch_whose_locks_come_after_the_window_has_closed_moves_nobody(
    crowd: Cluster, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "are_held_for_long", lambda ids: False)  # however slow the machine is
    night(crowd)
    hands.at = datetime(2026, 11, 25, 5, 59, 59, tzinfo=ZoneInfo(ZONE))
    run = start(crowd, in_window=True)
    pairs = list(crowd.subclusters.values_list("pk", flat=True))

    def close() -> None:
        hands.at += timedelta(seconds=2)

    overtaken(lambda: batches.run(run.pk, 0, hands.now), lambda: hold_subclusters(pairs), meanwhile=close)
    run.refresh_from_db()
    assert (run.done, run.wait_code) == (0, "WAITS_FOR_WINDOW")
    assert homes(crowd) == [40, 0]

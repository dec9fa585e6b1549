"""Runs of plans to their end: what they do to everyone, what history says of them, and what they cost."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment, Goal, LoadSample, Move, Population, SubclusterLock
from assignments.planning import plans
from assignments.population import load
from assignments.runs import batches, operations
from tests.runs.begun import begin, fresh
from tests.support.crowd import Hands, homes, make_crowd
from topology.models import Cluster, Event

pytestmark = pytest.mark.django_db


def counted(cluster: Cluster) -> dict[tuple[int | None, int | None], tuple[int, int, int]]:
    """Populations, counted one user at a time."""
    counts: Counter[tuple[int | None, int | None]] = Counter()
    signed: Counter[tuple[int | None, int | None]] = Counter()
    ends: Counter[tuple[int | None, int | None]] = Counter()
    for row in Assignment.objects.filter(cluster=cluster):
        key = (row.home_node_id, row.serving_node_id)
        counts[key] += 1
        signed[key] += row.signed_in
        ends[key] += row.endpoints
    return {key: (counts[key], signed[key], ends[key]) for key in counts}


def kept(cluster: Cluster) -> dict[tuple[int | None, int | None], tuple[int, int, int]]:
    rows = Population.objects.filter(cluster=cluster, users__gt=0)
    return {(r.home_node_id, r.serving_node_id): (r.users, r.signed_in, r.endpoints) for r in rows}


# --- To the end -----------------------------------------------------------------------------------
def test_a_run_does_exactly_the_plan_and_leaves_a_trace_for_everyone() -> None:
    cluster = make_crowd(3_000, 0, 0, 0, 0, 0)
    found, hands = begin(cluster, unthrottled=True), Hands()
    planned = set(found.plan.rows.values_list("user_id", "from_node_id", "to_node_id"))  # type: ignore[union-attr]
    hands.finish(found)
    found = fresh(found)
    assert (found.state, found.done, found.skipped, found.total) == ("finished", 2_500, 0, 2_500)
    assert set(Move.objects.filter(done=True).values_list("user_id", "from_node_id", "to_node_id")) == planned
    assert set(Move.objects.values_list("code", flat=True)) == {"PLANNED_REBALANCE"}
    assert homes(cluster) == [500] * 6
    assert counted(cluster) == kept(cluster)
    assert not SubclusterLock.objects.filter(active=True).exists()
    assert found.started_at
    assert found.finished_at
    assert plans.make_plan(cluster, Goal.BALANCE).moves == 0


def test_those_who_move_are_served_at_home_stay_signed_in_and_are_notified() -> None:
    cluster = make_crowd(100, 0)
    signed = Assignment.objects.filter(signed_in=True).count()
    found = begin(cluster, unthrottled=True)
    moving = found.plan.rows.filter(user__assignment__signed_in=True).count()  # type: ignore[union-attr]
    Hands().finish(found)
    assert Assignment.objects.filter(signed_in=True).count() == signed
    said = Event.objects.filter(operation_id=found.pk, code="RUN_BATCH")
    assert sum(event.facts["notified"] for event in said) == moving
    assert sum(event.facts["done"] for event in said) == 50


def test_a_batch_is_at_most_5000_users(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = make_crowd(11_600, 0)
    found = begin(cluster, unthrottled=True)
    Hands().finish(found)
    sizes = [e.facts["done"] for e in Event.objects.filter(operation_id=found.pk, code="RUN_BATCH").order_by("pk")]
    assert sizes == [5000, 800]


def test_history_names_every_change_of_state() -> None:
    cluster = make_crowd(100, 0)
    found, hands = begin(cluster, rate=10), Hands()
    hands.tick()
    operations.pause(found.pk, actor="bob")
    operations.resume(found.pk, actor="bob")
    operations.set_rate(found.pk, actor="bob", rate=20)
    hands.finish(found)
    codes = list(
        Event.objects.filter(operation_id=found.pk)
        .exclude(code="RUN_BATCH")
        .order_by("pk")
        .values_list("code", "actor_name")
    )
    assert codes == [
        ("RUN_STARTED", "ada"),
        ("RUN_PAUSED", "bob"),
        ("RUN_RESUMED", "bob"),
        ("RUN_RATE_SET", "bob"),
        ("RUN_FINISHED", "engine"),
    ]
    assert all("{" not in event.sentence for event in Event.objects.all())


# --- What it costs --------------------------------------------------------------------------------
@pytest.mark.in_turns
def test_a_batch_costs_the_same_queries_however_long_the_plan() -> None:
    counts = []
    for number, users in enumerate((7_200, 12_000)):
        cluster = make_crowd(users, 0, 0, 0, 0, 0, name=f"size{number}")
        found = begin(cluster, unthrottled=True)
        turn = batches._take_up(found.pk, 0, Hands().at)
        assert turn
        with CaptureQueriesContext(connection) as captured:
            assert batches.batch(turn, Hands().now)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 9


def test_who_moves_in_a_run_signs_in_on_the_curve() -> None:
    cluster, hands = make_crowd(10, 0), Hands()
    hands.at = (hands.at + timedelta(minutes=1)).replace(second=10)
    load.sample(hands.at)
    begin(cluster, rate=1)
    hands.tick(3)
    assert homes(cluster)[1] == sum(LoadSample.objects.values_list("sign_ins", flat=True)) > 0


def test_who_moves_before_the_sample_of_a_minute_signs_in_on_the_curve_too() -> None:
    cluster, hands = make_crowd(10, 0), Hands()
    hands.at = hands.at.replace(second=59)
    load.sample(hands.at - timedelta(minutes=2))
    load.sample(hands.at)
    begin(cluster, rate=1)
    hands.at += timedelta(seconds=1)  # where the next minute has begun, and the beat has not come yet
    hands.tick(3)
    minute = hands.at.replace(second=0, microsecond=0) - timedelta(minutes=1)
    assert homes(cluster)[1] == sum(LoadSample.objects.filter(at=minute).values_list("sign_ins", flat=True)) > 0
    assert not LoadSample.objects.exclude(at=minute).filter(sign_ins__gt=0).exists()


def test_due_and_start_cost_the_same_however_many_users() -> None:
    counts = []
    for number, users in enumerate((10, 10_000)):
        plan = plans.make_plan(make_crowd(users, 0, name=f"size{number}"), Goal.BALANCE)
        with CaptureQueriesContext(connection) as captured:
            operations.start_run(plan.hash, actor="ada")
            batches.due_runs(Hands().at + timedelta(hours=1))
        counts.append(len(captured))
    assert counts[0] == counts[1] < 25

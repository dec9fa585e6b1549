"""Runs of plans: to the end, throttled per node, paused, cancelled, undone, yielding to recovery; what it costs."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import (
    Assignment,
    Goal,
    Kind,
    LoadSample,
    Move,
    Operation,
    Plan,
    Population,
    SubclusterLock,
    TargetProgress,
)
from assignments.planning import plans
from assignments.population import load
from assignments.runs import batches, hand_moves, locks, operations
from assignments.runs.rules.rate import BURST
from tests.crowd import Hands, homes, make_crowd, nodes_of, people_of
from topology.models import Cluster, EndUser, Event, Node, Policy
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


def begin(cluster: Cluster, goal: str = Goal.BALANCE, scope: dict[str, Any] | None = None, **how: Any) -> Operation:
    plan = plans.make_plan(cluster, goal, scope or {})
    return operations.start(plan.hash, actor="ada", **how)


def fresh(found: Operation) -> Operation:
    return Operation.objects.get(pk=found.pk)


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


# --- Throttle -------------------------------------------------------------------------------------
def moved_to(found: Operation) -> list[int]:
    return list(TargetProgress.objects.filter(operation=found).order_by("pk").values_list("done", flat=True))


def test_the_throttle_holds_for_every_receiving_node() -> None:
    cluster = make_crowd(600, 0, 0)
    found, hands = begin(cluster, rate=10), Hands()
    before = [0, 0]
    while fresh(found).active:
        hands.tick()
        now = moved_to(found)
        assert all(b - a <= 11 for a, b in zip(before, now, strict=True))  # a second's worth, and what was rounded off
        assert max(now) - min(now) <= 1
        before = now
    seconds = (hands.at - fresh(found).created_at).total_seconds()
    assert 19 <= seconds <= 23  # 200 users each at 10 per second


def test_the_policy_gives_the_rate_where_none_is_asked() -> None:
    cluster = make_crowd(1_000, 0)
    Policy.objects.filter(cluster=cluster).update(moves_per_second=7)
    found = begin(cluster)
    assert found.rate == 7


def test_a_rate_over_all_nodes_holds_too() -> None:
    cluster = make_crowd(600, 0, 0)
    found, hands = begin(cluster, rate=50, rate_total=10), Hands()
    for second in range(1, 11):
        hands.tick()
        assert fresh(found).done <= 10 * (second + 1)
    assert 90 <= fresh(found).done <= 110


def test_time_that_was_missed_is_not_made_up_for() -> None:
    cluster = make_crowd(2_000, 0)
    found, hands = begin(cluster, rate=10), Hands()
    hands.tick()
    done = fresh(found).done
    hands.tick(60)
    assert fresh(found).done - done <= 10 * BURST + 1


def test_a_very_slow_rate_moves_in_the_end() -> None:
    cluster = make_crowd(4, 0)
    found, hands = begin(cluster, rate=0.25), Hands()
    ticks = hands.finish(found)
    assert 6 <= ticks <= 10


def test_the_clock_of_the_cluster_drives_the_throttle() -> None:
    cluster = make_crowd(2_000, 0)
    Cluster.objects.filter(pk=cluster.pk).update(clock_speed=60)
    cluster.refresh_from_db()
    found, hands = begin(cluster, rate=5), Hands()
    hands.tick()
    assert 290 <= fresh(found).done <= 620


def test_the_rate_changes_while_it_runs() -> None:
    cluster = make_crowd(4_000, 0)
    found, hands = begin(cluster, rate=5), Hands()
    for _ in range(4):
        hands.tick()
    done = fresh(found).done
    assert 15 <= done <= 25
    operations.set_rate(found.pk, actor="ada", rate=None)
    hands.finish(found)
    assert fresh(found).done == 2_000
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(Refused):
            operations.start(
                plans.make_plan(make_crowd(2, 0, name=f"w{id(wrong)}"), Goal.BALANCE).hash, actor="a", rate=wrong or -1
            )


# --- Steering -------------------------------------------------------------------------------------
def test_nothing_moves_after_a_pause() -> None:
    cluster = make_crowd(1_000, 0)
    found, hands = begin(cluster, rate=10), Hands()
    hands.tick()
    operations.pause(found.pk, actor="ada")
    before = homes(cluster)
    for _ in range(5):
        assert hands.tick() == []
    assert homes(cluster) == before
    operations.resume(found.pk, actor="ada")
    hands.tick()
    assert fresh(found).done <= before[1] + 21
    hands.finish(found)
    assert homes(cluster) == [500, 500]


def test_cancel_keeps_what_was_moved_and_frees_the_subclusters() -> None:
    cluster = make_crowd(100, 0, 0, 0)
    found, hands = begin(cluster, rate=5), Hands()
    hands.tick(2)
    operations.cancel(found.pk, actor="ada")
    done = fresh(found).done
    assert 0 < done < 75
    assert sum(homes(cluster)[1:]) == done
    assert not SubclusterLock.objects.filter(active=True).exists()
    with pytest.raises(Refused) as caught:
        operations.resume(found.pk, actor="ada")
    assert caught.value.code == "RUN_STATE_WRONG"
    hands.finish(begin(cluster, unthrottled=True))
    assert homes(cluster) == [25] * 4


def test_only_one_run_for_a_subcluster_and_the_refusal_names_it() -> None:
    cluster = make_crowd(100, 0, 50, 0)
    first = begin(cluster, scope={"subclusters": [nodes_of(cluster)[0].subcluster_id]})
    begin(cluster, scope={"subclusters": [nodes_of(cluster)[2].subcluster_id]})
    with pytest.raises(Refused) as caught:
        begin(cluster)
    assert caught.value.code == "RUN_IN_PROGRESS"
    assert f"operation {first.pk}" in caught.value.message
    assert "ada" in caught.value.message
    assert Operation.objects.count() == 2


def test_refusals_to_start() -> None:
    cluster = make_crowd(10, 0)
    plan = plans.make_plan(cluster, Goal.BALANCE)
    Node.objects.filter(pk=nodes_of(cluster)[1].pk).update(power_on=False)
    with pytest.raises(Refused) as caught:
        operations.start(plan.hash, actor="ada")
    assert caught.value.code == "NODE_NOT_A_TARGET"
    with pytest.raises(Refused) as caught:
        operations.start("0" * 64, actor="ada")
    assert caught.value.code == "NO_SUCH_PLAN"
    even = plans.make_plan(make_crowd(1, 1, name="even"), Goal.BALANCE)
    with pytest.raises(Refused) as caught:
        operations.start(even.hash, actor="ada")
    assert caught.value.code == "PLAN_EMPTY"


def test_recovery_operations_are_not_steered_here() -> None:
    cluster = make_crowd(1, 1)
    other = Operation.objects.create(cluster=cluster, kind=Kind.FAILOVER, state="running", author_name="engine")
    for verb in (operations.pause, operations.cancel):
        with pytest.raises(Refused) as caught:
            verb(other.pk, actor="ada")
        assert caught.value.code == "RUN_NOT_YOURS"


# --- What changed since the plan ------------------------------------------------------------------
def test_a_stale_plan_runs_only_its_valid_rows_and_only_when_asked() -> None:
    cluster = make_crowd(10, 0, 0)
    plan = plans.make_plan(cluster, Goal.BALANCE)
    moved = plan.rows.first().user_id  # type: ignore[union-attr]
    third = nodes_of(cluster)[2]
    hand_moves.move_users(cluster, [moved], third, actor="bob")
    with pytest.raises(Refused) as caught:
        operations.start(plan.hash, actor="ada")
    assert caught.value.code == "PLAN_STALE"
    found = operations.start(plan.hash, actor="ada", valid_only=True, unthrottled=True)
    Hands().finish(found)
    assert (fresh(found).done, fresh(found).skipped) == (plan.moves - 1, 1)
    assert Move.objects.get(operation=found, done=False).code == "SKIPPED_MOVED_SINCE"
    assert Assignment.objects.get(user=moved).home_node == third


def test_a_human_move_beats_a_planned_one() -> None:
    cluster = make_crowd(40, 0)
    found, hands = begin(cluster, rate=1), Hands()
    hands.tick(2)
    last = found.plan.rows.order_by("-place").first()  # type: ignore[union-attr]
    done = hand_moves.move_users(cluster, [last.user_id], None, actor="bob")
    assert (done.state, done.kind, done.done) == ("finished", "move", 1)
    operations.set_rate(found.pk, actor="ada", rate=None)
    hands.finish(found)
    assert Move.objects.get(operation=found, user=last.user_id).code == "SKIPPED_MOVED_SINCE"
    assert Assignment.objects.get(user=last.user_id).home_node is None


@pytest.mark.parametrize("what", ["pinned", "full", "endpoints", "deleted", "left"])
def test_rows_are_skipped_with_their_reason(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 10)
    cluster = make_crowd(100, 0)
    second = nodes_of(cluster)[1]
    found = begin(cluster, unthrottled=True)
    users = list(found.plan.rows.order_by("place").values_list("user_id", flat=True))  # type: ignore[union-attr]
    if what == "pinned":
        Assignment.objects.filter(user__in=users[:3]).update(pinned=True)
    elif what == "full":
        Node.objects.filter(pk=second.pk).update(capacity_users=47)
    elif what == "endpoints":
        Node.objects.filter(pk=second.pk).update(capacity_endpoints=94)
    elif what == "left":
        Assignment.objects.filter(user__in=users[:3]).delete()
    else:
        EndUser.objects.filter(pk__in=users[:3]).delete()
    Hands().finish(found)
    found = fresh(found)
    assert (found.done, found.skipped) == (47, 3)
    assert found.percent == 100
    codes = set(Move.objects.filter(operation=found, done=False).values_list("code", flat=True))
    assert codes == {
        "pinned": {"SKIPPED_PINNED"},
        "deleted": set(),
        "left": {"SKIPPED_USER_GONE"},
    }.get(what, {"SKIPPED_NODE_FULL"})
    assert homes(cluster) == ([50, 47] if what in ("deleted", "left") else [53, 47])


def test_a_run_waits_for_a_node_that_is_out_of_service_and_says_so() -> None:
    cluster = make_crowd(90, 0, 0)
    down = nodes_of(cluster)[2]
    found, hands = begin(cluster, unthrottled=True), Hands()
    Node.objects.filter(pk=down.pk).update(power_on=False)
    hands.tick()
    hands.tick()
    assert (fresh(found).done, fresh(found).wait_code) == (30, "WAITS_FOR_NODE")
    Node.objects.filter(pk=down.pk).update(power_on=True)
    hands.finish(found)
    assert (fresh(found).done, fresh(found).wait_code) == (60, "")


def test_a_run_leaves_a_node_alone_whose_maintenance_began_meanwhile() -> None:
    cluster = make_crowd(90, 0, 0)
    found, hands = begin(cluster, unthrottled=True), Hands()
    worked_on = Node.objects.filter(pk=nodes_of(cluster)[2].pk)
    now = cluster.now()
    worked_on.update(
        maintenance_until=now + timedelta(hours=1),
        maintenance_since=now,
        maintenance_owner="ops",
        maintenance_reason="disk",
    )
    hands.tick()
    assert (fresh(found).done, fresh(found).wait_code) == (30, "WAITS_FOR_NODE")
    worked_on.update(maintenance_until=None, maintenance_since=None)
    hands.finish(found)
    assert (fresh(found).done, fresh(found).wait_code) == (60, "")


def test_a_node_that_left_its_subcluster_gets_nobody() -> None:
    cluster = make_crowd(90, 0, 0)
    found = begin(cluster, unthrottled=True)
    Node.objects.filter(pk=nodes_of(cluster)[2].pk).update(subcluster=None, slot=None)
    Hands().finish(found)
    assert (fresh(found).done, fresh(found).skipped) == (30, 30)
    assert set(Move.objects.filter(done=False).values_list("code", flat=True)) == {"SKIPPED_NODE_GONE"}


# --- Recovery first -------------------------------------------------------------------------------
def test_a_run_yields_to_recovery_and_goes_on_by_itself() -> None:
    cluster = make_crowd(1_000, 0, 0, 0)
    found, hands = begin(cluster, rate=10), Hands()
    hands.tick()
    pair = nodes_of(cluster)[0].subcluster
    assert pair
    failover = Operation.objects.create(cluster=cluster, kind=Kind.FAILOVER, state="running", author_name="engine")
    locks.lock_for_recovery(pair, failover)
    done = fresh(found).done
    for _ in range(3):
        hands.tick()
    assert (fresh(found).done, fresh(found).wait_code) == (done, "WAITS_FOR_RECOVERY")
    assert SubclusterLock.objects.get(subcluster=pair, active=True).operation == failover
    locks.release(failover)
    assert SubclusterLock.objects.get(subcluster=pair, active=True).operation_id == found.pk
    hands.tick()
    assert done < fresh(found).done <= done + 3 * 21
    assert fresh(found).wait_code == ""
    operations.set_rate(found.pk, actor="ada", rate=None)
    hands.finish(found)
    assert homes(cluster) == [250] * 4


def test_a_cancelled_run_does_not_come_back_after_recovery() -> None:
    cluster = make_crowd(100, 0)
    found = begin(cluster, rate=1)
    pair = nodes_of(cluster)[0].subcluster
    assert pair
    failover = Operation.objects.create(cluster=cluster, kind=Kind.FAILOVER, state="running", author_name="engine")
    locks.lock_for_recovery(pair, failover)
    with pytest.raises(Refused) as caught:
        hand_moves.move_users(cluster, people_of(nodes_of(cluster)[0], 1), nodes_of(cluster)[1], actor="bob")
    assert caught.value.code == "RUN_IN_PROGRESS"
    operations.cancel(found.pk, actor="ada")
    locks.release(failover)
    assert not SubclusterLock.objects.filter(active=True).exists()


# --- Undo -----------------------------------------------------------------------------------------
def test_undo_moves_everybody_back_through_a_plan() -> None:
    cluster = make_crowd(60, 0, 0)
    before = dict(Assignment.objects.values_list("user_id", "home_node_id"))
    found, hands = begin(cluster, unthrottled=True), Hands()
    hands.finish(found)
    back = operations.plan_undo(found.pk, actor="ada")
    assert (back.goal, back.moves) == ("undo", 40)
    again = operations.start(back.hash, actor="ada", unthrottled=True)
    assert again.undo_of_id == found.pk
    hands.finish(again)
    assert dict(Assignment.objects.values_list("user_id", "home_node_id")) == before


def test_undo_leaves_alone_who_moved_again() -> None:
    cluster = make_crowd(60, 0, 0)
    first, second, third = nodes_of(cluster)
    found, hands = begin(cluster, unthrottled=True), Hands()
    hands.finish(found)
    there_and_back = people_of(second, 1)
    hand_moves.move_users(cluster, there_and_back, third, actor="bob")
    hand_moves.move_users(cluster, there_and_back, second, actor="bob")
    pinned = people_of(third, 1)
    Assignment.objects.filter(user__in=pinned).update(pinned=True)
    back = operations.plan_undo(found.pk, actor="ada")
    assert back.moves == 38
    assert back.body["left_alone"]["users"] == 2
    assert len(back.body["left_alone"]["sample"]) == 2
    assert not back.rows.filter(user__in=[*there_and_back, *pinned]).exists()
    assert not back.rows.exclude(to_node=first).exists()


def test_undo_of_a_move_by_hand_and_of_an_assignment() -> None:
    cluster = make_crowd(4, 0, waiting=3)
    first, second = nodes_of(cluster)
    moved = hand_moves.move_users(cluster, people_of(first, 2), second, actor="bob")
    assigned = hand_moves.move_users(cluster, people_of(None), second, actor="bob")
    hands = Hands()
    hands.finish(operations.start(operations.plan_undo(assigned.pk, actor="bob").hash, actor="bob"))
    assert len(people_of(None)) == 3
    hands.finish(operations.start(operations.plan_undo(moved.pk, actor="bob").hash, actor="bob"))
    assert homes(cluster) == [4, 0]
    with pytest.raises(Refused) as caught:
        operations.plan_undo(moved.pk, actor="bob")
    assert caught.value.code == "RUN_NOTHING_TO_UNDO"


def test_an_active_run_is_not_undone() -> None:
    found = begin(make_crowd(10, 0), rate=1)
    with pytest.raises(Refused) as caught:
        operations.plan_undo(found.pk, actor="ada")
    assert caught.value.code == "RUN_STATE_WRONG"


# --- What it costs --------------------------------------------------------------------------------
def test_a_batch_costs_the_same_queries_however_long_the_plan() -> None:
    counts = []
    for number, users in enumerate((7_200, 12_000)):
        cluster = make_crowd(users, 0, 0, 0, 0, 0, name=f"size{number}")
        found = begin(cluster, unthrottled=True)
        turn = batches._take_up(found.pk, 0, Hands().at)
        assert turn
        with CaptureQueriesContext(connection) as captured:
            assert batches.batch(turn, Hands().at)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 9


def test_who_moves_in_a_run_signs_in_on_the_curve() -> None:
    cluster, hands = make_crowd(10, 0), Hands()
    hands.at = (hands.at + timedelta(minutes=1)).replace(second=10)
    load.sample(hands.at)
    begin(cluster, rate=1)
    hands.tick(3)
    assert homes(cluster)[1] == sum(LoadSample.objects.values_list("sign_ins", flat=True)) > 0


def test_due_and_start_cost_the_same_however_many_users() -> None:
    counts = []
    for number, users in enumerate((10, 10_000)):
        plan = plans.make_plan(make_crowd(users, 0, name=f"size{number}"), Goal.BALANCE)
        with CaptureQueriesContext(connection) as captured:
            operations.start(plan.hash, actor="ada")
            batches.due_runs(Hands().at + timedelta(hours=1))
        counts.append(len(captured))
    assert counts[0] == counts[1] < 25


def test_a_plan_that_was_cancelled_can_be_run_again_for_the_rest() -> None:
    cluster = make_crowd(100, 0)
    found, hands = begin(cluster, rate=5), Hands()
    hands.tick(2)
    operations.cancel(found.pk, actor="ada")
    plan = Plan.objects.get()
    again = operations.start(plan.hash, actor="ada", valid_only=True, unthrottled=True)
    hands.finish(again)
    assert homes(cluster) == [50, 50]
    assert fresh(again).skipped == fresh(found).done

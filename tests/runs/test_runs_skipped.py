"""Runs in a world that changed: rows skipped with their reason, nodes that a run waits for, recovery first."""

from datetime import timedelta

import pytest

from assignments.models import Assignment, Goal, Kind, Move, Operation, SubclusterLock
from assignments.planning import plans
from assignments.runs import batches, hand_moves, locks, operations
from tests.runs.begun import begin, fresh
from tests.support.crowd import Hands, homes, make_crowd, nodes_of
from topology.models import EndUser, Node
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


# --- What changed since the plan ------------------------------------------------------------------
def test_a_stale_plan_runs_only_its_valid_rows_and_only_when_asked() -> None:
    cluster = make_crowd(10, 0, 0)
    plan = plans.make_plan(cluster, Goal.BALANCE)
    moved = plan.rows.first().user_id  # type: ignore[union-attr]
    third = nodes_of(cluster)[2]
    hand_moves.move_users(cluster, [moved], third, actor="bob")
    with pytest.raises(Refused) as caught:
        operations.start_run(plan.hash, actor="ada")
    assert caught.value.code == "PLAN_STALE"
    found = operations.start_run(plan.hash, actor="ada", valid_only=True, unthrottled=True)
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
    locks.release_subclusters(failover)
    assert SubclusterLock.objects.get(subcluster=pair, active=True).operation_id == found.pk
    hands.tick()
    assert done < fresh(found).done <= done + 3 * 21
    assert fresh(found).wait_code == ""
    operations.set_rate(found.pk, actor="ada", rate=None)
    hands.finish(found)
    assert homes(cluster) == [250] * 4

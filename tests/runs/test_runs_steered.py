"""Runs that people steer: paused, cancelled, begun again, one at a time for a subcluster, and refused."""

import pytest

from assignments.models import Goal, Kind, Operation, Plan, SubclusterLock
from assignments.planning import plans
from assignments.runs import hand_moves, locks, operations
from tests.runs.begun import begin, fresh
from tests.support.crowd import Hands, homes, make_crowd, nodes_of, people_of
from topology.models import Event, Node
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


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


def test_the_history_of_a_run_keeps_numbers_as_numbers_and_says_them_in_words() -> None:
    cluster = make_crowd(3_000, 0)
    found, hands = begin(cluster, rate=1_200), Hands()
    hands.tick()
    operations.pause(found.pk, actor="ada")
    operations.cancel(found.pk, actor="ada")
    done = fresh(found).done
    assert done > 1_000
    said = {event.code: event for event in Event.objects.filter(operation_id=found.pk)}
    assert (said["RUN_STARTED"].facts["users"], said["RUN_PAUSED"].facts["done"]) == (1_500, done)
    assert said["RUN_CANCELLED"].facts["total"] == 1_500
    assert said["RUN_STARTED"].sentence == "ada started to move 1,500 users (balance)."
    for code, verb in (("RUN_PAUSED", "paused"), ("RUN_CANCELLED", "cancelled")):
        assert said[code].sentence == f"ada {verb} the run after {done:,} of 1,500."


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
        operations.start_run(plan.hash, actor="ada")
    assert caught.value.code == "NODE_NOT_A_TARGET"
    with pytest.raises(Refused) as caught:
        operations.start_run("0" * 64, actor="ada")
    assert caught.value.code == "NO_SUCH_PLAN"
    even = plans.make_plan(make_crowd(1, 1, name="even"), Goal.BALANCE)
    with pytest.raises(Refused) as caught:
        operations.start_run(even.hash, actor="ada")
    assert caught.value.code == "PLAN_EMPTY"


def test_recovery_operations_are_not_steered_here() -> None:
    cluster = make_crowd(1, 1)
    other = Operation.objects.create(cluster=cluster, kind=Kind.FAILOVER, state="running", author_name="engine")
    for verb in (operations.pause, operations.cancel):
        with pytest.raises(Refused) as caught:
            verb(other.pk, actor="ada")
        assert caught.value.code == "RUN_NOT_YOURS"


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
    locks.release_subclusters(failover)
    assert not SubclusterLock.objects.filter(active=True).exists()


def test_a_plan_that_was_cancelled_can_be_run_again_for_the_rest() -> None:
    cluster = make_crowd(100, 0)
    found, hands = begin(cluster, rate=5), Hands()
    hands.tick(2)
    operations.cancel(found.pk, actor="ada")
    plan = Plan.objects.get()
    again = operations.start_run(plan.hash, actor="ada", valid_only=True, unthrottled=True)
    hands.finish(again)
    assert homes(cluster) == [50, 50]
    assert fresh(again).skipped == fresh(found).done

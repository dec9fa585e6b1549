"""Why a run says that it waits: only what is true of it now."""

import pytest

from assignments.models import Goal, Kind, Operation
from assignments.runs import locks, operations, wait_reasons
from assignments.runs.api import shape
from tests.runs.begun import begin, fresh
from tests.support.crowd import Hands, make_crowd, nodes_of
from topology.models import Event, Node, Subcluster
from topology.rules.states import State

pytestmark = pytest.mark.django_db


def test_a_run_that_waits_for_a_failover_names_a_node_of_its_own_pair() -> None:
    cluster, hands = make_crowd(0, 0, 40, 0), Hands()
    first, _, third, _ = nodes_of(cluster)
    pair = third.subcluster_id
    found = begin(cluster, Goal.BALANCE, {"subclusters": [pair]}, rate=1)
    Subcluster.objects.update(ha_enabled=True)
    Node.objects.update(state=State.NORMAL)
    Node.objects.filter(pk__in=[first.pk, third.pk]).update(state=State.FAILED_OVER)
    hands.tick()
    assert fresh(found).wait_code == "WAITS_FOR_FAILOVER"
    assert wait_reasons.sentence(fresh(found), hands.at).startswith(f"{third.name} is failed over.")


def test_a_run_that_is_paused_waits_for_nothing_but_to_be_resumed() -> None:
    cluster, hands = make_crowd(40, 0), Hands()
    second = Node.objects.filter(pk=nodes_of(cluster)[1].pk)
    found = begin(cluster, rate=1)
    second.update(power_on=False)
    hands.tick()
    assert shape(fresh(found))["wait"]["code"] == "WAITS_FOR_NODE"
    operations.pause(found.pk, actor="ada")
    second.update(power_on=True)
    assert shape(fresh(found))["wait"] is None
    assert wait_reasons.why(fresh(found), hands.at) is None
    operations.resume(found.pk, actor="ada")
    assert shape(fresh(found))["wait"] is None, "what it waited for before is not known to be so"
    hands.finish(found)


def begin_failover(pair: Subcluster) -> Operation:
    failover = Operation.objects.create(cluster=pair.cluster, kind=Kind.FAILOVER, state="running", author_name="engine")
    locks.lock_for_recovery(pair, failover)
    return failover


def test_a_run_that_recovery_holds_up_says_so_again_after_a_pause() -> None:
    cluster, hands = make_crowd(40, 0), Hands()
    found = begin(cluster, rate=1)
    pair = nodes_of(cluster)[0].subcluster
    assert pair
    failover = begin_failover(pair)
    hands.tick()
    operations.pause(found.pk, actor="ada")
    assert shape(fresh(found))["wait"] is None
    operations.resume(found.pk, actor="ada")
    assert shape(fresh(found))["wait"]["code"] == "WAITS_FOR_RECOVERY"
    locks.release_subclusters(failover)
    hands.finish(found)


def test_a_run_that_is_paused_does_not_say_that_it_continues_when_a_failover_ends() -> None:
    cluster, hands = make_crowd(40, 0), Hands()
    found = begin(cluster, rate=1)
    pair = nodes_of(cluster)[0].subcluster
    assert pair
    failover = begin_failover(pair)
    operations.pause(found.pk, actor="ada")
    locks.release_subclusters(failover)
    assert not Event.objects.filter(code="RUN_CONTINUED").exists()
    operations.resume(found.pk, actor="ada")
    assert shape(fresh(found))["wait"] is None
    hands.finish(found)

"""Removing a cluster with everything in it: what goes, what stays, and what refuses it."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.board.removal import contents, remove_cluster
from assignments.models import (
    Assignment,
    Goal,
    Listing,
    Move,
    Operation,
    Pin,
    Plan,
    PlannedMove,
    Population,
    Progress,
    RunPolicy,
)
from assignments.planning import plans
from assignments.recovery import service
from assignments.runs import balancer, batches, operations
from tests.structure.changed import refused
from tests.support.crowd import Hands, make_crowd
from tests.support.lookups import looked_up
from tests.support.worlds import make_acme, node
from topology.models import Cluster, EndUser, Event, Node, Policy, Subcluster

OF_A_CLUSTER = (Cluster, Policy, Subcluster, Node, EndUser, Assignment, Listing, Population)
OF_A_CLUSTER += (Operation, Plan, PlannedMove, Move)


def rows() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in (*OF_A_CLUSTER, Pin, RunPolicy)}


def used(cluster: Cluster) -> Cluster:
    """The cluster after a rebalance, its undo as a plan, a pin and rules of its own: every table has rows of it."""
    hands = Hands()
    plan = plans.make_plan(cluster, Goal.BALANCE)
    run = operations.start_run(plan.hash, actor="ada", unthrottled=True)
    hands.finish(run)
    operations.plan_undo(run.pk, actor="ada")
    balancer.configure(cluster, {"automation": "recommend"}, actor="ada")
    person = EndUser.objects.filter(assignment__cluster=cluster).order_by("pk").first()
    Pin.objects.create(user=person, reason="stays", owner_name="ada")
    return cluster


@pytest.mark.django_db
def test_nothing_of_it_is_left_and_nothing_else_is_touched() -> None:
    used(make_crowd(40, 0, 0, name="other"))
    before, kept = rows(), {m: set(m.objects.values_list("pk", flat=True)) for m in OF_A_CLUSTER}
    cluster = used(make_crowd(60, 10, 0, 0, waiting=5, name="doomed"))
    assert all(rows()[name] > count for name, count in before.items())
    gone = remove_cluster(cluster, "doomed", actor="ada")
    assert (gone.users, gone.nodes, gone.subclusters, gone.operations) == (75, 4, 2, 1)
    assert rows() == before
    assert {m: set(m.objects.values_list("pk", flat=True)) for m in OF_A_CLUSTER} == kept
    assert Event.objects.filter(cluster__name="other").exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no key of it is left in another table


@pytest.mark.django_db
def test_one_line_of_history_outlives_the_cluster() -> None:
    cluster = make_acme(imp1a=30, waiting=4)
    remove_cluster(cluster, "acme", actor="ada")
    line = Event.objects.get()
    assert (line.cluster_id, line.code) == (None, "CLUSTER_REMOVED")
    assert line.sentence == "ada removed the cluster acme with 6 nodes and 34 users."


@pytest.mark.django_db
def test_the_name_must_be_typed() -> None:
    cluster = make_acme(imp1a=3)
    for typed in ("", "Acme", "acme2"):
        with refused("REMOVAL_NOT_CONFIRMED"):
            remove_cluster(cluster, typed)
    assert Assignment.objects.count() == 3
    remove_cluster(cluster, " acme ")
    with refused("NO_SUCH_CLUSTER"):
        remove_cluster(cluster, "acme")


@pytest.mark.django_db
@pytest.mark.parametrize("state", [Progress.QUEUED, Progress.RUNNING, Progress.PAUSED])
def test_a_run_under_way_refuses_it(state: str) -> None:
    cluster = make_crowd(50, 0, name="doomed")
    run = operations.start_run(plans.make_plan(cluster, Goal.BALANCE).hash, actor="ada")
    Operation.objects.update(state=state)
    with refused("CLUSTER_HAS_RUN"):
        remove_cluster(cluster, "doomed")
    assert Assignment.objects.count() == 50
    Operation.objects.filter(pk=run.pk).update(state=Progress.RUNNING)
    operations.cancel(run.pk, actor="ada")
    remove_cluster(cluster, "doomed")
    assert not Assignment.objects.exists()


@pytest.mark.django_db
def test_a_failover_refuses_it_until_it_is_over() -> None:
    cluster = make_acme(imp1a=3)
    service.failover(node(cluster, "imp1a"), actor="ada")
    Operation.objects.update(state=Progress.FINISHED)
    with refused("CLUSTER_IN_RECOVERY"):
        remove_cluster(cluster, "acme")
    assert Assignment.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_thirty_thousand_users_go_in_a_few_statements() -> None:
    """What it costs must not grow with the users: the same statements, and each row looked up by its key."""
    counts = {}
    for size in (30, 5_000):
        cluster = used(make_crowd(size, 0, 0, 0, 0, 0, name=f"doomed{size}"))
        with CaptureQueriesContext(connection) as queries:
            remove_cluster(cluster, cluster.name)
        counts[size] = len(queries)
    assert counts[30] == counts[5_000]
    cluster = used(make_crowd(30_000, 0, 0, 0, 0, 0, name="doomed"))
    with looked_up(30_000):
        remove_cluster(cluster, "doomed")
    assert not EndUser.objects.exists()


@pytest.mark.django_db
def test_a_late_task_of_a_removed_cluster_does_nothing() -> None:
    cluster = used(make_crowd(30, 0, name="doomed"))
    group, run = cluster.subclusters.first(), Operation.objects.get()
    remove_cluster(cluster, "doomed")
    hands = Hands()
    batches.run(run.pk, run.generation, hands.now)
    assert group
    assert not service.step(group.pk, hands.at)
    assert balancer.look_at_cluster(cluster.pk, hands.at) is None
    assert hands.tick() == []


# --- The command ----------------------------------------------------------------------------------
def call(*arguments: str) -> str:
    out = StringIO()
    call_command("remove_cluster", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_asks_before_it_does_it() -> None:
    cluster = make_acme(imp1a=30, waiting=4)
    with pytest.raises(CommandError, match=r"REMOVAL_NOT_CONFIRMED.*--yes-remove-all-users"):
        call("acme")
    assert contents(cluster).users == 34
    answer: dict[str, Any] = json.loads(call("acme", "--yes-remove-all-users", "--json"))
    assert (answer["removed"], answer["users"], answer["nodes"]) == ("acme", 34, 6)
    assert Event.objects.get().actor_name == "command line"
    with pytest.raises(CommandError, match="NO_SUCH_CLUSTER"):
        call("acme", "--yes-remove-all-users")


@pytest.mark.django_db
def test_the_command_says_what_goes() -> None:
    make_acme(imp1a=2)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("remove_cluster", "acme", stdout=out)
    assert "acme has 2 users, 6 nodes in 3 subclusters, 0 runs." in out.getvalue()
    assert "Removed acme: 2 users" in call("acme", "--yes-remove-all-users")

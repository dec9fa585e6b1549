"""Clusters and subclusters made, changed and removed; and two people who do so at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from assignments.board.topology_file import apply_topology
from assignments.models import Kind, Operation, SubclusterLock
from assignments.users.importing.imports import import_users
from tests.structure.changed import enable_ha, give_users, last, refused, sub
from tests.support.lists import csv_of
from topology.models import Cluster, Event, Node, Subcluster
from topology.reasons import Refused
from topology.rules.states import State
from topology.structure.clusters import create_cluster, set_mode, set_model
from topology.structure.files import present_topology
from topology.structure.nodes import add_node, move_node, unassign_node
from topology.structure.policy import update_policy
from topology.structure.subclusters import (
    create_subcluster,
    describe_subcluster,
    order_nodes,
    order_subclusters,
    remove_subcluster,
    rename_subcluster,
)


@pytest.mark.django_db
def test_a_cluster_has_a_name_a_mode_and_a_policy() -> None:
    cluster = create_cluster("acme", policy={"clock_speed": 30, "keep_alive_interval": 20}, actor="ada")
    assert (cluster.clock_speed, cluster.policy.keep_alive_interval) == (30, 20)
    assert last() == "ada created the cluster acme."
    with refused("CLUSTER_NAME_TAKEN"):
        create_cluster("acme")
    with refused("NAME_NOT_VALID"):
        create_cluster("two words")
    with refused("VALUE_NOT_VALID"):
        create_cluster("other", mode="even")
    assert Cluster.objects.count() == 1


def test_mode_and_model_are_set_once(acme: Cluster) -> None:
    set_mode(acme, "manual")
    set_model(acme, "active_standby", actor="ada")
    assert last() == "ada changed model of acme from balanced_non_redundant to active_standby."
    events = Event.objects.count()
    set_mode(acme, "manual")
    assert Event.objects.count() == events
    with refused("VALUE_NOT_VALID"):
        set_model(acme, "even")


def test_the_policy_changes_what_is_given(acme: Cluster) -> None:
    Subcluster.objects.update(next_wake=None)
    update_policy(acme, {"keep_alive_interval": 90, "keep_alive_timeout": 180})
    acme.refresh_from_db()
    assert (acme.policy.keep_alive_interval, acme.policy.critical_service_delay) == (90, 90)
    assert not Subcluster.objects.filter(next_wake=None).exists()
    wrong: dict[str, Any]
    for wrong, code in (
        ({"keep_alive_interval": 200}, "POLICY_OUT_OF_RANGE"),
        ({"clock_speed": 601}, "CLOCK_SPEED_OUT_OF_RANGE"),
        ({"nope": 1}, "POLICY_FIELD_UNKNOWN"),
        ({"service_port": "x"}, "POLICY_OUT_OF_RANGE"),
    ):
        with refused(code):
            update_policy(acme, wrong)
    assert present_topology(acme).policy["keep_alive_interval"] == 90


def test_the_clock_does_not_jump_when_its_speed_changes(acme: Cluster) -> None:
    update_policy(acme, {"clock_speed": 600})
    before = acme.now()
    update_policy(acme, {"clock_speed": 1})
    after = Cluster.objects.get(pk=acme.pk).now()
    assert 0 <= (after - before).total_seconds() < 600


def test_a_subcluster_is_created_renamed_described_and_removed(acme: Cluster) -> None:
    made = create_subcluster(acme, "sc-4", description="Last", actor="ada")
    assert made.next_wake
    rename_subcluster(made, "sc-four")
    describe_subcluster(made, "The last one")
    assert last() == "engine changed description of sc-four from Last to The last one."
    remove_subcluster(made)
    assert last() == "engine removed the subcluster sc-four."
    with refused("SUBCLUSTER_NAME_TAKEN"):
        create_subcluster(acme, "sc-1")
    with refused("SUBCLUSTER_NAME_TAKEN"):
        rename_subcluster(sub("sc-2"), "sc-1")
    with refused("NAME_NOT_VALID"):
        create_subcluster(acme, "sc 9")
    with refused("VALUE_NOT_VALID"):
        describe_subcluster(sub("sc-2"), "<script>")


def test_removing_a_subcluster_leaves_its_nodes_unassigned(acme: Cluster) -> None:
    remove_subcluster(sub("sc-1"))
    assert [(n.name, n.subcluster, n.slot) for n in Node.objects.filter(name__in=("pub", "sub"))] == [
        ("pub", None, None),
        ("sub", None, None),
    ]


def test_a_subcluster_stays_while_somebody_needs_it(acme: Cluster) -> None:
    give_users(acme, "sub")
    with refused("NODE_HAS_USERS"):
        remove_subcluster(sub("sc-1"))
    enable_ha("sc-1")
    with refused("SUBCLUSTER_HA_ON"):
        remove_subcluster(sub("sc-1"))
    run = Operation.objects.create(cluster=acme, kind=Kind.REBALANCE, author_name="ada")
    SubclusterLock.objects.create(operation=run, subcluster=sub("sc-2"))
    with refused("SUBCLUSTER_BUSY"):
        remove_subcluster(sub("sc-2"))


def test_the_order_of_subclusters_and_nodes(acme: Cluster) -> None:
    order_subclusters(acme, ["sc-3", "sc-1"])
    assert list(acme.subclusters.values_list("name", flat=True)) == ["sc-3", "sc-1", "sc-2"]
    order_nodes(sub("sc-1"), ["sub", "PUB"])
    assert list(sub("sc-1").nodes.order_by("slot").values_list("name", flat=True)) == ["sub", "pub"]
    with refused("VALUE_NOT_VALID"):
        order_nodes(sub("sc-1"), ["sub", "alone"])
    enable_ha("sc-1")
    with refused("SUBCLUSTER_HA_ON"):
        order_nodes(sub("sc-1"), ["pub", "sub"])


@pytest.mark.django_db
def test_ha_of_a_pair_that_exists_is_switched_by_the_recovery_service() -> None:
    document: dict[str, Any] = {
        "cluster": "acme",
        "subclusters": [{"name": "sc-1", "nodes": [{"name": "a", "publisher": True}, {"name": "b"}]}],
    }
    apply_topology(document)
    document["subclusters"][0]["ha"] = True
    dry = apply_topology(document, dry_run=True)
    assert [str(change) for change in dry.changes] == ["change subcluster sc-1: ha off -> on"]
    assert not sub("sc-1").ha_enabled
    apply_topology(document, expected=dry)
    assert sub("sc-1").ha_enabled
    assert {n.state for n in Node.objects.all()} <= {State.INITIALIZING, State.NORMAL}
    document["subclusters"][0]["ha"] = False
    apply_topology(document)
    assert not sub("sc-1").ha_enabled
    assert {n.state for n in Node.objects.all()} == {State.UNKNOWN}


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run these in threads that start together; what each returned or was refused with."""
    start, results = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        try:
            start.wait()
            results.append(call())
        except Refused as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_of_two_nodes_for_one_slot_one_is_refused() -> None:
    cluster = create_cluster("acme")
    group = create_subcluster(cluster, "sc-1")
    add_node(cluster, "pub", subcluster=group)
    first, second = add_node(cluster, "n1"), add_node(cluster, "n2")
    results = at_once(lambda: move_node(first, group), lambda: move_node(second, group))
    assert results.count("SUBCLUSTER_FULL") == 1
    assert group.nodes.count() == 2


@pytest.mark.django_db(transaction=True)
def test_users_and_the_removal_of_their_node_do_not_pass_each_other() -> None:
    cluster = create_cluster("acme")
    group = create_subcluster(cluster, "sc-1")
    add_node(cluster, "pub", subcluster=group)
    leaving = add_node(cluster, "n1", subcluster=group)
    results = at_once(
        lambda: unassign_node(leaving),
        lambda: import_users(cluster, csv_of("user_id,node", "ann,n1")).ok,
    )
    left = Node.objects.get(pk=leaving.pk)
    has_users = left.home_populations.filter(users__gt=0).exists()
    assert has_users == (True in results)
    assert has_users == (left.subcluster is not None)

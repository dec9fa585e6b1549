"""Changes of the structure one by one: what each does, and what is refused and why."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from assignments.board.topology_file import apply_topology
from assignments.models import Kind, Operation, SubclusterLock
from assignments.users.importing.imports import import_users
from tests.lists import csv_of
from topology.models import Cluster, Event, Node, Subcluster
from topology.reasons import REASONS, Refused
from topology.rules.states import State
from topology.structure.clusters import create_cluster, set_mode, set_model
from topology.structure.files import present
from topology.structure.nodes import add_node, move_node, remove_node, rename_node, set_capacity, unassign_node
from topology.structure.policy import update_policy
from topology.structure.subclusters import (
    create_subcluster,
    describe_subcluster,
    order_nodes,
    order_subclusters,
    remove_subcluster,
    rename_subcluster,
)


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The block is refused with this code, a sentence without gaps and a fix."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code
    assert code in REASONS
    assert caught.value.fix
    assert "{" not in caught.value.message + caught.value.fix


@pytest.fixture
def acme(db: None) -> Cluster:
    """sc-1 with a publisher and a second node, sc-2 with one node, sc-3 empty, a spare; HA is off."""
    cluster = create_cluster("acme", model="balanced_non_redundant")
    for number in (1, 2, 3):
        create_subcluster(cluster, f"sc-{number}")
    for name, group in (("pub", "sc-1"), ("sub", "sc-1"), ("alone", "sc-2")):
        add_node(cluster, name, subcluster=sub(group))
    add_node(cluster, "spare")
    return cluster


def sub(name: str) -> Subcluster:
    return Subcluster.objects.get(name=name)


def node(name: str) -> Node:
    return Node.objects.get(name=name)


def enable_ha(name: str) -> None:
    Subcluster.objects.filter(name=name).update(ha_enabled=True)


def give_users(cluster: Cluster, name: str, count: int = 3) -> None:
    assert import_users(cluster, csv_of("user_id,node", *(f"{name}{n},{name}" for n in range(count)))).ok


def last() -> str:
    return Event.objects.latest("id").sentence


# --- Clusters -------------------------------------------------------------------------------------


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
    assert present(acme).policy["keep_alive_interval"] == 90


def test_the_clock_does_not_jump_when_its_speed_changes(acme: Cluster) -> None:
    update_policy(acme, {"clock_speed": 600})
    before = acme.now()
    update_policy(acme, {"clock_speed": 1})
    after = Cluster.objects.get(pk=acme.pk).now()
    assert 0 <= (after - before).total_seconds() < 600


# --- Subclusters ----------------------------------------------------------------------------------


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


def test_a_node_is_renamed_once_and_keeps_everything_else(acme: Cluster) -> None:
    give_users(acme, "alone")
    found, before = node("alone"), Event.objects.count()
    rename_node(found, " single.example.org ", seen="alone", actor="ada")
    assert last() == "ada renamed the node alone to single.example.org."
    assert Event.objects.count() == before + 1
    assert Event.objects.latest("id").node_id == found.pk
    found.refresh_from_db()
    assert (found.name, found.subcluster, found.home_populations.get().users) == ("single.example.org", sub("sc-2"), 3)
    rename_node(found, "single.example.org")  # nothing to do is no line of history
    assert Event.objects.count() == before + 1
    rename_node(found, "Single.example.org")  # only the case
    assert node("Single.example.org") == found


def test_a_name_of_a_node_that_cannot_be_is_refused(acme: Cluster) -> None:
    add_node(create_cluster("other"), "far.example.org")
    with refused("NODE_NAME_TAKEN"):
        rename_node(node("alone"), "FAR.example.org")
    with refused("NODE_NAME_TAKEN"):
        rename_node(node("alone"), "pub")
    with refused("NAME_NOT_VALID"):
        rename_node(node("alone"), "two words")
    stale = node("alone")
    rename_node(node("alone"), "single")
    with refused("NODE_RENAMED_MEANWHILE"):
        rename_node(stale, "mine", seen="alone")
    assert node("single") == stale


def test_two_clusters_that_take_one_name_at_once(transactional_db: None) -> None:
    """Each holds the lock of its own cluster only; the database decides, and the loser is told."""
    made = [add_node(create_cluster(name), f"{name}.example.org") for name in ("west", "east")]
    told: list[str] = []
    barrier = threading.Barrier(2)

    def rename(found: Node) -> None:
        barrier.wait()
        try:
            rename_node(found, "same.example.org")
        except Refused as refusal:
            told.append(refusal.code)
        connection.close()

    threads = [threading.Thread(target=rename, args=(found,)) for found in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert told == ["NODE_NAME_TAKEN"]
    assert Node.objects.filter(name="same.example.org").count() == 1


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


# --- Nodes ----------------------------------------------------------------------------------------


def test_the_first_node_is_the_publisher(acme: Cluster) -> None:
    assert [n.name for n in Node.objects.filter(publisher=True)] == ["pub"]
    with refused("PUBLISHER_FIXED"):
        add_node(acme, "second", publisher=True)


def test_a_node_has_a_name_a_profile_and_a_place(acme: Cluster) -> None:
    made = add_node(acme, "n5.example.org", profile=1000, users=900, subcluster=sub("sc-3"), actor="ada")
    assert (made.number, made.slot, made.capacity_users, made.capacity_endpoints) == (5, 1, 900, 2000)
    assert last() == "ada added the node n5.example.org to sc-3."
    with refused("NODE_NAME_TAKEN"):
        add_node(acme, "N5.example.org")
    with refused("NAME_NOT_VALID"):
        add_node(acme, "-x")
    with refused("VALUE_NOT_VALID"):
        add_node(acme, "n6", profile=4000)
    with refused("SUBCLUSTER_FULL"):
        add_node(acme, "n6", subcluster=sub("sc-1"))
    add_node(acme, "n6")
    with refused("CLUSTER_HAS_SIX_NODES"):
        add_node(acme, "n7")


def test_a_node_goes_in_out_and_away(acme: Cluster) -> None:
    spare = move_node(node("spare"), sub("sc-2"), actor="ada")
    assert (spare.slot, last()) == (2, "ada put spare into sc-2.")
    assert move_node(spare, sub("sc-3")).slot == 1
    assert unassign_node(spare).subcluster is None
    assert last() == "engine took spare out of sc-3."
    remove_node(spare, actor="ada")
    assert last() == "ada removed the node spare."
    assert add_node(acme, "again").number == 4


def test_a_node_with_users_stays(acme: Cluster) -> None:
    give_users(acme, "alone")
    for verb in (unassign_node, remove_node, lambda n: move_node(n, sub("sc-3"))):
        with refused("NODE_HAS_USERS"):
            verb(node("alone"))


def test_a_node_of_a_pair_with_ha_stays(acme: Cluster) -> None:
    enable_ha("sc-1")
    for verb in (unassign_node, remove_node, lambda n: move_node(n, sub("sc-3"))):
        with refused("SUBCLUSTER_HA_ON"):
            verb(node("sub"))


def test_the_publisher_leaves_its_subcluster_with_it_and_its_cluster_last(acme: Cluster) -> None:
    for verb in (unassign_node, remove_node, lambda n: move_node(n, sub("sc-3"))):
        with refused("PUBLISHER_STAYS"):
            verb(node("pub"))
    remove_subcluster(sub("sc-1"))
    with refused("PUBLISHER_GOES_LAST"):
        remove_node(node("pub"))
    move_node(node("pub"), sub("sc-3"))
    remove_subcluster(sub("sc-3"))
    for name in ("sub", "alone", "spare", "pub"):
        remove_node(node(name))
    assert not Node.objects.exists()


def test_a_node_that_a_run_moves_users_of_stays(acme: Cluster) -> None:
    run = Operation.objects.create(cluster=acme, kind=Kind.REBALANCE, author_name="ada")
    lock = SubclusterLock.objects.create(operation=run, subcluster=sub("sc-1"))
    with refused("SUBCLUSTER_BUSY"):
        unassign_node(node("sub"))
    SubclusterLock.objects.filter(pk=lock.pk).update(active=False)
    assert unassign_node(node("sub")).subcluster is None


def test_a_node_does_not_change_its_cluster(acme: Cluster) -> None:
    other = create_cluster("other")
    far = create_subcluster(other, "far")
    with refused("NO_SUCH_SUBCLUSTER"):
        move_node(node("spare"), far)


def test_a_capacity_covers_the_users_there_are(acme: Cluster) -> None:
    give_users(acme, "alone", 3)
    set_capacity(node("alone"), profile=15000, users=15000, endpoints=30000)
    assert node("alone").profile == 15000
    with refused("CAPACITY_BELOW_USERS"):
        set_capacity(node("alone"), users=2)
    with refused("VALUE_NOT_VALID"):
        set_capacity(node("alone"), profile=1)


def test_the_engine_looks_at_a_changed_subcluster_anew(acme: Cluster) -> None:
    Subcluster.objects.update(next_wake=None, srm={"old": 1})
    move_node(node("spare"), sub("sc-2"))
    assert sub("sc-2").next_wake
    assert sub("sc-2").srm == {}
    assert sub("sc-1").next_wake is None


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


# --- Two people at once ---------------------------------------------------------------------------


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

"""Nodes added, renamed, put into a subcluster, taken out and removed; which of them stay, and why."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from assignments.models import Kind, Operation, SubclusterLock
from tests.structure.changed import enable_ha, give_users, last, refused, sub
from topology.models import Cluster, Event, Node, Subcluster
from topology.reasons import Refused
from topology.structure.clusters import create_cluster
from topology.structure.nodes import add_node, move_node, remove_node, rename_node, set_capacity, unassign_node
from topology.structure.subclusters import create_subcluster, remove_subcluster


def node(name: str) -> Node:
    return Node.objects.get(name=name)


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
    Subcluster.objects.update(next_wake=None, version=7)
    move_node(node("spare"), sub("sc-2"))
    assert sub("sc-2").next_wake
    assert (sub("sc-2").version, sub("sc-1").version) == (8, 7)
    assert sub("sc-1").next_wake is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("renamed", [False, True], ids=["added", "renamed"])
def test_of_two_clusters_that_take_a_name_at_once_one_is_told_of_the_other(renamed: bool) -> None:
    clusters = [create_cluster(name) for name in ("left", "right")]
    start = threading.Barrier(2)

    def take(cluster: Cluster) -> str:
        there = add_node(cluster, f"{cluster.name}.example.org") if renamed else None
        try:
            start.wait(10)
            rename_node(there, "one.example.org") if there else add_node(cluster, "one.example.org")
        except Refused as refusal:
            return f"{refusal.code} {refusal.facts['node']} {refusal.facts['cluster']}"
        finally:
            connection.close()
        return cluster.name

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            told = set(pool.map(take, clusters))
        [winner] = told & {"left", "right"}
        assert told == {winner, f"NODE_NAME_TAKEN one.example.org {winner}"}
        Node.objects.all().delete()

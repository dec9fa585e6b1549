"""Boards that are kept: never older than the database, and read anew only for clusters in which something changed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.board.removal import remove_cluster
from assignments.models import Goal
from assignments.planning import plans
from assignments.population.kept import KeptBoard, boards_now
from assignments.population.selectors import boards_of
from assignments.runs import operations
from tests.support.crowd import make_crowd
from tests.support.worlds import add_users, make_acme, node
from topology.models import Cluster, Node, Subcluster

pytestmark = pytest.mark.django_db


def asked(*clusters: Cluster) -> tuple[list[KeptBoard], int]:
    """The boards, and how many queries they took."""
    with CaptureQueriesContext(connection) as queries:
        found = list(boards_now(clusters))
    assert [one.board for one in found] == boards_of(clusters)
    return found, len(queries)


def test_what_did_not_change_is_one_query_for_any_number_of_clusters() -> None:
    many = [make_acme(f"region-{number}", imp1a=3, waiting=1) for number in range(12)]
    first, _ = asked(*many)
    again, queries = asked(*many)
    assert queries == 1
    assert all(one.board is other.board for one, other in zip(again, first, strict=True))


@pytest.mark.parametrize("change", ["node", "subcluster", "users", "cluster"])
def test_a_change_is_seen_at_once_and_reads_that_cluster_alone(change: str) -> None:
    west, east = make_acme("west", imp1a=3), make_acme("east", imp1a=3)
    before, _ = asked(west, east)
    if change == "node":
        Node.objects.filter(pk=node(east, "imp1a").pk).update(power_on=False)
    elif change == "subcluster":
        Subcluster.objects.filter(cluster=east, name="sc-1").update(ha_enabled=False)
    elif change == "users":
        add_users(east, "imp1b", 2)
    else:
        Cluster.objects.filter(pk=east.pk).update(release="15")
    after, queries = asked(west, east)
    assert after[0].board is before[0].board
    assert after[1] != before[1]
    assert after[1].board.cluster.release == ("15" if change == "cluster" else "")
    assert queries == 7
    assert asked(west, east)[1] == 1


def test_a_cluster_with_a_run_is_read_each_time_and_kept_when_it_ended() -> None:
    busy = make_crowd(50, 0, name="busy")
    asked(busy)
    run = operations.start_run(plans.make_plan(busy, Goal.BALANCE).hash, actor="ada")
    for _ in range(2):
        found, queries = asked(busy)
        assert found[0].board.operations == (run,)
        assert queries == 7
    operations.cancel(run.pk, actor="ada")
    asked(busy)
    assert asked(busy)[1] == 1


def test_a_removed_cluster_is_left_out() -> None:
    west, east = make_acme("west"), make_acme("east", imp1a=2)
    asked(west, east)
    remove_cluster(east, "east", actor="ada")
    gone = Cluster(pk=east.pk or 10**9, name="gone")
    assert [one.cluster for one in boards_now([west, gone])] == [west.pk]

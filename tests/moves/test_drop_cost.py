"""What a drag costs the database: as many queries whoever is dragged, and no more than these."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.models import Kind, Operation, SubclusterLock
from tests.board.pages import person
from tests.support.crowd import make_crowd, nodes_of, people_of
from topology.accounts import roles
from topology.models import Cluster

pytestmark = pytest.mark.django_db
WHO = 3  # session, person, rights: those of every request
JUDGED = 5  # the cluster with its policy; counts, nodes, subclusters; the chosen users


@pytest.fixture
def client() -> Client:
    found = Client(headers={"HX-Request": "true"})
    found.force_login(person(roles.OPERATOR))
    return found


def cost(client: Client, cluster: Cluster, address: str, users: list[int], to: str = "") -> int:
    home = nodes_of(cluster)[0].pk
    asked = {"users": ",".join(map(str, users)), "list": f"node:{home}", "to": to}
    with CaptureQueriesContext(connection) as spent:
        answer = client.post(reverse(address, args=[cluster.name]), asked)
    assert answer.status_code == 200, answer.content
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in spent)


def test_a_drop_reads_once_and_writes_once(client: Client) -> None:
    cluster = make_crowd(60, 0, 5, 0)
    first, _, third, _ = nodes_of(cluster)
    people = people_of(first)
    # Locks; operation, move with its traces, event; the new counts, the last hour of the nodes.
    for users in (people[:1], people[1:50]):
        assert cost(client, cluster, "move", users, f"node:{third.pk}") == WHO + JUDGED + 1 + 3 + 2


def test_the_verdicts_of_a_drag_are_read_once(client: Client) -> None:
    cluster = make_crowd(60, 0, 5, 0)
    first = nodes_of(cluster)[0]
    assert cost(client, cluster, "move-targets", people_of(first, 1)) == WHO + JUDGED
    assert cost(client, cluster, "move-targets", people_of(first)) == WHO + JUDGED
    run = Operation.objects.create(cluster=cluster, kind=Kind.REBALANCE, author_name="bob")
    SubclusterLock.objects.create(operation=run, subcluster=first.subcluster)
    assert cost(client, cluster, "move-targets", people_of(first)) == WHO + JUDGED + 1


def test_the_engine_looks_again_at_the_pairs_that_lost_or_got_users(client: Client) -> None:
    cluster = make_crowd(5, 0, 5, 0, 5, 0)
    cluster.subclusters.update(next_wake=None)
    cost(client, cluster, "move", people_of(nodes_of(cluster)[0], 2), f"node:{nodes_of(cluster)[2].pk}")
    woken = cluster.subclusters.exclude(next_wake=None).order_by("name").values_list("name", flat=True)
    assert list(woken) == ["sc-1", "sc-2"]

"""How long the server takes for the first pages: the median, without the network, and how many bytes and queries.

Thirty thousand and a million users, in one cluster of six nodes and in twenty clusters with 120 nodes. User IDs stand
in blocks, one for each node, which is the worst order for a list of the users of one node.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import combinations

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.intercluster import peers
from tests.bench.measure import compare, judge
from tests.bench.measure import users as most
from tests.board.test_page import as_
from tests.crowd import make_crowd, nodes_of
from topology.accounts import roles
from topology.models import Cluster, ClusterRole, Node

FIRST = ("overview", "cluster", "all users")  # where people land
REACH = 2.0  # times the page at thirty thousand: the same, within what a shared machine lets one measure
HARD = 6.0  # times, of a list whose filter no index answers in its order
OVERVIEW = 1.2  # times, with 34 clusters that are peers of each other instead of three: what is kept is not read again
SIZE = 100_000  # bytes
ROUNDS, TURNS = 15, 41
WAITING = 20
pytestmark = pytest.mark.django_db


def make_world(clusters: int, users: int) -> list[Cluster]:
    """So many clusters of six nodes with so many users in all."""
    share = users // clusters // 6
    made = [
        make_crowd(*[share] * 6, waiting=WAITING, capacity=300_000, name=f"region-{number:02}", named=True)
        for number in range(clusters)
    ]
    Node.objects.filter(cluster__in=made, number=1).update(publisher=True)  # peers sync with it
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return made


def pages_of(clusters: list[Cluster]) -> dict[str, str]:
    """The pages that are measured: those somebody lands on, and lists with a filter that is hard to answer."""
    cluster, node = clusters[-1], nodes_of(clusters[-1])[-1]
    page, users = reverse("cluster", args=[cluster.name]), reverse("find-users")
    return {
        "overview": reverse("overview"),
        "cluster": page,
        "users of the last node": f"{page}?node={node.pk}",
        "found in the cluster": f"{page}?q=-99",
        "all users": users,
        "users by text": f"{users}?q=person+11",
        "nobody by text": f"{users}?q=qqqqqq",
        "an endpoint nobody has": f"{users}?endpoint=sametime",
        "many contacts, unassigned": f"{users}?contacts=15&show=unassigned",
    }


def measure(client: Client, address: str) -> tuple[list[float], int, int]:
    """Seconds, bytes and queries of a page; the first answer is not timed."""
    with CaptureQueriesContext(connection) as queries:
        size = len(client.get(address).content)
    asked = len(queries)  # now: the next request empties the log
    spans = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        assert client.get(address).status_code == 200
        spans.append(time.perf_counter() - begin)
    return spans, size, asked


@contextmanager
def undone() -> Iterator[None]:
    """A world that is gone afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_overview_of_34_clusters_answers_like_that_of_three() -> None:
    """Of a person who sees all of them, and of one who may see three: in one world, in turns."""
    made = make_world(34, most())
    peers.apply(combinations(made, 2), actor="test")
    person = get_user_model().objects.create(username="of-three")
    for cluster in made[:3]:
        ClusterRole.objects.create(user=person, cluster=cluster, role=roles.ADMINISTRATOR)
    all_of, of_three = as_(roles.ADMINISTRATOR), Client()
    of_three.force_login(person)
    few, many = (measure(client, reverse("overview")) for client in (of_three, all_of))
    assert few[2] == many[2]
    assert few[1] < many[1] < SIZE
    label = f"overview of {most():,} users: 34 clusters to 3"
    compare(label, *(partial(one.get, reverse("overview")) for one in (all_of, of_three)), OVERVIEW, rounds=TURNS)


@pytest.mark.parametrize("clusters", [1, 20])
def test_pages_of_a_million_users_answer_like_those_of_thirty_thousand(clusters: int) -> None:
    client = as_(roles.ADMINISTRATOR)
    found: dict[str, list[tuple[list[float], int, int]]] = {}
    for users in (30_000, most()):
        with undone():
            for name, address in pages_of(make_world(clusters, users)).items():
                client.get(address)  # compiles templates
                found.setdefault(name, []).append(measure(client, address))
    failed = []
    for name, (small, large) in found.items():
        assert small[2] == large[2], f"queries of {name}"
        assert max(small[1], large[1]) < SIZE, f"bytes of {name}"
        label = f"{name}: {most():,} users to 30,000, clusters: {clusters}"
        try:
            judge(label, large[0], small[0], REACH if name in FIRST else HARD)
        except AssertionError as reason:
            failed.append(str(reason))
    assert not failed, "; ".join(failed)

"""What the server takes for the first pages and lists of a million users, beside those of thirty thousand, in turns.

In one cluster of six nodes and in 34 clusters with 204 nodes; and how many bytes and queries they are.
"""

import time
from collections.abc import Callable
from functools import partial
from itertools import combinations

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.intercluster import peers
from tests.bench.large_worlds import LargeWorld, world
from tests.bench.measure import compare
from tests.bench.measure import users as most
from tests.board.pages import as_
from tests.support.crowd import nodes_of
from topology.accounts import roles
from topology.models import Cluster, ClusterRole

REACH = 1.2  # times the page at thirty thousand, or that of three clusters: what is kept is not read again
# Times, where more people match the same text: they are counted, up to 10,000, and stand further on in the list.
BY_TEXT = {"users by text": 3.0, "found in the cluster": 3.0}
SIZE = 100_000  # bytes
TURNS = 41
pytestmark = pytest.mark.django_db(transaction=True)


def pages_of(clusters: list[Cluster]) -> dict[str, str]:
    """The pages that are measured: those somebody lands on, and lists with a filter that is hard to answer."""
    cluster, node = clusters[-1], nodes_of(clusters[-1])[-1]
    page, users = reverse("cluster", args=[cluster.name]), reverse("find-users")
    return {
        "overview": reverse("overview"),
        "cluster": page,
        "users of the last node": f"{page}?node={node.pk}",
        "users of the last subcluster": f"{page}?subcluster={node.subcluster_id}",
        "found in the cluster": f"{page}?q=-99",
        "all users": users,
        "users by text": f"{users}?q=person+11",
        "no one by text": f"{users}?q=qqqqqq",
        "an endpoint that no one has": f"{users}?endpoint=sametime",
        "many contacts, unassigned": f"{users}?contacts=15&show=unassigned",
    }


def asking(found: LargeWorld) -> tuple[dict[str, str], Callable[[str], float], Callable[[str], tuple[int, int]]]:
    """The pages of a world by name, what asks for one and times it, and what tells its bytes and queries."""
    with found.here():
        client, addresses = as_(roles.ADMINISTRATOR), pages_of(list(Cluster.objects.order_by("pk")))

    def ask(name: str) -> float:
        with found.here():
            begun = time.perf_counter()
            assert client.get(addresses[name]).status_code == 200
            return time.perf_counter() - begun

    def weigh(name: str) -> tuple[int, int]:
        with found.here():
            client.get(addresses[name])  # compiles templates
            with CaptureQueriesContext(connection) as queries:
                size = len(client.get(addresses[name]).content)
            return size, len(queries)

    return addresses, ask, weigh


@pytest.mark.parametrize("clusters", [1, 34])
def test_pages_of_a_million_users_answer_like_those_of_thirty_thousand(clusters: int) -> None:
    names, small, weigh_small = asking(world(clusters, 30_000))
    _, large, weigh_large = asking(world(clusters, most()))
    failed = []
    for name in names:
        (few, asked), (many, asked_of_many) = weigh_small(name), weigh_large(name)
        assert asked == asked_of_many, f"queries of {name}"
        if max(few, many) >= SIZE:
            failed.append(f"{name} has {max(few, many):,} bytes")
        label = f"{name}: {most():,} users to 30,000, clusters: {clusters}"
        try:
            compare(label, partial(large, name), partial(small, name), BY_TEXT.get(name, REACH), rounds=TURNS)
        except AssertionError as reason:
            failed.append(str(reason))
    assert not failed, "; ".join(failed)


def test_the_overview_of_34_clusters_answers_like_that_of_three() -> None:
    """Of a person who sees all of them, and of one who may see three: in one world, in turns."""
    with world(34, most()).here():
        made = list(Cluster.objects.order_by("pk"))
        peers.apply(combinations(made, 2), actor="test")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE assignments_peer")  # as autovacuum does within a minute
        person = get_user_model().objects.create(username="of-three")
        for cluster in made[:3]:
            ClusterRole.objects.create(user=person, cluster=cluster, role=roles.ADMINISTRATOR)
        all_of, of_three = as_(roles.ADMINISTRATOR), Client()
        of_three.force_login(person)
        page = reverse("overview")
        asked, sizes = set(), []
        for client in (of_three, all_of):
            client.get(page)
            with CaptureQueriesContext(connection) as queries:
                sizes.append(len(client.get(page).content))
            asked.add(len(queries))
        assert len(asked) == 1, "queries"
        assert sizes[0] < sizes[1] < SIZE
        label = f"overview of {most():,} users: 34 clusters to 3"
        compare(label, *(partial(one.get, page) for one in (all_of, of_three)), REACH, rounds=TURNS)

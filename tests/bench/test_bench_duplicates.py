"""Doubled directory URIs among a million users in 34 clusters: all of them found beside one look at the index."""

import pytest
from django.db import connection

from assignments.intercluster import duplicates, selectors
from tests.bench.measure import compare
from tests.bench.measure import users as most
from tests.support.crowd import make_crowd
from topology.models import Cluster

CLUSTERS, PLANTED = 34, 500
REACH = 2.0  # times: user IDs are looked through as well, and who has what was found
KEYS = "SELECT count(DISTINCT uri_key) FROM topology_enduser WHERE directory_uri <> ''"
# So many people of the last cluster get the URI of somebody of the first, in capitals.
PLANT = """
    UPDATE topology_enduser SET directory_uri = upper(replace(directory_uri, 'c33', 'c00')) WHERE id IN (
        SELECT user_id FROM assignments_assignment WHERE cluster_id = %s ORDER BY user_id LIMIT %s)
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def last() -> Cluster:
    """The last of so many clusters, with people who share their URI with others."""
    share = most() // CLUSTERS // 6
    made = [make_crowd(*[share] * 6, capacity=300_000, name=f"c{n:02}x", uris=True) for n in range(CLUSTERS)]
    with connection.cursor() as cursor:
        cursor.execute(PLANT, [made[-1].pk, PLANTED])
        cursor.execute("ANALYZE")
    return made[-1]


def test_five_hundred_doubled_uris_are_found_in_the_time_of_reading_their_index(last: Cluster) -> None:
    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(KEYS)

    compare(f"{PLANTED} doubled URIs of {most():,} users in {CLUSTERS} clusters", selectors.report, bare, REACH)
    found = selectors.report()["uris"]
    assert [[one["cluster"] for one in uri["users"]] for uri in found] == [["c00x", "c33x"]] * PLANTED
    assert duplicates.clear(last, actor="ann", confirmed=PLANTED)["cleared"] == PLANTED
    assert selectors.report()["uris"] == []

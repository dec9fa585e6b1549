"""How those who name no node are dealt out: as many to each node as the mode says, whoever stands together apart."""

import io

import pytest
from django.db import connection

from assignments.models import Assignment
from assignments.users.importing.imports import import_users
from tests.crowd import make_crowd, nodes_of
from topology.models import Cluster

pytestmark = pytest.mark.django_db


def by_line(cluster: Cluster, users: int) -> list[int]:
    """The place of each user's home among the nodes, in the order of the list that brought them."""
    lines = "".join(f"u{n:05},{n % 3}\n" for n in range(users))
    assert import_users(cluster, io.BytesIO(f"user_id,contacts\n{lines}".encode())).created == users
    place = {node.pk: at for at, node in enumerate(nodes_of(cluster))}
    homes = Assignment.objects.filter(cluster=cluster).order_by("user__user_id").values_list("home_node", flat=True)
    return [place[home] for home in homes if home is not None]


@pytest.mark.parametrize("users", [1, 2, 5, 6, 7, 100, 1999])
def test_each_node_gets_as_many_as_the_others(users: int) -> None:
    homes = by_line(make_crowd(0, 0, 0, 0, 0, 0), users)
    counts = [homes.count(node) for node in range(6)]
    assert sum(counts) == users
    assert max(counts) - min(counts) <= 1


def test_no_node_gets_one_end_of_the_alphabet() -> None:
    homes = by_line(make_crowd(0, 0, 0, 0, 0, 0), 6000)
    for first in range(0, 6000, 600):
        counts = [homes[first : first + 600].count(node) for node in range(6)]
        assert min(counts) >= 90
        assert max(counts) <= 110


def test_an_import_leaves_no_table_behind() -> None:
    by_line(make_crowd(0, 0), 10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname = 'dealt'")
        assert cursor.fetchone() == (0,)

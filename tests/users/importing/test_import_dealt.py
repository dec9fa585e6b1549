"""How those who name no node are dealt out: as many to each node as the mode says, whoever stands together apart."""

import io
from collections.abc import Sequence

import pytest
from django.db import connection

from assignments.models import Assignment
from assignments.planning.rules.loads import Flow
from assignments.users.importing.imports import import_users
from assignments.users.importing.staged_counts import Alike, StagedCounts
from tests.support.crowd import make_crowd, nodes_of
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


LISTS = {  # what is dealt: all alike, beside people whom the list places, known ones
    "alike": "user_id\n" + "".join(f"u{n}\n" for n in range(97)),
    "placed": "user_id,node\n" + "".join(f"u{n},{'crowd1.example.org' if n % 4 else ''}\n" for n in range(97)),
    "known": "user_id,name\n" + "".join(f"crowd-waiting-{n},Name {n % 2}\n" for n in range(1, 60)),
}


@pytest.mark.parametrize(
    ("name", "capacity"), [("alike", 60_000), ("placed", 60_000), ("known", 60_000), ("alike", 40), ("known", 40)]
)
def test_what_is_dealt_is_known_without_counting_it_again(
    name: str, capacity: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = make_crowd(0, 10, 0, 0, waiting=40, capacity=capacity)
    dealt, seen = StagedCounts.dealt, []

    def compared(counts: StagedCounts, flows: Sequence[Flow]) -> StagedCounts | None:
        reckoned = dealt(counts, flows)
        if reckoned:
            counted = StagedCounts.taken()
            both = (reckoned, counted)
            seen.extend((each.outcome, +each.homes, +each.endpoints, each.arriving) for each in both)
        return reckoned

    monkeypatch.setattr(StagedCounts, "dealt", compared)
    import_users(cluster, io.BytesIO(LISTS[name].encode()))
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_flows_that_leave_open_whom_they_take_are_counted() -> None:
    sorts = [Alike(True, None, None, endpoints, 0, True, True, True, 5) for endpoints in (0, 2)]
    counts = StagedCounts(sorts)
    assert counts.dealt([Flow(None, 1, 10)]) is None
    assert counts.dealt([Flow(None, 1, 6, endpoints=0), Flow(None, 1, 5, endpoints=2)]) is None
    some = counts.dealt([Flow(None, 1, 3, endpoints=0), Flow(None, 2, 0), Flow(None, 2, 5, endpoints=2)])
    assert some
    assert (some.homes, some.endpoints, some.outcome.left_unassigned) == ({1: 3, 2: 5}, {1: 0, 2: 10}, 2)


def test_an_import_leaves_no_table_behind() -> None:
    by_line(make_crowd(0, 0), 10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname = 'dealt'")
        assert cursor.fetchone() == (0,)

"""Lists of users: search, keyset pages without gaps, capped counts, and what they cost."""

from typing import Any

import pytest
from django.db import connection

from assignments import selectors
from assignments.models import Assignment
from assignments.selectors import UserFilter
from topology.models import Cluster, EndUser, Node, Policy, Subcluster
from topology.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    cluster = Cluster.objects.create(name="acme")
    Policy.objects.create(cluster=cluster)
    pair = Subcluster.objects.create(cluster=cluster, name="sc-1")
    for number in (1, 2):
        Node.objects.create(
            cluster=cluster,
            subcluster=pair,
            slot=number,
            number=number,
            name=f"n{number}.example.org",
            capacity_users=5000,
            capacity_endpoints=10_000,
        )
    return cluster


def add(cluster: Cluster, user_id: str, node: Node | None = None, **fields: Any) -> Assignment:
    user = EndUser.objects.create(user_id=user_id, name=fields.pop("name", ""), mail=fields.pop("mail", ""))
    return Assignment.objects.create(user=user, cluster=cluster, home_node=node, serving_node=node, **fields)


def ids(where: UserFilter) -> list[str]:
    return [row.user.user_id for row in selectors.user_page(where).rows]


def test_pages_by_cursor_show_everyone_once_whatever_the_case(acme: Cluster) -> None:
    names = ["Zoe", "amy", "Bob", "bea", "_x", "ärne", "o'hara", "a.b", "AB", "z-9"]
    for name in names:
        add(acme, name)
    seen: list[str] = []
    cursor = ""
    while True:
        page = selectors.user_page(UserFilter(acme.pk), cursor, limit=3)
        seen += [row.user.user_id for row in page.rows]
        if not (cursor := page.next_cursor):
            break
    assert sorted(seen) == sorted(names)
    assert len(seen) == len(names)


def test_fewer_than_three_letters_match_a_beginning_and_more_match_any_part(acme: Cluster) -> None:
    add(acme, "anna", name="Anna Banner", mail="anna@example.org")
    add(acme, "hanna", name="Hanna Klein", mail="hk@example.org")
    assert ids(UserFilter(acme.pk, q="AN")) == ["anna"]
    assert ids(UserFilter(acme.pk, q="ann")) == ["anna", "hanna"]
    assert ids(UserFilter(acme.pk, q="klei")) == ["hanna"]
    assert ids(UserFilter(acme.pk, q="hk@")) == ["hanna"]
    assert ids(UserFilter(acme.pk, q="100%")) == []


def test_filters_by_node_subcluster_assignment_and_service(acme: Cluster) -> None:
    one, two = Node.objects.order_by("number")
    add(acme, "home1", one)
    add(acme, "home2", two)
    add(acme, "waiting")
    add(acme, "pinned", one, pinned=True)
    assert ids(UserFilter(acme.pk, node_id=one.pk)) == ["home1", "pinned"]
    assert ids(UserFilter(acme.pk, node_id=0)) == ["waiting"]
    assert ids(UserFilter(acme.pk, assigned=False)) == ["waiting"]
    assert ids(UserFilter(acme.pk, subcluster_id=one.subcluster_id)) == ["home1", "home2", "pinned"]
    assert ids(UserFilter(acme.pk, pinned=True)) == ["pinned"]
    Node.objects.filter(pk=one.pk).update(power_on=False)
    assert ids(UserFilter(acme.pk, out_of_service=True)) == ["home1", "pinned"]
    assert ids(UserFilter(acme.pk, out_of_service=False, assigned=True)) == ["home2"]


def test_counts_are_capped(acme: Cluster) -> None:
    for number in range(5):
        add(acme, f"u{number}")
    assert selectors.count_users(UserFilter(acme.pk), cap=5) == (5, False)
    assert selectors.count_users(UserFilter(acme.pk), cap=4) == (4, True)


def test_the_board_counts_from_populations_and_never_reads_people(
    acme: Cluster, django_assert_num_queries: Any
) -> None:
    one, two = Node.objects.order_by("number")
    Node.objects.filter(pk=one.pk).update(state=State.NORMAL)
    add(acme, "away", one, signed_in=True, endpoints=2)
    Assignment.objects.filter(user__user_id="away").update(serving_node=two)
    add(acme, "local", two, endpoints=1)
    add(acme, "waiting")
    Node.objects.filter(pk=two.pk).update(database_up=False)
    with django_assert_num_queries(4) as spent:
        found = selectors.board(acme)
    assert not any("assignments_assignment" in query["sql"] for query in spent.captured_queries)
    first, second = found.subclusters[0].nodes
    assert (first.home.users, first.serving.users, first.away, first.out_of_service) == (1, 0, 1, 1)
    assert (second.home.users, second.serving.users, second.guests, second.out_of_service) == (1, 2, 1, 1)
    assert (found.assigned, found.unassigned, found.out_of_service, found.users) == (2, 1, 2, 3)
    assert second.home.endpoints == 1


def test_the_order_of_lists_has_an_index(acme: Cluster) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("SET enable_sort = off")
    plan = EndUser.objects.order_by(selectors.Collate(selectors.Lower("user_id"), "C"))[:50].explain()
    assert "user_id_order" in plan


def test_a_pair_is_at_rest_only_while_one_node_could_take_over_from_the_other(acme: Cluster) -> None:
    def at_rest() -> bool:
        return selectors.board(acme).subclusters[0].at_rest

    assert not at_rest(), "HA is off"
    Subcluster.objects.update(ha_enabled=True)
    Node.objects.update(state=State.NORMAL)
    assert at_rest()
    Node.objects.filter(number=1).update(power_on=False)
    assert not at_rest(), "a node is down, although nobody has noticed yet"
    Node.objects.update(power_on=True)
    Node.objects.filter(number=2).update(state=State.RUNNING_IN_BACKUP_MODE)
    assert not at_rest()

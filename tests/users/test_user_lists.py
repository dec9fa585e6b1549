"""Lists of users: search, keyset pages without gaps, capped counts, and what they cost."""

import itertools
from collections.abc import Iterator
from math import isqrt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assignments.models import Assignment
from assignments.population.selectors import board_of
from assignments.users.listing import pages
from assignments.users.listing.filter import KEY, UserFilter, matching_users
from assignments.users.listing.order import ListOrder
from tests.support import torture
from tests.support.crowd import make_crowd
from topology.models import Cluster, EndUser, Node, Policy, Subcluster
from topology.rules.states import State

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
    fields = {"signed_in": node is not None} | fields
    return Assignment.objects.create(user=user, cluster=cluster, home_node=node, serving_node=node, **fields)


def ids(where: UserFilter) -> list[str]:
    return [row.user.user_id for row in pages.user_page(where).rows]


def test_pages_by_cursor_show_everyone_once_whatever_the_case(acme: Cluster) -> None:
    names = ["Zoe", "amy", "Bob", "bea", "_x", "ärne", "o'hara", "a.b", "AB", "z-9"]
    for name in names:
        add(acme, name)
    seen: list[str] = []
    cursor = ""
    while True:
        page = pages.user_page(UserFilter(acme.pk), cursor, limit=3)
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
    Node.objects.filter(pk=one.pk).update(power_on=True)
    Assignment.objects.filter(home_node=one).update(signed_in=False)  # they wait for the throttle
    assert ids(UserFilter(acme.pk, out_of_service=True)) == ["home1", "pinned"]
    assert pages.count_users(UserFilter(acme.pk, out_of_service=True)) == (2, False)
    assert ids(UserFilter(acme.pk, out_of_service=False)) == ["home2", "waiting"]
    assert pages.count_users(UserFilter(acme.pk, out_of_service=False)) == (2, False)


def test_counts_of_people_are_capped_and_those_of_places_are_exact(acme: Cluster) -> None:
    for number in range(5):
        add(acme, f"u{number}")
    assert pages.count_users(UserFilter(acme.pk, q="u"), cap=5) == (5, False)
    assert pages.count_users(UserFilter(acme.pk, q="u"), cap=4) == (4, True)
    assert pages.count_users(UserFilter(acme.pk), cap=4) == (5, False)
    assert pages.count_users(UserFilter(None, assigned=False), cap=4) == (5, False)


PLACES = (
    {},
    {"cluster_id": "its own"},
    {"node_id": "its own"},
    {"node_id": 0},
    {"cluster_id": "its own", "node_id": "its own"},
    {"cluster_id": "its own", "node_id": 0},
    {"cluster_id": "its own", "subcluster_id": "its own"},
    {"subcluster_id": "its own"},
    {"assigned": False},
    {"pinned": True},
    {"out_of_service": True},
    {"out_of_service": False, "assigned": True},
)
PEOPLE = (
    {},
    {"q": "z"},
    {"q": "mann"},
    {"q": "nobody"},
    {"endpoint": "sametime"},
    {"contacts_min": 150},
    {"contacts_min": 201},
    {"q": "mann", "endpoint": "desk_phone", "contacts_min": 100},
)


@pytest.fixture
def crowd(acme: Cluster) -> Cluster:
    """Three hundred people; those of the second node come last in the order of the list."""
    one, two = Node.objects.order_by("number")
    for number in range(300):
        home = (one, two, None)[number // 120]
        user = add(
            acme, f"{'azm'[number // 120]}{number * 7919 % 997:03}", home, pinned=home is two and number % 9 == 0
        )
        person = {"name": f"Person {'mann' * (number % 40 == 0)}", "contacts": number % 160}
        kinds = ["sametime"] * (number == 7) + ["desk_phone"] * (number % 2)
        EndUser.objects.filter(pk=user.pk).update(endpoints=kinds, **person)
    Node.objects.filter(pk=two.pk).update(power_on=False)
    return acme


@pytest.mark.in_turns
@pytest.mark.parametrize("looked_at", torture.part([10, 1, 3_000], 2))
def test_a_page_is_the_same_however_its_users_are_found(
    crowd: Cluster, looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_expected", lambda *_: looked_at)
    one = Node.objects.get(number=1)
    given = {"cluster_id": crowd.pk, "node_id": one.pk, "subcluster_id": one.subcluster_id}
    for place, people in itertools.product(PLACES, PEOPLE):
        asked = {name: given[name] if value == "its own" else value for name, value in place.items()}
        where = UserFilter(**({"cluster_id": None} | asked | people))  # type: ignore[arg-type]
        expected = [row.user.user_id for row in matching_users(where).select_related("user").order_by(KEY)]
        assert seen_forward(where) == expected, where
        assert seen_backward(where) == expected, where
        assert pages.count_users(where) == (len(expected), False)


def seen_forward(where: UserFilter) -> list[str]:
    seen, cursor = [], ""
    while True:
        page = pages.user_page(where, cursor, limit=40)
        seen += [row.user.user_id for row in page.rows]
        if not (cursor := page.next_cursor):
            return seen


def seen_backward(where: UserFilter) -> list[str]:
    seen: list[str] = []
    before, more = "zzzz", True
    while more:
        page = pages.user_page_before(where, before, limit=40)
        seen = [row.user.user_id for row in page.rows] + seen
        before, more = (seen[0] if seen else ""), page.earlier
    return seen


NO_ONE: list[dict[str, Any]] = [{"endpoint": "sametime"}, {"q": "qqqq"}, {"contacts_min": 999}]


@pytest.mark.parametrize("order", [pages.USUAL, ListOrder("name"), ListOrder("contacts", descending=True)])
def test_no_more_are_looked_at_than_could_fill_a_page(order: ListOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many looks as matches find a page among few people; among many they would find a part of it."""
    cluster = make_crowd(4_000, 1_000, named=True)
    one = Node.objects.get(number=1)
    places = [{"node_id": one.pk}, {"subcluster_id": one.subcluster_id}, {"node_id": one.pk, "pinned": False}]
    for place, people in itertools.product([{}, *places], NO_ONE):
        where = UserFilter(cluster.pk, **(place | people))
        among = 4_000 if order.by_id and "node_id" in place else 5_000
        enough = isqrt(pages.PAGE * among) + 10
        assert _looked_at(where, order, enough, monkeypatch) == enough, where
        assert _looked_at(where, order, enough - 20, monkeypatch) == pages.LEAST, where


@pytest.mark.parametrize("order", [pages.USUAL, ListOrder("name"), ListOrder("contacts"), ListOrder(descending=True)])
def test_looking_ends_with_a_full_page(order: ListOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many more might be looked at: a page of a common text costs no more among a million."""
    cluster = make_crowd(4_000, 1_000, named=True)
    one = Node.objects.get(number=1)
    for place in ({}, {"node_id": one.pk}, {"subcluster_id": one.subcluster_id}):
        where = UserFilter(cluster.pk, q="person", **place)
        assert _looked_at(where, order, 4_000, monkeypatch, found=True) < 2 * pages.PAGE, where


def _looked_at(
    where: UserFilter, order: ListOrder, expected: int, monkeypatch: pytest.MonkeyPatch, *, found: bool = False
) -> int:
    """How many of the walk a page reads, where the database expects so many to match."""
    monkeypatch.setattr(pages, "_expected", lambda *_: expected)
    with CaptureQueriesContext(connection) as asked:
        assert bool(pages.user_page(where, limit=pages.PAGE - 1, order=order).rows) == found
    [statement] = [query["sql"] for query in asked if "near AS MATERIALIZED" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        [([plan],)] = cursor.fetchall()
    [walk] = [node for node in _nodes(plan["Plan"]) if node["Node Type"] == "Limit" and _counts(node)]
    return int(walk["Actual Rows"])


def _counts(limit: dict[str, Any]) -> bool:
    """Whether it is reckoned from the counts of users."""
    reckoned = [below for below in limit["Plans"] if below["Parent Relationship"] == "InitPlan"]
    relations = [node.get("Relation Name") for below in reckoned for node in _nodes(below)]
    return "assignments_population" in relations and "topology_enduser" not in relations


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


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
        found = board_of(acme)
    assert not any("assignments_assignment" in query["sql"] for query in spent.captured_queries)
    first, second = found.subclusters[0].nodes
    assert (first.home.users, first.serving.users, first.away, first.out_of_service) == (1, 0, 1, 1)
    assert (second.home.users, second.serving.users, second.guests, second.out_of_service) == (1, 2, 1, 1)
    assert (found.assigned, found.unassigned, found.out_of_service, found.users) == (2, 1, 2, 3)
    assert second.home.endpoints == 1


def test_the_order_of_lists_has_an_index(acme: Cluster) -> None:
    node = Node.objects.get(number=1)
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("SET enable_sort = off")
    plan = EndUser.objects.order_by(KEY)[:50].explain()
    assert "user_id_once" in plan
    for asked in ({"node_id": node.pk}, {"subcluster_id": node.subcluster_id}):
        walk = pages._walk(UserFilter(acme.pk, **asked), None, pages.USUAL, 50, True).explain()
        assert "Index Cond: (home_node_id" in walk
        assert "Sort  (" not in walk, "a list of a million would be read to its end"

"""Lists in every order, by keyset and from a place: everybody once, as one query over the whole list has them."""

from typing import Any

import pytest
from django.test import Client

from assignments.models import Assignment
from assignments.users.listing import pages, places, ranges
from assignments.users.listing.filter import UserFilter, matching_users
from assignments.users.listing.order import COLUMNS, ListOrder, order_in
from assignments.users.views.by_id import ids_of
from tests.support.worlds import make_acme, node
from topology.models import Cluster, EndUser
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
ORDERS = [ListOrder(column, descending) for column in COLUMNS for descending in (False, True)]


@pytest.fixture
def acme() -> Cluster:
    cluster = make_acme(imp1a=25, imp1b=9, imp2a=12, waiting=6)
    make_acme("other", imp1a=20)
    for number, person in enumerate(EndUser.objects.order_by("pk")):
        person.contacts, person.name = number * 7 % 5, f"{'abcABÄ'[number % 6]} person {number % 4}"
        person.save(update_fields=["contacts", "name"])
    Assignment.objects.filter(user__user_id__startswith="imp1a-001").update(
        serving_node=node(cluster, "imp1b"), endpoints=3
    )
    return cluster


def expected(where: UserFilter, order: ListOrder) -> list[int]:
    """The whole list in one query."""
    sign = "-" if order.descending else ""
    rows = matching_users(where).annotate(sorted=order.key("user__"))
    return list(rows.order_by(f"{sign}sorted", f"{sign}pk").values_list("pk", flat=True))


def wheres(cluster: Cluster) -> list[UserFilter]:
    return [
        UserFilter(cluster.pk),
        UserFilter(cluster.pk, node_id=node(cluster, "imp1a").pk),
        UserFilter(cluster.pk, q="imp1a-00"),
        UserFilter(cluster.pk, q="im"),
        UserFilter(cluster.pk, contacts_min=2),
    ]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.column}-{order.descending}")
def test_pages_forwards_and_backwards_show_everybody_once_in_order(acme: Cluster, order: ListOrder) -> None:
    for where in wheres(acme):
        whole = expected(where, order)
        found: list[int] = []
        cursor = ""
        while True:
            page = pages.user_page(where, cursor, 7, order)
            found += [row.pk for row in page.rows]
            cursor = page.next_cursor
            if not cursor:
                break
        assert found == whole
        last = pages.user_page_before(where, "", 7, order)
        assert [row.pk for row in last.rows] == whole[-7:]
        first = last.rows[0]
        before = pages.user_page_before(where, pages.cursor_of((first.pk, first.user.folded), order), 7, order)
        assert [row.pk for row in before.rows] == whole[-14:-7]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.column}-{order.descending}")
def test_a_place_has_its_page_and_a_page_its_place(acme: Cluster, order: ListOrder) -> None:
    for where in wheres(acme):
        whole = expected(where, order)
        for place in (0, 1, len(whole) // 2, len(whole) - 3, len(whole) + 50):
            page, cursor = places.page_at(where, place, len(whole), 7, order=order)
            at = min(place, len(whole) - 1)
            assert [row.pk for row in page.rows] == whole[at : at + 7]
            assert page.earlier == bool(at)
            again = pages.user_page(where, cursor, 7, order)
            assert [row.pk for row in again.rows] == whole[at : at + 7]
            assert bool(page.next_cursor) == (at + 7 < len(whole))
            first = page.rows[0]
            named = pages.cursor_of((first.pk, first.user.folded), order)
            assert places.users_before(where, named, order) == at


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.column}-{order.descending}")
def test_a_range_goes_by_the_order_of_the_list(acme: Cluster, order: ListOrder) -> None:
    where = UserFilter(acme.pk)
    whole = expected(where, order)
    assert ranges.between(where, whole[3], whole[30], order) == whole[3:31]
    assert ranges.between(where, whole[30], whole[3], order) == whole[3:31]


def test_a_place_in_a_long_list_is_estimated(acme: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "EXACT", 10)
    where, order = UserFilter(acme.pk), ListOrder()
    whole = expected(where, order)
    page, cursor = places.page_at(where, 26, len(whole), 7, order=order)
    assert len(page.rows) == 7
    assert cursor
    assert 20 <= whole.index(page.rows[0].pk) <= 32  # of so few users the sample has all


def test_who_is_gone_begins_the_list_anew_and_a_column_that_is_none_is_refused(acme: Cluster) -> None:
    order = ListOrder("name")
    assert (
        pages.user_page(UserFilter(acme.pk), "~999999999", 7, order).rows[0].pk
        == expected(UserFilter(acme.pk), order)[0]
    )
    with pytest.raises(Refused):
        order_in("mail; DROP")
    assert order_in("-name") == ListOrder("name", True)
    assert str(order_in("")) == ""


def test_the_page_sorts_jumps_and_says_when_a_list_is_too_long(
    acme: Cluster, client: Client, django_user_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = django_user_model.objects.create_superuser("ada")
    client.force_login(person)
    text = client.get("/clusters/acme/users?list=1&sort=-contacts").content.decode()
    assert 'data-sort="-contacts"' in text
    assert 'data-total="52"' in text
    text = client.get("/clusters/acme/users?list=1&jump=20").content.decode()
    assert 'data-first="20"' in text
    text = client.get("/clusters/acme/users?list=1&last=1").content.decode()
    assert 'data-first="2"' in text
    monkeypatch.setattr("assignments.users.views.user_list.SORTED_MOST", 51)
    text = client.get("/clusters/acme/users?list=1&sort=home").content.decode()
    assert "narrow the list first" in text
    assert 'data-sort=""' in text


def test_a_pasted_list_chooses_users_and_names_the_unknown(
    acme: Cluster, client: Client, django_user_model: Any
) -> None:
    client.force_login(django_user_model.objects.create_superuser("ada"))
    told = client.post(
        "/clusters/acme/users/by-id", {"ids": "IMP1A-0001,\nimp1b-0002\n\nnobody\nother-imp1a-0001"}
    ).json()
    keys = EndUser.objects.filter(user_id__in=["imp1a-0001", "imp1b-0002"]).order_by("pk").values_list("pk", flat=True)
    assert told["users"] == list(keys)
    assert told["unknown"] == ["nobody", "other-imp1a-0001"]
    assert told["text"] == "2 users of acme selected. Unknown here: nobody, other-imp1a-0001."
    assert ids_of("a; b,\tc") == ["a", "b", "c"]
    assert ids_of("first last\nsecond last") == ["first last", "second last"]

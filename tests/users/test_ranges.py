"""Ranges of a list of users that reach beyond its rows, and what is asked about thousands who are chosen."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from assignments.users.listing import ranges
from assignments.users.listing.filter import UserFilter
from tests.board.pages import HTMX, as_
from tests.support.worlds import add_users, make_acme, node
from topology.accounts import roles
from topology.models import Cluster, EndUser
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=300, imp1b=5)


@pytest.fixture
def client() -> Client:
    return as_(roles.OPERATOR)


def key(user_id: str) -> int:
    return EndUser.objects.get(user_id=user_id).pk


def asked(client: Client, query: str, first: str, last: str) -> list[int]:
    answer = client.get(
        reverse("user-range", args=["acme"]), {"query": query, "from": str(key(first)), "to": str(key(last))}
    )
    assert answer.status_code == 200
    users: list[int] = json.loads(answer.content)["users"]
    return users


def test_a_range_has_everybody_between_two_rows_in_either_direction(acme: Cluster, client: Client) -> None:
    query = f"node={node(acme, 'imp1a').pk}"
    found = asked(client, query, "imp1a-0003", "imp1a-0203")
    assert found == [key(f"imp1a-{n:04}") for n in range(3, 204)]
    assert asked(client, query, "imp1a-0203", "imp1a-0003") == found
    assert asked(client, query, "imp1a-0003", "imp1a-0003") == found[:1]


def test_a_range_keeps_to_the_filter_of_its_list(acme: Cluster, client: Client) -> None:
    found = asked(client, f"node={node(acme, 'imp1a').pk}&q=imp1a-01", "imp1a-0005", "imp1a-0300")
    assert found == [key(f"imp1a-{n:04}") for n in range(100, 200)]
    assert len(asked(client, "", "imp1a-0299", "imp1b-0002")) == 4


def test_an_end_that_is_gone_and_a_range_without_end_are_refused(
    acme: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_acme("other", imp1a=2)
    address = reverse("user-range", args=["acme"])
    for strange in ("999999999", str(key("other-imp1a-0001"))):  # also one of another cluster
        answer = client.get(address, {"query": "", "from": str(key("imp1a-0001")), "to": strange})
        assert answer.status_code == 409
    for query, end in (("", "x"), ("garbage", str(key("imp1a-0001")))):
        answer = client.get(address, {"query": query, "from": str(key("imp1a-0001")), "to": end})
        assert answer.status_code == 422
    monkeypatch.setattr(ranges, "MOST", 100)
    where = UserFilter(acme.pk)
    assert len(ranges.between(where, key("imp1a-0001"), key("imp1a-0100"))) == 100
    with pytest.raises(Refused) as refusal:
        ranges.between(where, key("imp1a-0001"), key("imp1a-0101"))
    assert refusal.value.code == "RANGE_TOO_LONG"
    assert "Select all" in refusal.value.fix


@pytest.mark.parametrize("name", ["move-dialog", "pin", "unpin", "export-dialog"])
def test_thousands_are_asked_about_without_acting(acme: Cluster, client: Client, name: str) -> None:
    users = ",".join(map(str, add_users(acme, "imp3a", 3000)))
    chosen = {"users": users, "list": f"node:{node(acme, 'imp3a').pk}"}
    answer = client.post(reverse(name, args=["acme"]), chosen | {"ask": "1"}, headers=HTMX)
    assert answer.status_code == 200
    assert "3,000 users of imp3a" in answer.content.decode()
    assert f'name="users" value="{users}"' in answer.content.decode()
    assert not acme.assignments.filter(pinned=True).exists()

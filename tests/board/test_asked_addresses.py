"""What an address asks for is read by a form: what cannot be read is refused by name, never taken for all."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.board.pages import as_
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3)


def refused(client: Client, address: str, **asked: str) -> str:
    answer = client.get(address, asked)
    assert answer.status_code == 422, (address, asked, answer.status_code)
    return answer.content.decode()


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("placing", {"mode": "round"}),
        ("new-node", {"place": "abc"}),
        ("load", {"span": "year"}),
        ("history", {"code": "FELL_OVER"}),
        ("history", {"node": "-1"}),
        ("history", {"before": "9" * 30}),
    ],
)
def test_garbage_is_refused_by_name(acme: Cluster, name: str, asked: dict[str, str]) -> None:
    text = refused(as_(roles.ADMINISTRATOR), reverse(name, args=["acme"]), **asked)
    (value,) = asked.values()
    assert value[:18] in text


def test_the_filter_of_the_mesh_is_refused_by_name(acme: Cluster) -> None:
    assert "state “odd”" in refused(as_(roles.VIEWER), reverse("all-peers"), state="odd")


def test_a_place_of_another_cluster_takes_no_new_node(acme: Cluster) -> None:
    other = make_acme(name="other", imp1a=1)
    place = str(other.subclusters.values_list("pk", flat=True)[0])
    answer = as_(roles.ADMINISTRATOR).get(reverse("new-node", args=["acme"]), {"place": place})
    assert answer.status_code in (404, 422)
    assert "known" in answer.content.decode().lower()


def test_a_fault_that_does_not_exist_is_not_asked_about(acme: Cluster) -> None:
    address = reverse("ask-fault", args=["acme", node(acme, "imp1a").pk])
    assert "There is no service fire" in refused(as_(roles.OPERATOR), address, kind="service", service="fire")


def test_a_peer_that_takes_everybody_is_said_to_take_all(acme: Cluster) -> None:
    address = reverse("ask-fault", args=["acme", node(acme, "imp1a").pk])
    text = " ".join(as_(roles.OPERATOR).get(address, {"kind": "power"}).content.decode().split())
    assert "imp1b takes all of them in" in text

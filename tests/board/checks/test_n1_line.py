"""What the card of a node says of the next failure: nothing that has happened already."""

import pytest
from django.test import Client

from tests.board.pages import as_
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Node

pytestmark = pytest.mark.django_db


def line(client: Client, short: str) -> str:
    acme = Node.objects.get(name__startswith=f"{short}.").cluster
    text = client.get(f"/clusters/{acme.name}/nodes/{node(acme, short).pk}").content.decode()
    return " ".join(text.partition("data-verdict")[2].partition("</b>")[2].partition("</span>")[0].split())


def test_a_node_that_is_off_does_not_promise_a_take_over() -> None:
    acme = make_acme(imp1a=30, imp1b=10)
    client = as_(roles.VIEWER)
    assert line(client, "imp1a").startswith("imp1b takes all 30 in ")
    Node.objects.filter(pk=node(acme, "imp1a").pk).update(power_on=False)
    assert line(client, "imp1a") == "It is out of service already."
    assert line(client, "imp1b") == "No node takes over: 10 users would be without service until it is repaired."


def test_a_node_without_room_is_full_and_no_more_is_said_of_it() -> None:
    acme = make_acme(imp1a=30, imp1b=10)
    Node.objects.filter(pk=node(acme, "imp1b").pk).update(capacity_users=1)
    said = line(as_(roles.VIEWER), "imp1a")
    assert said == "imp1b is full and takes none: 30 users would be left without service."

"""A node dragged onto a subcluster: the verdicts say what the verbs would, and the drop is theirs."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from assignments.services import node_places
from topology import services
from topology.access import give_role
from topology.models import Cluster, Subcluster
from topology.reasons import Refused

from .worlds import add_users, make_acme, node

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    cluster = make_acme(imp1a=3)
    Subcluster.objects.create(cluster=cluster, name="sc-4", position=4)
    return cluster


def client(role: str) -> Client:
    person = get_user_model().objects.create_user(role)
    give_role(person, role)
    found = Client(headers={"HX-Request": "true"})
    found.force_login(person)
    return found


def told(found: Client, server: int) -> dict[str, dict[str, Any]]:
    answer = found.post("/clusters/acme/moves/node/targets", {"server": server}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    targets: dict[str, dict[str, Any]] = json.loads(answer.content)["targets"]
    return targets


@pytest.mark.parametrize("short", ["imp1a", "imp1b", "imp2b", "imp3a", "spare"])
def test_each_verdict_is_what_the_drop_then_does(acme: Cluster, short: str) -> None:
    add_users(acme, "imp2a", 2)
    admin, moved = client("administrator"), node(acme, short)
    for target, verdict in told(admin, moved.pk).items():
        before = node_places.place_of(moved)
        answer = admin.post("/clusters/acme/moves/node", {"server": moved.pk, "to": target})
        moved.refresh_from_db()
        if verdict["level"] == "refused":
            assert answer.status_code == 409
            assert verdict["code"] in answer.content.decode()
            assert verdict["code"] == "NODE_ALREADY_THERE" or verdict["fix"]
        else:
            assert answer.status_code == 200
            assert node_places.place_of(moved) == target
            assert (
                admin.post("/clusters/acme/moves/node", {"server": moved.pk, "to": before}).status_code == 200
            )  # undo
            moved.refresh_from_db()
        assert node_places.place_of(moved) == before


def test_the_verdict_is_that_of_the_verb(acme: Cluster) -> None:
    spare, full = node(acme, "spare"), Subcluster.objects.get(cluster=acme, name="sc-1")
    with pytest.raises(Refused) as verb:
        services.move_node(spare, full)
    verdict = node_places.targets(spare, "administrator")[f"subcluster:{full.pk}"]
    assert (verdict["code"], verdict["message"]) == (verb.value.code, verb.value.message)
    assert verdict["short"] == "two nodes already"


def test_only_administrators_place_nodes(acme: Cluster) -> None:
    found, spare = client("operator"), node(acme, "spare")
    for path in ("node/targets", "node"):
        assert found.post(f"/clusters/acme/moves/{path}", {"server": spare.pk, "to": "nodes"}).status_code == 403


@pytest.mark.parametrize("asked", [{}, {"server": "x", "to": "nodes"}, {"server": "0", "to": "nodes"}])
def test_a_strange_node_or_place_is_refused(acme: Cluster, asked: dict[str, str]) -> None:
    found = client("administrator")
    assert 400 <= found.post("/clusters/acme/moves/node", asked).status_code < 500
    strange = {"server": str(node(acme, "spare").pk), "to": "subcluster:999999"}
    assert 400 <= found.post("/clusters/acme/moves/node", strange).status_code < 500

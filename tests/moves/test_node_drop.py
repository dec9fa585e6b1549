"""A node dragged onto a subcluster: the verdicts say what the verbs would, and the drop is theirs."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assignments.moves import node_drop
from tests.support.worlds import add_users, make_acme, node
from topology.accounts.sign_in import give_role
from topology.models import Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.structure.nodes import move_node, unassign_node

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
        before = node_drop.place_of(moved)
        answer = admin.post("/clusters/acme/moves/node", {"server": moved.pk, "to": target})
        moved.refresh_from_db()
        if verdict["level"] == "refused":
            assert answer.status_code == 409
            assert verdict["code"] in answer.content.decode()
            assert verdict["code"] == "NODE_ALREADY_THERE" or verdict["fix"]
        else:
            assert answer.status_code == 200
            assert node_drop.place_of(moved) == target
            assert (
                admin.post("/clusters/acme/moves/node", {"server": moved.pk, "to": before}).status_code == 200
            )  # undo
            moved.refresh_from_db()
        assert node_drop.place_of(moved) == before


def test_the_verdict_is_that_of_the_verb(acme: Cluster) -> None:
    spare, full = node(acme, "spare"), Subcluster.objects.get(cluster=acme, name="sc-1")
    with pytest.raises(Refused) as verb:
        move_node(spare, full)
    verdict = node_drop.targets(spare, "administrator")[f"subcluster:{full.pk}"]
    assert (verdict["code"], verdict["message"]) == (verb.value.code, verb.value.message)
    assert verdict["short"] == "two nodes already"


def test_a_verdict_says_what_becomes_of_both_places(acme: Cluster) -> None:
    """What a node that joins means for room, failures and sessions."""
    add_users(acme, "imp3a", 7)
    Node.objects.filter(pk=node(acme, "spare").pk).update(capacity_users=5)
    targets = node_drop.targets(node(acme, "spare"), "administrator")
    target = f"subcluster:{Subcluster.objects.get(name='sc-3').pk}"
    joined = targets[target]
    assert joined["message"] == (
        "spare joins imp3a in sc-3, whose services restart. "
        "sc-3 will have 7 of 5,005 users; if one node fails, spare must serve them and is rated for 5. "
        "7 signed-in users of imp3a must sign in again, within 203 s."
    )
    assert (joined["level"], joined["short"]) == ("warning", "joins")
    alone = targets[f"subcluster:{Subcluster.objects.get(name='sc-4').pk}"]
    assert (alone["level"], alone["message"]) == ("allowed", "spare joins sc-4, which has no other node.")
    Node.objects.filter(pk=node(acme, "spare").pk).update(capacity_users=5000)
    joined = node_drop.targets(node(acme, "spare"), "administrator")[target]
    assert "sc-3 will have 7 of 10,000 users; once HA is on, either node can serve them all." in joined["message"]


def test_a_verdict_names_the_node_that_is_left_alone(acme: Cluster) -> None:
    Subcluster.objects.filter(cluster=acme).update(ha_enabled=False)
    targets = node_drop.targets(node(acme, "imp1b"), "administrator")
    leaves = "imp1b leaves sc-1 and serves no users until it is in a subcluster again. "
    alone = "imp1a stays alone in sc-1 with 3 of 5,000 users: no node takes over if it fails. "
    again = "3 signed-in users of imp1a must sign in again, within 203 s."
    assert targets["nodes"]["message"] == leaves + alone + again
    elsewhere = targets[f"subcluster:{Subcluster.objects.get(name='sc-4').pk}"]
    assert elsewhere["message"] == f"{alone}imp1b joins sc-4, which has no other node. {again}"
    assert (elsewhere["level"], elsewhere["short"]) == ("warning", "leaves its peer alone")


def test_a_drop_of_a_node_that_is_elsewhere_by_now_says_who_moved_it(acme: Cluster) -> None:
    found, moved = client("administrator"), node(acme, "spare")
    address, asked = "/clusters/acme/moves/node", {"server": moved.pk}
    answer = found.post(f"{address}/targets", asked, headers={"Accept": "application/json"})
    seen = json.loads(answer.content)["before"]
    assert seen == {"seen": "nodes"}
    sc3, sc4 = (f"subcluster:{Subcluster.objects.get(name=name).pk}" for name in ("sc-3", "sc-4"))
    move_node(moved, Subcluster.objects.get(name="sc-3"), actor="bob")
    answer = found.post(address, asked | seen | {"to": sc4})
    assert answer.status_code == 409
    assert "spare was moved meanwhile. bob put spare.acme.org into sc-3." in answer.content.decode()
    assert node_drop.place_of(node(acme, "spare")) == sc3
    answer = found.post(address, asked | {"seen": sc3, "to": sc4})  # and once more, from where it is
    undo = {"to": sc3, "seen": sc4}
    for name, value in undo.items():
        assert f'name="{name}" value="{value}"' in answer.content.decode()
    unassign_node(node(acme, "spare"), actor="bob")
    answer = found.post(address, asked | undo)
    assert "bob took spare.acme.org out of sc-4." in answer.content.decode()


def test_a_refused_drop_offers_the_guided_order(acme: Cluster) -> None:
    found, moved = client("administrator"), node(acme, "imp1b")
    answer = found.post("/clusters/acme/moves/node", {"server": moved.pk, "to": "nodes"})
    assert answer.status_code == 409
    assert f'hx-get="/clusters/acme/structure/nodes/{moved.pk}"' in answer.content.decode()
    assert "Show the steps for imp1b" in answer.content.decode()


def test_verdicts_cost_the_same_for_many_users(acme: Cluster) -> None:
    counts = []
    for users in (2, 300):
        add_users(acme, "imp3a" if users == 2 else "imp2a", users)
        with CaptureQueriesContext(connection) as queries:
            node_drop.targets(node(acme, "spare"), "administrator")
        counts.append(len(queries))
    assert counts[0] == counts[1]


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

"""The guided order in which a node leaves or changes its place, and what each step waits for."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.board import checklist
from assignments.board.checklist import Checklist, StepStanding
from assignments.models import Assignment, Operation, Plan
from assignments.population.selectors import board_of
from assignments.recovery import service
from tests.board.pages import as_
from tests.structure.structure_pages import get, html, post
from tests.support.crowd import Hands
from tests.support.worlds import add_users, make_acme, node
from topology.accounts import roles
from topology.models import Cluster, Event, Node, Subcluster
from topology.structure.clusters import create_cluster
from topology.structure.nodes import add_node, remove_node
from topology.structure.subclusters import create_subcluster, remove_subcluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=6, imp1b=60, imp2a=5)


@pytest.fixture
def client() -> Client:
    return as_(roles.ADMINISTRATOR)


def standings(checklist: Checklist) -> dict[str, str]:
    return {step.key: step.standing.value for step in checklist.steps}


def guide_of(cluster: Cluster, short: str) -> Checklist:
    board = board_of(cluster)
    view = next(view for view in board.nodes if view.node.short_name == short)
    return checklist.of_node(board, view)


def test_each_step_waits_for_those_before_it(acme: Cluster) -> None:
    checklist = guide_of(acme, "imp1b")
    assert standings(checklist) == {"ha": "now", "users": "later", "slot": "later", "remove": "later"}
    assert [view.home.users for view in checklist.steps[1].nodes] == [60]
    assert not checklist.may_move
    assert standings(guide_of(acme, "imp3a")) == {"ha": "done", "users": "done", "slot": "now", "remove": "later"}
    assert standings(guide_of(acme, "spare")) == {"ha": "done", "users": "done", "slot": "done", "remove": "now"}
    places = {t.subcluster.name: t.refusal and t.refusal.code for t in guide_of(acme, "spare").targets}
    assert places == {"sc-1": "SUBCLUSTER_FULL", "sc-2": "SUBCLUSTER_FULL", "sc-3": None}


def test_a_node_leaves_in_the_guided_order(acme: Cluster, client: Client) -> None:
    found = node(acme, "imp1b")
    page = get(client, "structure-node", "acme", found.pk)
    assert "60 at home" in page
    assert 'id="ha-off"' in page
    assert 'id="remove"' not in page
    for step in ("slot", "remove"):  # not before its turn, whatever a request says
        assert post(client, "node-step", "acme", found.pk, step).status_code == 409
    page = html(post(client, "node-step", "acme", found.pk, "ha"))
    assert 'data-standing="now"' in page
    assert f'id="off-{found.pk}"' in page
    assert f'hx-vals="{{&quot;node&quot;: &quot;{found.pk}&quot;}}"' in page
    answer = post(client, "node-step", "acme", found.pk, "evacuate", node=found.pk)
    assert answer["HX-Retarget"] == "#dialog"
    here = reverse("structure-node", args=["acme", found.pk])
    assert f'hx-get="{here}" hx-trigger="close-dialog from:body"' in html(answer)
    plan = Plan.objects.get()
    assert (plan.goal, plan.moves) == ("evacuate", 60)
    assert post(client, "run-plan", plan.hash, rate="5000").status_code == 200
    assert standings(guide_of(acme, "imp1b"))["users"] == StepStanding.BUSY
    assert "0 of 60" in get(client, "structure-node", "acme", found.pk, steps=1)
    Hands().finish(Operation.objects.get())
    page = html(post(client, "node-step", "acme", found.pk, "slot"))
    assert "imp1b is in no subcluster" in page
    answer = post(client, "node-step", "acme", found.pk, "remove")
    assert "restart Cisco XCP Router" in html(answer)
    assert not Node.objects.filter(pk=found.pk).exists()
    codes = list(Event.objects.order_by("pk").values_list("code", flat=True))
    assert [codes.index(code) for code in ("HA_DISABLED", "RUN_STARTED", "NODE_UNASSIGNED", "NODE_REMOVED")] == sorted(
        codes.index(code) for code in ("HA_DISABLED", "RUN_STARTED", "NODE_UNASSIGNED", "NODE_REMOVED")
    )


def test_a_node_without_users_is_put_into_another_subcluster(acme: Cluster, client: Client) -> None:
    found, spare = node(acme, "imp3a"), node(acme, "spare")
    sc1, sc3 = (Subcluster.objects.get(name=name) for name in ("sc-1", "sc-3"))
    assert post(client, "node-step", "acme", spare.pk, "place", subcluster=sc1.pk).status_code == 409
    assert post(client, "node-step", "acme", spare.pk, "place", subcluster=999).status_code == 422
    page = get(client, "structure-node", "acme", spare.pk)
    assert f'id="into-{sc3.pk}"' in page
    assert "Not into sc-1: sc-1 already has two nodes" in page
    post(client, "node-step", "acme", spare.pk, "place", subcluster=sc3.pk)
    spare.refresh_from_db()
    assert (spare.subcluster, spare.slot) == (sc3, 2)
    post(client, "subcluster-step", "acme", sc3.pk, "swap")
    assert [n.pk for n in sc3.nodes.order_by("slot")] == [spare.pk, found.pk]
    service.enable_ha(sc3)
    answer = post(client, "subcluster-step", "acme", sc3.pk, "swap")
    assert (answer.status_code, "HA is on for sc-3" in html(answer)) == (409, True)


def test_everybody_can_be_left_without_a_home(acme: Cluster, client: Client) -> None:
    found = node(acme, "imp2a")
    sub = found.subcluster
    assert sub
    post(client, "subcluster-step", "acme", sub.pk, "ha")
    page = html(post(client, "subcluster-step", "acme", sub.pk, "unassign", node=found.pk, to="unassigned"))
    assert 'id="remove"' in page  # few were moved at once, so the next step is open
    assert Assignment.objects.filter(home_node=None).count() == 5
    big = node(acme, "imp1b")
    service.disable_ha(Subcluster.objects.get(name="sc-1"))
    answer = post(client, "node-step", "acme", big.pk, "unassign", node=big.pk, to="unassigned")
    assert 'name="confirmed" value="60"' in html(answer)  # many are asked about
    assert 'hx-trigger="close-dialog from:body"' in html(answer)


def test_the_publisher_has_a_rule_of_its_own(acme: Cluster, client: Client) -> None:
    found = node(acme, "imp1a")
    sub = found.subcluster
    assert sub
    page = get(client, "structure-node", "acme", found.pk)
    assert "The publisher holds the database" in page
    checklist = guide_of(acme, "imp1a")
    assert list(standings(checklist)) == ["ha", "users", "pair", "others", "remove"]
    assert [view.node.short_name for view in checklist.steps[1].nodes] == ["imp1a", "imp1b"]
    post(client, "node-step", "acme", found.pk, "ha")
    answer = post(client, "node-step", "acme", found.pk, "slot")
    assert "cannot be taken out of sc-1 directly" in html(answer)
    post(client, "node-step", "acme", found.pk, "evacuate", node=found.pk, pair="1")
    plan = Plan.objects.get()
    assert {flow["to"] for flow in plan.body["flows"]} & {"imp1b.acme.org"} == set()
    Assignment.objects.update(home_node=None, serving_node=None, signed_in=False)
    page = html(post(client, "node-step", "acme", found.pk, "pair"))
    assert not Subcluster.objects.filter(pk=sub.pk).exists()
    assert "so it goes last" in page
    answer = post(client, "node-step", "acme", found.pk, "remove")
    assert "the database of the other nodes of acme depends on it" in html(answer)
    for other in Subcluster.objects.all():
        Subcluster.objects.filter(pk=other.pk).update(ha_enabled=False)
        remove_subcluster(Subcluster.objects.get(pk=other.pk))
    for other in Node.objects.exclude(pk=found.pk):
        remove_node(other)
    assert standings(guide_of(acme, "imp1a"))["remove"] == "now"
    post(client, "node-step", "acme", found.pk, "remove")
    assert not Node.objects.exists()


def test_with_nowhere_else_to_go_the_guide_says_so(client: Client) -> None:
    cluster = create_cluster("small")
    sub = create_subcluster(cluster, "only")
    first = add_node(cluster, "pub.small.org", subcluster=sub)
    add_users(cluster, "pub", 3)
    answer = post(client, "subcluster-step", "small", sub.pk, "evacuate", node=first.pk, pair="1")
    assert "small has no other subcluster that could take the users of pub." in html(answer)
    assert post(client, "subcluster-step", "small", sub.pk, "remove").status_code == 409


def test_a_subcluster_is_removed_when_nobody_is_in_it(acme: Cluster, client: Client) -> None:
    sub = Subcluster.objects.get(name="sc-3")
    answer = post(client, "subcluster-step", "acme", sub.pk, "remove")
    assert json.loads(answer["HX-Trigger"]) == {"close-dialog": {}}
    assert not Subcluster.objects.filter(pk=sub.pk).exists()
    assert node(acme, "imp3a").subcluster is None


def test_a_step_that_there_is_not_is_not_found(acme: Cluster, client: Client) -> None:
    assert post(client, "node-step", "acme", node(acme, "imp1a").pk, "explode").status_code == 404
    assert post(client, "node-step", "acme", 999_999, "ha").status_code == 422
    for name in ("structure-node", "structure-subcluster"):
        address = reverse(name, args=["acme", 999_999])
        assert client.get(address).status_code == 422
        assert client.get(address + "?steps=1").status_code == 204  # an open checklist whose last step is done


def test_a_guide_costs_the_same_for_many_users(client: Client) -> None:
    counts = []
    for name, users in (("few", 5), ("many", 500)):
        cluster = make_acme(name, imp1b=users)
        address = reverse("structure-node", args=[name, node(cluster, "imp1b").pk])
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]

"""Changing the structure from the page: forms that keep what was typed, and the guided order with its refusals."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.board import checklist
from assignments.board.checklist import Checklist, StepStanding
from assignments.models import Assignment, Operation, Plan
from assignments.population.selectors import board_of
from assignments.recovery import service
from tests.board.test_page import HTMX, as_
from tests.crowd import Hands
from tests.worlds import add_users, make_acme, node
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


def get(client: Client, name: str, /, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(name, args=args), query, headers=HTMX)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def post(client: Client, name: str, /, *args: Any, **typed: Any) -> HttpResponse:
    return client.post(reverse(name, args=args), typed, headers=HTMX)


def html(answer: HttpResponse) -> str:
    return answer.content.decode()


def error_at(answer: HttpResponse, field: str) -> str:
    """What stands beside a field."""
    found = re.search(rf'<p id="wrong-{field}".*?<span>(.*?)</span>', html(answer), re.S)
    assert found, f"nothing is said at {field}: {html(answer)}"
    assert f'aria-describedby="wrong-{field}"' in html(answer)
    return found[1]


def standings(checklist: Checklist) -> dict[str, str]:
    return {step.key: step.standing.value for step in checklist.steps}


def guide_of(cluster: Cluster, short: str) -> Checklist:
    board = board_of(cluster)
    view = next(view for view in board.nodes if view.node.short_name == short)
    return checklist.of_node(board, view)


# --- Forms ----------------------------------------------------------------------------------------
def test_a_cluster_is_created_and_opened(client: Client) -> None:
    assert "New cluster" in get(client, "new-cluster")
    assert "New cluster" in client.get("/").content.decode()
    asked = {"mode": "manual", "model": "active_standby"}
    answer = post(client, "new-cluster", name="two words", **asked)
    assert answer.status_code == 422
    assert "“two words” is not a valid name" in error_at(answer, "name")
    assert 'value="two words"' in html(answer)
    assert '<option value="manual" selected>' in html(answer)
    answer = post(client, "new-cluster", name="west", **asked)
    assert answer["HX-Redirect"] == "/clusters/west/"
    made = Cluster.objects.get()
    assert (made.mode, made.model, made.policy.keep_alive_interval) == ("manual", "active_standby", 15)
    assert "A cluster named west already exists." in error_at(post(client, "new-cluster", name="west", **asked), "name")
    assert Event.objects.latest("pk").actor_name == roles.ADMINISTRATOR
    assert "Add a subcluster" in client.get("/clusters/west/").content.decode()


def test_a_subcluster_is_added_renamed_and_described(acme: Cluster, client: Client) -> None:
    answer = post(client, "new-subcluster", "acme", name="sc-1", description="Main")
    assert (answer.status_code, error_at(answer, "name")[:24]) == (409, "acme already has a subcl")
    assert 'value="Main"' in html(answer)
    answer = post(client, "new-subcluster", "acme", name="sc-4", description="50 % of it")
    assert error_at(answer, "description").startswith("“Description” 50 % of it is not allowed.")
    answer = post(client, "new-subcluster", "acme", name="sc-4", description="West")
    assert json.loads(answer["HX-Trigger"]) == {"close-dialog": {}}
    made = Subcluster.objects.get(name="sc-4")
    answer = post(client, "structure-subcluster", "acme", made.pk, name="west", description="a & b")
    assert error_at(answer, "description")
    made.refresh_from_db()
    assert (made.name, made.description) == ("sc-4", "West")  # all or nothing
    post(client, "structure-subcluster", "acme", made.pk, name="west", description="")
    made.refresh_from_db()
    assert (made.name, made.description) == ("west", "")


def test_a_node_is_added_where_there_is_room(acme: Cluster, client: Client) -> None:
    node(acme, "spare").delete()
    sc1, sc3 = (Subcluster.objects.get(name=name) for name in ("sc-1", "sc-3"))
    form = get(client, "new-node", "acme", place=sc3.pk)
    assert f'<option value="{sc3.pk}" selected>' in form
    assert f'<option value="{sc1.pk}" disabled>sc-1 (two nodes already)' in form
    typed = {"name": "imp3b.acme.org", "profile": "15000", "users": "12,000", "endpoints": "", "place": sc3.pk}
    assert "imp1a.acme.org is already a node of acme" in error_at(
        post(client, "new-node", "acme", **typed | {"name": "IMP1A.acme.org"}), "name"
    )
    for wrong in ("zwei", "0", "-5", "99999999999"):
        answer = post(client, "new-node", "acme", **typed | {"users": wrong})
        assert error_at(answer, "users").startswith("“Rated users”")
        assert f'value="{wrong}"' in html(answer)
    assert "already has two nodes" in error_at(post(client, "new-node", "acme", **typed | {"place": sc1.pk}), "place")
    assert "publisher of acme" in error_at(post(client, "new-node", "acme", **typed, publisher="on"), "publisher")
    assert "15000" in error_at(post(client, "new-node", "acme", **typed | {"profile": "7"}), "profile")
    assert Node.objects.count() == 5
    assert post(client, "new-node", "acme", **typed).status_code == 200
    made = node(acme, "imp3b")
    assert (made.subcluster, made.slot, made.profile) == (sc3, 2, 15000)
    assert (made.capacity_users, made.capacity_endpoints) == (12_000, 30_000)
    answer = post(client, "new-node", "acme", **typed | {"name": "seventh.acme.org", "place": ""})
    assert "acme has 6 nodes" in html(answer)


def test_a_capacity_below_its_users_is_refused_at_its_field(acme: Cluster, client: Client) -> None:
    found = node(acme, "imp1b")
    answer = post(client, "change-node", "acme", found.pk, name=found.name, profile="5000", users="59", endpoints="")
    assert error_at(answer, "users") == (
        "imp1b.acme.org is home to 60 users, more than a capacity of 59. Move users to other nodes first."
    )
    assert (
        post(
            client, "change-node", "acme", found.pk, name=found.name, profile="15000", users="60", endpoints=""
        ).status_code
        == 200
    )
    found.refresh_from_db()
    assert (found.profile, found.capacity_users, found.capacity_endpoints) == (15000, 60, 30_000)
    assert 'value="60"' in get(client, "change-node", "acme", found.pk)


def test_a_node_is_renamed_and_rated_in_one_form(acme: Cluster, client: Client) -> None:
    found = node(acme, "imp1b")
    form = get(client, "change-node", "acme", found.pk)
    assert 'value="imp1b.acme.org"' in form
    address = re.search(r'hx-post="([^"]+)"', form)
    assert address
    assert address[1].endswith("?seen=imp1b.acme.org")
    typed = {"profile": "15000", "users": "", "endpoints": ""}
    answer = client.post(address[1], typed | {"name": "imp1a.ACME.org"}, headers=HTMX)
    assert "imp1a.acme.org is already a node of acme." in error_at(answer, "name")
    found.refresh_from_db()
    assert found.profile == 5000  # all or nothing
    answer = client.post(address[1], typed | {"name": "west.acme.org"}, headers=HTMX)
    assert json.loads(answer["HX-Trigger"]) == {"close-dialog": {}}
    found.refresh_from_db()
    assert (found.name, found.capacity_users) == ("west.acme.org", 15_000)
    said = list(Event.objects.order_by("pk").values_list("code", flat=True))
    assert said.count("NODE_RENAMED") == 1
    answer = client.post(address[1], typed | {"name": "mine.acme.org"}, headers=HTMX)  # looked at before that
    assert "imp1b.acme.org was renamed to west.acme.org meanwhile." in error_at(answer, "name")
    assert "?seen=west.acme.org" in html(answer)


def test_subclusters_change_places(acme: Cluster, client: Client) -> None:
    def names() -> list[str]:
        return [found.subcluster.name for found in board_of(acme).subclusters]

    last = Subcluster.objects.get(name="sc-3")
    assert post(client, "subcluster-step", "acme", last.pk, "earlier").status_code == 204
    assert names() == ["sc-1", "sc-3", "sc-2"]
    post(client, "subcluster-step", "acme", last.pk, "earlier")
    post(client, "subcluster-step", "acme", last.pk, "earlier")  # the first already
    assert names() == ["sc-3", "sc-1", "sc-2"]
    post(client, "subcluster-step", "acme", last.pk, "later")
    assert names() == ["sc-1", "sc-3", "sc-2"]
    assert Event.objects.filter(code="CLUSTER_CHANGED").count() == 3
    assert 'aria-label="Show sc-1 earlier" title="Earlier on the page" disabled' in get(client, "structure", "acme")


def test_the_map_shows_what_a_subcluster_is_for(acme: Cluster, client: Client) -> None:
    Subcluster.objects.filter(name="sc-1").update(description="Headquarters, building 4")
    page = client.get("/clusters/acme/").content.decode()
    assert '<span class="subcluster-about" title="Headquarters, building 4">Headquarters, building 4</span>' in page
    assert page.count("subcluster-about") == 1


# --- The guided order -----------------------------------------------------------------------------
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


# --- The whole cluster ----------------------------------------------------------------------------
def test_a_cluster_is_removed_once_its_name_is_typed(acme: Cluster, client: Client) -> None:
    make_acme("other", imp1a=3)
    form = get(client, "remove-cluster", "acme")
    assert "<dt>Users</dt><dd>71</dd>" in form
    answer = post(client, "remove-cluster", "acme", typed="Acme")
    assert "Type the name acme" in error_at(answer, "typed")
    assert 'value="Acme"' in html(answer)
    answer = post(client, "remove-cluster", "acme", typed="acme")
    assert answer["HX-Redirect"]
    assert list(Cluster.objects.values_list("name", flat=True)) == ["other"]
    assert "acme is removed, with 6 nodes and 71 users." in client.get("/", follow=True).content.decode()


def test_the_dialog_says_before_that_a_run_stands_in_the_way(acme: Cluster, client: Client) -> None:
    service.failover(node(acme, "imp1a"))
    form = get(client, "remove-cluster", "acme")
    assert "is in progress in acme" in form
    assert re.search(r'<button class="btn btn-danger" disabled>', form)


def test_those_who_are_no_administrators_are_not_offered_it(acme: Cluster) -> None:
    for role, offered in ((roles.OPERATOR, False), (roles.ADMINISTRATOR, True)):
        page = as_(role).get("/clusters/acme/").content.decode()
        assert ("Structure…" in page) is offered
        assert ("Place or remove…" in page) is offered
        menu = as_(role).get(reverse("node-menu", args=["acme", node(acme, "imp1a").pk])).content.decode()
        assert ("Move or remove this node" in menu) is offered

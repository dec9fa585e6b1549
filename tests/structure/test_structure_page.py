"""The structure page: clusters, subclusters and nodes are added, changed and removed, each error at its field."""

import json
import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from assignments.population.selectors import board_of
from assignments.recovery import service
from tests.board.pages import HTMX, as_
from tests.structure.structure_pages import get, html, post
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster, Event, Node, Subcluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=6, imp1b=60, imp2a=5)


@pytest.fixture
def client() -> Client:
    return as_(roles.ADMINISTRATOR)


def error_at(answer: HttpResponse, field: str) -> str:
    """What stands beside a field."""
    found = re.search(rf'<p id="wrong-{field}".*?<span>(.*?)</span>', html(answer), re.S)
    assert found, f"nothing is said at {field}: {html(answer)}"
    assert f'aria-describedby="wrong-{field}"' in html(answer)
    return found[1]


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

"""The overview of all clusters: what it shows, hides and costs."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.board.removal import remove_cluster
from assignments.models import Assignment, Goal
from assignments.planning import plans
from assignments.recovery import service
from assignments.runs import operations
from tests.board.pages import as_
from tests.support.crowd import make_crowd
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster, Node
from topology.structure.clusters import create_cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return as_(roles.VIEWER)


def many(count: int) -> list[Cluster]:
    """So many clusters of six nodes with long names, and users in all of them."""
    return [make_acme(f"region-{number:02}-north-west", imp1a=3, imp2a=2, waiting=1) for number in range(count)]


def text(client: Client, **asked: str) -> str:
    answer = client.get(reverse("overview"), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def panel(client: Client, cluster: Cluster, **asked: str) -> str:
    return client.get(reverse("overview-panel", args=[cluster.name]), asked).content.decode()


def shown(page: str) -> list[str]:
    """The clusters whose panels are not hidden."""
    return [name for name, rest in re.findall(r'<section id="panel-\d+".*?aria-label="(.*?)"(.*?)>', page, re.S)
            if not rest.rstrip().endswith("hidden")]  # fmt: skip


# --- What it costs --------------------------------------------------------------------------------
def queries(client: Client) -> int:
    text(client)
    with CaptureQueriesContext(connection) as found:
        text(client)
    return len(found)


def test_twenty_clusters_cost_as_many_queries_as_one(client: Client) -> None:
    many(1)
    one = queries(client)
    for number in range(1, 20):
        make_acme(f"more-{number}", imp1a=2)
    assert Node.objects.count() == 120
    assert queries(client) == one
    assert one <= 12


def test_a_hundred_and_twenty_nodes_are_less_than_a_hundred_kilobytes() -> None:
    for cluster in many(20):
        for pair in ("imp1a", "imp2a"):
            service.inject(node(cluster, pair), "power")
    page = as_(roles.ADMINISTRATOR).get(reverse("overview")).content
    assert len(page) < 100_000, len(page)
    assert page.count(b'class="cell ') == 120
    assert b'class="panels is-dense"' in page


def test_the_state_of_the_filter_costs_nothing(client: Client) -> None:
    many(3)
    text(client)
    with CaptureQueriesContext(connection) as plain:
        text(client)
    with CaptureQueriesContext(connection) as filtered:
        text(client, q="imp1a", only="trouble")
    assert len(plain) == len(filtered)


def test_hundreds_of_nodes_are_folded_to_those_in_trouble() -> None:
    first, *_ = many(34)
    for pair in ("imp1a", "imp2a", "imp3a"):
        service.inject(node(first, pair), "power")
    viewer = as_(roles.VIEWER)
    page = text(viewer)
    assert len(page) < 100_000, len(page)
    assert page.count('class="cell ') == 2
    assert page.count("All 6 nodes") == 34
    folded = panel(viewer, first, folded="1")
    assert folded.count('class="cell ') == 2
    assert "folded=1" in folded
    whole = panel(viewer, first)
    assert whole.count('class="cell ') == 6
    assert "folded=1" not in whole
    assert text(viewer, q="region-07").count('class="cell ') == 6  # few are shown: whole


# --- What it shows --------------------------------------------------------------------------------
def test_each_cluster_has_a_panel_with_its_nodes(client: Client) -> None:
    cluster = make_acme(imp1a=4000, waiting=0)
    page = text(client)
    one = node(cluster, "imp1a")
    assert f'href="/clusters/acme/?node={one.pk}"' in page
    assert 'title="imp1a.acme.org: Normal, 4,000 of 5,000 users"' in page
    assert "80%" in page
    assert page.count('class="cell ') == 6
    assert "All well" in page
    assert 'class="panels is-dense"' not in page
    assert "In no subcluster" in page


def test_trouble_is_said_in_words_and_numbers(client: Client) -> None:
    cluster = make_acme(imp1a=5, imp3a=7)
    assert "All well" in panel(client, cluster)
    service.inject(node(cluster, "imp3a"), "power")  # no peer: the engine has no state of its own for it
    page = panel(client, cluster)
    assert "Not serving" in page
    assert "<b>7</b> out of service" in page
    assert "tone-edge-bad" in page


def test_where_ha_is_off_or_nothing_protects_not_all_is_well(client: Client) -> None:
    cluster = make_acme(imp1a=5)
    cluster.subclusters.filter(name="sc-1").update(ha_enabled=False)
    page = panel(client, cluster)
    assert "All well" not in page
    assert re.search(r'tone-warn">.{0,120}HA off', page, re.S)
    assert shown(text(client, only="trouble")) == []  # somebody wanted it so
    single = make_acme("single", imp3a=5)
    Node.objects.filter(cluster=single).exclude(name__startswith="imp3a").delete()
    assert "All well" not in panel(client, single)


@pytest.mark.parametrize("folded", ["", "1"])
def test_ha_off_is_said_beside_what_is_graver(client: Client, folded: str) -> None:
    cluster = make_acme(imp1a=5, imp3a=7)
    service.inject(node(cluster, "imp3a"), "power")
    assert "HA off" not in panel(client, cluster, folded=folded)
    cluster.subclusters.filter(name="sc-1").update(ha_enabled=False)
    page = panel(client, cluster, folded=folded)
    assert "Not serving" in page
    assert re.search(r'tone-warn">.{0,120}HA off', page, re.S)


@pytest.mark.parametrize("folded", ["", "1"])
def test_users_without_a_home_are_named_and_are_no_trouble(client: Client, folded: str) -> None:
    waiting = make_acme("one", imp1a=5, waiting=3)
    make_acme("two", imp1a=5)
    page = panel(client, waiting, folded=folded)
    assert re.search(r'badge tone-warn">.{0,120}Unassigned users', page, re.S)
    assert "All well" not in page
    assert "3 unassigned" in page
    assert shown(text(client, only="trouble")) == []
    assert shown(text(client, only="unassigned")) == ["one"]
    assert re.search(r'<dd><a href="[^"]*only=unassigned">3</a>', re.sub(r"\s+(?=[<>h])", " ", text(client)))
    waiting.subclusters.filter(name="sc-1").update(ha_enabled=False)
    page = panel(client, waiting, folded=folded)
    assert re.search(r'badge tone-warn">.{0,120}HA off', page, re.S)
    assert "3 unassigned" in page


def test_an_overfull_node_is_trouble(client: Client) -> None:
    full = make_acme("two", imp2b=21)
    assert "Over capacity" in panel(client, full)
    assert shown(text(client, only="trouble")) == ["two"]


def test_the_filter_hides_panels_and_keeps_them_listening(client: Client) -> None:
    west, east = make_acme("west", imp3a=3), make_acme("east")
    assert shown(text(client)) == ["east", "west"]
    assert shown(text(client, q="WE")) == ["west"]
    assert shown(text(client, q="imp3a.east")) == ["east"]
    assert shown(text(client, q="imp3a sc-1")) == ["east", "west"]
    page = text(client, only="trouble")
    assert shown(page) == []
    assert page.count("data-live=") >= 4
    assert "No cluster is in trouble" in page
    service.inject(node(west, "imp3a"), "power")
    assert "Not serving" in panel(client, west, only="trouble")
    assert "Not serving" not in panel(client, east, only="trouble")
    assert shown(text(client, only="trouble")) == ["west"]
    odd = client.get(reverse("overview"), {"only": "nonsense"})
    assert odd.status_code == 422
    assert "nonsense" in odd.content.decode()


def test_runs_are_shown_where_they_run(client: Client) -> None:
    make_acme("idle")
    busy = make_crowd(50, 0, name="busy")
    run = operations.start_run(plans.make_plan(busy, Goal.BALANCE).hash, actor="ada")
    page = text(client, only="running")
    assert shown(page) == ["busy"]
    assert f'href="/operations/{run.pk}/"' in page


def test_every_panel_and_the_whole_listen_to_what_they_show(client: Client) -> None:
    cluster = make_acme()
    page = text(client)
    assert '<div id="overview" data-live="clusters"' in page
    found = re.search(r'<section id="panel-\d+".*?data-live="(.*?)"', page, re.S)
    assert found
    assert {f"node-{n.pk}" for n in cluster.nodes.all()} | {f"cluster-{cluster.pk}"} <= set(found[1].split())


def test_it_is_reached_from_the_switcher_and_says_what_to_do_first(client: Client) -> None:
    assert "No cluster yet" in text(client)
    assert "New cluster" not in text(client)
    assert "New cluster" in as_(roles.ADMINISTRATOR).get(reverse("overview")).content.decode()
    create_cluster("empty")
    assert "No subclusters yet" in text(client)
    assert 'href="/overview/"' in client.get("/clusters/empty/").content.decode()


def test_a_removal_stays_to_be_read(client: Client) -> None:
    remove_cluster(make_acme(imp1a=2), "acme", actor="ada")
    assert not Assignment.objects.exists()
    assert "ada removed the cluster acme with 6 nodes and 2 users." in text(client)

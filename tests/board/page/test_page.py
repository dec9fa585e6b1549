"""The pages: what they cost, how large they are, and that a fragment says what the page says."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assignments.models import Assignment, Kind, Operation, Population, Progress
from tests.board.pages import HTMX, as_
from tests.support.crowd import make_crowd
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster, Node
from topology.structure.snapshot import TOGETHER

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=30, imp1b=10, imp2a=5, waiting=4)


# --- Size and cost --------------------------------------------------------------------------------
def queries(client: Client, address: str) -> int:
    client.get(address)  # what is kept after the first answer is not counted
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address, headers=HTMX).status_code == 200
    return len(seen)


READS: list[tuple[str, Callable[[Cluster, Node], str]]] = [
    ("page", lambda c, n: reverse("cluster", args=[c.name])),
    ("page of a node", lambda c, n: f"{reverse('cluster', args=[c.name])}?node={n.pk}"),
    ("summary-bar", lambda c, n: reverse("summary-bar", args=[c.name])),
    ("tree", lambda c, n: reverse("tree", args=[c.name])),
    ("map", lambda c, n: reverse("map", args=[c.name])),
    ("subcluster", lambda c, n: reverse("subcluster", args=[c.name, n.subcluster_id])),
    ("node", lambda c, n: reverse("node", args=[c.name, n.pk])),
    ("users", lambda c, n: f"{reverse('users', args=[c.name])}?node={n.pk}"),
    ("search", lambda c, n: f"{reverse('users', args=[c.name])}?q=crowd1-1"),
    ("operations", lambda c, n: reverse("operations", args=[c.name])),
]


@pytest.mark.parametrize(("name", "address"), READS, ids=[name for name, _ in READS])
def test_queries_do_not_grow_with_users(name: str, address: Callable[[Cluster, Node], str]) -> None:
    few = make_crowd(3, 2, 1, 1, 1, 1, waiting=2, name="few")
    many = make_crowd(900, 400, 700, 100, 80, 60, waiting=300, name="many")
    client = as_(roles.ADMINISTRATOR)
    counts = [queries(client, address(c, c.nodes.get(number=1))) for c in (few, many)]
    assert counts[0] == counts[1] <= 22, counts


@pytest.mark.parametrize("name", ["summary-bar", "tree", "map", "subcluster", "node"])
def test_a_fragment_reads_nothing_that_its_version_has(name: str, acme: Cluster) -> None:
    client, address = as_(roles.ADMINISTRATOR), dict(READS)[name](acme, acme.nodes.get(number=1))
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        client.get(address, headers=HTMX)
    asked = [query["sql"] for query in seen if TOGETHER not in query["sql"]]
    assert not [sql for sql in asked if Population._meta.db_table in sql]
    assert len(seen) <= 9, [query["sql"][:90] for query in seen]


def test_the_page_is_small_with_thirty_thousand_users() -> None:
    crowd = make_crowd(9000, 6000, 5000, 4000, 3000, 2000, waiting=1000)
    make_acme(name="other", imp1a=5)
    page = as_(roles.ADMINISTRATOR).get(reverse("cluster", args=[crowd.name])).content
    assert len(page) < 100_000, len(page)
    assert b"30,000" in page


@pytest.mark.parametrize("asked", ["", "node=0", "q=crowd", "show=out", "after=crowd1", "before=zz"])
def test_a_list_never_holds_more_than_fifty_users(asked: str) -> None:
    make_crowd(400, 100, waiting=100)
    client = as_(roles.VIEWER)
    for address in (reverse("cluster", args=["crowd"]), reverse("users", args=["crowd"])):
        assert client.get(f"{address}?{asked}").content.count(b'role="option"') <= 50


# --- One list, many windows -----------------------------------------------------------------------
def windows(client: Client, address: str, which: str) -> list[list[str]]:
    """The users of each window, following the sentinel at one end until there is none."""
    found = []
    while address and len(found) < 100:
        html = client.get(address, headers=HTMX).content.decode()
        found.append(re.findall(r'data-user-id="([^"]+)"', html))
        following = re.search(rf'id="{which}-\d+"[^>]*hx-get="([^"]+)"', html)
        address = following.group(1).replace("&amp;", "&") if following else ""
    return found


def test_going_on_shows_everybody_once_and_keeps_rows_in_place() -> None:
    make_crowd(230)
    client = as_(roles.VIEWER)
    down = windows(client, reverse("users", args=["crowd"]), "later")
    everybody = sorted(Assignment.objects.values_list("user__user_id", flat=True))
    assert sorted({user for window in down for user in window}) == everybody
    for window, following in pairwise(down):
        assert set(window) & set(following), "no row stays where it is"
    last = f"{reverse('users', args=['crowd'])}?before=crowd1.example.org-99&list=1"
    up = windows(client, last, "earlier")
    assert up[-1][0] == everybody[0]


# --- Fragments and page ---------------------------------------------------------------------------
def part(html: str, pk: str) -> str:
    """The element of an id with everything in it, without what differs by request."""
    begin = html.index(f'id="{pk}"')
    begin = html.rindex("<", 0, begin)
    tag = re.match(r"<(\w+)", html[begin:]).group(1)  # type: ignore[union-attr]
    depth, at = 0, begin
    for found in re.finditer(rf"<(/?){tag}\b", html[begin:]):
        depth += -1 if found.group(1) else 1
        at = begin + found.end()
        if not depth:
            break
    return re.sub(r"\s+", " ", html[begin:at])


def test_each_fragment_is_what_the_page_shows(acme: Cluster) -> None:
    client = as_(roles.ADMINISTRATOR)
    page = client.get(reverse("cluster", args=["acme"])).content.decode()
    parts = re.findall(r'id="([^"]+)"[^>]*data-live="[^"]+"[^>]*hx-get="([^"]+)"', page)
    assert len(parts) >= 10
    for pk, address in parts:
        fragment = client.get(address.replace("&amp;", "&"), headers=HTMX).content.decode()
        # Each says the version it was read at: the present instant, where nothing has happened yet.
        said = [re.sub(r' data-read="\d+"', "", part(html, pk)) for html in (fragment, page)]
        assert said[0] == said[1], pk


def test_what_is_live_names_its_topics(acme: Cluster) -> None:
    page = as_(roles.VIEWER).get(reverse("cluster", args=["acme"])).content.decode()
    first = acme.nodes.get(number=1)
    assert re.search(rf'data-live="[^"]*\bnode-{first.pk}\b', part(page, f"node-{first.pk}"))
    assert f'data-live="subcluster-{first.subcluster_id}"' in page
    for topic in (f"cluster-{acme.pk}", f"node-{first.pk}", f"subcluster-{first.subcluster_id}"):
        assert re.search(rf'id="summary-bar-[^>]*data-live="[^"]*\b{topic}\b', page), topic


def test_the_policy_of_content_holds(acme: Cluster) -> None:
    answer = as_(roles.ADMINISTRATOR).get(reverse("cluster", args=["acme"]))
    html = answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", html), "inline script"
    assert not re.search(r"\sstyle=|<style|\son\w+=", html), "inline style or handler"
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html), "something from elsewhere"


def test_every_icon_that_is_used_is_in_the_sprite(acme: Cluster) -> None:
    sprite = open(str(finders.find("img/icons.svg"))).read()  # noqa: SIM115
    html = as_(roles.ADMINISTRATOR).get(reverse("cluster", args=["acme"])).content.decode()
    for name in set(re.findall(r'icons\.svg#([\w-]+)"', html)):
        assert f'id="{name}"' in sprite, name


# --- What is said ---------------------------------------------------------------------------------
def test_without_protection_it_is_said(acme: Cluster) -> None:
    page = as_(roles.VIEWER).get(reverse("cluster", args=["acme"])).content.decode()
    assert "One node: no protection" in page
    acme.subclusters.filter(name="sc-2").update(ha_enabled=False)
    assert "HA off: no protection" in as_(roles.VIEWER).get(reverse("map", args=["acme"])).content.decode()


def test_the_place_of_the_runs_says_what_ended_last(acme: Cluster) -> None:
    address = reverse("cluster", args=["acme"])
    assert "Nothing runs" in as_(roles.VIEWER).get(address).content.decode()
    ended = {"started_at": timezone.now(), "finished_at": timezone.now(), "total": 1200, "done": 1200}
    run = Operation.objects.create(cluster=acme, kind=Kind.REBALANCE, state=Progress.FINISHED, **ended)
    page = " ".join(as_(roles.VIEWER).get(address).content.decode().split())
    said = rf'Nothing runs\. Last: <a href="/operations/{run.pk}/" ?>Rebalance</a>, finished with 1,200 users'
    assert re.search(said, page)


def test_out_of_service_is_counted_on_node_and_strip(acme: Cluster) -> None:
    Node.objects.filter(pk=node(acme, "imp1a").pk).update(power_on=False)
    page = as_(roles.VIEWER).get(reverse("cluster", args=["acme"])).content.decode()
    card = part(page, f"node-{node(acme, 'imp1a').pk}")
    assert "<strong>30</strong> out of service" in card
    assert "Power off" in card
    assert re.search(r'data-count="out-of-service"><dt>.*?</dt><dd>30<', page, re.S)


def test_a_first_start_says_what_to_do() -> None:
    page = as_(roles.VIEWER).get("/").content.decode()
    assert "apply_topology" in page
    assert "load_demo" in page


@pytest.mark.parametrize(
    "asked", ["?node=abc", "?node=99999999999999999999", "?q=%00", "?show=what", "?after=%00", "?before=%00&q=a"]
)
def test_a_strange_address_is_no_failure(acme: Cluster, asked: str) -> None:
    assert as_(roles.VIEWER).get(f"{reverse('cluster', args=['acme'])}{asked}").status_code == 422


ACROSS = ["", "?q=example", "?q=nobody", "?endpoint=sametime&contacts=10", "?show=pinned", "?show=out"]


@pytest.mark.in_turns
@pytest.mark.parametrize("name", ["overview", "find-users", "cluster"])
def test_the_first_pages_ask_as_much_of_a_hundred_users_as_of_ten_thousand(name: str) -> None:
    client = as_(roles.ADMINISTRATOR)
    counts = []
    for kind, users in (("few", 100), ("many", 10_000)):
        cluster = make_crowd(*[users // 6] * 6, waiting=4, name=kind)
        address = reverse(name, args=[cluster.name] if name == "cluster" else [])
        counts.append([queries(client, address + asked) for asked in ACROSS])
    assert counts[0] == counts[1], counts

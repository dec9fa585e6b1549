"""The pages: who may see them, what they cost, and that a fragment says what the page says."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from assignments.models import Assignment, Kind, Operation, Plan, Population, Progress
from assignments.planning import plans
from assignments.recovery import service
from tests.crowd import make_crowd, nodes_of, people_of
from tests.worlds import make_acme, node
from topology.accounts import roles
from topology.accounts.sign_in import give_role
from topology.models import Cluster, Event, Node
from topology.rules.states import State

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
OPEN_TO_ALL = {"sign-in", "sign-in-link", "healthz", "readyz", "livez", "trouble"}
ELSEWHERE = {"stream", "metrics"}  # asked by test_stream.py, for it closes the test's connection; by test_metrics.py
VIEWING = [
    "trouble",
    "checks",
    "cluster",
    "delete-view",
    "details",
    "directory",
    "directory-changes",
    "directory-skipped",
    "duplicates",
    "dns",
    "dns-nsupdate",
    "dns-zone",
    "all-peers",
    "balance-clusters",
    "peers",
    "find-users",
    "find-users-delete-view",
    "find-users-views",
    "drags",
    "hide-names",
    "history",
    "home",
    "map",
    "move-targets",
    "cluster-targets",
    "node",
    "operation",
    "operation-bar",
    "operations",
    "overview",
    "overview-panel",
    "placing",
    "progress",
    "plan",
    "saved-views",
    "simulation",
    "simulation-delete",
    "simulation-export",
    "simulation-instant",
    "summary-bar",
    "subcluster",
    "tour",
    "tour-done",
    "tree",
    "user-range",
    "users",
    "users-by-id",
    "keys",
    "load",
    "palette",
    "switcher",
    "what-if",
]
OPERATING = [
    "export",
    "export-dialog",
    "find-users-export",
    "removed-users",
    "act",
    "approve-plan",
    "ask",
    "ask-cancel",
    "ask-fault",
    "commands",
    "dns-check",
    "tell-drag",
    "fault",
    "maintenance",
    "maintenance-step",
    "move",
    "move-dialog",
    "move-to-cluster",
    "node-menu",
    "sign-in-rate",
    "pin",
    "plans",
    "recommended",
    "run-plan",
    "steer",
    "undo",
    "unassign-here",
    "undo-move",
    "unpin",
]
ADMINISTERING = [
    "accounts",
    "delete-account",
    "end-sessions",
    "invite",
    "new-token",
    "revoke-token",
    "set-active",
    "set-role",
    "change-node",
    "clear-uris",
    "peer-act",
    "release",
    "set-uri",
    "directory-decide",
    "directory-end",
    "directory-read",
    "directory-store",
    "import",
    "new-cluster",
    "new-node",
    "new-subcluster",
    "node-step",
    "node-targets",
    "place-node",
    "remove-cluster",
    "remove-users",
    "rules",
    "settings",
    "structure",
    "structure-node",
    "structure-subcluster",
    "subcluster-step",
]
# The role each address needs; one that is missing here fails the test.
LEAST = {"sign-out": ""}
LEAST |= dict.fromkeys(VIEWING, roles.VIEWER)
LEAST |= dict.fromkeys(OPERATING, roles.OPERATOR)
LEAST |= dict.fromkeys(ADMINISTERING, roles.ADMINISTRATOR)
POSTED = {
    "directory-decide", "directory-end", "directory-read", "directory-store", "dns-check",
    "users-by-id",
    "delete-account", "end-sessions", "invite", "new-token", "revoke-token", "set-active", "set-role",
    "export", "delete-view", "find-users-delete-view", "hide-names",
    "maintenance-step",
    "fault", "act", "plans", "approve-plan", "run-plan", "steer", "undo", "move", "move-targets", "undo-move",
    "simulation-delete", "sign-out", "tour-done", "subcluster-step", "node-step",
    "tell-drag", "node-targets", "place-node", "clear-uris", "set-uri", "cluster-targets", "peer-act", "release",
    "unassign-here",
}  # fmt: skip


def person(role: str) -> AbstractBaseUser:
    user, _ = get_user_model().objects.get_or_create(username=role or "nobody")
    if role:
        give_role(user, role)
    return user


def as_(role: str) -> Client:
    client = Client()
    client.force_login(person(role))
    return client


def patterns() -> list[URLPattern]:
    found: list[URLPattern] = []
    for group in get_resolver().url_patterns:
        if str(group.pattern) == "api/v1/":
            continue  # asked with tokens: tests/api/test_door.py
        found += [p for p in getattr(group, "url_patterns", [group]) if isinstance(p, URLPattern)]
    return found


def arguments(pattern: URLPattern, cluster: Cluster) -> dict[str, Any]:
    """Values that fit an address, whether or not there is anything at it."""
    first = cluster.nodes.order_by("number").first()
    fitting = {"cluster_name": cluster.name, "pk": first and first.pk, "kind": "nodes", "command": "failover"}
    fitting |= {"what": "pause", "plan_hash": "0" * 64, "token": "token"}
    return {name: fitting.get(name, "any") for name in pattern.pattern.converters}


def addresses(cluster: Cluster) -> list[tuple[str, str]]:
    return [(str(p.name), reverse(str(p.name), kwargs=arguments(p, cluster))) for p in patterns() if p.name]


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=30, imp1b=10, imp2a=5, waiting=4)


# --- Rights ---------------------------------------------------------------------------------------
def test_nobody_sees_anything_without_signing_in(acme: Cluster) -> None:
    for name, address in addresses(acme):
        if name in OPEN_TO_ALL | ELSEWHERE:
            continue
        for call in (Client().get, Client().post):
            answer = call(address)
            assert answer.status_code in (302, 403), f"{name} answers {answer.status_code}"
            if answer.status_code == 302:
                assert answer["Location"].startswith("/sign-in/"), name


def test_every_address_refuses_the_roles_below_its_own(acme: Cluster) -> None:
    below = {roles.VIEWER: [""], roles.OPERATOR: ["", roles.VIEWER], roles.ADMINISTRATOR: ["", *roles.ROLES[:2]]}
    for name, address in addresses(acme):
        if name in OPEN_TO_ALL | ELSEWHERE:
            continue
        assert name in LEAST, f"say in LEAST which role {name} needs"
        for role in below.get(LEAST[name], []):
            client = as_(role)
            answer = client.post(address) if name in POSTED else client.get(address)
            assert answer.status_code in (403, 401 if name == "stream" else 403), (
                f"{name} answers {answer.status_code} to {role or 'nobody'}"
            )


def test_nothing_is_done_by_a_get(acme: Cluster) -> None:
    client = as_(roles.ADMINISTRATOR)
    for name, address in addresses(acme):
        if name in POSTED - {"sign-out"}:
            assert client.get(address).status_code == 405, name


def test_a_viewer_is_offered_nothing_that_is_refused(acme: Cluster) -> None:
    page = as_(roles.VIEWER).get(reverse("cluster", args=["acme"])).content.decode()
    for word in (
        "Rebalance",
        "Import users",
        "Settings…",
        "Move to",
        "data-drag-node",
        "data-moves",
        "Faults and more",
    ):
        assert word not in page, word


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
    read = [query["sql"] for query in seen if Population._meta.db_table in query["sql"] and "md5(" not in query["sql"]]
    assert not read
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


def test_an_unknown_node_is_refused_with_the_known_ones(acme: Cluster) -> None:
    answer = as_(roles.VIEWER).get(f"{reverse('cluster', args=['acme'])}?node=999999")
    assert answer.status_code == 422
    assert "imp1a.acme.org" in answer.content.decode()


def test_a_refusal_goes_among_the_messages(acme: Cluster) -> None:
    address = reverse("act", args=["acme", "nodes", node(acme, "imp3a").pk, "failover"])
    answer = as_(roles.OPERATOR).post(address, headers=HTMX)
    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#messages"
    assert "HA_NEEDS_TWO_NODES" in answer.content.decode()


# --- Doing ----------------------------------------------------------------------------------------
def settle(cluster: Cluster) -> None:
    """Let the engine look at every pair with HA until both nodes are known to be Normal."""
    now = timezone.now()
    for sub in cluster.subclusters.filter(ha_enabled=True):
        for second in range(0, 600, 5):
            service.step(sub.pk, now + timedelta(seconds=second))
            if all(button.legal for button in service.buttons(sub) if button.command == "failover"):
                break
        else:
            raise AssertionError(f"{sub} does not come to rest")


def test_failover_asks_first_and_then_begins(acme: Cluster) -> None:
    settle(acme)
    client, first = as_(roles.OPERATOR), node(acme, "imp1a")
    question = client.get(reverse("ask", args=["acme", "nodes", first.pk, "failover"]), headers=HTMX)
    assert question.status_code == 200, question.content
    assert "<dd>30</dd>" in question.content.decode()
    answer = client.post(reverse("act", args=["acme", "nodes", first.pk, "failover"]), headers=HTMX)
    assert answer.status_code == 200, answer.content
    assert json.loads(answer["HX-Trigger"]) == {"close-dialog": {}}
    first.refresh_from_db()
    assert first.state == State.FAILING_OVER
    run = Operation.objects.get(kind="failover")
    log = client.get(reverse("operation", args=[run.pk])).content.decode()
    assert "Failing Over" in log
    assert Event.objects.filter(code="FAILOVER_STARTED", actor_name=roles.OPERATOR).exists()


def test_power_off_and_on_from_the_menu_of_a_node(acme: Cluster) -> None:
    client, first = as_(roles.OPERATOR), node(acme, "imp1a")
    menu = reverse("node-menu", args=["acme", first.pk])
    assert "Power off" in client.get(menu, headers=HTMX).content.decode()
    fault = reverse("fault", args=["acme", first.pk])
    assert client.post(fault, {"kind": "power"}, headers=HTMX).status_code == 200
    first.refresh_from_db()
    assert not first.power_on
    assert "Power on" in client.get(menu, headers=HTMX).content.decode()
    assert client.post(fault, {"kind": "power", "repair": "1"}, headers=HTMX).status_code == 200
    assert client.post(fault, {"kind": "power", "repair": "1"}, headers=HTMX).status_code == 409
    assert client.post(fault, {"kind": "flood"}, headers=HTMX).status_code == 422


def test_a_plan_is_shown_then_run_as_it_was_shown() -> None:
    make_crowd(60, 20, 10, 30)
    client = as_(roles.OPERATOR)
    shown = client.post(reverse("plans", args=["crowd"]), {"goal": "balance"}, headers=HTMX)
    plan = Plan.objects.get()
    text = shown.content.decode()
    assert shown["HX-Retarget"] == "#dialog"
    assert f"Run {plan.moves} moves" in text
    assert plans.certificate(plan)[:40] in text
    assert not Operation.objects.exists()
    answer = client.post(reverse("run-plan", args=[plan.hash]), {"rate": "5"}, headers=HTMX)
    assert answer.status_code == 200, answer.content
    run = Operation.objects.get()
    assert (run.plan_id, run.rate) == (plan.pk, 5)
    bar = client.get(reverse("summary-bar", args=["crowd"]), headers=HTMX).content.decode()
    assert f'id="operation-{run.pk}"' in bar


def test_a_plan_on_changed_ground_is_shown_again_with_what_changed() -> None:
    make_crowd(60, 20, 10, 30)
    client = as_(roles.OPERATOR)
    client.post(reverse("plans", args=["crowd"]), headers=HTMX)
    plan = Plan.objects.get()
    moved = plan.rows.first()
    assert moved
    Assignment.objects.filter(user=moved.user_id).update(pinned=True)
    answer = client.post(reverse("run-plan", args=[plan.hash]), headers=HTMX)
    assert "No longer valid: 1 of" in answer.content.decode()
    assert f"Run the {plan.moves - 1} valid moves" in answer.content.decode()
    assert client.post(reverse("run-plan", args=[plan.hash]), {"valid_only": "1"}, headers=HTMX).status_code == 200
    assert Operation.objects.count() == 1


def test_a_plan_of_some_subclusters_and_how_long_it_takes_at_the_rates_typed() -> None:
    cluster = make_crowd(60, 20, 10, 0, 0, 40)
    client = as_(roles.OPERATOR)
    some = list(cluster.subclusters.order_by("name")[:2])
    client.post(reverse("plans", args=["crowd"]), {"subcluster": [sub.pk for sub in some]}, headers=HTMX)
    plan = Plan.objects.get()
    assert plan.scope == {"subclusters": sorted(sub.pk for sub in some)}
    address, most = reverse("plan", args=[plan.hash]), 22  # 90 users on four nodes, 22 of them new on the empty one
    assert [node["after"] for node in plan.body["nodes"]] == [23, 23, 22, 22, 0, 40]
    for rates, said in (
        ({"rate": "1", "rate_total": ""}, f"{most} s"),
        ({"rate": "100", "rate_total": "1"}, f"{plan.moves} s"),
    ):
        assert client.get(address, rates | {"takes": "1"}, headers=HTMX).content.decode() == said
    assert client.get(address, {"takes": "1", "rate": "0"}, headers=HTMX).status_code == 422
    assert client.post(reverse("run-plan", args=[plan.hash]), {"rate": "0"}, headers=HTMX).status_code == 422


def test_the_history_leads_to_an_operation_and_its_undo() -> None:
    cluster = make_crowd(10, 0)
    users = ",".join(map(str, people_of(nodes_of(cluster)[0], 3)))
    client, to = as_(roles.OPERATOR), f"node:{nodes_of(cluster)[1].pk}"
    assert client.post(reverse("move", args=["crowd"]), {"users": users, "to": to}, headers=HTMX).status_code == 200
    address = reverse("operation", args=[Operation.objects.get().pk])
    assert f'href="{address}"' in client.get(reverse("history", args=["crowd"])).content.decode()
    assert "Undo" in client.get(address).content.decode()


def test_a_run_is_paused_resumed_slowed_and_cancelled() -> None:
    make_crowd(60, 20)
    client = as_(roles.OPERATOR)
    client.post(reverse("plans", args=["crowd"]), headers=HTMX)
    client.post(reverse("run-plan", args=[Plan.objects.get().hash]), headers=HTMX)
    run = Operation.objects.get()
    for what, state in (("pause", Progress.PAUSED), ("resume", Progress.QUEUED), ("cancel", Progress.CANCELLED)):
        if what == "resume":
            slowed = client.post(reverse("steer", args=[run.pk, "rate"]), {"rate": "0.5"}, headers=HTMX)
            assert slowed.status_code == 200
        assert client.post(reverse("steer", args=[run.pk, what]), headers=HTMX).status_code == 200
        run.refresh_from_db()
        assert run.state == state
    assert run.rate == 0.5
    assert client.post(reverse("steer", args=[run.pk, "pause"]), headers=HTMX).status_code == 409
    assert client.post(reverse("steer", args=[run.pk, "explode"]), headers=HTMX).status_code == 404
    page = client.get(reverse("operation", args=[run.pk])).content.decode()
    assert page.index("started to move") < page.index("paused the run") < page.index("cancelled the run")


def test_an_upload_is_checked_then_imported_and_bad_lines_are_named(acme: Cluster) -> None:
    client, address = as_(roles.ADMINISTRATOR), reverse("import", args=["acme"])

    def send(text: str, **more: str) -> str:
        answer = client.post(address, {"file": BytesIO(text.encode()), **more}, headers=HTMX)
        assert answer.status_code == 200, answer.content
        return answer.content.decode()

    bad = send("user_id,contacts\nnew1,1\n,2\nnew3,900\n")
    assert "Nothing was imported: 2 problems in 3 lines" in " ".join(bad.split())
    assert "<td>3</td>" in bad
    assert "The user ID is missing." in bad
    assert "Nothing was changed" in send("user_id\nnew1\nnew2\n", dry_run="1")
    assert not Assignment.objects.filter(user__user_id="new1").exists()
    assert "Imported 2 lines" in send("user_id\nnew1\nnew2\n")
    assert Assignment.objects.filter(user__user_id__in=("new1", "new2")).count() == 2
    assert "Nothing was imported" in client.post(address, headers=HTMX).content.decode()


def settings_of(client: Client, cluster: Cluster) -> dict[str, str]:
    """What the form would send if it were stored as it is shown."""
    html = client.get(reverse("settings", args=[cluster.name]), headers=HTMX).content.decode()
    sent = {"mode": cluster.mode, "model": cluster.model}
    for tag in re.findall(r"<input[^>]+>", html):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name
        if 'type="checkbox"' not in tag or "checked" in tag:
            sent[name.group(1)] = value.group(1) if value else "on"
    return sent


def test_settings_are_stored_together_or_come_back_as_typed(acme: Cluster) -> None:
    client, address = as_(roles.ADMINISTRATOR), reverse("settings", args=["acme"])
    sent = settings_of(client, acme)
    assert client.post(address, sent, headers=HTMX).status_code == 200
    assert not Event.objects.filter(cluster=acme).exclude(code="SIGNED_IN").exists(), "nothing differed"
    wrong = sent | {"mode": "manual", "keep_alive_timeout": "5", "clock_speed": "60"}
    answer = client.post(address, wrong, headers=HTMX)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert re.search(r'name="keep_alive_timeout" value="5"[^>]*aria-invalid="true"', html)
    assert 'name="clock_speed" value="60"' in html
    acme.refresh_from_db()
    assert (acme.mode, acme.clock_speed) == ("balanced", 1)
    for no_time in ("10:99", "25:00", "noon", "10:5x"):
        answer = client.post(address, sent | {"automatic_fallback_from": no_time}, headers=HTMX)
        assert answer.status_code == 422, no_time
        assert re.search(rf'name="automatic_fallback_from" value="{no_time}"[^>]*aria-invalid', answer.content.decode())
    right = wrong | {"keep_alive_timeout": "30", "automatic_fallback_from": "22:30", "canary_fallback": "on"}
    assert client.post(address, right, headers=HTMX).status_code == 200
    acme = Cluster.objects.get(pk=acme.pk)
    policy = acme.policy
    assert (acme.mode, acme.clock_speed, policy.keep_alive_timeout) == ("manual", 60, 30)
    assert (policy.automatic_fallback_from, policy.canary_fallback) == (22 * 3600 + 30 * 60, True)


@pytest.mark.parametrize(
    "asked", ["?node=abc", "?node=99999999999999999999", "?q=%00", "?show=what", "?after=%00", "?before=%00&q=a"]
)
def test_a_strange_address_is_no_failure(acme: Cluster, asked: str) -> None:
    assert as_(roles.VIEWER).get(f"{reverse('cluster', args=['acme'])}{asked}").status_code == 422


ACROSS = ["", "?q=example", "?q=nobody", "?endpoint=sametime&contacts=10", "?show=pinned", "?show=out"]


@pytest.mark.parametrize("name", ["overview", "find-users", "cluster"])
def test_the_first_pages_ask_as_much_of_a_hundred_users_as_of_ten_thousand(name: str) -> None:
    client = as_(roles.ADMINISTRATOR)
    counts = []
    for kind, users in (("few", 100), ("many", 10_000)):
        cluster = make_crowd(*[users // 6] * 6, waiting=4, name=kind)
        address = reverse(name, args=[cluster.name] if name == "cluster" else [])
        counts.append([queries(client, address + asked) for asked in ACROSS])
    assert counts[0] == counts[1], counts

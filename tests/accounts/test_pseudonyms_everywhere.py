"""Demo mode on every page: whatever can be reached by an address while names are hidden names nobody."""

import re
from collections import Counter
from html import unescape
from io import BytesIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assignments.models import Assignment, Goal, Operation, Plan
from assignments.moves import drag_presence, pins
from assignments.moves.selection import Selection
from assignments.planning import approvals, plans
from assignments.recovery import maintenance, service
from assignments.runs import hand_moves
from assignments.simulation import whatif
from assignments.users.importing.imports import import_users
from assignments.users.listing import saved_views
from tests.board.test_roles_of_addresses import addresses, patterns
from tests.support import torture
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.accounts.sign_in import give_role
from topology.models import Cluster, EndUser, Event

SECRET = re.compile(r"xw(?:ident|name|mail|account|text)", re.IGNORECASE)
LINK = re.compile(r'\b(?:href|hx-get|data-ask|action)="(/[^"]*)"')
CURSOR = re.compile(r"\b(after|before)=[^&]*")
ALIKE = 2  # windows of one list and direction that are read: the second is made from the cursor of the first
pytestmark = pytest.mark.django_db


def someone(name: str) -> AbstractBaseUser:
    found = get_user_model().objects.create(username=f"xwaccount-{name}")
    give_role(found, roles.ADMINISTRATOR)
    return found


@pytest.fixture
def anna() -> AbstractBaseUser:
    return someone("anna")


@pytest.fixture
def bert() -> AbstractBaseUser:
    return someone("bert")


@pytest.fixture
def acme(anna: AbstractBaseUser, bert: AbstractBaseUser) -> Cluster:
    """A cluster in which much was done: moves by both, pins, plans, an approval, a maintenance, faults, a what-if."""
    cluster = make_acme(imp1a=120, imp1b=8, imp2a=10, imp3a=5, waiting=8)
    for number, user in enumerate(EndUser.objects.order_by("pk")):
        user.user_id, user.name = f"xwident{number:04}", f"Xwname{number:04} Xwname"
        user.mail = f"xwmail{number:04}@example.org"
        user.save()
    first = people(node(cluster, "imp1a").pk)
    made = plans.make_plan(cluster, Goal.BALANCE, author=bert)
    approvals.approve(made, actor=anna)
    hand_moves.move_users(cluster, first[:3], node(cluster, "imp2a"), actor=bert)
    hand_moves.move_users(cluster, [first[4]], None, actor=anna)
    pins.pin(Selection(cluster, tuple(first[:2])), "xwtext asked for it", actor=bert)
    pins.pin(Selection(cluster, (first[0], first[9])), "xwtext other", actor=anna)
    users = b"user_id,name,mail\nxwidentnew,Xwname New,xwmail@example.org\n"
    import_users(cluster, BytesIO(users), actor=bert)
    ends = timezone.now() + timezone.timedelta(hours=1)
    maintenance.begin(node(cluster, "imp2b"), reason="xwtext disk", until=ends, actor=bert)
    service.inject(node(cluster, "imp1a"), "power", actor=bert)
    for owner in (anna, bert):
        saved_views.save(owner, cluster, "xwtext view", "q=xwident0001")
    whatif.start(whatif.frozen_cluster(cluster) | {"name": "night"}, cluster=cluster, actor=bert)
    drag_presence.tell_others(cluster, bert, users=3, source="unassigned", to=f"node:{node(cluster, 'imp1b').pk}")
    return cluster


@pytest.fixture
def client(anna: AbstractBaseUser) -> Client:
    found = Client()
    found.force_login(anna)
    found.post(reverse("hide-names"))
    return found


def around(body: str, leak: re.Match[str]) -> str:
    return body[max(0, leak.start() - 120) : leak.end() + 60]


def people(home: int | None) -> list[int]:
    return list(Assignment.objects.filter(home_node=home).order_by("user_id").values_list("user_id", flat=True))


def read(client: Client, address: str, *, htmx: bool) -> str:
    answer = client.get(address, headers={"HX-Request": "true"} if htmx else {})
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return body.decode() + " ".join(f"{name}: {value}" for name, value in answer.items())


def beginnings(cluster: Cluster) -> list[str]:
    """Every address of the console with each thing that it may be about, and lists with each filter."""
    found = [address for name, address in addresses(cluster) if name not in ("stream", "sign-out")]
    everybody = Assignment.objects.values_list("pk", flat=True)
    for pattern in patterns():
        name, wanted = str(pattern.name), set(pattern.pattern.converters)
        if name.startswith("operation") and wanted == {"pk"}:
            found += [reverse(name, args=[run.pk]) for run in Operation.objects.all()]
        elif wanted == {"plan_hash"}:
            found += [reverse(name, args=[plan.hash]) for plan in Plan.objects.all()]
        elif wanted == {"cluster_name"}:
            here, one = reverse(name, args=[cluster.name]), people(node(cluster, "imp2a").pk)[0]
            found += [f"{here}?users={one}", f"{here}?users={','.join(map(str, everybody))}"]
    shows = ("pinned", "out", "in", "unassigned", "assigned")
    found += [f"{reverse(name)}?show={show}" for name in ("find-users",) for show in shows]
    found += [f"{reverse('cluster', args=[cluster.name])}?show={show}" for show in shows]
    return [*found, "/no-such-page", "/clusters/none/"]


@pytest.mark.in_turns
def test_nothing_that_can_be_reached_names_anybody(acme: Cluster, client: Client) -> None:
    waiting, seen, windows, leaks, chances = beginnings(acme), set(), Counter[str](), [], 0
    while waiting and len(seen) < 600:
        address = unescape(waiting.pop(0)).split("#")[0]
        if address in seen or address.startswith(("/static/", "/stream")):
            continue
        seen.add(address)
        windows[CURSOR.sub(r"\1=", address)] += 1
        if windows[CURSOR.sub(r"\1=", address)] > ALIKE:
            continue
        for htmx in (False, True) if torture.WHOLE else (len(seen) % 2 == 0,):
            body = read(client, address, htmx=htmx)
            leaks += [f"{address}: {around(body, leak)}" for leak in SECRET.finditer(body)][:2]
            chances += "operator " in body or "@example.org" in body or re.search(r">[a-z]+-\d{5}<", body) is not None
            waiting += LINK.findall(body)
    assert not leaks, "\n\n".join(leaks[:20])
    assert chances > 60, "the pages show people, under other names"
    assert len(windows) > 150


def test_what_is_answered_names_nobody(acme: Cluster, client: Client) -> None:
    waiting, target = people(None), node(acme, "imp1b")
    bad = "user_id,name,mail,contacts,node\n" + "".join(
        f"{line}\n"
        for line in (
            "xwident0001,a,b,xwtext,",
            "xwident0002,a,b,1,xwtext",
            "xwidenttwice,a,b,1,",
            "XWIDENTTWICE,a,b,1,",
            "xwident" + "x" * 200,
        )
    )
    posts = [
        ("move", {"users": str(waiting[0]), "list": "unassigned", "to": f"node:{target.pk}"}),
        ("move", {"users": str(waiting[0]), "list": "unassigned", "to": f"node:{target.pk}"}),  # not there any more
        ("move-targets", {"users": ",".join(map(str, people(target.pk)))}),
        ("pin", {"users": ",".join(map(str, people(node(acme, "imp2a").pk))), "reason": "xwtext once more"}),
        ("pin", {"users": str(waiting[1]), "reason": "xwtext"}),
        ("import", {"file": BytesIO(bad.encode())}),
        ("import", {"file": BytesIO("Jürgen Xwname;xwident\n".encode("latin-1"))}),
        ("export", {"users": str(waiting[0])}),
        ("plans", {"goal": "balance"}),
    ]
    for name, values in posts:
        for headers in ({"HX-Request": "true"}, {"Accept": "application/json"}):
            body = client.post(reverse(name, args=["acme"]), values, headers=headers).content.decode()
            assert not SECRET.findall(body), f"{name}: {SECRET.findall(body)[:3]}"
    assert Event.objects.filter(facts__icontains="xw").exists(), "the history itself keeps the names"


def test_an_export_is_refused_while_names_are_hidden(acme: Cluster, client: Client) -> None:
    for address in (reverse("find-users-export"), reverse("export-dialog", args=["acme"]) + "?node=0"):
        answer = client.get(address, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (409, "EXPORT_NAMES_HIDDEN")
    client.post(reverse("hide-names"))
    assert "xwident0001" in read(client, reverse("find-users-export"), htmx=False)


def test_lists_go_on_by_key_while_names_are_hidden(acme: Cluster, client: Client) -> None:
    seen, address = [], reverse("find-users")
    while address:
        page = read(client, address, htmx=True)
        seen += re.findall(r'<tr id="person-(\d+)"', page)
        following = re.search(r'class="more" hx-get="([^"]*)"', page)
        assert not following or "after=~" in unescape(following[1]) or "after=%7E" in following[1]
        address = unescape(following[1]) if following else ""
    assert len(seen) == len(set(seen)) == EndUser.objects.count()


def test_hiding_names_leaves_out_of_the_address_what_was_looked_for(acme: Cluster, client: Client) -> None:
    client.post(reverse("hide-names"))
    here = {"HX-Current-URL": "http://testserver/clusters/acme/?node=0&q=xwident0001"}
    assert client.post(reverse("hide-names"), headers=here)["HX-Redirect"] == "/clusters/acme/?node=0"
    assert client.post(reverse("hide-names"), headers=here)["HX-Refresh"] == "true"

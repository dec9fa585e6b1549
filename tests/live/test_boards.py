"""A cluster on the stream: whole versions, rendered once for all consoles of a kind, and only what changed is sent."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from assignments.board import removal
from tests.board.pages import person
from tests.live.test_stream import Reader
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.accounts.sign_in import give_role
from topology.live import events, shelf
from topology.models import Cluster, ClusterRole, Node


class Console:
    """What a page's script does, without a browser: it shows a version and hears the next ones."""

    def __init__(self, web: LiveStack, role: str, *, hidden: bool = False, version: str | None = None) -> None:
        client = Client()
        client.force_login(person(role))
        if hidden:
            client.post(reverse("hide-names"))
        self.page = client.get(reverse("cluster", args=["acme"])).content.decode()
        self.version = re.search(r'data-version="(\d+)"', self.page).group(1) if version is None else version  # type: ignore[union-attr]
        stream = re.search(r'data-stream="/stream([^"]+)"', self.page).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
        name = settings.SESSION_COOKIE_NAME
        self.address, self.cookie = web.address, f"{name}={client.cookies[name].value}"
        self.reader = Reader(self.address, self.cookie, f"{stream}&version={self.version}&at={int(time.time() * 1000)}")

    def told(self) -> str:
        """The next version, as HTML."""
        while (event := self.reader.event())[0] != "cluster":
            assert event[0] in ("topics", "alive")
        return event[1]

    def told_of(self, text: str) -> str:
        """The next version that shows this; a console that was slow to come is told the present one before."""
        while text not in (html := self.told()):
            pass
        return html

    def told_gone(self) -> str:
        """The cluster of which it is told nothing any more."""
        kind = data = ""
        while kind not in ("gone", "alive"):  # it is told before five seconds of silence
            kind, data = self.reader.event()
        return data

    def close(self) -> None:
        self.reader.close()


@pytest.fixture
def acme(live_web: LiveStack) -> Cluster:
    return make_acme(imp1a=30, imp1b=4)


@pytest.fixture
def watch(live_web: LiveStack, acme: Cluster) -> Iterator[Callable[..., Console]]:
    consoles: list[Console] = []

    def open_one(role: str = roles.VIEWER, **options: object) -> Console:
        consoles.append(Console(live_web, role, **options))  # type: ignore[arg-type]
        return consoles[-1]

    yield open_one
    for console in consoles:
        console.close()


def change(acme: Cluster, short: str, capacity: int) -> int:
    """Change a node as a commit of another process does, and say so."""
    pk = node(acme, short).pk
    Node.objects.filter(pk=pk).update(capacity_users=capacity)
    events.publish([f"node-{pk}"])
    return pk


def test_what_changed_comes_as_one_message_of_one_version(acme: Cluster, watch: Callable[..., Console]) -> None:
    console = watch()
    time.sleep(0.6)  # it has its place
    before = int(time.time() * 1000)
    pk = change(acme, "spare", 4321)
    html = console.told()
    said = r'<div data-cluster="acme" data-version="(\d+)" data-committed="(\d+)" data-kind="viewer"'
    head = re.match(said + r' data-after="(\d+)">', html)
    assert head, html[:200]
    assert head.group(1) == console.reader.last
    assert head.group(3) == console.version
    assert int(head.group(1)) > int(console.version)
    assert before - 50 <= int(head.group(2)) <= time.time() * 1000 + 50
    assert re.findall(r'<(?:article|section|nav) (?:data-board )?id="([^"]+)"', html) == [f"node-{pk}"]
    assert "4,321" in html


def test_a_console_of_another_version_is_told_everything_at_once(watch: Callable[..., Console]) -> None:
    html = watch(version="7").told()
    assert "data-after" not in html
    assert re.findall(r'data-board id="([\w-]+)-cluster-', html) == ["summary-bar", "tree", "map"]


def test_consoles_share_what_is_rendered_and_kinds_do_not(acme: Cluster, watch: Callable[..., Console]) -> None:
    kinds = [(roles.VIEWER, False), (roles.VIEWER, True), (roles.ADMINISTRATOR, False)]
    consoles = [watch(role, hidden=hidden) for role, hidden in kinds * 5]
    time.sleep(0.6)
    names = [f"renders:acme:{role}{'-hidden' if hidden else ''}" for role, hidden in kinds]
    before = [shelf.counted(name) for name in names]
    change(acme, "spare", 4321)
    told = [console.told() for console in consoles]
    assert [shelf.counted(name) - count for name, count in zip(names, before, strict=True)] == [1, 1, 1]
    assert told[:3] * 5 == told
    assert "data-drag-server" not in told[0]
    assert "data-drag-server" in told[2]


def test_a_role_that_is_given_or_taken_shows_within_seconds(acme: Cluster, watch: Callable[..., Console]) -> None:
    console = watch(roles.VIEWER)
    give_role(get_user_model().objects.get(username=roles.VIEWER), roles.ADMINISTRATOR)
    html = console.told_of("data-drag-server")
    assert "data-after" not in html
    assert 'data-kind="administrator"' in html.partition(">")[0]


def test_who_loses_the_cluster_is_told_that_it_comes_no_more(acme: Cluster, watch: Callable[..., Console]) -> None:
    console = watch(roles.VIEWER)
    someone = get_user_model().objects.get(username=roles.VIEWER)
    ClusterRole.objects.create(user=someone, cluster=make_acme("branch"), role=roles.VIEWER)
    someone.groups.clear()
    assert console.told_gone() == "acme"


def test_who_watches_a_cluster_that_is_removed_is_told_so(acme: Cluster, watch: Callable[..., Console]) -> None:
    console = watch(roles.VIEWER)
    removal.remove_cluster(acme, "acme")
    assert console.told_gone() == "acme"


def test_who_comes_back_to_a_cluster_that_is_gone_is_told_so(acme: Cluster, watch: Callable[..., Console]) -> None:
    query = "?cluster=acme&kind=viewer&version=7&cluster=nowhere&kind=viewer&version=7"
    console = watch(roles.VIEWER)
    again = Reader(console.address, console.cookie, query)
    assert again.event() == ("gone", "nowhere")
    again.close()


def test_versions_are_skipped_and_never_queued(acme: Cluster, watch: Callable[..., Console]) -> None:
    console = watch()
    time.sleep(0.6)
    begun = time.monotonic()
    for capacity in range(4000, 4040):
        change(acme, "spare", capacity)
    told = [console.told()]
    while "4,039" not in told[-1]:
        told.append(console.told())
    assert len(told) <= (time.monotonic() - begun) / 0.25 + 2


def test_what_is_not_of_the_cluster_wakes_nobody(acme: Cluster, watch: Callable[..., Console]) -> None:
    other = make_acme("other", imp1a=1)
    console = watch()
    time.sleep(0.6)
    before = shelf.counted("renders:acme:viewer")
    Node.objects.filter(pk=node(other, "spare").pk).update(capacity_users=77)
    events.publish([f"node-{node(other, 'spare').pk}"])
    change(acme, "spare", 4321)
    assert console.told_of("4,321")
    assert shelf.counted("renders:acme:viewer") == before + 1

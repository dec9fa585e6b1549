"""What all who watch a cluster see: rendered once for a version and kind of viewer, and with nothing of a person."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from assignments.board.views import shared
from tests.board.pages import as_, person
from tests.support.layout import laid_out
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.live import shelf
from topology.live.boards import ViewerKind
from topology.models import Cluster, Node, Policy

KINDS = [ViewerKind(role, hides) for role in roles.ROLES for hides in (False, True)]


def renders(kind: ViewerKind, cluster: str = "acme") -> int:
    return shelf.counted(f"renders:{cluster}:{kind}")


@pytest.mark.django_db(transaction=True)
def test_a_version_is_rendered_once_for_each_kind_of_viewer_however_many_ask() -> None:
    acme = make_acme(imp1a=30, imp1b=4)
    before = {kind: renders(kind) for kind in KINDS}

    def ask(kind: ViewerKind) -> tuple[str, int, str]:
        found = shared.shared_now("acme", kind)
        connections.close_all()
        return str(kind), found.version, "".join(found.everything())

    for capacity in (4444, 4321):
        Node.objects.filter(pk=node(acme, "imp3a").pk).update(capacity_users=capacity)
        with ThreadPoolExecutor(8) as consoles:
            seen = set(consoles.map(ask, KINDS * 8))
        assert len(seen) == len(KINDS), "every console of a kind is shown the same bytes"
    assert {kind: renders(kind) - count for kind, count in before.items()} == dict.fromkeys(KINDS, 2)


@pytest.mark.django_db
def test_every_change_of_a_row_that_is_shown_makes_a_new_version() -> None:
    acme = make_acme(imp1a=30, imp1b=4)
    kind, seen = ViewerKind(roles.ADMINISTRATOR), []

    def look() -> tuple[int, str]:
        found = shared.shared_now("acme", kind)
        return found.version, "".join(found.everything())

    seen.append(look())
    assert look() == seen[0]
    for change in (
        lambda: Node.objects.filter(pk=node(acme, "imp1a").pk).update(power_on=False),
        lambda: Policy.objects.filter(cluster=acme).update(relogin_lower_limit=77),
        lambda: Cluster.objects.filter(pk=acme.pk).update(clock_speed=30),
        lambda: acme.subclusters.filter(name="sc-1").update(description="moved to the new hall"),
        lambda: acme.nodes.filter(subcluster__name="sc-3").update(subcluster=None, slot=None),
    ):
        change()
        seen.append(look())
    versions = [version for version, _ in seen]
    assert versions == sorted(set(versions))
    assert len({html for _, html in seen}) == len(seen)


@pytest.mark.django_db
def test_what_changed_is_told_in_its_smallest_parts_and_the_parts_make_the_whole() -> None:
    acme = make_acme(imp1a=30, imp1b=4)
    first = shared.shared_now("acme", ViewerKind(roles.VIEWER))
    assert list(first.changes(first)) == []
    spare = node(acme, "spare")
    Node.objects.filter(pk=spare.pk).update(capacity_users=4321)
    second = shared.shared_now("acme", ViewerKind(roles.VIEWER))
    [piece] = second.changes(first)
    assert piece.startswith("<article")
    assert f'id="node-{spare.pk}"' in piece
    assert "4,321" in piece
    assert "<!--" not in "".join(second.everything())
    page = as_(roles.VIEWER).get(reverse("cluster", args=["acme"])).content.decode()
    for whole in second.everything():
        assert laid_out(whole).strip() in page
    assert f'data-version="{second.version}"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_what_is_shared_holds_nothing_of_a_person(kind: ViewerKind) -> None:
    make_acme(imp1a=30, imp1b=4)
    client: Client = as_(kind.role)
    if kind.hides_names:
        client.post(reverse("hide-names"))
    page = client.get(f"{reverse('cluster', args=['acme'])}?q=imp1a&show=out").content.decode()
    whole = "".join(shared.shared_now("acme", kind).everything())
    assert all(laid_out(part).strip() in page for part in shared.shared_now("acme", kind).everything())
    token = re.search(r'"X-CSRFToken": "(\w+)"', page)
    assert token
    name = person(kind.role).get_username()
    for personal in (token.group(1), "csrf", f"{name}<", "aria-selected", "q=imp1a", "show="):
        assert personal not in whole, personal
    assert ("data-drag-node" in whole) == (kind.role != roles.VIEWER)
    assert ("data-drag-server" in whole) == (kind.role == roles.ADMINISTRATOR)


@pytest.mark.django_db
def test_while_redis_is_away_each_process_renders_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.test import override_settings

    from topology.live import events

    make_acme(imp1a=3)
    monkeypatch.setattr(events, "_client", None)
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        found = shared.shared_now("acme", ViewerKind(roles.VIEWER))
    monkeypatch.setattr(events, "_client", None)
    assert "imp1a" in "".join(found.everything())


@pytest.mark.django_db
def test_an_older_version_that_is_kept_late_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    acme, kind = make_acme(imp1a=3), ViewerKind(roles.VIEWER)
    kept: dict[str, str] = {}
    keep = shelf.keep

    def note(name: str, text: str, seconds: int) -> None:
        kept[name] = text
        keep(name, text, seconds)

    monkeypatch.setattr(shelf, "keep", note)
    shared.shared_now("acme", kind)
    [(name, older)] = kept.items()
    Node.objects.filter(pk=node(acme, "spare").pk).update(capacity_users=4321)
    newer = shared.shared_now("acme", kind)
    keep(name, older, 60)  # a slow process comes to its end
    assert shelf.claim(f"{name}:{newer.mark}", 1000), "nobody holds a claim any more"
    shelf.release(f"{name}:{newer.mark}")
    assert list(shared.shared_now("acme", kind).changes(newer)) == []

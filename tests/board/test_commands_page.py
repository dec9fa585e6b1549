"""All commands of a cluster on one page, fragments as whole pages for browsers without scripts, buttons at checks."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assignments.models import Assignment
from assignments.recovery import service
from tests.board.pages import as_
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster, Subcluster

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3, imp1b=1, waiting=2)


def page(client: Client, address: str, **headers: str) -> str:
    return client.get(address, headers=BROWSER | headers).content.decode()


def test_a_fragment_is_a_page_for_a_browser_and_stays_one_for_scripts(acme: Cluster) -> None:
    client, address = as_(roles.OPERATOR), reverse("keys")
    assert page(client, address).lstrip().lower().startswith("<!doctype html>")
    assert "<title>Keys · Homenode</title>" in page(client, address)
    assert page(client, address, **{"HX-Request": "true"}).lstrip().startswith("<article")
    assert page(client, address, **{"Sec-Fetch-Dest": "empty"}).lstrip().startswith("<article")
    assert client.get(address).content.lstrip().startswith(b"<article")


def test_a_part_of_a_page_that_is_only_looked_at_does_not_say_done(acme: Cluster) -> None:
    client = as_(roles.ADMINISTRATOR)
    for name in ("placing", "summary-bar", "tree", "users"):
        shown = page(client, reverse(name, args=["acme"]) + "?list=1")
        assert "Done" not in shown.partition("</h1>")[0]
        assert "<title>Part of a page · Homenode</title>" in shown


def test_user_ids_are_found_and_moved_by_forms(acme: Cluster) -> None:
    client = as_(roles.OPERATOR)
    found = client.post(reverse("commands", args=["acme"]), {"ids": "imp1a-0001, ghost"}).content.decode()
    assert "1 user of acme selected. Unknown here: ghost." in found
    assert f'action="{reverse("move-dialog", args=["acme"])}"' in found
    assert "Fail over imp1a…" in found
    assert f'href="{reverse("ask", args=["acme", "nodes", node(acme, "imp1a").pk, "failover"])}"' in found
    assert "Settings…" not in found
    assert "Settings…" in page(as_(roles.ADMINISTRATOR), reverse("commands", args=["acme"]))


def without_scripts(acme: Cluster) -> list[str]:
    """Where the banner of an incident leads whose buttons need a script."""
    found = re.findall(r"<noscript>(.*?)</noscript>", page(as_(roles.OPERATOR), acme_page(acme)), re.S)
    return [where for part in found if "btn" in part for where in re.findall(r'<a\s[^>]*href="([^"]+)"', part)]


def acme_page(acme: Cluster) -> str:
    return reverse("cluster", args=[acme.name])


def test_what_an_incident_needs_is_done_without_scripts(acme: Cluster) -> None:
    broken = node(acme, "imp1a")
    broken.failed_services = ["Cisco Presence Engine", "Cisco XCP Router"]
    broken.save()
    Assignment.objects.filter(home_node=broken).update(signed_in=False)
    [where] = without_scripts(acme)
    assert where == reverse("commands", args=["acme"]) + "#faults"
    client = as_(roles.OPERATOR)
    text = page(client, where)
    assert 'id="faults"' in text
    for name in broken.failed_services:
        [form] = [each for each in re.findall(r"<form.*?</form>", text, re.S) if f"Start {name}" in each]
        given = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        [action] = re.findall(r'action="([^"]+)"', form)
        assert client.post(action, given | {"kind": "service"}).status_code in (200, 302)
    broken.refresh_from_db()
    assert broken.failed_services == []


@pytest.mark.in_turns
def test_the_next_step_after_a_failover_is_a_link_without_scripts(acme: Cluster) -> None:
    failed = node(acme, "imp1a")
    service.failover(failed)
    at = timezone.now()
    for _ in range(200):
        at += timedelta(seconds=10)
        service.step(failed.subcluster_id or 0, at)
    [where] = without_scripts(acme)
    assert where == reverse("ask", args=["acme", "nodes", failed.pk, "fallback"])
    assert re.search(r"Fall\s+back\s+to\s+imp1a\?", page(as_(roles.OPERATOR), where))


def test_each_check_has_the_button_that_mends_it(acme: Cluster) -> None:
    Subcluster.objects.filter(cluster=acme, name="sc-1").update(ha_enabled=False)
    address = reverse("checks", args=["acme"])
    text = page(as_(roles.ADMINISTRATOR), address)
    assert '<input type="hidden" name="goal" value="fill">' in text
    assert "Enable HA of sc-1" in text
    assert f'hx-get="{reverse("structure", args=["acme"])}"' in text
    seen = page(as_(roles.VIEWER), address)
    assert "Enable HA of sc-1" not in seen
    assert 'name="goal"' not in seen

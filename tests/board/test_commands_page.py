"""All commands of a cluster on one page, fragments as whole pages for browsers without scripts, buttons at checks."""

import pytest
from django.test import Client
from django.urls import reverse

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


def test_user_ids_are_found_and_moved_by_forms(acme: Cluster) -> None:
    client = as_(roles.OPERATOR)
    found = client.post(reverse("commands", args=["acme"]), {"ids": "imp1a-0001, ghost"}).content.decode()
    assert "1 user of acme selected. Unknown here: ghost." in found
    assert f'action="{reverse("move-dialog", args=["acme"])}"' in found
    assert "Fail over imp1a…" in found
    assert f'href="{reverse("ask", args=["acme", "nodes", node(acme, "imp1a").pk, "failover"])}"' in found
    assert "Settings…" not in found
    assert "Settings…" in page(as_(roles.ADMINISTRATOR), reverse("commands", args=["acme"]))


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

"""The same form open in two windows: who saves changes what they typed there, and nothing that the other saved."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assignments.models import DirectoryAgreement
from assignments.runs import balancer
from tests.board.pages import HTMX, as_
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.models import Cluster, Event, Subcluster
from topology.structure.nodes import rename_node
from topology.structure.policy import update_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3)


@pytest.fixture
def client() -> Client:
    return as_(roles.ADMINISTRATOR)


def window(client: Client, address: str) -> dict[str, Any]:
    """What a form sends that was opened and in which nothing was typed; ticks that are off are not sent."""
    form = client.get(address, headers=HTMX).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in sent.items() if value not in (None, False)} | {"shown": form.shown}


def test_settings(acme: Cluster, client: Client) -> None:
    update_policy(acme, {"enable_automatic_fallback": True})
    address = reverse("settings", args=["acme"])
    one, two = window(client, address), window(client, address)
    one |= {"keep_alive_interval": "17", "domain": "example.org", "canary_fallback": "on"}
    del one["enable_automatic_fallback"]
    assert client.post(address, one, headers=HTMX).status_code == 200
    two |= {"critical_service_delay": "91", "mode": "manual"}
    assert client.post(address, two, headers=HTMX).status_code == 200
    policy = Cluster.objects.get().policy
    assert (policy.keep_alive_interval, policy.critical_service_delay) == (17, 91)
    assert (policy.canary_fallback, policy.enable_automatic_fallback) == (True, False)
    now = window(client, address)
    assert (now["domain"], now["mode"]) == ("example.org", "manual")
    told = Event.objects.filter(code="POLICY_CHANGED", actor__isnull=False)
    assert sorted(change["key"] for event in told for change in event.facts["changes"]) == [
        "canary_fallback",
        "critical_service_delay",
        "enable_automatic_fallback",
        "keep_alive_interval",
    ]


def test_what_both_typed_is_as_the_later_one_typed_it(acme: Cluster, client: Client) -> None:
    address = reverse("settings", args=["acme"])
    one, two = window(client, address), window(client, address)
    client.post(address, one | {"keep_alive_interval": "17"}, headers=HTMX)
    client.post(address, two | {"keep_alive_interval": "18"}, headers=HTMX)
    assert Cluster.objects.get().policy.keep_alive_interval == 18


def test_a_form_that_comes_back_wrong_shows_what_is_stored_by_now(acme: Cluster, client: Client) -> None:
    address = reverse("settings", args=["acme"])
    one, two = window(client, address), window(client, address)
    client.post(address, one | {"keep_alive_interval": "17"}, headers=HTMX)
    wrong = client.post(address, two | {"critical_service_delay": "never"}, headers=HTMX)
    assert wrong.status_code == 422
    form = wrong.context["form"]
    assert (form["keep_alive_interval"].value(), form["critical_service_delay"].value()) == ("17", "never")
    again = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    client.post(address, again | {"shown": form.shown, "critical_service_delay": "91"}, headers=HTMX)
    policy = Cluster.objects.get().policy
    assert (policy.keep_alive_interval, policy.critical_service_delay) == (17, 91)


def test_rules_of_the_balancer(acme: Cluster, client: Client) -> None:
    address = reverse("rules", args=["acme"])
    one, two = window(client, address), window(client, address)
    client.post(address, one | {"threshold": "12", "approval_required": "on"}, headers=HTMX)
    client.post(address, two | {"zone": "Europe/Berlin", "window_start": "22:00"}, headers=HTMX)
    policy = balancer.policy_of(acme)
    assert (policy.threshold, policy.zone, policy.approval_required) == (12, "Europe/Berlin", True)
    assert f"{policy.window_start:%H:%M}" == "22:00"


def test_a_subcluster_and_a_node(acme: Cluster, client: Client) -> None:
    sub, first = Subcluster.objects.get(name="sc-1"), node(acme, "imp1a")
    address = reverse("structure-subcluster", args=["acme", sub.pk])
    one, two = window(client, address), window(client, address)
    client.post(address, one | {"name": "hq"}, headers=HTMX)
    client.post(address, two | {"description": "Headquarters"}, headers=HTMX)
    sub.refresh_from_db()
    assert (sub.name, sub.description) == ("hq", "Headquarters")

    address = reverse("change-node", args=["acme", first.pk])
    left = window(client, address)
    rename_node(first, "chat1.acme.org")
    seen = f"{address}?seen=imp1a.acme.org"
    assert client.post(seen, left | {"users": "4000"}, headers=HTMX).status_code == 200
    first.refresh_from_db()
    assert (first.name, first.capacity_users) == ("chat1.acme.org", 4000)
    assert client.post(seen, left | {"name": "chat2.acme.org"}, headers=HTMX).status_code == 409


def test_the_agreement_with_a_directory(acme: Cluster, client: Client) -> None:
    page, address = reverse("directory", args=["acme"]), reverse("directory-store", args=["acme"])
    first = window(client, page) | {"servers": "ldap://a.example.org\r\nldap://b.example.org", "base": "dc=example"}
    assert client.post(address, first).status_code == 302
    one, two = window(client, page), window(client, page)
    assert client.post(address, one | {"keep_days": "7"}).status_code == 302
    assert client.post(address, two | {"guard_people": "99"}).status_code == 302
    stored = DirectoryAgreement.objects.get()
    assert (stored.keep_days, stored.guard_people) == (7, 99)


@pytest.mark.parametrize("shown", ["", "[]", "null", "{", "[" * 5000, '{"keep_alive_interval": [1]}'])
def test_what_is_brought_back_may_be_anything(acme: Cluster, client: Client, shown: str) -> None:
    address = reverse("settings", args=["acme"])
    sent = window(client, address) | {"shown": shown, "keep_alive_interval": "19"}
    assert client.post(address, sent, headers=HTMX).status_code == 200
    assert Cluster.objects.get().policy.keep_alive_interval == 19

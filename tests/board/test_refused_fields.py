"""What a form refuses stands beside its field, with its code, and what was typed stays."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assignments.intercluster import peers
from assignments.models import Plan
from assignments.planning import plans
from assignments.runs import operations
from assignments.users.listing.filter import keys_by_id
from tests.support.worlds import make_acme, node
from topology.models import Cluster, EndUser

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3, imp1b=1)


def wrong(page: str) -> dict[str, str]:
    """The codes beside the fields of a page, by name; a run stands before it where a page has several."""
    return dict(re.findall(r'id="wrong-(?:\d+-)?(\w+)"[^>]*data-code="(\w+)"', page))


def test_the_dialogs(admin_client: Client, acme: Cluster) -> None:
    key = keys_by_id(acme, ["imp1a-0001"])["imp1a-0001"]
    plan: Plan = plans.make_plan(acme, "balance", {}, author="ann")
    run, begin = (
        reverse("run-plan", args=[plan.hash]),
        reverse("maintenance-step", args=["acme", node(acme, "imp1a").pk, "begin"]),
    )
    for address, typed, field, code in (
        (begin, {"reason": " ", "for": "4h"}, "reason", "MAINTENANCE_NO_REASON"),
        (begin, {"reason": "xx disk", "for": "9x"}, "for", "MAINTENANCE_END_NOT_VALID"),
        (run, {"rate": "0", "rate_total": "7.25"}, "rate", "RUN_RATE_NOT_VALID"),
        (run, {"rate": "7.25", "rate_total": "x"}, "rate_total", "RUN_RATE_NOT_VALID"),
        (reverse("pin", args=["acme"]), {"users": key, "reason": ""}, "reason", "PIN_NEEDS_REASON"),
        (reverse("remove-users", args=["acme"]), {"users": key, "count": "x7"}, "count", "INPUT_NOT_A_NUMBER"),
        (reverse("remove-users", args=["acme"]), {"users": key, "count": ""}, "count", "INPUT_NOT_A_NUMBER"),
        (reverse("remove-users", args=["acme"]), {"users": key, "count": "27"}, "count", "SELECTION_CHANGED"),
    ):
        answer = admin_client.post(address, typed, headers=HTMX)
        page = answer.content.decode()
        assert answer.status_code in (409, 422), address
        assert answer["HX-Retarget"] == "#dialog"
        assert wrong(page) == {field: code}
        kept = [value for value in typed.values() if value != "9x"]  # which is no choice of the list
        assert [value for value in kept if f'value="{value}"' not in page] == []
    assert acme.operations.count() == 0


def test_all_that_is_wrong_with_a_form_is_told_at_once(admin_client: Client, acme: Cluster) -> None:
    begin = reverse("maintenance-step", args=["acme", node(acme, "imp1a").pk, "begin"])
    rules, settings = reverse("rules", args=["acme"]), reverse("settings", args=["acme"])
    good: dict[str, dict[str, Any]] = {}
    for address in (rules, settings):
        form = admin_client.get(address, headers=HTMX).context["form"]
        values = {name: form[name].value() for name in form.fields}
        good[address] = {name: value for name, value in values.items() if value not in (None, False)}
    for address, typed, codes in (
        (rules, {"zone": "Middle/Earth", "window_start": "25:00", "rounds": "0"}, "SETTING_NOT_VALID"),
        (
            settings,
            {"name_server": "a b", "domain": "a..b", "call_managers": "cucm1", "check_every": "1"},
            "DNS_SETTING_NOT_VALID",
        ),
        (settings, {"keep_alive_interval": "x", "moves_per_second": "x"}, "POLICY_OUT_OF_RANGE"),
        (begin, {"reason": " ", "for": "9x"}, "MAINTENANCE_NO_REASON MAINTENANCE_END_NOT_VALID"),
        (
            reverse("new-subcluster", args=["acme"]),
            {"name": "a b", "description": "<"},
            "NAME_NOT_VALID VALUE_NOT_VALID",
        ),
        (
            reverse("new-node", args=["acme"]),
            {"name": "a b", "users": "x", "endpoints": "0"},
            "NAME_NOT_VALID VALUE_NOT_VALID VALUE_NOT_VALID",
        ),
        (reverse("new-token"), {"name": " ", "days": "0"}, "TOKEN_NOT_VALID"),
    ):
        answer = admin_client.post(address, good.get(address, {}) | typed, headers=HTMX)
        assert answer.status_code in (409, 422), address
        told = codes.split() * len(typed)
        assert wrong(answer.content.decode()) == dict(zip(typed, told, strict=False))
    both = good[settings] | {"name_server": "a b", "clock_speed": "0"}
    told = wrong(admin_client.post(settings, both, headers=HTMX).content.decode())
    assert told == {"clock_speed": "CLOCK_SPEED_OUT_OF_RANGE", "name_server": "DNS_SETTING_NOT_VALID"}
    pairs = {"keep_alive_interval": "50", "keep_alive_timeout": "10"}
    pairs |= {"sign_ins_per_second": "5", "done_within_minutes": "5", "failover_limit": "x"}
    told = wrong(admin_client.post(settings, good[settings] | pairs, headers=HTMX).content.decode())
    assert told == dict.fromkeys(("keep_alive_timeout", "done_within_minutes", "failover_limit"), "POLICY_OUT_OF_RANGE")


def test_all_that_is_wrong_with_an_agreement_is_told_at_once(admin_client: Client, acme: Cluster) -> None:
    address = reverse("directory-store", args=["acme"])
    typed = {"servers": "ftp://ldap", "base": "dc=acme", "filter": "(uid=*", "schedule": "soon", "keep_days": "30"}
    typed |= {"guard_percent": "2", "guard_people": "10", "map_user_id": "u d"}
    form = admin_client.post(address, typed).context["form"]
    assert set(form.errors) == {"servers", "filter", "schedule", "map_user_id"}


def test_the_pages(admin_client: Client, acme: Cluster) -> None:
    for address, typed, field, code in (
        ("invite", {"username": "o o", "role": "viewer"}, "username", "ACCOUNT_NAME_NOT_VALID"),
        ("new-token", {"name": " ", "role": "viewer", "days": "17"}, "name", "TOKEN_NOT_VALID"),
        ("new-token", {"name": "ci", "role": "viewer", "days": "x"}, "days", "INPUT_NOT_A_NUMBER"),
        ("new-token", {"name": "ci", "role": "viewer", "days": "3651"}, "days", "TOKEN_NOT_VALID"),
        ("new-token", {"name": "ci", "role": "viewer", "cluster": "none"}, "cluster", "invalid_choice"),
    ):
        answer = admin_client.post(reverse(address), typed)
        page = answer.content.decode()
        assert (answer.status_code, wrong(page)) == (422, {field: code})
        assert any(f'value="{value}"' in page for value in typed.values())


def test_pages_of_a_cluster(admin_client: Client, acme: Cluster) -> None:
    EndUser.objects.update(directory_uri="sip:same@acme.org")
    run = operations.start_run(plans.make_plan(acme, "balance", {}).hash, actor="ann", rate=1)
    key = EndUser.objects.get(user_id="imp1a-0001").pk
    for address, typed, field, code in (
        (reverse("steer", args=[run.pk, "rate"]), {"rate": "7", "rate_total": "x"}, "rate_total", "RUN_RATE_NOT_VALID"),
        (reverse("release", args=["acme"]), {"release": "x" * 99}, "release", "RELEASE_NOT_VALID"),
        (reverse("set-uri", args=["acme", key]), {"uri": "a b"}, "uri", "URI_NOT_VALID"),
        (reverse("saved-views", args=["acme"]), {"name": "n" * 99}, "name", "VIEW_NEEDS_NAME"),
    ):
        answer = admin_client.post(address, typed)
        page = answer.content.decode()
        assert wrong(page) == {field: code}, address
        assert answer.status_code in (409, 422)
        assert [value for value in typed.values() if f'value="{value}"' not in page] == []
    run.refresh_from_db()
    assert (run.rate, run.rate_total) == (1, None)


def test_a_rehearsal(admin_client: Client, acme: Cluster) -> None:
    other = make_acme(name="branch")
    peers.make(acme, other, actor="ann", both=True)
    asked: dict[str, Any] = {"fault": "unreachable", "peer": "branch", "hours": "5", "moves": "12"}
    address = reverse("peers", args=["acme"])
    page = admin_client.get(address, asked).content.decode()
    assert (wrong(page), '<ol class="steplog">' in page) == ({}, True)
    page = admin_client.get(address, asked | {"hours": "169", "peer": "none", "moves": "x"}).content.decode()
    assert wrong(page) == {"hours": "out_of_range", "peer": "invalid_choice", "moves": "INPUT_NOT_A_NUMBER"}
    assert '<ol class="steplog">' not in page
    assert "for hours: Write a whole number from 1 to 168." in page

"""The dialogs of settings are forms: each wrong field says so itself, and what was typed stays."""

import html

import pytest
from django.test import Client

from assignments.board.views.settings_form import GROUPS, SettingsForm, initial_of
from assignments.models import RunPolicy
from tests.support.worlds import make_acme
from topology.models import Cluster, Policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=1)


def sent(cluster: Cluster, **typed: str) -> dict[str, str]:
    """The form as it is shown, sent back with some of it typed anew."""
    form = SettingsForm(initial=initial_of(cluster))
    values = {name: form[name].value() for name in form.fields}
    shown = {name: "on" if value is True else str(value) for name, value in values.items() if value is not False}
    return shown | typed


def test_the_form_as_it_is_shown_changes_nothing(acme: Cluster, admin_client: Client) -> None:
    before = Policy.objects.filter(cluster=acme).values().get()
    assert admin_client.post("/clusters/acme/settings", sent(acme)).status_code == 200
    assert Policy.objects.filter(cluster=acme).values().get() == before


def test_every_wrong_field_says_so_and_keeps_what_was_typed(acme: Cluster, admin_client: Client) -> None:
    typed = sent(acme, keep_alive_interval="soon", moves_per_second="-1", clock_speed="601", service_port="5070")
    answer = admin_client.post("/clusters/acme/settings", typed)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    for name in ("keep_alive_interval", "moves_per_second", "clock_speed"):
        assert f'id="wrong-{name}"' in page
        assert f'value="{typed[name]}"' in page
    assert 'value="5070"' in page
    assert page.count('class="wrong tone-bad"') == 3
    assert "“Keep Alive Interval”" in page
    assert Policy.objects.get(cluster=acme).service_port == Policy().service_port


@pytest.mark.parametrize("name", [name for _, rows in GROUPS for name, _, _ in rows])
def test_a_field_shows_what_it_takes_back(acme: Cluster, name: str) -> None:
    form = SettingsForm(sent(acme))
    assert form.is_valid(), form.errors
    assert form.cleaned_data[name] == initial_of(acme)[name]


def test_a_number_of_more_digits_than_python_reads_is_refused_as_any_other(acme: Cluster, admin_client: Client) -> None:
    for name in ("check_every", "keep_alive_interval", "sign_ins_per_second"):
        answer = admin_client.post("/clusters/acme/settings", sent(acme, **{name: "9" * 5000}))
        assert answer.status_code == 422, name
        assert f'id="wrong-{name}"' in answer.content.decode()


def test_a_mode_that_is_none_is_refused_by_the_service(acme: Cluster, admin_client: Client) -> None:
    answer = admin_client.post("/clusters/acme/settings", sent(acme, mode="best"))
    assert answer.status_code == 422
    acme.refresh_from_db()
    assert acme.mode == "balanced"


def test_the_rules_of_runs_keep_what_was_typed(acme: Cluster, admin_client: Client) -> None:
    typed = {
        "automation": "on",
        "threshold": "10",
        "rounds": "3",
        "minimum_gain": "5",
        "cooldown_minutes": "60",
        "window_start": "22:00",
        "window_end": "06:00",
        "zone": "Middle/Earth",
    }
    answer = admin_client.post("/clusters/acme/rules", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="wrong-zone"' in page
    assert 'value="Middle/Earth"' in page
    assert 'value="22:00"' in page
    assert not RunPolicy.objects.exists()
    good = typed | {"zone": "Europe/Berlin", "approval_required": "on"}
    assert admin_client.post("/clusters/acme/rules", good).status_code == 200
    policy = RunPolicy.objects.get()
    assert (policy.zone, policy.approval_required, policy.threshold) == ("Europe/Berlin", True, 10)

"""The command palette: what is found, what a role may do, and why something cannot be done now."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from tests.support.worlds import make_acme, node
from topology.models import Cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    make_acme("west")
    return make_acme(imp1a=3, imp3a=2)


def ask(django_user_model: Any, words: str, role: str = "operator", cluster: str = "acme") -> str:
    person, _ = django_user_model.objects.get_or_create(username=role)
    person.groups.set([Group.objects.get(name=role)])
    client = Client()
    client.force_login(person)
    return client.get("/palette", {"q": words, "cluster": cluster}).content.decode()


def test_commands_are_found_by_their_words_and_open_the_same_dialogs(acme: Cluster, django_user_model: Any) -> None:
    text = ask(django_user_model, "fail over imp1a")
    assert "Fail over imp1a…" in text
    assert f'hx-get="/clusters/acme/nodes/{node(acme, "imp1a").pk}/ask/failover"' in text
    assert 'hx-post="/clusters/acme/plans"' in ask(django_user_model, "rebal")
    assert "Settings…" not in ask(django_user_model, "settings")
    assert 'hx-get="/clusters/acme/settings"' in ask(django_user_model, "settings", "administrator")
    text = ask(django_user_model, "fall back imp1a")
    assert 'aria-disabled="true"' in text
    assert "/ask/fallback" not in text


def test_a_viewer_finds_places_and_no_commands(acme: Cluster, django_user_model: Any) -> None:
    text = ask(django_user_model, "imp1a", "viewer")
    assert "Commands" not in text
    assert f"/clusters/acme/?node={node(acme, 'imp1a').pk}" in text
    assert "imp1a-0001" in text
    assert "/clusters/acme/people/details?users=" in text
    assert "Checks" in ask(django_user_model, "check", "viewer")
    assert "/clusters/west/" in ask(django_user_model, "west", "viewer")
    assert "sc-2" in ask(django_user_model, "sc-2", "viewer")
    assert "Nothing matches" in ask(django_user_model, "zzz", "viewer")

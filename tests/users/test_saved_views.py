"""Saved views: a filter under a name, each person's own."""

import threading
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from assignments.models import SavedView
from assignments.users.listing import saved_views
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.accounts.sign_in import give_role
from topology.models import Cluster
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3)


def person(name: str) -> Any:
    user, new = get_user_model().objects.get_or_create(username=name)
    if new:
        give_role(user, roles.VIEWER)
    return user


def as_(name: str) -> Client:
    client = Client(headers={"HX-Request": "true"})
    client.force_login(person(name))
    return client


def test_a_filter_is_kept_under_a_name_and_opened_again(acme: Cluster) -> None:
    home, address = node(acme, "imp1a").pk, reverse("saved-views", args=["acme"])
    asked = {"node": home, "q": "imp1a-0001", "show": "pinned", "endpoint": "", "name": "  Pinned on  imp1a "}
    page = as_("anna").post(address, asked).content.decode()
    kept = SavedView.objects.get()
    assert (kept.name, kept.query) == ("Pinned on imp1a", f"node={home}&q=imp1a-0001&show=pinned")
    assert f"?node={home}&amp;q=imp1a-0001&amp;show=pinned" in page
    assert as_("anna").get(reverse("cluster", args=["acme"]) + "?" + kept.query).status_code == 200


def test_nobody_sees_or_deletes_the_views_of_another(acme: Cluster) -> None:
    kept = saved_views.save(person("anna"), acme, "mine", "q=x")
    assert "mine" not in as_("bert").get(reverse("saved-views", args=["acme"])).content.decode()
    as_("bert").post(reverse("delete-view", args=["acme", kept.pk]))
    assert SavedView.objects.count() == 1
    as_("anna").post(reverse("delete-view", args=["acme", kept.pk]))
    assert not SavedView.objects.exists()


def test_the_same_name_gets_the_new_filter_whatever_the_case(acme: Cluster) -> None:
    saved_views.save(person("anna"), acme, "Night", "q=a")
    saved_views.save(person("anna"), acme, "NIGHT", "q=b")
    assert list(SavedView.objects.values_list("name", "query")) == [("NIGHT", "q=b")]


SAME = [("istanbul", "İstanbul"), ("k", "\u212a"), ("\u03c9", "\u2126"), ("ß", "ẞ")]  # the signs of kelvin and ohm


@pytest.mark.parametrize(("kept", "typed"), SAME)
def test_two_names_that_the_database_takes_for_one_are_one_view(acme: Cluster, kept: str, typed: str) -> None:
    saved_views.save(person("anna"), acme, kept, "q=a")
    assert as_("anna").post(reverse("saved-views", args=["acme"]), {"name": typed, "q": "imp"}).status_code == 200
    assert list(SavedView.objects.values_list("name", "query")) == [(typed, "q=imp")]


def test_two_names_whose_capitals_alone_are_one_are_two_views(acme: Cluster) -> None:
    saved_views.save(person("anna"), acme, "i", "q=a")
    saved_views.save(person("anna"), acme, "ı", "q=b")  # noqa: RUF001 - its capital is I, and it is another letter
    assert sorted(SavedView.objects.values_list("name", "query")) == [("i", "q=a"), ("ı", "q=b")]  # noqa: RUF001


def test_a_view_has_a_name_and_nobody_keeps_more_than_fifty(acme: Cluster) -> None:
    for name in (" ", "x" * 61):
        with pytest.raises(Refused) as refusal:
            saved_views.save(person("anna"), acme, name, "")
        assert refusal.value.code == "VIEW_NEEDS_NAME"
    for number in range(saved_views.MOST):
        saved_views.save(person("anna"), acme, f"view {number}", "")
    with pytest.raises(Refused) as refusal:
        saved_views.save(person("anna"), acme, "one more", "")
    assert refusal.value.code == "VIEWS_ENOUGH"
    saved_views.save(person("anna"), acme, "view 7", "q=again")


@pytest.mark.django_db(transaction=True)
def test_the_same_view_saved_twice_at_once_is_there_once() -> None:
    acme, anna = make_acme(), person("anna")
    gate, failures = threading.Barrier(4), list[Exception]()

    def act(number: int) -> None:
        try:
            gate.wait()
            saved_views.save(anna, acme, "night", f"q={number}")
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert SavedView.objects.count() == 1


def test_the_list_of_all_clusters_has_views_of_its_own(acme: Cluster) -> None:
    address, anna = reverse("find-users-views"), as_("anna")
    kept = f"cluster=acme&node={node(acme, 'imp1a').pk}&show=assigned&contacts=150"
    for name in ("Talkers", "TALKERS"):
        page = anna.post(f"{address}", QueryDict(kept).dict() | {"name": name, "endpoint": ""}).content.decode()
    view = SavedView.objects.get()
    assert (view.name, view.cluster, view.query) == ("TALKERS", None, kept)
    assert f'href="/users/?{kept.replace("&", "&amp;")}"' in page
    assert "TALKERS" not in anna.get(reverse("saved-views", args=["acme"])).content.decode()
    assert "TALKERS" not in as_("bert").get(address).content.decode()
    as_("bert").post(reverse("find-users-delete-view", args=[view.pk]))
    anna.post(reverse("delete-view", args=["acme", view.pk]))
    assert SavedView.objects.exists(), "not bert's, and not one of acme"
    anna.post(reverse("find-users-delete-view", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_a_filter_of_any_script_fits_into_a_view(acme: Cluster) -> None:
    as_("anna").post(reverse("saved-views", args=["acme"]), {"q": "𠮷" * 132, "show": "out", "name": "far"})
    assert SavedView.objects.get().query.count("%F0") == 132

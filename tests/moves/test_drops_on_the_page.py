"""Drops on the page: all targets at once, the question about many, and the list of targets."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from assignments.models import Operation
from assignments.moves import drop
from tests.moves.dropped import form, homes, of, target
from tests.support.worlds import add_users, make_acme, node
from topology.models import Cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=10, imp1b=4, imp2a=3, imp3a=2, waiting=5)


def test_the_page_asks_once_for_all_targets(acme: Cluster, page: Client) -> None:
    told = page.post("/clusters/acme/moves/targets", form(of(acme, "imp1a"))).json()
    assert told["label"] == "Move 3 users of imp1a"
    assert len(told["targets"]) == 3 + 6 + 1
    assert told["targets"][target(acme, "imp1b")]["level"] == "allowed"
    assert page.post("/clusters/acme/moves/targets", {"node": node(acme, "imp1a").pk}).json()["label"] == (
        "Move 10 users of imp1a"
    )
    told = page.post("/clusters/acme/moves/targets", {"list": "cluster", "query": "q=imp1b-"}).json()
    assert told["label"] == "Move 4 users"


def test_the_answer_to_a_drop_is_the_fresh_nodes_and_an_undo(acme: Cluster, page: Client) -> None:
    chosen = of(acme, "imp1a")
    answer = page.post("/clusters/acme/moves/", form(chosen, to=target(acme, "imp1b")))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Moved 3 users to imp1b" in text
    assert text.count('hx-swap-oob="morph"') == 2
    run = Operation.objects.get()
    assert f"/clusters/acme/moves/{run.pk}/undo" in text
    answer = page.post(f"/clusters/acme/moves/{run.pk}/undo")
    assert answer.status_code == 200
    assert Operation.objects.get(undo_of=run).total == 3


def test_more_than_fifty_are_asked_about_with_numbers(acme: Cluster, page: Client) -> None:
    add_users(make_acme("big"), "imp1a", 60)
    big = Cluster.objects.get(name="big")
    whole = {"node": str(node(big, "imp1a").pk), "to": target(big, "imp1b")}
    answer = page.post("/clusters/big/moves/", whole)
    text = answer.content.decode()
    assert answer["HX-Retarget"] == "#dialog"
    assert "Move 60 users of imp1a to imp1b?" in text
    assert "<b>60</b> of 5,000 afterwards" in text
    assert not Operation.objects.exists()
    answer = page.post("/clusters/big/moves/", whole | {"confirmed": "59"})  # one more came meanwhile: asked again
    assert answer["HX-Retarget"] == "#dialog"
    assert not Operation.objects.exists()
    answer = page.post("/clusters/big/moves/", whole | {"confirmed": "60"})
    assert "Moving 60 users to imp1b" in answer.content.decode()
    assert Operation.objects.get().total == 60


def test_the_dialog_lists_every_target_with_its_reason(acme: Cluster, page: Client) -> None:
    add_users(acme, "imp2b", 18)
    text = page.get("/clusters/acme/moves/dialog", form(of(acme, "imp1a"))).content.decode()
    assert "Move 3 users of imp1a to…" in text
    assert text.count('name="to"') == 9  # six nodes, two pairs, no home
    assert "imp2b has room for 2 more users, and 3 would come." in text
    assert text.count("disabled") == 3  # where they are, the full one, the one without a subcluster


def test_a_viewer_may_look_but_not_drop(acme: Cluster) -> None:
    person = get_user_model().objects.create_user("vera")
    person.groups.set([Group.objects.get(name="viewer")])
    client = Client(headers={"HX-Request": "true"})
    client.force_login(person)
    chosen = of(acme, "imp1a")
    assert client.post("/clusters/acme/moves/", form(chosen, to=target(acme, "imp1b"))).status_code == 403
    assert homes(acme, chosen) == {"imp1a"}
    assert client.post("/clusters/acme/moves/targets", form(chosen)).status_code == 200


@pytest.mark.parametrize("way", ["drag", "dialog"])
def test_a_user_whom_another_moved_meanwhile_is_not_moved_from_a_list_of_several_homes(
    way: str, acme: Cluster, page: Client
) -> None:
    chosen = of(acme, "imp1a", 2)
    asked = form(chosen) | {"list": "cluster"}
    if way == "drag":
        told = page.post("/clusters/acme/moves/targets", asked).json()["before"]
    else:
        text = page.get("/clusters/acme/moves/dialog", asked).content.decode()
        told = {"homes": re.search(r'name="homes" value="([^"]+)"', text).group(1)}  # type: ignore[union-attr]
    other = get_user_model().objects.create_superuser("carol")
    drop.move(of(acme, "imp1a", 1), target(acme, "imp3a"), other)
    answer = page.post("/clusters/acme/moves/", asked | told | {"to": target(acme, "imp1b")})
    assert answer.status_code == 409
    assert "carol moved imp1a-0001 to imp3a at" in answer.content.decode()
    assert homes(acme, chosen) == {"imp1a", "imp3a"}
    again = page.post("/clusters/acme/moves/targets", asked).json()["before"]
    assert page.post("/clusters/acme/moves/", asked | again | {"to": target(acme, "imp1b")}).status_code == 200
    assert homes(acme, chosen) == {"imp1b"}


def test_homes_that_no_page_was_told_are_refused(acme: Cluster, page: Client) -> None:
    asked = form(of(acme, "imp1a", 2), to=target(acme, "imp1b"), homes="one:two")
    assert page.post("/clusters/acme/moves/", asked).status_code == 422

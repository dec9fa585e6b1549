"""Details, pins and exports on the page: the same choice as a move, each with its dialog."""

import csv
import io
import json

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assignments.models import Assignment, Pin
from assignments.moves import pins
from assignments.moves.selection import Selection
from assignments.runs.hand_moves import move_users
from tests.support.crowd import make_crowd
from tests.support.worlds import make_acme, node
from topology.accounts import roles
from topology.accounts.sign_in import give_role
from topology.models import Cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=60, imp2a=3, waiting=4)


def as_(role: str) -> Client:
    user, _ = get_user_model().objects.get_or_create(username=role)
    give_role(user, role)
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    return client


def keys(cluster: Cluster, place: str, count: int) -> list[int]:
    rows = Assignment.objects.filter(cluster=cluster, home_node=node(cluster, place)).order_by("user_id")
    return list(rows.values_list("user_id", flat=True)[:count])


def of(found: list[int]) -> dict[str, str]:
    return {"users": ",".join(map(str, found)), "list": "cluster"}


def test_the_details_of_one_user_say_why_they_are_here(acme: Cluster) -> None:
    user = keys(acme, "imp1a", 1)
    moved = move_users(acme, user, node(acme, "imp2a"), actor="bert")
    pins.pin(Selection(acme, tuple(user)), "a gateway", actor="anna")
    page = as_(roles.VIEWER).get(reverse("details", args=["acme"]), of(user)).content.decode()
    for words in (
        "imp1a-0001",
        "Person 1 of imp1a",
        "imp1a → imp2a",
        "Moved by hand.",
        "by bert",
        "a gateway",
        "Desk phone",
    ):
        assert words in page, words
    assert reverse("operation", args=[moved.pk]) in page


def test_details_are_of_one_user_alone(acme: Cluster) -> None:
    client = as_(roles.VIEWER)
    for chosen in (keys(acme, "imp1a", 2), []):
        answer = client.get(reverse("details", args=["acme"]), of(chosen))
        assert answer.status_code == 422
        assert "PEOPLE_NOT_ONE" in answer.content.decode()
    only = client.get(reverse("details", args=["acme"]), {"query": "q=imp2a-0002"})
    assert "imp2a-0002" in only.content.decode()


def test_details_cost_the_same_for_whoever_it_is(acme: Cluster) -> None:
    client, address = as_(roles.VIEWER), reverse("details", args=["acme"])
    costs = []
    for user in keys(acme, "imp1a", 2):
        for _ in range(len(costs) * 12):
            move_users(acme, [user], node(acme, "imp2a"), actor="bert")
            move_users(acme, [user], node(acme, "imp1a"), actor="bert")
        with CaptureQueriesContext(connection) as spent:
            assert client.get(address, of([user])).status_code == 200
        costs.append(len(spent))
    assert costs[0] == costs[1]


def test_chosen_users_are_pinned_with_a_reason_and_unpinned_again(acme: Cluster) -> None:
    client, chosen = as_(roles.OPERATOR), of(keys(acme, "imp1a", 3))
    dialog = client.get(reverse("pin", args=["acme"]), chosen).content.decode()
    assert "Pin 3 users" in dialog
    assert f'name="users" value="{chosen["users"]}"' in dialog
    answer = client.post(reverse("pin", args=["acme"]), chosen | {"reason": "a gateway"})
    assert "Pinned 3 users." in answer.content.decode()
    assert answer["HX-Retarget"] == "#messages"
    assert json.loads(answer["HX-Trigger"]) == {"close-dialog": {}, "pinned": {}}
    assert set(Pin.objects.values_list("owner_name", "reason")) == {("operator", "a gateway")}
    dialog = client.get(reverse("unpin", args=["acme"]), chosen).content.decode()
    assert "a gateway" in dialog
    assert "operator" in dialog
    assert "Unpinned 3 users." in client.post(reverse("unpin", args=["acme"]), chosen).content.decode()
    assert not Pin.objects.exists()


def test_a_pin_without_a_reason_is_refused_in_the_dialog(acme: Cluster) -> None:
    answer = as_(roles.OPERATOR).post(reverse("pin", args=["acme"]), of(keys(acme, "imp1a", 1)))
    assert answer.status_code == 422
    assert "PIN_NEEDS_REASON" in answer.content.decode()


def test_all_that_match_are_pinned_exported_and_counted(acme: Cluster) -> None:
    client, matching = as_(roles.OPERATOR), {"list": "cluster", "query": "q=imp1a"}
    assert "Pin 60 users" in client.get(reverse("pin", args=["acme"]), matching).content.decode()
    assert "Export 60 users" in client.get(reverse("export-dialog", args=["acme"]), matching).content.decode()
    for confirmed in ({}, {"confirmed": "59"}):  # a number that nobody saw: asked again, with what was typed
        again = client.post(reverse("pin", args=["acme"]), matching | {"reason": "freeze"} | confirmed)
        assert again["HX-Retarget"] == "#dialog"
        assert 'name="confirmed" value="60"' in again.content.decode()
        assert 'value="freeze"' in again.content.decode()
        assert not Assignment.objects.filter(pinned=True).exists()
    client.post(reverse("pin", args=["acme"]), matching | {"reason": "freeze", "confirmed": "60"})
    assert Assignment.objects.filter(pinned=True).count() == 60
    assert client.post(reverse("unpin", args=["acme"]), matching | {"confirmed": "61"})["HX-Retarget"] == "#dialog"
    assert Assignment.objects.filter(pinned=True).count() == 60
    refused = client.post(reverse("export", args=["acme"]), matching | {"confirmed": "61"}, headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (409, "SELECTION_CHANGED")


@pytest.mark.parametrize(
    "chosen",
    [
        {"query": "garbage"},
        {"query": "node=abc"},
        {"query": "node=99999999999999999999"},
        {"query": "node=999999999"},
        {"query": "node=1&node=2"},
        {"query": "show=everyone"},
        {"query": "q=x&" * 600},
        {"node": "abc"},
        {"node": "99999999999999999999"},
        {"users": "1,abc"},
    ],
)
def test_a_selection_that_cannot_be_read_is_refused_by_every_verb(acme: Cluster, chosen: dict[str, str]) -> None:
    client = as_(roles.OPERATOR)
    rest = {"reason": "x", "to": "unassigned", "confirmed": "123", "list": "cluster"}
    for name in ("pin", "unpin", "export", "export-dialog", "move", "move-targets", "move-dialog", "details"):
        asks = {"ask": "1"} if name in ("export-dialog", "move-dialog", "details") else {}
        answer = client.post(reverse(name, args=["acme"]), chosen | rest | asks, headers=JSON)
        assert answer.status_code == 422, (name, answer.content[:300])
    assert not Assignment.objects.filter(pinned=True).exists()


JSON = {"Accept": "application/json"}


def rows_of(answer: object) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_the_export_has_the_chosen_users_and_nobody_else(acme: Cluster) -> None:
    client = as_(roles.OPERATOR)
    answer = client.post(reverse("export", args=["acme"]), of(keys(acme, "imp1a", 2)))
    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    assert [row["user_id"] for row in rows_of(answer)] == ["imp1a-0001", "imp1a-0002"]
    waiting = rows_of(
        client.post(reverse("export", args=["acme"]), {"query": "node=0", "list": "unassigned", "confirmed": "4"})
    )
    assert {row["node"] for row in waiting} == {"-"}
    assert len(waiting) == 4
    percent = rows_of(
        client.post(reverse("export", args=["acme"]), {"query": "q=100%25", "list": "cluster", "confirmed": "0"})
    )
    assert percent == []
    assert rows_of(client.post(reverse("export", args=["acme"]), {"list": "cluster"})) == []


def test_an_export_comes_in_parts() -> None:
    make_crowd(3000)
    answer = as_(roles.OPERATOR).post(
        reverse("export", args=["crowd"]), {"query": "", "list": "cluster", "confirmed": "3000"}
    )
    parts = list(answer.streaming_content)  # type: ignore[attr-defined]
    assert len(parts) > 1
    assert max(map(len, parts)) < 70_000
    assert len(b"".join(parts).splitlines()) == 3001


def test_chosen_users_are_unassigned_by_the_same_dialog_as_a_move(acme: Cluster) -> None:
    client, chosen = as_(roles.OPERATOR), of(keys(acme, "imp1a", 2))
    dialog = client.get(reverse("move-dialog", args=["acme"]), chosen).content.decode()
    assert 'value="unassigned"' in dialog
    client.post(reverse("move", args=["acme"]), chosen | {"to": "unassigned"})
    assert Assignment.objects.filter(home_node=None).count() == 6


def test_a_viewer_is_offered_details_alone(acme: Cluster) -> None:
    page = as_(roles.VIEWER).get(reverse("users", args=["acme"])).content.decode()
    assert "Details…" in page
    for word in ("Pin…", "Unpin…", "Move to…", "Export…"):
        assert word not in page
    assert "Export…" in as_(roles.OPERATOR).get(reverse("users", args=["acme"])).content.decode()

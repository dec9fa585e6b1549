"""Removing users and undoing imports on the page and over the API: previews, confirmation, roles, idempotency."""

from typing import Any

import pytest
from django.test import Client

from assignments.models import Operation
from assignments.moves import pins
from assignments.users.importing.imports import import_users
from assignments.users.removal import remove_users
from tests.api.conftest import Caller
from tests.support.lists import csv_of
from tests.support.worlds import make_acme, node
from topology.accounts import tokens
from topology.models import Cluster, EndUser

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3, imp1b=2)


def test_the_dialog_says_what_is_lost_and_removes_who_is_counted(admin_client: Client, acme: Cluster) -> None:
    pins.pin(pins.named(acme, ["imp1a-0001"]), "gateway", actor="ann")
    address = "/clusters/acme/people/remove"
    keys = ",".join(str(pk) for pk in EndUser.objects.filter(user_id__startswith="imp1a").values_list("pk", flat=True))
    page = admin_client.get(address, {"users": keys}, headers=HTMX).content.decode()
    assert "Remove 3 users" in page
    assert "Home on imp1a.acme.org" in page
    assert "Pins lost" in page
    assert "gateway" in page
    wrong = admin_client.post(address, {"users": keys, "count": "2"}, headers=HTMX)
    assert "This is not the number of users who go." in wrong.content.decode()
    assert EndUser.objects.count() == 5
    done = admin_client.post(address, {"users": keys, "count": "3"}, headers=HTMX)
    assert "Removed 3 users" in done.content.decode()
    assert EndUser.objects.count() == 2
    operation = Operation.objects.get(kind="removal")
    shown = admin_client.get(f"/operations/{operation.pk}/").content.decode()
    assert f"/operations/{operation.pk}/users.csv" in shown
    file = admin_client.get(f"/operations/{operation.pk}/users.csv")
    lines = b"".join(file.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "user_id,name,mail,endpoints,contacts,node,pinned,pin_reason,directory_uri,department"
    assert lines[1] == 'imp1a-0001,Person 1 of imp1a,"",desk_phone,0,imp1a.acme.org,t,gateway,"",""'
    assert len(lines) == 4


def test_all_of_a_node_are_removed_and_brought_back_from_the_page(admin_client: Client, acme: Cluster) -> None:
    chosen = {"node": node(acme, "imp1a").pk}
    assert "Remove 3 users of imp1a" in admin_client.get("/clusters/acme/people/remove", chosen).content.decode()
    admin_client.post("/clusters/acme/people/remove", chosen | {"count": "3"}, headers=HTMX)
    address = f"/operations/{Operation.objects.get(kind='removal').pk}/undo"
    preview = admin_client.post(address, headers=HTMX).content.decode()
    assert "Users brought back" in preview
    assert EndUser.objects.count() == 2
    done = admin_client.post(address, {"confirmed": "3"}, headers=HTMX).content.decode()
    assert "Undone: operation" in done
    assert EndUser.objects.count() == 5


def test_over_the_api_a_dry_run_has_the_shape_of_the_real_one(acme: Cluster) -> None:
    caller = Caller(tokens.create("ci", "administrator", (), actor="test")[1])
    ask = {"users": ["imp1a-0001", "IMP1B-0001", "ghost"]}
    dry = caller.post("/clusters/acme/users/remove", ask | {"dry_run": True}).data
    assert (dry["removed"], dry["operation"], EndUser.objects.count()) == (2, None, 5)
    real = caller.post("/clusters/acme/users/remove", ask | {"confirmed": 2}, Idempotency_Key="k")
    assert real.data | {"dry_run": True, "operation": None} == dry
    again = caller.post("/clusters/acme/users/remove", ask | {"confirmed": 2}, Idempotency_Key="k")
    assert (again.status_code, again.data) == (200, real.data)
    assert [row["code"] for row in real.data["refused"]] == ["NO_SUCH_USER"]
    none = caller.post("/clusters/acme/users/remove", ask)
    assert (none.status_code, none.data["code"]) == (409, "NOBODY_REMOVED")
    other = caller.post("/clusters/acme/users/remove", {"users": ["imp1a-0002"], "confirmed": 2})
    assert (other.status_code, other.data["code"]) == (409, "SELECTION_CHANGED")
    file = caller.get(f"/operations/{real.data['operation']}/users.csv")
    assert b"imp1b-0001" in b"".join(file.streaming_content)
    undo = f"/operations/{real.data['operation']}/undo"
    assert caller.post(undo, {"dry_run": True}).data["users"]["returned"] == 2
    done = caller.post(undo)
    assert (done.status_code, done.data["plan"], done.data["users"]["returned"]) == (200, None, 2)
    assert done.data["operation"]["kind"] == "removal"
    assert caller.post(undo).data["code"] == "UNDO_NOT_POSSIBLE"


def test_only_administrators_remove_and_take_an_import_back(acme: Cluster) -> None:
    operator = Caller(tokens.create("ci", "operator", (), actor="test")[1])
    assert operator.post("/clusters/acme/users/remove", {"users": ["imp1a-0001"]}).status_code == 403
    import_users(acme, csv_of("user_id,name", "new,New"))
    operation = Operation.objects.get(kind="import")
    assert operator.post(f"/operations/{operation.pk}/undo", {"dry_run": True}).status_code == 403
    assert EndUser.objects.count() == 6


def test_an_import_is_taken_back_from_the_page(admin_client: Client, acme: Cluster) -> None:
    import_users(acme, csv_of("user_id,name", "new,New", "imp1a-0001,Other", "imp1a-0002,Other"))
    EndUser.objects.filter(user_id="imp1a-0002").update(name="Mine")
    address = f"/operations/{Operation.objects.get(kind='import').pk}/undo"
    preview = admin_client.post(address, headers=HTMX).content.decode()
    for said in ("Users removed", "Users with their former values", "imp1a-0002 was changed since"):
        assert said in preview
    done: Any = admin_client.post(address, {"confirmed": "2"}, headers=HTMX)
    assert "1 changed since and stay as they are" in done.content.decode()
    names = dict(EndUser.objects.filter(user_id__startswith="imp1a").values_list("user_id", "name"))
    assert (names["imp1a-0001"], names["imp1a-0002"]) == ("Person 1 of imp1a", "Mine")


def test_who_was_removed_by_another_is_named_with_the_way_back(admin_client: Client, acme: Cluster) -> None:
    key = EndUser.objects.get(user_id="imp1a-0001").pk
    remove_users(acme, ["imp1a-0001"], actor="ann")
    operation = Operation.objects.get(kind="removal")
    answer = admin_client.post("/clusters/acme/people/details", {"users": key, "ask": "1"}, headers=HTMX)
    page = " ".join(answer.content.decode().split())
    assert "There is no user imp1a-0001 in acme: ann removed it at <time datetime=" in page
    assert f"Operation {operation.pk} did it; its page can undo it." in page

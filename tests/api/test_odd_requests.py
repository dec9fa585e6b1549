"""Requests that are odd but possible: told what is wrong with them, and never taken for something else."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from assignments.models import Assignment, Operation
from tests.api.answers import problem
from tests.api.conftest import BASE, Caller
from topology.accounts import roles
from topology.models import Cluster, Node, Subcluster

pytestmark = pytest.mark.django_db
Calls = Callable[..., Caller]
MOVE = {"users": ["imp1a-0001"], "to": None}


def sent(caller: Caller, method: str, path: str, body: str, kind: str = "application/json") -> Any:
    answer = caller.client.generic(method, BASE + path, body, kind, headers=caller.headers)
    answer.data = answer.json()
    return answer


# --- Bodies ---------------------------------------------------------------------------------------
def test_a_file_for_a_call_that_takes_json_is_refused(acme: Cluster, calls: Calls) -> None:
    for path in ("/clusters/acme/moves", "/clusters/acme/plans", "/accounts/eve/sign-in-link"):
        told = problem(sent(calls("administrator"), "POST", path, "{}", "text/csv"), 422, "API_INPUT_NOT_VALID")
        assert told["detail"] == "Content-Type: this call takes JSON, no file."


@pytest.mark.parametrize(
    ("body", "at"),
    [
        (MOVE | {"colour": "red"}, ["body", "colour"]),
        (MOVE | {"filter": {"contacts_min": "many"}}, ["body", "filter", "contacts_min"]),
        ([MOVE], ["body"]),
    ],
)
def test_a_wrong_field_is_named_as_it_stands_in_the_body(acme: Cluster, calls: Calls, body: Any, at: list[str]) -> None:
    told = problem(calls("operator").post("/clusters/acme/moves", body), 422, "API_INPUT_NOT_VALID")
    assert [error["at"] for error in told["errors"]] == [at]
    assert told["detail"].startswith(".".join(at) + ": ")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "10.5"])
def test_a_number_that_no_rule_can_be_is_refused(acme: Cluster, calls: Calls, number: str) -> None:
    admin = calls("administrator")
    before = admin.get("/clusters/acme/balancer").data["settings"]
    for name in ("threshold", "minimum_gain"):
        answer = sent(admin, "PATCH", "/clusters/acme/balancer", f'{{"{name}": {number}}}')
        problem(answer, 422, "API_INPUT_NOT_VALID")
    assert admin.get("/clusters/acme/balancer").data["settings"] == before


def test_a_profile_of_nothing_is_refused(acme: Cluster, calls: Calls) -> None:
    problem(calls("administrator")("PATCH", "/nodes/imp1a.acme.org", {"profile": 0}), 422, "VALUE_NOT_VALID")
    assert Node.objects.get(name="imp1a.acme.org").profile == 5000


# --- Parameters -----------------------------------------------------------------------------------
def test_a_parameter_that_is_there_twice_is_refused(acme: Cluster, calls: Calls) -> None:
    admin = calls("administrator")
    told = problem(admin.get("/users?cluster=acme&cluster=branch"), 422, "API_INPUT_NOT_VALID")
    assert told["detail"] == "cluster: the parameter is there twice."
    Subcluster.objects.update(ha_enabled=True)
    answer = admin("DELETE", "/clusters/acme/subclusters/sc-1/ha?dry_run=true&dry_run=false")
    problem(answer, 422, "API_INPUT_NOT_VALID")
    assert Subcluster.objects.get(name="sc-1").ha_enabled
    lists = "/clusters/acme/users/import?dry_run=true&column=login=user_id&column=post=mail"
    answer = admin("POST", lists, raw="login,post\nada,ada@acme.org\n")
    assert answer.status_code == 200, answer.data


# --- Headers --------------------------------------------------------------------------------------
def test_a_key_is_free_again_after_a_day_though_no_one_came_meanwhile(acme: Cluster, calls: Calls) -> None:
    """A job that comes once a week with one key must not be told what came of it the first time."""
    operator = calls("operator")
    first = operator.post("/clusters/acme/moves", MOVE, Idempotency_Key="weekly")
    assert first.status_code == 200
    Assignment.objects.filter(user__user_id="imp1a-0001").update(
        home_node=Node.objects.get(name="imp1b.acme.org"), serving_node=Node.objects.get(name="imp1b.acme.org")
    )
    with time_machine.travel(timezone.now() + timedelta(days=7)):
        later = operator.post("/clusters/acme/moves", MOVE, Idempotency_Key="weekly")
        assert "Idempotent-Replayed" not in later.headers
        again = operator.post("/clusters/acme/moves", MOVE, Idempotency_Key="weekly")
    assert (later.status_code, later.data["id"] != first.data["id"]) == (200, True)
    assert (again.data, again.headers["Idempotent-Replayed"]) == (later.data, "true")
    assert Operation.objects.count() == 2


def test_every_dry_run_says_so_and_leaves_its_key_free(acme: Cluster, calls: Calls) -> None:
    admin = calls("administrator")
    dry = admin.post("/clusters/acme/moves", MOVE | {"dry_run": True}, Idempotency_Key="once")
    assert (dry.status_code, dry.headers.get("Dry-Run")) == (200, "true")
    real = admin.post("/clusters/acme/moves", MOVE, Idempotency_Key="once")
    assert (real.status_code, "Dry-Run" in real.headers) == (200, False), real.data
    lists = "/clusters/acme/users/import"
    assert admin("POST", f"{lists}?dry_run=true", raw="user id\nada\n").headers.get("Dry-Run") == "true"
    assert "Dry-Run" not in admin("POST", f"{lists}?dry_run=false", raw="user id\nada\n").headers


def test_the_tag_of_a_topology_is_known_again_as_a_proxy_passes_it_on(acme: Cluster, calls: Calls) -> None:
    """One that packs answers marks their tags as weak; some clients send all that they know."""
    admin = calls("administrator")
    got = admin.get("/clusters/acme/topology")
    tag = got.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", W/{tag}'):
        assert admin("PUT", "/clusters/acme/topology", got.data, If_Match=known).status_code == 200
    for other in ('W/"other"', '"other", "third"'):
        answer = admin("PUT", "/clusters/acme/topology", got.data, If_Match=other)
        problem(answer, 409, "TOPOLOGY_CHANGED_MEANWHILE")


# --- Names that narrow ----------------------------------------------------------------------------
def test_an_empty_name_is_not_taken_for_all(acme: Cluster, calls: Calls) -> None:
    """As a script sends it whose variable is not set."""
    admin = calls("administrator")
    eve = get_user_model().objects.create(username="eve")
    for path in (
        "/users?node=",
        "/users?cluster=",
        "/users?subcluster=&cluster=acme",
        "/events?cluster=",
        "/operations?cluster=",
        "/peers?cluster=",
        "/accounts/eve/views?cluster=",
    ):
        problem(admin.get(path), 422, "API_INPUT_NOT_VALID")
    for name in ("node", "subcluster"):
        body = {"filter": {name: ""}, "to": None}
        problem(admin.post("/clusters/acme/moves", body, Idempotency_Key=name), 422, "API_INPUT_NOT_VALID")
    assert not Assignment.objects.filter(home_node=None).exclude(user__user_id__startswith="waiting").exists()
    role = {"role": "administrator", "cluster": ""}
    problem(admin("PUT", "/accounts/eve/role", role), 422, "API_INPUT_NOT_VALID")
    with pytest.raises(CommandError, match="NO_SUCH_CLUSTER"):
        call_command("accounts", "role", "eve", "--role", "administrator", "--cluster", "")
    assert roles.reach_of(eve).everywhere is None
    problem(admin("DELETE", "/accounts/eve/sessions?session="), 422, "API_INPUT_NOT_VALID")


def test_an_empty_header_is_not_taken_for_none(acme: Cluster, calls: Calls) -> None:
    """A script whose variable is not set believes that it is kept from overwriting others, and from doing it twice."""
    admin = calls("administrator")
    known = admin.get("/clusters/acme/topology").data | {"mode": "manual"}
    for empty in ("", " "):
        problem(admin("PUT", "/clusters/acme/topology", known, If_Match=empty), 422, "API_INPUT_NOT_VALID")
        body = {"users": ["imp1a-0001"], "to": None}
        problem(admin.post("/clusters/acme/moves", body, Idempotency_Key=empty), 400, "IDEMPOTENCY_KEY_NOT_VALID")
    acme.refresh_from_db()
    assert acme.mode == "balanced"
    assert not acme.operations.exists()


@pytest.mark.parametrize("name", ["", "acne"])
def test_operations_of_a_cluster_that_is_not_there_are_not_none(acme: Cluster, name: str) -> None:
    with pytest.raises(CommandError, match="NO_SUCH_CLUSTER"):
        call_command("operations", "list", "--cluster", name)


def test_what_is_only_for_a_cluster_that_is_there_makes_none(acme: Cluster, calls: Calls) -> None:
    admin = calls("administrator")
    known = admin.get("/clusters/acme/topology").data
    document = json.loads(json.dumps(known).replace("acme", "new").replace("imp", "new"))
    problem(admin("PUT", "/clusters/new/topology", document, If_Match="*"), 412, "TOPOLOGY_NOT_THERE")
    assert not Cluster.objects.filter(name="new").exists()
    assert admin("PUT", "/clusters/new/topology", document).status_code == 200
    assert admin("PUT", "/clusters/acme/topology", known, If_Match="*").status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        ("ha", "status", "--cluster", ""),
        ("ha", "status", ""),
        ("peers", ""),
        ("peers", "acme", "--make", ""),
        ("peers", "acme", "--sync", ""),
        ("duplicates", "--clear", ""),
        ("duplicates", "--unassign", ""),
        ("move_users", "acme", "x", "--to-cluster", "", "--to", "unassigned"),
    ],
)
def test_an_empty_name_is_none_of_a_cluster(acme: Cluster, given: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"NO_SUCH_(SUB)?CLUSTER"):
        call_command(*given)

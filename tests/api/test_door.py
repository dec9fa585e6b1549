"""Who may call: route x role x method from the resolver; tokens, limits, repeated requests, and errors in one shape."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from assignments.models import Assignment, Operation
from assignments.planning import plans
from assignments.runs import operations
from config.api import api
from tests.api.conftest import BASE, Caller
from tests.support.worlds import make_acme, node
from topology.accounts import roles, tokens
from topology.models import ApiAnswer, Cluster

pytestmark = pytest.mark.django_db
Calls = Callable[..., Caller]
# Addresses that are about all clusters: whoever has any role sees there what the token reaches.
ABOUT_ALL = {"list_clusters", "list_duplicates", "list_users", "list_operations", "list_events"}
ABOUT_ALL |= {"list_peers", "get_balance"}
ABOUT_ALL |= {"get_topology_schema", "get_scenario_schema"}  # about none
OF_NO_CLUSTER = ("/accounts", "/tokens", "/balance")


def verbs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, address and description of every operation in the schema."""
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path.removeprefix(BASE), operation


ROLE_OF = {
    found.operation_id: getattr(found.run, "role", None)
    for _, router in api._routers
    for view in router.path_operations.values()
    for found in view.operations
}


def filled(path: str, cluster: Cluster) -> str:
    plan = plans.make_plan(cluster, "fill").hash
    run = Operation.objects.filter(cluster=cluster).first() or operations.start_run(plan, actor="test")
    path = path.replace("/nodes/{name}", f"/nodes/{node(cluster, 'imp1a').name}")
    values = {"name": cluster.name, "plan_hash": plan, "operation_id": run.pk, "subcluster": "sc-1"}
    values |= {"what": "pause", "user_id": "imp1a-0001", "key": "none", "run_id": 1, "remote": cluster.name}
    values |= {"account_name": "nobody", "token_id": 10**9, "view_id": 1}
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path


@pytest.mark.parametrize(("method", "path", "operation"), list(verbs()), ids=lambda part: str(part)[:60])
def test_each_address_by_role_and_cluster(
    acme: Cluster, calls: Calls, method: str, path: str, operation: dict[str, Any]
) -> None:
    name = operation["operationId"]
    needed = ROLE_OF[name]
    assert needed in roles.ROLES, f"{name} says no role"
    assert method == "GET" or needed != roles.VIEWER, f"{name} changes something"
    if name in ("get_simulation", "get_simulation_scenario", "delete_simulation"):
        return  # of a run that is kept: test_calls_that_change.py
    address = filled(path, acme)
    answer = calls("")(method, address)
    assert (answer.status_code, answer.data["code"]) == (401, "TOKEN_NEEDED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for role in roles.ROLES:
        allowed = roles.ROLES.index(role) >= roles.ROLES.index(needed)
        assert (calls(role)(method, address).status_code != 403) is allowed, (name, role)
    branch = make_acme("branch", imp1a=1)
    elsewhere = calls("administrator", branch)(method, address)
    assert (elsewhere.status_code == 403) is (name not in ABOUT_ALL), name
    if elsewhere.status_code == 403:
        where, option = ("in all clusters", "") if path.startswith(OF_NO_CLUSTER) else ("in acme", " --cluster acme")
        assert elsewhere.data["detail"] == f"This needs the role {needed} {where}."
        assert elsewhere.data["fix"].endswith(f"manage.py token create NAME --role {needed}{option}.")
    assert set(operation["responses"]) >= {400, 401, 403, 404, 409, 422, 429, 503}
    assert operation["description"]


def test_every_address_of_the_resolver_is_in_the_schema_or_open() -> None:
    group = next(entry for entry in get_resolver().url_patterns if str(entry.pattern) == "api/v1/")
    known = {path.replace("{int:", "{") for _, path, _ in verbs()}
    for entry in group.url_patterns:  # type: ignore[union-attr]
        route = "/" + str(entry.pattern).replace("<int:", "<").replace("<", "{").replace(">", "}")
        assert route in known or route in ("/docs", "/openapi.json", "/", "/{path:rest}"), route


def test_what_is_about_all_clusters_shows_those_of_the_token(acme: Cluster, calls: Calls) -> None:
    branch = make_acme("branch", imp1a=2)
    operations.start_run(plans.make_plan(acme, "fill").hash, actor="test")
    own = calls("operator", branch)
    assert [c["cluster"] for c in own.get("/clusters").data["clusters"]] == ["branch"]
    assert {u["cluster"] for u in own.get("/users").data["users"]} == {"branch"}
    assert own.get("/operations").data["operations"] == []
    assert own.get("/events").data["events"] == []
    for path in (
        "/users?cluster=acme",
        "/operations?cluster=acme",
        "/events?cluster=acme",
        "/events?node=imp1a.acme.org",
        "/users?node=imp1a.acme.org",
    ):
        assert own.get(path).status_code == 403, path
    body = {"filter": {"cluster": "acme"}, "to": None, "dry_run": True}
    assert own.post("/clusters/branch/moves", body).status_code == 422
    body = {"filter": {"node": "imp1a.acme.org"}, "to": None, "dry_run": True}
    assert own.post("/clusters/branch/moves", body).status_code == 422
    other = {"users": ["imp1a-0001"], "to": None, "dry_run": True}
    assert own.post("/clusters/branch/moves", other).data["code"] == "NO_SUCH_USER"


# --- Tokens ---------------------------------------------------------------------------------------
def test_a_token_that_ended_was_revoked_or_never_was_is_refused(acme: Cluster, calls: Calls) -> None:
    token, text = tokens.create("short", roles.VIEWER, days=1, actor="test")
    assert Caller(text).get("/clusters").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert Caller(text).get("/clusters").status_code == 401
    tokens.revoke(token.pk, actor="test")
    for wrong in (text, "", "x", text + "x", "\u00e4"):
        assert Caller(wrong).get("/clusters").status_code == 401
    client = Client()
    for header in (f"Basic {text}", text, "Bearer"):
        assert client.get(f"{BASE}/clusters", headers={"Authorization": header}).status_code == 401


def test_a_session_of_the_page_is_no_token(acme: Cluster) -> None:
    from tests.board.pages import as_

    assert as_(roles.ADMINISTRATOR).get(f"{BASE}/clusters").status_code == 401


def test_a_token_that_asks_too_often_waits(acme: Cluster, calls: Calls, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    viewer, other = calls("viewer"), calls("viewer")
    now = timezone.now().replace(second=10, microsecond=0)
    with time_machine.travel(now, tick=False):
        assert [viewer.get("/clusters").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = viewer.get("/clusters")
        assert (answer.headers["Retry-After"], answer.data["code"]) == ("50", "RATE_LIMITED")
        assert other.get("/clusters").status_code == 200
    with time_machine.travel(now + timedelta(seconds=51)):
        assert viewer.get("/clusters").status_code == 200


# --- Idempotency-Key ------------------------------------------------------------------------------
def test_the_same_request_with_the_same_key_is_done_once(acme: Cluster, calls: Calls) -> None:
    operator = calls("operator")
    body = {"users": ["imp1a-0001"], "to": "imp1b.acme.org"}
    first = operator.post("/clusters/acme/moves", body, Idempotency_Key="k1")
    again = operator.post("/clusters/acme/moves", body, Idempotency_Key="k1")
    assert first.data == again.data
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Operation.objects.count() == 1
    other = operator.post("/clusters/acme/moves", body | {"to": None}, Idempotency_Key="k1")
    assert (other.status_code, other.data["code"]) == (422, "IDEMPOTENCY_OTHER_PAYLOAD")
    elsewhere = calls("operator").post("/clusters/acme/moves", body, Idempotency_Key="k1")
    assert elsewhere.data["code"] == "USER_ALREADY_THERE", "a key is of its token"
    refused = operator.post("/clusters/acme/moves", body, Idempotency_Key="k2")
    assert refused.data == operator.post("/clusters/acme/moves", body, Idempotency_Key="k2").data
    assert operator.post("/clusters/acme/moves", body, Idempotency_Key="k" * 256).status_code == 400
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        operator.post("/clusters/acme/moves", body | {"to": None}, Idempotency_Key="k3")
        assert ApiAnswer.objects.count() == 1, "old answers go"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_with_one_key_one_is_done_and_both_are_told() -> None:
    cluster = make_acme(imp1a=30, imp1b=10)
    text = tokens.create("ci", roles.OPERATOR, actor="test")[1]
    body = {"users": [f"imp1a-{n:04}" for n in range(1, 21)], "to": "imp1b.acme.org"}
    start = threading.Barrier(4)

    def press() -> Any:
        try:
            start.wait(10)
            return Caller(text).post("/clusters/acme/moves", body, Idempotency_Key="one")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = [future.result() for future in [pool.submit(press) for _ in range(4)]]
    done = [answer.data for answer in answers if answer.status_code == 200]
    waiting = {answer.data["code"] for answer in answers if answer.status_code != 200}
    assert done
    assert all(answer == done[0] for answer in done)
    assert waiting <= {"IDEMPOTENCY_IN_FLIGHT"}
    assert Operation.objects.count() == 1
    assert Assignment.objects.filter(home_node=node(cluster, "imp1b")).count() == 30


# --- Errors ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "path", "raw", "status"),
    [
        ("GET", "/nothing", "", 404),
        ("GET", "/", "", 404),
        ("PATCH", "/clusters/acme", "", 405),
        ("POST", "/clusters/acme/plans", "{", 422),
        ("POST", "/clusters/acme/plans", '{"goal": "\\u0000"}', 422),
        ("POST", "/clusters/acme/plans", "[]", 422),
        ("POST", "/clusters/acme/plans", "\ud800", 422),
        ("POST", "/clusters/acme/moves", '{"users": ["\\u0000"], "to": null}', 422),
        ("POST", "/clusters/acme/moves", '{"users": ["\\ud800"], "to": null}', 422),
        ("POST", "/plans/x/run", '{"rate": NaN}', 404),
        ("PUT", "/clusters/new/topology", '{"mode": "manual", "subclusters": [], "mode": "balanced"}', 422),
        ("PUT", "/clusters/new/topology", '{"subclusters": [{"name": "a", "name": "b"}]}', 422),
        ("GET", "/operations/99999999999999999999999", "", 404),
        ("GET", "/clusters/%00", "", 422),
        ("GET", "/events?before=99999999999999999999", "", 422),
        ("GET", "/events?befor=9", "", 422),
        ("GET", "/events?code=HAND_MOVES", "", 422),
        ("POST", "/clusters/acme/plans", '{"goal": "' + "x" * 1_100_000 + '"}', 413),
    ],
)
def test_every_error_has_one_shape(acme: Cluster, calls: Calls, method: str, path: str, raw: str, status: int) -> None:
    headers = calls("administrator").headers
    body = raw.encode(errors="surrogatepass")
    answer = Client().generic(method, BASE + path, body, "application/json", headers=headers)
    assert answer.status_code == status, answer.content[:300]
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = json.loads(answer.content)
    assert (found["status"], found["type"]) == (status, f"urn:homenode:problem:{found['code']}")
    assert "no-store" in answer.headers["Cache-Control"]


def test_head_is_answered(acme: Cluster, calls: Calls) -> None:
    assert calls("viewer")("HEAD", "/clusters/acme").status_code == 200


def test_the_documentation_is_a_page_without_assets_from_elsewhere(client: Client, db: None) -> None:
    page = client.get(f"{BASE}/docs").content.decode()
    assert "swagger-ui" in page
    assert "http://" not in page
    assert "https://" not in page
    assets = re.findall(r'(?:src|href)="/static/([^"]+)"', page)
    assert {path for path in assets if path.startswith("ninja/")}
    assert [path for path in assets if not finders.find(path)] == []
    schema = client.get(f"{BASE}/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    assert schema["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"

"""Dry runs: every call that changes something has one; it answers in the shape of the real run and leaves nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from assignments.models import Assignment, Operation, Pin, Plan
from config.api import api
from tests.api.conftest import Caller
from topology.api import trying
from topology.models import ApiAnswer, ApiToken, Cluster, Event, Node

pytestmark = pytest.mark.django_db
CHANGING = [found for found in api.operations() if trying.CHANGING & set(found.methods)]


@pytest.mark.parametrize("operation", CHANGING, ids=lambda found: found.operation_id)
def test_every_call_that_changes_something_has_a_dry_run_or_says_why_not(operation: Any) -> None:
    name = operation.operation_id
    known = (trying.is_offered(operation), trying.has_own(operation), name in trying.WITHOUT)
    assert sum(known) == 1, f"{name}: dry_run in address or body, or a reason in {trying.__name__}.WITHOUT"


def test_no_reason_is_left_over_and_the_schema_says_where() -> None:
    assert set(trying.WITHOUT) <= {found.operation_id for found in CHANGING}
    offered = {found.operation_id for found in CHANGING if trying.is_offered(found)}
    told = {
        operation["operationId"]
        for methods in api.get_openapi_schema()["paths"].values()
        for operation in methods.values()
        if trying.PARAMETER in operation.get("parameters", [])
    }
    assert offered == told
    assert len(offered) > 25


def state() -> dict[str, Any]:
    """What a dry run must leave as it was."""
    return {
        "rows": [model.objects.count() for model in (Event, Plan, Operation, Pin, ApiAnswer, Cluster)],
        "nodes": list(Node.objects.order_by("pk").values()),
        "homes": list(Assignment.objects.order_by("pk").values_list("pk", "home_node", "signed_in", "pinned")),
        "accounts": list(get_user_model().objects.values_list("username", "is_active")),
        "tokens": list(ApiToken.objects.values_list("name", "revoked_at")),
    }


CALLS = [
    ("POST", "/clusters/acme/plans", {"goal": "balance"}),
    ("POST", "/clusters/acme/pins", {"users": ["imp1a-0001"], "reason": "works there"}),
    ("POST", "/nodes/imp1a.acme.org/failover", None),
    ("POST", "/nodes/imp1a.acme.org/faults", {"kind": "power"}),
    ("POST", "/nodes/imp1a.acme.org/maintenance", {"reason": "memory", "span": "1h"}),
    ("PATCH", "/nodes/imp1a.acme.org", {"name": "imp9.acme.org"}),
    ("DELETE", "/clusters/acme/subclusters/sc-1/ha", None),
    ("PUT", "/accounts/eve/active", {"active": False}),
    ("DELETE", "/accounts/eve", None),
    ("DELETE", "/clusters/acme?confirm=acme", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=lambda part: str(part)[:40])
def test_a_dry_run_answers_like_the_real_one_and_leaves_nothing(
    acme: Cluster, calls: Callable[..., Caller], method: str, path: str, body: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    get_user_model().objects.create(username="eve")
    admin = calls("administrator")
    before = state()
    mark = "&" if "?" in path else "?"
    with django_capture_on_commit_callbacks() as told:
        dry = admin(method, f"{path}{mark}dry_run=true", body, Idempotency_Key="once")
    assert (dry.status_code, dry.headers.get("Dry-Run")) == (200, "true"), dry.data
    assert state() == before
    assert told == [], "nothing is announced"
    real = admin(method, path, body, Idempotency_Key="once")
    assert real.status_code == 200, real.data
    assert "Dry-Run" not in real.headers
    assert set(real.data) == set(dry.data)
    assert state() != before


def test_a_dry_run_is_refused_as_the_real_one_is(acme: Cluster, calls: Callable[..., Caller]) -> None:
    admin = calls("administrator")
    refused = admin("POST", "/nodes/imp1a.acme.org/fallback?dry_run=true")
    assert (refused.status_code, refused.data["code"]) == (409, "FALLBACK_NOT_FAILED_OVER")
    assert admin("POST", "/nodes/imp1a.acme.org/failover?dry_run=perhaps").status_code == 422
    assert calls("viewer")("POST", "/nodes/imp1a.acme.org/failover?dry_run=true").status_code == 403
    secret = admin("POST", "/tokens?dry_run=true", {"name": "x", "role": "viewer"})
    assert (secret.status_code, secret.data["code"]) == (422, "API_INPUT_NOT_VALID")


def test_a_plan_is_run_on_trial(acme: Cluster, calls: Callable[..., Caller]) -> None:
    operator = calls("operator")
    plan = operator.post("/clusters/acme/plans", {"goal": "balance"}).data
    dry = operator.post(f"/plans/{plan['hash']}/run?dry_run=true", {"unthrottled": True})
    assert (dry.status_code, dry.data["total"]) == (202, plan["moves"])
    assert not Operation.objects.exists()
    assert operator.post(f"/plans/{plan['hash']}/run", {"unthrottled": True}).status_code == 202

"""The road of a person who has only the documents: from a token to an undone rebalance, seen everywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from io import StringIO

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from django.test import AsyncClient, Client

from assignments.board.views import shared
from assignments.models import Assignment, Operation
from assignments.planning import plans
from assignments.runs import operations
from tests.api.answers import to_the_end
from tests.api.conftest import Caller
from tests.support.worlds import make_acme, node
from topology.accounts import roles, tokens
from topology.live.boards import ViewerKind


def token(*arguments: str) -> str:
    out = StringIO()
    call_command("token", "create", *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_token_import_plan_run_and_undo_are_seen_on_the_page_and_in_the_history() -> None:
    acme = make_acme(imp1a=2)
    make_acme("branch", imp1a=1)
    kind = ViewerKind(roles.VIEWER)
    curl = Caller(token("ci", "--role", "administrator", "--cluster", "acme"))
    rows = "\n".join(["user_id,name,node", *(f"new{n:03},Person {n},imp1a.acme.org" for n in range(60))])
    seen = curl("POST", "/clusters/acme/users/import?dry_run=true", raw=rows)
    done = curl("POST", "/clusters/acme/users/import", raw=rows, Idempotency_Key="import-1")
    assert (seen.data["created"], done.data["created"]) == (60, 60)
    assert seen.data.keys() == done.data.keys()

    before = shared.shared_now("acme", kind)
    plan = curl.post("/clusters/acme/plans", {"goal": "balance"}).data
    assert plan["moves"] == plan["minimum_moves"] > 0
    started = curl.post(f"/plans/{plan['hash']}/run", {"unthrottled": True}, Idempotency_Key="run-1")
    assert (started.status_code, started.data["state"]) == (202, "running")
    to_the_end(started.data["id"])
    ended = curl.get(started.data["url"].removeprefix("/api/v1")).data
    assert (ended["state"], ended["done"]) == ("finished", plan["moves"])
    page = shared.shared_now("acme", kind)
    assert page.version > before.version
    assert list(page.changes(before)), "the page that is open is told"

    undone = curl.post(f"/operations/{started.data['id']}/undo").data
    to_the_end(undone["operation"]["id"])
    assert Assignment.objects.filter(home_node=node(acme, "imp1a")).count() == 62

    lines = curl.get("/events?cluster=acme&limit=50").data["events"]
    begun = [line for line in lines if line["operation"] == started.data["id"]][-1]
    assert begun["actor"] == "token ci"
    assert {line["actor"] for line in lines} <= {"token ci", "engine", "test"}
    by_token = curl.get("/events?cluster=acme&actor=TOKEN%20CI&limit=50").data["events"]
    assert by_token == [line for line in lines if line["actor"] == "token ci"]
    elsewhere = curl.get("/clusters/branch")
    assert (elsewhere.status_code, elsewhere.data["code"]) == (403, "ROLE_NEEDED")
    scraper = token("prometheus", "--role", "viewer")
    metrics = Client().get("/metrics", headers={"Authorization": f"Bearer {scraper}"}).content.decode()
    assert 'homenode_node_home_users{cluster="acme",node="imp1a.acme.org",subcluster="sc-1"} 62.0' in metrics
    assert "homenode_trouble{" in metrics  # from here to the alert: tests/board/checks/test_alerts.py


@pytest.mark.django_db(transaction=True)
def test_an_operation_is_followed_as_an_event_stream() -> None:
    acme = make_acme(imp1a=40, imp1b=0)
    run = operations.start_run(plans.make_plan(acme, "balance").hash, actor="test", rate=1)
    text = tokens.create("follower", roles.VIEWER, actor="test")[1]

    async def follow() -> list[dict[str, object]]:
        headers = {"Authorization": f"Bearer {text}"}
        answer = await AsyncClient().get(f"/api/v1/operations/{run.pk}/events", headers=headers)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
        told = [await message(answer.streaming_content)]
        await sync_to_async(operations.pause)(run.pk, actor="test")
        told.append(await message(answer.streaming_content))
        await sync_to_async(operations.cancel)(run.pk, actor="test")
        told.append(await message(answer.streaming_content))
        with pytest.raises(StopAsyncIteration):
            await anext(answer.streaming_content)
        return told

    told = asyncio.run(follow())
    assert [each["state"] for each in told] == ["running", "paused", "cancelled"]
    assert Caller(text).get(f"/operations/{run.pk}").data == told[-1]
    assert Operation.objects.get(pk=run.pk).state == "cancelled"


async def message(source: AsyncIterator[bytes]) -> dict[str, object]:
    """The next message of a stream; signs of life are none."""
    async with asyncio.timeout(20):
        async for part in source:
            if part.startswith(b"event: operation\n"):
                return dict(json.loads(part.decode().partition("data: ")[2]))
    raise AssertionError("the stream ended")


@pytest.mark.django_db
def test_an_operation_that_is_not_there_or_not_ours_is_no_stream() -> None:
    acme = make_acme(imp1a=4)
    branch = make_acme("branch", imp1a=1)
    run = operations.start_run(plans.make_plan(acme, "balance").hash, actor="test")
    own = Caller(tokens.create("other", roles.OPERATOR, [branch], actor="test")[1])
    assert own.get(f"/operations/{run.pk}/events").status_code == 403
    assert own.get("/operations/999999/events").status_code == 404

"""The API at a million users beside thirty thousand: a list, the tree, a plan; both in one database, in turns."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from assignments.models import Plan
from tests.bench.measure import compare
from tests.bench.measure import users as most
from tests.crowd import make_crowd
from topology.accounts import roles, tokens

REACH = 1.2  # times the call at thirty thousand
SHARED = 0.7  # times the tree that is read anew: what is kept spares the reading of the board
ROUNDS = 41
FULLER = 600  # users by which the first node is fuller: the plans have the same moves, whatever the size
pytestmark = pytest.mark.django_db
Call = Callable[..., Any]


@pytest.fixture
def call(settings: Any) -> Call:
    """A program whose requests are not counted out."""
    settings.API_REQUESTS_PER_MINUTE = 10**9
    headers = {"Authorization": f"Bearer {tokens.create('bench', roles.ADMINISTRATOR, actor='test')[1]}"}
    client = Client()

    def ask(method: str, path: str, body: Any = None) -> Any:
        text = "" if body is None else json.dumps(body)
        answer = client.generic(method, f"/api/v1{path}", text, "application/json", headers=headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


@pytest.fixture
def worlds() -> tuple[str, str]:
    """The large cluster and the small one."""
    for name, users in (("large", most()), ("small", 30_000)):
        share = users // 6
        make_crowd(share + FULLER, *[share] * 5, waiting=20, capacity=300_000, name=name, named=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return "large", "small"


def test_calls_at_a_million_users_take_what_they_take_at_thirty_thousand(worlds: tuple[str, str], call: Call) -> None:
    moves = set()

    def plan(name: str) -> float:
        Plan.objects.filter(cluster__name=name).delete()
        begun = time.perf_counter()
        made = call("POST", f"/clusters/{name}/plans", {"goal": "balance"})
        took = time.perf_counter() - begun
        moves.add(made["moves"])
        return took

    calls: dict[str, Callable[[str], Any]] = {
        "list of users": lambda name: call("GET", f"/users?cluster={name}&limit=50"),
        "users by text": lambda name: call("GET", f"/users?cluster={name}&q=person+11&limit=50"),
        "tree": lambda name: call("GET", f"/clusters/{name}"),
        "plan": plan,
    }
    failed = []
    for what, ask in calls.items():
        for name in worlds:
            ask(name)  # compiles
        label = f"API, {what}: {most():,} users to 30,000"
        try:
            compare(label, lambda ask=ask: ask("large"), lambda ask=ask: ask("small"), REACH, rounds=ROUNDS)
        except AssertionError as reason:
            failed.append(str(reason))
    assert len(moves) == 1, "another plan is other work"
    assert not failed, "; ".join(failed)


def test_a_cluster_that_did_not_change_is_answered_from_what_is_kept(call: Call) -> None:
    from assignments.board.views import shared

    make_crowd(*[5_000] * 6, waiting=20, name="small", named=True)

    def anew() -> float:
        shared._boards.clear()
        begun = time.perf_counter()
        call("GET", "/clusters/small")
        return time.perf_counter() - begun

    compare(
        "API, tree that did not change, to one that is read anew",
        lambda: call("GET", "/clusters/small"), anew, SHARED, rounds=ROUNDS,
    )  # fmt: skip

"""The API at a million users beside thirty thousand, in turns: lists, the tree, a plan."""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client

from assignments.models import Plan
from tests.bench.large_worlds import LargeWorld, world
from tests.bench.measure import compare
from tests.bench.measure import users as most
from tests.support.crowd import make_crowd
from topology.accounts import roles, tokens
from topology.models import Cluster

REACH = 1.2  # times the call at thirty thousand
COMMON = 3.0  # times, of a text that one in fifteen matches and of whom the first stand further on in the list
FULLER = 1.5  # times, of a text that six people have among thirty thousand and 66 among a million: a page of 50 is sent
SHARED = 0.7  # times the tree that is read anew: what is kept spares the reading of the board
ROUNDS = 41
pytestmark = pytest.mark.django_db(transaction=True)
Call = Callable[..., Any]


@pytest.fixture
def call(settings: Any) -> Call:
    """A program whose requests are not counted out."""
    settings.API_REQUESTS_PER_MINUTE = 10**9
    return caller()


def caller() -> Call:
    """A program with a token of the database that is worked on."""
    headers = {"Authorization": f"Bearer {tokens.create('bench', roles.ADMINISTRATOR, actor='test')[1]}"}
    client = Client()

    def ask(method: str, path: str, body: Any = None) -> Any:
        text = "" if body is None else json.dumps(body)
        answer = client.generic(method, f"/api/v1{path}", text, "application/json", headers=headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


class Program:
    """What is asked of the one cluster of a world, each timed."""

    def __init__(self, found: LargeWorld) -> None:
        self.world, self.moves = found, 0
        with found.here():
            self.call, self.name = caller(), Cluster.objects.get().name

    def ask(self, what: str) -> float:
        """Seconds that a call took."""
        lists = f"/users?cluster={self.name}&limit=50"
        path = {
            "list of users": lists,
            "users by a text that one in fifteen has": f"{lists}&q=person+11",
            "users by a text that few have": f"{lists}&q=person+4711",
            "users by a mail address, which as many have": f"{lists}&q=-4711%40example.org",
            "tree": f"/clusters/{self.name}",
        }.get(what)
        with self.world.here():
            Plan.objects.all().delete()
            begun = time.perf_counter()
            if path:
                self.call("GET", path)
            else:
                self.moves = self.call("POST", f"/clusters/{self.name}/plans", {"goal": "balance"})["moves"]
            return time.perf_counter() - begun


def test_calls_at_a_million_users_take_what_they_take_at_thirty_thousand(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10**9
    small, large = Program(world(1, 30_000)), Program(world(1, most()))
    limits = {
        "list of users": REACH,
        "users by a text that few have": FULLER,
        "users by a mail address, which as many have": REACH,
        "users by a text that one in fifteen has": COMMON,
        "tree": REACH,
        "plan": REACH,
    }
    failed = []
    for what, reach in limits.items():
        for one in (small, large):
            one.ask(what)  # compiles
        label = f"API, {what}: {most():,} users to 30,000"
        try:
            compare(label, partial(large.ask, what), partial(small.ask, what), reach, rounds=ROUNDS)
        except AssertionError as reason:
            failed.append(str(reason))
    assert large.moves == small.moves > 0, "another plan is other work"
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

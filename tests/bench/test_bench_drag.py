"""A drag of one user, from request to answer, beside a bare UPDATE … RETURNING through the same server and pool."""

import http.client
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from assignments.models import Assignment
from tests.bench.bare.update import ADDRESS
from tests.bench.measure import compare
from tests.board.pages import person
from tests.support.crowd import make_crowd, nodes_of, people_of
from tests.support.live_stack import LiveStack
from topology.accounts import roles

REACH = 3.0  # times
REACH_RAW = 18.0  # times: reading the session, the person and the rights is most of what is beside it
ROUNDS = 41
pytestmark = pytest.mark.django_db(transaction=True)


def caller(address: str, headers: dict[str, str]) -> Callable[[str, str], bytes]:
    """A client that keeps its connection, and fails for every answer but 200."""
    where = urlsplit(address)
    connected = http.client.HTTPConnection(str(where.hostname), where.port)

    def post(path: str, body: str) -> bytes:
        connected.request("POST", path, body, headers)
        answer = connected.getresponse()
        content = answer.read()
        assert answer.status == 200, content[:500]
        return content

    return post


class Drags:
    """A crowd, an operator who is signed in to the console, and one user who is dragged to and fro."""

    def __init__(self, address: str) -> None:
        self.cluster = make_crowd(*[5_000] * 6, named=True)
        first, self.second = nodes_of(self.cluster)[0], nodes_of(self.cluster)[2]
        self.dragged, self.moved = people_of(first, 2)
        client = Client(enforce_csrf_checks=False)
        client.force_login(person(roles.OPERATOR))
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        token = "a" * 32
        self.post = caller(
            address,
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "HX-Request": "true",
                "X-CSRFToken": token,
                "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}",
            },
        )
        self.ways, self.back = cycle(((first, self.second), (self.second, first))), cycle((self.second, first))

    def drag(self) -> None:
        at, to = next(self.ways)
        self.post(
            reverse("move", args=[self.cluster.name]),
            urlencode({"users": self.dragged, "list": f"node:{at.pk}", "to": f"node:{to.pk}"}),
        )

    def in_a_view(self) -> None:
        """The other user by a bare UPDATE of the same person in the same web process."""
        told = self.post(ADDRESS, urlencode({"user": self.moved, "node": next(self.back).pk}))
        assert told == str(self.moved).encode()

    def without(self, post: Callable[[str, str], bytes]) -> None:
        """The same UPDATE in a process that has neither sessions nor rights."""
        assert post(f"/?user={self.moved}&node={next(self.back).pk}", "") == str(self.moved).encode()

    def compare(self, name: str, beside: Callable[[], None], reach: float) -> None:
        for _ in range(4):  # both compile what they need
            self.drag()
            beside()
        compare(name, self.drag, beside, reach, rounds=ROUNDS)
        assert Assignment.objects.get(user_id=self.dragged).home_node == self.second, "each drag moved the user"


@pytest.fixture
def served(transactional_db: None, tmp_path: Path) -> Iterator[Callable[[str], LiveStack]]:
    """Web servers of applications on the test database."""
    stacks: list[LiveStack] = []

    def serve(application: str) -> LiveStack:
        logs = tmp_path / application
        logs.mkdir()
        stacks.append(LiveStack(str(connection.settings_dict["NAME"]), logs, application))
        stacks[-1].start_web()
        return stacks[-1]

    yield serve
    for stack in stacks:
        stack.close()


def test_a_drag_beside_a_bare_update(served: Callable[[str], LiveStack]) -> None:
    drags = Drags(served("tests.bench.bare.view:application").address)
    drags.compare("drag of one user, to a bare UPDATE through the same web process", drags.in_a_view, REACH)


def test_a_drag_beside_a_process_that_knows_nobody(served: Callable[[str], LiveStack]) -> None:
    drags = Drags(served("config.asgi:application").address)
    bare = caller(served("tests.bench.bare.server:application").address, {})
    drags.compare(
        "drag of one user, to a bare UPDATE without session and rights", lambda: drags.without(bare), REACH_RAW
    )

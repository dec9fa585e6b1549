"""A drag of one user, from request to answer, beside a bare UPDATE … RETURNING through the same server and pool."""

import http.client
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from assignments.models import Assignment
from tests.bench.measure import compare
from tests.board.test_page import person
from tests.crowd import make_crowd, nodes_of, people_of
from tests.live_stack import LiveStack
from topology.accounts import roles

REACH = 3.0  # times
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


def test_a_drag_beside_a_bare_update(live_web: LiveStack, tmp_path: Path) -> None:
    cluster = make_crowd(*[5_000] * 6, named=True)
    first, second = nodes_of(cluster)[0], nodes_of(cluster)[2]
    dragged, moved = people_of(first, 2)
    client = Client(enforce_csrf_checks=False)
    client.force_login(person(roles.OPERATOR))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    token = "a" * 32
    ours = caller(
        live_web.address,
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "HX-Request": "true",
            "X-CSRFToken": token,
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}",
        },
    )
    bare_server = LiveStack(str(connection.settings_dict["NAME"]), tmp_path, "tests.bench.bare_server:application")
    bare_server.start_web()
    try:
        bare = caller(bare_server.address, {})
        ways, back = cycle(((first, second), (second, first))), cycle((second, first))

        def drag() -> None:
            at, to = next(ways)
            ours(
                reverse("move", args=[cluster.name]),
                urlencode({"users": dragged, "list": f"node:{at.pk}", "to": f"node:{to.pk}"}),
            )

        def update() -> None:
            assert bare(f"/?user={moved}&node={next(back).pk}", "") == str(moved).encode()

        for _ in range(4):  # both compile what they need
            drag()
            update()
        compare("drag of one user, to a bare UPDATE through the same server", drag, update, REACH, rounds=ROUNDS)
    finally:
        bare_server.close()
    assert Assignment.objects.get(user_id=dragged).home_node == second, "each drag moved the user"

"""What one person drags, the others see: through Redis alone, without themselves, and not for ever."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from assignments.moves import drag_presence
from tests.support.worlds import make_acme, node
from topology.accounts.sign_in import give_role
from topology.live import events
from topology.models import Cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Cluster:
    return make_acme(imp1a=3)


def person(name: str, role: str = "operator") -> Any:
    found = get_user_model().objects.create_user(name)
    give_role(found, role)
    return found


def client_of(found: Any) -> Client:
    client = Client()
    client.force_login(found)
    return client


def test_the_others_see_it_until_it_ends(acme: Cluster, django_assert_num_queries: Any) -> None:
    ann, bob = person("ann"), person("bob")
    with django_assert_num_queries(0):
        drag_presence.tell_others(acme, ann, users=1200, source="node:1", to="node:2")
        seen = [(drag.what, drag.places) for drag in drag_presence.others(acme, bob)]
        assert drag_presence.others(acme, ann) == []
    assert seen == [("1,200 users", [("node:1", "ann is holding 1,200 users"), ("node:2", "ann may drop 1,200 users")])]
    drag_presence.let_go(acme, ann)
    assert drag_presence.others(acme, bob) == []


def test_it_is_forgotten_after_a_while(acme: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = person("ann"), person("bob")
    drag_presence.tell_others(acme, ann, users=None, source="node:1", to="")
    now = events.time.time()
    monkeypatch.setattr(events.time, "time", lambda: now + drag_presence.HELD + 1)
    assert drag_presence.others(acme, bob) == []
    assert 0 < events.client().ttl(f"{events.stream_name()}:shown:{drag_presence.topic(acme)}") <= drag_presence.HELD


def test_what_a_browser_says_is_checked(acme: Cluster) -> None:
    ann, bob = client_of(person("ann")), person("bob", "viewer")
    to = f"node:{node(acme, 'imp1b').pk}"
    said = {"list": "javascript:1", "to": to}
    assert ann.post("/clusters/acme/moves/drags", said | {"count": "<b>3</b>"}).status_code == 422
    assert ann.post("/clusters/acme/moves/drags", said).status_code == 204
    assert [drag.places for drag in drag_presence.others(acme, bob)] == [[(to, "ann may drop all users")]]
    shown = client_of(bob).get("/clusters/acme/drags").content.decode()
    assert f'data-drag-at="{to}"' in shown
    assert client_of(bob).post("/clusters/acme/moves/drags", said, headers={"HX-Request": "true"}).status_code == 403
    ann.post("/clusters/acme/moves/drags")
    assert drag_presence.others(acme, bob) == []

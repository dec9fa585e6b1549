"""Signing in: required everywhere, by a link that works once or by a password; roles are checked on the server."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone

from tests.board.pages import as_
from tests.support.worlds import make_acme
from topology.accounts import roles, sign_in
from topology.models import Event, SignInLink

pytestmark = pytest.mark.django_db

OPEN = {"sign-in", "sign-in-link", "healthz", "readyz", "livez", "trouble"}


def addresses() -> list[tuple[str, str]]:
    """Every address of the console, with something in place of each argument."""
    found: list[tuple[str, str]] = []

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver) and str(entry.pattern) == "api/v1/":
                continue  # asked with tokens: tests/api/test_door.py
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, route)
            else:
                found.append((entry.name or "", route))

    walk(get_resolver().url_patterns, "")
    return found


def filled(route: str) -> str:
    parts = [("1" if part.startswith("<int:") else "x") if part.startswith("<") else part for part in route.split("/")]
    return "/" + "/".join(parts)


def test_every_address_but_signing_in_and_health_needs_a_signed_in_person(client: Client) -> None:
    routes = [(name, route) for name, route in addresses() if name not in OPEN]
    assert len(routes) > 3
    for name, route in routes:
        for method in (client.get, client.post):
            answer = method(filled(route))
            if name in ("stream", "metrics"):  # a program asks there, which could not show the form
                assert answer.status_code == (401 if method == client.get else 405)
                continue
            assert answer.status_code == 302, (name, route)
            assert answer["Location"].startswith("/sign-in/"), (name, route)


def test_a_link_signs_in_once_and_makes_the_first_person_an_administrator(client: Client) -> None:
    path = sign_in.issue_sign_in_link()
    assert client.get(path).status_code == 200
    assert "_auth_user_id" not in client.session, "following the link alone must not use it up"
    assert client.post(path).status_code == 302
    person = get_user_model().objects.get(pk=client.session["_auth_user_id"])
    assert roles.role_of(person) == roles.ADMINISTRATOR
    again = Client().post(path)
    assert again.status_code == 403
    assert "LINK_NOT_VALID" in again.content.decode()
    assert Event.objects.get(code="SIGNED_IN").actor_name == "admin"


def test_a_link_is_kept_as_a_hash_and_grows_old(client: Client) -> None:
    path = sign_in.issue_sign_in_link()
    token = path.strip("/").split("/")[-1]
    link = SignInLink.objects.get()
    assert token not in link.token_hash
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.post(path).status_code == 403


def test_a_later_account_is_a_viewer_unless_a_role_is_given() -> None:
    sign_in.issue_sign_in_link()
    sign_in.issue_sign_in_link(username="vera")
    sign_in.issue_sign_in_link(username="olaf", role=roles.OPERATOR)
    people = get_user_model().objects
    assert roles.role_of(people.get(username="vera")) == roles.VIEWER
    assert roles.role_of(people.get(username="olaf")) == roles.OPERATOR


@pytest.mark.parametrize(
    ("have", "needed", "allowed"),
    [
        (None, roles.VIEWER, False),
        (roles.VIEWER, roles.VIEWER, True),
        (roles.VIEWER, roles.OPERATOR, False),
        (roles.OPERATOR, roles.OPERATOR, True),
        (roles.OPERATOR, roles.ADMINISTRATOR, False),
        (roles.ADMINISTRATOR, roles.OPERATOR, True),
    ],
)
def test_a_higher_role_includes_the_lower_ones(have: str | None, needed: str, allowed: bool) -> None:
    person = get_user_model().objects.create(username="p")
    if have:
        sign_in.give_role(person, have)
    assert roles.may(person, needed) is allowed


def test_an_inactive_person_may_nothing() -> None:
    person = get_user_model().objects.create(username="p", is_active=False)
    sign_in.give_role(person, roles.ADMINISTRATOR)
    assert not roles.may(person, roles.VIEWER)


def test_a_form_sent_after_the_end_of_a_session_leads_back_to_its_page(client: Client) -> None:
    """Not to its own address, which cannot be opened: whoever signed out twice came to an empty page."""
    here = "http://testserver/clusters/acme/history/?code=SIGNED_IN"
    back = "/sign-in/?next=/clusters/acme/history/%3Fcode%3DSIGNED_IN"
    for path in ("/sign-out/", "/accounts/new", "/clusters/acme/dns/check"):
        assert client.post(path, headers={"Referer": here})["Location"] == back
        assert client.post(path)["Location"] == "/sign-in/"
        for elsewhere in ("https://evil.example/x", "http://testserver.evil.example/", "javascript:x", "//[", "\x00"):
            assert client.post(path, headers={"Referer": elsewhere})["Location"] == "/sign-in/"
    assert client.get("/accounts/")["Location"] == "/sign-in/?next=/accounts/"


def test_a_script_that_is_signed_out_is_told_so_in_what_it_reads(client: Client) -> None:
    for ask in (client.get, client.post):
        answer = ask("/clusters/acme/moves/targets", headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (401, "SIGNED_OUT")
        assert answer.json()["message"] == "You are signed out: nothing was changed."


def test_the_address_of_a_form_shows_a_page_when_it_is_opened() -> None:
    client = as_(roles.ADMINISTRATOR)
    for path in ("/accounts/new", "/sign-out/", "/hide-names"):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
        assert "Nothing to open" in answer.content.decode()
        assert client.get(path).content == b"", "a program needs no page"
    assert client.get("/accounts/").status_code == 200, "no one was signed out"


def test_who_signs_in_again_after_a_refused_form_comes_to_the_page_of_the_form() -> None:
    """Its answer stood at the address of the form, and that is what the next form leads back to."""
    make_acme()
    client, store = as_(roles.ADMINISTRATOR), "/clusters/acme/directory/agreement"
    assert client.post(store, {"servers": ""}).status_code == 422
    client.logout()
    to = client.post(store, headers={"Referer": f"http://testserver{store}"})["Location"]
    assert to == f"/sign-in/?next={store}"
    asks, signed_in = {"Accept": "text/html"}, as_(roles.ADMINISTRATOR)
    led = signed_in.get(store, headers=asks | {"Referer": f"http://testserver{to}"})
    assert led["Location"] == "/clusters/acme/directory/"
    assert signed_in.get(store, headers=asks | {"Referer": "//["}).status_code == 405
    opened = signed_in.get(store, headers=asks)
    assert 'href="/clusters/acme/directory/"' in opened.content.decode()
    assert "that it belongs to" not in signed_in.get("/hide-names", headers=asks).content.decode()


def test_health_names_the_part_that_does_not_answer(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    others = {name: value for name, value in answer.json().items() if value is not True}
    assert others == {"tick_age": None, "troubles": []}


@pytest.mark.in_turns
def test_reading_writes_nothing() -> None:
    """Every address by GET, as an administrator: no statement that changes a row, but of the session."""
    acme = make_acme(imp1a=3)
    client = as_(roles.ADMINISTRATOR)
    node = acme.nodes.first()
    with CaptureQueriesContext(connection) as asked:
        for name, route in addresses():
            if name not in ("stream", "healthz", "readyz"):  # health tries whether the database stores
                path = route.replace("<str:cluster_name>", acme.name).replace("<int:pk>", str(node.pk if node else 1))
                client.get("/" + "/".join("x" if part.startswith("<") else part for part in path.split("/")))
    writes = [q["sql"] for q in asked if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql for sql in writes if "django_session" not in sql and "topology_cache" not in sql] == []

"""Passwords cannot be tried one after the other, links work once, and nothing of either stands in a log."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connections
from django.test import Client, override_settings
from django.utils import timezone

from config.log_filter import WithoutSecrets
from topology.accounts import people, roles, sign_in
from topology.live import events
from topology.models import Event, SignInLink

RIGHT = "correct horse battery"


@pytest.fixture
def anna(db: None, settings: Any) -> Any:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # many are made here
    person = get_user_model().objects.create_user("anna", password=RIGHT)
    sign_in.give_role(person, roles.OPERATOR)
    cache.clear()
    return person


def tried(client: Client, password: str, name: str = "anna", **headers: str) -> Any:
    return client.post("/sign-in/", {"username": name, "password": password}, headers=headers)


def test_after_five_wrong_guesses_the_right_one_waits_too(anna: Any, client: Client) -> None:
    assert [tried(client, f"guess {n}").status_code for n in range(5)] == [200] * 5
    answer = tried(client, RIGHT)
    assert answer.status_code == 429
    assert "Try again in 5 minutes" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert tried(client, RIGHT, name="ANNA").status_code == 429, "another case is the same name"
    throttled = Event.objects.get(code="SIGN_IN_THROTTLED")
    assert throttled.actor_name.casefold() == "anna"
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert tried(client, RIGHT).status_code == 302
    assert Event.objects.filter(code="SIGNED_IN", actor=anna).count() == 1


def test_a_link_signs_in_while_passwords_wait(anna: Any, client: Client) -> None:
    for n in range(6):
        tried(client, f"guess {n}")
    assert Client().post(sign_in.issue_sign_in_link(username="anna")).status_code == 302


def test_one_address_that_tries_many_names_waits_and_others_do_not(anna: Any, client: Client) -> None:
    for n in range(20):
        tried(client, "guess", name=f"name{n}")
    assert tried(client, "guess", name="other").status_code == 429
    assert tried(Client(REMOTE_ADDR="127.0.0.9"), RIGHT).status_code == 302


def test_the_address_behind_a_proxy_counts_only_where_the_proxy_is_trusted(anna: Any) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    for n in range(20):
        tried(Client(), "guess", name=f"name{n}", **{"X-Forwarded-For": f"203.0.113.{n}"})
    assert tried(Client(), RIGHT, **forwarded).status_code == 429, "a header that anybody can write is not believed"
    cache.clear()
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        for n in range(20):
            tried(Client(), "guess", name=f"name{n}", **{"X-Forwarded-For": "203.0.113.1"})
        assert tried(Client(), "guess", name="other", **{"X-Forwarded-For": "203.0.113.1"}).status_code == 429
        assert tried(Client(), RIGHT, **forwarded).status_code == 302, "one guesser does not lock out the whole proxy"


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "shown"),
    [
        (2, "192.0.2.9", "203.0.113.7", "192.0.2.9"),  # more proxies are promised than there are
        (1, "192.0.2.9", "unknown", ""),
        (0, "", "203.0.113.7", ""),  # on a socket of the machine itself
        (2, "unix:", "203.0.113.7", ""),
    ],
)
def test_people_get_in_from_where_no_address_is_known(
    anna: Any, proxies: int, peer: str, forwarded: str, shown: str
) -> None:
    """A link that is used up must sign in, and guesses wait there as well."""
    client = Client(REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=proxies):
        assert client.post(sign_in.issue_sign_in_link(username="anna")).status_code == 302
        assert [session.address for session in people.sessions(anna.pk)] == [shown]
        client.logout()
        assert tried(client, RIGHT).status_code == 302
        client.logout()
        for n in range(20):
            tried(client, "guess", name=f"name{n}")
        assert tried(client, "guess", name="other").status_code == 429


def test_people_get_in_while_redis_is_away(anna: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_client", None)
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        assert tried(client, RIGHT).status_code == 302
    monkeypatch.setattr(events, "_client", None)


@pytest.mark.in_turns
@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_a_link_at_once_one_gets_in() -> None:
    for _ in range(12):
        path = sign_in.issue_sign_in_link(username="anna")
        start = threading.Barrier(2)

        def press(path: str = path, start: threading.Barrier = start) -> int:
            try:
                client = Client()
                client.get(path)
                start.wait(10)
                return client.post(path).status_code
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(future.result() for future in [pool.submit(press), pool.submit(press)])
        assert answers == [302, 403]


def test_a_link_of_who_is_signed_in_already_makes_no_open_page_too_old(anna: Any, client: Client) -> None:
    client.post(sign_in.issue_sign_in_link(username="anna"))
    before = {name: cookie.value for name, cookie in client.cookies.items()}
    assert client.post(sign_in.issue_sign_in_link(username="anna")).status_code == 302
    assert {name: cookie.value for name, cookie in client.cookies.items()} == before


def test_a_newer_link_ends_the_older_ones_of_that_person(db: None, client: Client) -> None:
    older, other = sign_in.issue_sign_in_link(username="anna"), sign_in.issue_sign_in_link(username="bob")
    newer = sign_in.issue_sign_in_link(username="anna")
    assert [Client().post(path).status_code for path in (older, newer, other)] == [403, 302, 302]
    assert SignInLink.objects.count() == 2


def test_a_link_is_answered_to_head_and_its_token_stands_in_no_log(db: None, caplog: pytest.LogCaptureFixture) -> None:
    path = sign_in.issue_sign_in_link(username="anna")
    token = path.strip("/").split("/")[-1]
    caplog.handler.addFilter(WithoutSecrets())
    with caplog.at_level(logging.DEBUG):
        assert Client().head(path).status_code == 200
        assert Client(enforce_csrf_checks=True).post(path).status_code == 403
        assert Client().put(path).status_code == 405
        logging.getLogger("x").warning("Authorization: Bearer abc.def and %s", f"/x?token={token}&password=hidden")
    assert "/sign-in/link/…" in caplog.text
    for secret in (token, "abc.def", "hidden"):
        assert secret not in caplog.text
    assert Client().post(path).status_code == 302, "the link was not used up by any of them"


def test_every_handler_of_the_console_leaves_secrets_out(settings: Any) -> None:
    assert all("secrets" in handler["filters"] for handler in settings.LOGGING["handlers"].values())


def test_private_pages_are_kept_by_no_cache(anna: Any, client: Client) -> None:
    client.force_login(anna)
    for path in ("/users/", "/users/users.csv", "/sign-in/", "/overview/"):
        answer = client.get(path, follow=False)
        assert "no-store" in answer["Cache-Control"], path
        assert "camera=()" in answer["Permissions-Policy"], path


def test_hiding_names_leads_to_no_other_host(anna: Any, client: Client) -> None:
    client.force_login(anna)
    for address in ("http://testserver//evil.example/?q=x", "http://testserver/\\evil.example/?q=x", "http://[?q=x"):
        answer = client.post("/hide-names", headers={"HX-Current-URL": address, "HX-Request": "true"})
        assert answer.status_code < 500
        assert not answer.headers.get("HX-Redirect", "/").startswith(("//", "/\\", "http"))
        client.post("/hide-names")

"""Settings that say where the console is put, read in a process of their own."""

import json
import os
import socket
import subprocess
import sys

import pytest
from django.test import Client, override_settings

from config.local.state import BASE_DIR

SHOW = """
import json
from django.conf import settings
more = {"options": settings.DATABASES["default"]["OPTIONS"], "broker": settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    "level": settings.LOGGING["root"]["level"]}
print(json.dumps(more | {name: getattr(settings, name) for name in (
    "ALLOWED_HOSTS", "FORCE_SCRIPT_NAME", "STATIC_URL", "SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD", "CSRF_TRUSTED_ORIGINS", "TIME_ZONE",
    "SECURE_SSL_REDIRECT", "VIEWERS_MAY_EXPORT", "SECRET_KEY")}))
"""


def settings_with(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"} | environment,
        capture_output=True,
        text=True,
    )


def test_the_console_asks_itself_whatever_names_people_use() -> None:
    found = json.loads(settings_with(ALLOWED_HOSTS="console.example.org", HOMENODE_LOCAL="1").stdout)
    assert {"console.example.org", "127.0.0.1"} <= set(found["ALLOWED_HOSTS"])
    found = json.loads(settings_with(ALLOWED_HOSTS="console.example.org", HOMENODE_LOCAL="0").stdout)
    assert found["ALLOWED_HOSTS"] == ["console.example.org"]


@pytest.mark.parametrize("given", ["/console", "console", "/console/", "/tools/console"])
def test_a_prefix_stands_before_everything(given: str) -> None:
    found, prefix = json.loads(settings_with(URL_PREFIX=given).stdout), "/" + given.strip("/")
    assert found["FORCE_SCRIPT_NAME"] == prefix
    assert found["STATIC_URL"] == f"{prefix}/static/"
    assert found["SESSION_COOKIE_PATH"] == found["CSRF_COOKIE_PATH"] == f"{prefix}/"


def test_a_prefix_that_is_none_stops_the_start() -> None:
    done = settings_with(URL_PREFIX="https://console.example.org/x")
    assert done.returncode != 0
    assert "URL_PREFIX" in done.stderr


def test_other_hosts_are_promised_nothing_unless_asked() -> None:
    found = json.loads(settings_with(HOMENODE_LOCAL="0").stdout)
    assert (found["SECURE_HSTS_INCLUDE_SUBDOMAINS"], found["SECURE_HSTS_PRELOAD"]) == (False, False)
    asked = settings_with(HOMENODE_LOCAL="0", SECURE_HSTS_INCLUDE_SUBDOMAINS="1", SECURE_HSTS_PRELOAD="1")
    found = json.loads(asked.stdout)
    assert (found["SECURE_HSTS_INCLUDE_SUBDOMAINS"], found["SECURE_HSTS_PRELOAD"]) == (True, True)


def test_a_variable_that_is_empty_is_one_that_is_not_given() -> None:
    names = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "TIME_ZONE", "LOG_LEVEL", "SECURE_SSL_REDIRECT", "URL_PREFIX")
    found = json.loads(settings_with(HOMENODE_LOCAL="0", **dict.fromkeys(names, "")).stdout)
    assert (found["ALLOWED_HOSTS"], found["CSRF_TRUSTED_ORIGINS"]) == (["localhost", "127.0.0.1", "[::1]"], [])
    assert (found["TIME_ZONE"], found["level"], found["SECURE_SSL_REDIRECT"]) == ("UTC", "INFO", True)


def test_values_are_taken_as_people_write_them() -> None:
    given = {"ALLOWED_HOSTS": "one.example.org, .example.com", "CSRF_TRUSTED_ORIGINS": "https://one.example.org:8443/"}
    given |= {"LOG_LEVEL": "debug", "SECURE_SSL_REDIRECT": "Off", "VIEWERS_MAY_EXPORT": "True", "SECRET_KEY": "$price "}
    found = json.loads(settings_with(HOMENODE_LOCAL="0", **given).stdout)
    assert found["ALLOWED_HOSTS"] == ["one.example.org", ".example.com"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://one.example.org:8443"]
    assert (found["level"], found["SECURE_SSL_REDIRECT"], found["VIEWERS_MAY_EXPORT"]) == ("DEBUG", False, True)
    assert found["SECRET_KEY"] == "$price "


def test_data_services_whose_host_went_away_are_given_up() -> None:
    options = json.loads(settings_with().stdout)["options"]
    assert options["connect_timeout"] == 5
    assert options["tcp_user_timeout"] == 25_000
    assert options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"] == 25
    broker = json.loads(settings_with().stdout)["broker"]
    assert (broker["socket_keepalive"], broker["socket_connect_timeout"]) == (True, 5)
    if sys.platform == "linux":
        assert broker["socket_keepalive_options"][str(socket.TCP_USER_TIMEOUT)] == options["tcp_user_timeout"]
    address = "postgresql://ann@127.0.0.1:1/console?keepalives_idle=60"
    assert int(json.loads(settings_with(DATABASE_URL=address).stdout)["options"]["keepalives_idle"]) == 60


def test_a_pooler_is_sent_no_options() -> None:
    assert "options" in json.loads(settings_with().stdout)["options"]
    assert "options" not in json.loads(settings_with(DATABASE_PGBOUNCER="1").stdout)["options"]


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}, {"Accept": "application/json"}])
def test_an_origin_that_is_not_trusted_is_named_with_the_setting(headers: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/sign-in/", headers=headers | {"Origin": "https://console.example.org"})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "ORIGIN_NOT_TRUSTED" in text
    assert "CSRF_TRUSTED_ORIGINS=https://console.example.org" in text
    assert "reload" not in text.lower()
    with override_settings(CSRF_TRUSTED_ORIGINS=["https://console.example.org"]):
        client = Client(enforce_csrf_checks=True)  # the handler keeps the origins it began with
        answer = client.post("/sign-in/", headers=headers | {"Origin": "https://console.example.org"})
        assert "ORIGIN_NOT_TRUSTED" not in answer.content.decode()


@pytest.mark.parametrize("given", ["text", "json"])
def test_a_worker_logs_as_the_settings_say_and_without_secrets(given: str) -> None:
    """Also where its command line names a level, as those of compose and `make run` do."""
    code = """
import logging, django; django.setup()
from config.celery import app
app.log.setup(loglevel="WARNING")
logging.getLogger("assignments").debug("token=secret-one")
logging.getLogger("celery.app.trace").info("said of every task")
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": given}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True)
    assert "token=…" in done.stderr
    assert "secret-one" not in done.stderr + done.stdout
    assert "every task" not in done.stderr + done.stdout

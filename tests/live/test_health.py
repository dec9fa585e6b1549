"""Health: ticks that come or do not, processes that are missing, and a database or a Redis that is away."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from assignments import tasks
from assignments.models import Goal
from assignments.planning import plans
from assignments.runs import batches, operations
from config.celery import app as app  # sends what a tick finds due
from config.local.processes import child_setup, stop_child, wait_until
from config.local.state import BASE_DIR, HOST, free_port
from tests.board.pages import as_
from tests.live.ticks import codes, works
from tests.support.crowd import make_crowd
from topology.accounts import roles
from topology.live import events, health
from topology.models import Cluster, Heartbeat

pytestmark = pytest.mark.django_db


def late(seconds: float) -> None:
    Heartbeat.objects.update_or_create(name=health.TICK, defaults={"at": timezone.now() - timedelta(seconds=seconds)})


def test_all_is_well_while_ticks_are_carried_out(client: Client) -> None:
    client.get("/livez")  # what the first request of a process loads may take longer than a tick lasts
    tasks.tick()
    assert codes() == []
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["tick_age"] < 5


@pytest.mark.parametrize(
    ("lives", "waiting", "expected"),
    [
        (False, 3, ["NO_WORKER"]),
        (True, 0, ["NO_BEAT"]),
        (True, 3, ["TICK_LATE"]),
        (False, 0, ["NO_WORKER", "NO_BEAT"]),
    ],
)
def test_a_tick_that_does_not_come_says_who_is_missing(
    lives: bool, waiting: int, expected: list[str], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    late(60)
    works(monkeypatch, lives=lives, waiting=waiting)
    assert codes() == expected
    answer = client.get("/healthz")
    parts = answer.json()
    assert answer.status_code == 503
    assert [parts[name] for name in ("worker", "beat", "tick")] == [
        code not in expected for code in ("NO_WORKER", "NO_BEAT", "TICK_LATE")
    ]


def test_the_sign_of_a_worker_is_good_for_seconds() -> None:
    events.client().delete(f"{events.stream_name()}:worker")
    assert not events.worker_lives()
    events.leave_worker_sign()
    assert events.worker_lives()
    assert 0 < events.client().ttl(f"{events.stream_name()}:worker") <= events.WORKER_SIGN


def test_a_new_installation_has_a_minute_for_its_first_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    make_crowd(1)
    assert codes() == []
    assert health.report()["tick_age"] is None, "an age that is not known is not a time to come"
    works(monkeypatch, lives=True, waiting=0)
    Cluster.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert codes() == ["NO_BEAT"]


def test_redis_away_is_said_and_is_no_failure(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_client", None)
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        late(60)
        assert codes() == ["REDIS_AWAY"]
        assert client.get("/healthz").status_code == 503
        page = as_(roles.VIEWER).get(reverse("overview")).content.decode()
        assert 'data-code="REDIS_AWAY"' in page
    monkeypatch.setattr(events, "_client", None)


def asked(address: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


@pytest.fixture
def without_database(tmp_path: Path) -> Iterator[str]:
    """The address of a web server whose database is nowhere."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://homenode@{HOST}:{free_port()}/none",
        "DATABASE_POOL": "2",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    options = ("--interface", "asginl", "--host", HOST, "--port", str(port), "config.asgi:application")
    with (tmp_path / "log").open("wb") as log:
        web = subprocess.Popen(
            [sys.executable, "-m", "granian", *options],
            cwd=BASE_DIR,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=child_setup(signal.SIGTERM),
        )
    yield f"http://{HOST}:{port}"
    stop_child(web, signal.SIGTERM, 8)


@pytest.mark.in_turns
def test_a_database_that_is_away_is_503_everywhere_with_its_reason(without_database: str) -> None:
    assert wait_until(lambda: asked(f"{without_database}/livez")[0] == 503, 60)
    cookie = {"Cookie": "homenode_session=" + "a" * 32}
    kinds = [cookie, cookie | {"HX-Request": "true"}, cookie | {"Accept": "application/json"}]
    assert "DATABASE_AWAY" in asked(f"{without_database}/overview/", **cookie)[1]
    with ThreadPoolExecutor() as at_once:  # more than there are slots, and none of them is told that the server is busy
        pages = [at_once.submit(asked, f"{without_database}/overview/", **headers) for headers in kinds]
        health, trouble = (at_once.submit(asked, f"{without_database}/{path}") for path in ("healthz", "trouble"))
        api = at_once.submit(asked, f"{without_database}/api/v1/clusters", Authorization="Bearer none")
    status, text = health.result()
    assert (status, json.loads(text)["database"], json.loads(text)["writes"]) == (503, False, False)
    assert [one["code"] for one in json.loads(text)["troubles"]] == ["DATABASE_AWAY"]
    for status, text in (page.result() for page in (*pages, api)):
        assert status == 503
        assert "DATABASE_AWAY" in text
    assert json.loads(api.result()[1])["code"] == "DATABASE_AWAY", "by one code, whoever asks"
    status, text = trouble.result()
    assert (status, text.count('data-code="DATABASE_AWAY"')) == (200, 1), "an open page learns it too"


def test_a_report_asks_a_silent_database_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def gone() -> None:
        asked.append("cursor")
        raise OperationalError("connection refused")

    monkeypatch.setattr(health, "_database", health._Database())
    monkeypatch.setattr(connection, "cursor", gone)
    report = health.report()
    assert (report["database"], report["writes"], report["tick_age"]) == (False, False, None)
    assert [trouble["code"] for trouble in report["troubles"]] == ["DATABASE_AWAY"]
    assert asked == ["cursor"], "a pool keeps each question waiting for seconds, and who asks gives up"
    assert health.is_silent()


def test_a_database_that_takes_a_question_and_hangs_is_away_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = health._Database()
    monkeypatch.setattr(health, "_database", hanging)
    monkeypatch.setattr(health, "ASKED_FOR", 0)
    with hanging.lock:  # as the one who asks, and waits for the answer
        report = health.report()
    assert report["database"] is False
    assert [trouble["code"] for trouble in report["troubles"]] == ["DATABASE_AWAY"]
    assert health.is_silent()
    assert health.database_answers()


def test_a_run_that_nobody_works_on_says_since_when_and_no_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    works(monkeypatch, lives=True, waiting=0)
    crowd = make_crowd(40, 0)
    plan = plans.make_plan(crowd, Goal.BALANCE, author="anna")
    run = operations.start_run(plan.hash, actor="anna", rate=1)
    tasks.tick()
    client = as_(roles.OPERATOR)
    batches.run(run.pk, 0, timezone.now)
    shown = client.get(reverse("operation-bar", args=[run.pk])).content.decode()
    assert " left" in shown
    assert "Stalled" not in shown
    late(60)
    for name in ("operation-bar", "operation"):
        shown = client.get(reverse(name, args=[run.pk])).content.decode()
        assert "Stalled since" in shown, name
        assert "Time left" not in shown
        assert " left ·" not in shown
    assert 'data-code="NO_BEAT"' in client.get(reverse("cluster", args=["crowd"])).content.decode()
    operations.pause(run.pk, actor="anna")
    assert "Stalled" not in client.get(reverse("operation-bar", args=[run.pk])).content.decode()

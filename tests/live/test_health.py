"""What is wrong with the console itself is said in one place, with since when; health agrees."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
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
from tests.crowd import make_crowd
from topology.accounts import roles
from topology.live import clocks, events, health, probe
from topology.models import Cluster, Heartbeat

pytestmark = pytest.mark.django_db


def late(seconds: float) -> None:
    Heartbeat.objects.update_or_create(name=health.TICK, defaults={"at": timezone.now() - timedelta(seconds=seconds)})


def codes() -> list[str]:
    return [trouble.code for trouble in health.troubles()]


def test_all_is_well_while_ticks_are_carried_out(client: Client) -> None:
    client.get("/livez")  # what the first request of a process loads may take longer than a tick lasts
    tasks.tick()
    assert codes() == []
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["tick_age"] < 5


def works(monkeypatch: pytest.MonkeyPatch, *, lives: bool, waiting: int) -> None:
    monkeypatch.setattr(events, "waiting_tasks", lambda: waiting)
    monkeypatch.setattr(events, "worker_lives", lambda: lives)


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


def delivered_by_a_worker_ahead(seconds: float) -> bool:
    """Whether a worker whose clock is so many seconds ahead carries out a tick that is delivered to it."""
    Heartbeat.objects.all().delete()
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        tasks.tick.apply(throw=True)
    return Heartbeat.objects.exists()


@pytest.mark.parametrize(("seconds", "works"), [(0, True), (2, True), (-2, True), (3600, False), (-3600, False)])
def test_a_worker_whose_clock_is_not_the_databases_does_nothing(seconds: int, works: bool) -> None:
    assert delivered_by_a_worker_ahead(seconds) is works


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_worker_whose_clock_is_off_says_so_in_place_of_its_sign_of_life(
    seconds: int, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "stream_name", lambda: f"clock{seconds}")
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        clocks.leave_sign()
    assert not events.worker_lives()
    tasks.tick()  # another worker does them all
    assert codes() == ["WORKER_CLOCK_OFF"]
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["worker"]) == (503, False)
    events.client().delete(f"clock{seconds}:worker-clock")
    clocks.leave_sign()
    assert events.worker_lives()
    assert codes() == []


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_web_process_whose_clock_is_off_says_so_and_judges_no_tick(
    seconds: int, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "stream_name", lambda: f"web-clock{seconds}")
    monkeypatch.setattr(clocks, "of_web", clocks.WatchedClock())
    tasks.tick()
    clocks.of_web.ask()
    assert clocks.of_web.is_right()
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        assert not clocks.of_web.is_right(), "it was set since it was asked about"
        clocks.of_web.ask()
        assert not clocks.of_web.is_right()
        assert codes() == ["WEB_CLOCK_OFF"]
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["clock"], answer.json()["tick_age"]) == (503, False, None)
        assert timezone.now().isoformat()[:13] not in events.signs().get("tried", ""), "others would believe it"
    monkeypatch.setattr(clocks, "of_web", clocks.WatchedClock())  # another one, which is told
    clocks.of_web.ask()
    assert clocks.of_web.is_right()
    assert codes() == ["WEB_CLOCK_OFF"]
    events.client().delete(f"web-clock{seconds}:web-clock")
    assert codes() == []


@pytest.mark.parametrize("seconds", [2, -2])
def test_a_web_process_may_be_as_far_from_the_database_as_clocks_on_a_network(seconds: int) -> None:
    clock = clocks.WatchedClock()
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        clock.ask()
        assert clock.is_right()


def test_a_web_process_keeps_what_it_knew_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "stream_name", lambda: "web-clock-away")
    clock = clocks.WatchedClock()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        clock.ask()
        monkeypatch.setattr(clocks, "off", lambda: None)  # an answer that took long
        clock.ask()
        assert not clock.is_right()

        def away() -> float:
            raise OperationalError

        monkeypatch.setattr(clocks, "off", away)
        clock.ask()
        assert not clock.is_right()
    assert clock.is_right(), "its clock was set right"


def test_a_database_that_is_away_is_no_wrong_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "stream_name", lambda: "clock-away")

    def away() -> float:
        raise OperationalError

    monkeypatch.setattr(clocks, "off", away)
    clocks.leave_sign()
    assert events.worker_lives()
    assert not events.clocks_off()


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


@pytest.fixture
def refusing(transactional_db: None) -> Iterator[Callable[[str], None]]:
    """Let PostgreSQL itself refuse to store, with an error of its own."""

    def refuse(state: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION refuse_probe() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{state}'; END $$;"
                "CREATE TRIGGER refuse BEFORE INSERT ON topology_write_probe EXECUTE FUNCTION refuse_probe()"
            )

    yield refuse
    events.client().delete(f"{events.stream_name()}:signs")
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS refuse_probe CASCADE")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", "DISK_FULL"),
        ("25006", "DATABASE_READ_ONLY"),
        ("53300", "DATABASE_AWAY"),
        ("42501", "DATABASE_REFUSES"),
    ],
)
def test_what_stores_nothing_is_named_by_health_and_then_by_every_page(
    state: str, code: str, client: Client, refusing: Callable[[str], None]
) -> None:
    tasks.tick()
    refusing(state)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["writes"]) == (503, False)
    assert [trouble["code"] for trouble in answer.json()["troubles"]] == [code]
    assert answer.json()["troubles"][0]["since"], "since the last time that something was stored"
    with transaction.atomic():
        viewer = as_(roles.VIEWER)
    page = viewer.get(reverse("overview")).content.decode()
    assert page.count(f'data-code="{code}"') == 1


def test_the_tick_finds_a_disk_that_is_full_and_that_it_has_room_again(refusing: Callable[[str], None]) -> None:
    events.client().delete(f"{events.stream_name()}:signs")
    refusing("53100")
    tasks.tick()
    assert codes() == ["DISK_FULL"]
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION refuse_probe CASCADE")
    health.beat(timezone.now() + health.TRY_AGAIN)
    assert codes() == []


@pytest.mark.django_db(transaction=True)
def test_trying_takes_room_on_the_disk_each_time() -> None:
    for _ in range(2):
        assert probe.try_write() == (None, "")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_relation_size('topology_write_probe'), count(*) FROM topology_write_probe")
            assert cursor.fetchone() == (probe.PAGES * 8192, probe.PAGES)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_read_only_is_met_by_trying(client: Client) -> None:
    tasks.tick()
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        assert [trouble["code"] for trouble in client.get("/healthz").json()["troubles"]] == ["DATABASE_READ_ONLY"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
        events.client().delete(f"{events.stream_name()}:signs")


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


def test_a_run_that_nobody_works_on_says_since_when_and_no_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    works(monkeypatch, lives=True, waiting=0)
    crowd = make_crowd(40, 0)
    plan = plans.make_plan(crowd, Goal.BALANCE, author="anna")
    run = operations.start(plan.hash, actor="anna", rate=1)
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


def test_a_run_says_that_it_is_stalled_when_only_the_disk_is_full() -> None:
    crowd = make_crowd(40, 0)
    plan = plans.make_plan(crowd, Goal.BALANCE, author="anna")
    run = operations.start(plan.hash, actor="anna", rate=1)
    tasks.tick()
    now = timezone.now()
    stored = now - timedelta(minutes=3)
    events.leave_signs({"tried": now.isoformat(), "wrong": "DISK_FULL", "stored": stored.isoformat()})
    try:
        assert health.stalled_since(now) == stored
        shown = as_(roles.OPERATOR).get(reverse("operation-bar", args=[run.pk])).content.decode()
        assert "Stalled since" in shown
        assert " left" not in shown
    finally:
        events.client().delete(f"{events.stream_name()}:signs")

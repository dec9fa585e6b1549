"""Workers and web processes whose clock is not that of the database."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from assignments import tasks
from config.celery import app as app  # sends what a tick finds due
from tests.live.ticks import codes
from topology.live import clocks, events
from topology.models import Heartbeat

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("of", ["web", "worker"])
def test_the_log_says_once_that_a_clock_is_wrong_and_once_that_it_is_right_again(
    of: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(events, "stream_name", lambda: f"{of}-clock-log")
    ask = clocks.WatchedClock().ask if of == "web" else clocks.leave_sign
    for _ in range(2):
        with time_machine.travel(timezone.now() + timedelta(hours=1)):
            for _ in range(3):
                ask()
        for _ in range(3):
            ask()
    assert [record.levelname for record in caplog.records if record.name == clocks.log.name] == ["ERROR", "WARNING"] * 2
    events.client().delete(f"{of}-clock-log:{of}-clock")


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

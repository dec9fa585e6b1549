"""What is wrong with the console itself is said in one place, with since when; health agrees."""

from datetime import timedelta
from typing import Any

import psycopg.errors
import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from assignments import tasks
from assignments.models import Goal
from assignments.planning import plans
from assignments.runs import batches, operations
from tests.board.test_page import as_
from tests.crowd import make_crowd
from topology.accounts import roles
from topology.live import events, health
from topology.models import Cluster, Heartbeat

pytestmark = pytest.mark.django_db


def late(seconds: float) -> None:
    Heartbeat.objects.update_or_create(name=health.TICK, defaults={"at": timezone.now() - timedelta(seconds=seconds)})


def codes() -> list[str]:
    return [trouble.code for trouble in health.troubles()]


def test_all_is_well_while_ticks_are_carried_out(client: Client) -> None:
    tasks.tick()
    assert codes() == []
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["tick_age"] < 5


def test_tasks_that_wait_mean_no_worker_and_an_empty_queue_no_beat(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    late(60)
    monkeypatch.setattr(events, "waiting_tasks", lambda: 3)
    assert codes() == ["NO_WORKER"]
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["worker"], answer.json()["beat"]) == (503, False, True)
    monkeypatch.setattr(events, "waiting_tasks", lambda: 0)
    assert codes() == ["NO_BEAT"]
    assert client.get("/healthz").json()["beat"] is False


def test_a_new_installation_has_a_minute_for_its_first_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    make_crowd(1)
    assert codes() == []
    monkeypatch.setattr(events, "waiting_tasks", lambda: 0)
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


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (psycopg.errors.DiskFull, "DISK_FULL"),
        (psycopg.errors.ReadOnlySqlTransaction, "DATABASE_READ_ONLY"),
        (psycopg.errors.ConnectionException, "DATABASE_AWAY"),
    ],
)
def test_a_database_that_stores_nothing_is_named(
    error: type[Exception], code: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("no") from error()

    monkeypatch.setattr(Heartbeat.objects, "update_or_create", fails)
    trouble = health.write_trouble()
    assert trouble
    assert trouble.code == code
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["writes"]) == (503, False)


def test_a_run_that_nobody_works_on_says_since_when_and_no_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "waiting_tasks", lambda: 0)
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

"""A disk that is full, and a database that is read only."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assignments import tasks
from assignments.models import Goal
from assignments.planning import plans
from assignments.runs import operations
from config.celery import app as app  # sends what a tick finds due
from tests.board.pages import as_
from tests.live.ticks import codes
from tests.support.crowd import make_crowd
from topology.accounts import roles
from topology.live import events, health, probe

pytestmark = pytest.mark.django_db


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


def test_a_run_says_that_it_is_stalled_when_only_the_disk_is_full() -> None:
    crowd = make_crowd(40, 0)
    plan = plans.make_plan(crowd, Goal.BALANCE, author="anna")
    run = operations.start_run(plan.hash, actor="anna", rate=1)
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


def test_a_mark_of_a_clock_that_was_set_back_since_is_no_try(refusing: Callable[[str], None]) -> None:
    ahead = (timezone.now() + timedelta(hours=1)).isoformat()
    events.leave_signs({"tried": ahead, "wrong": "DISK_FULL", "stored": ahead})
    tasks.tick()
    assert codes() == []
    events.leave_signs({"tried": ahead, "wrong": "", "stored": ahead})
    refusing("53100")
    tasks.tick()
    assert codes() == ["DISK_FULL"]

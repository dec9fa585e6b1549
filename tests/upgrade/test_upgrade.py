"""A database that version 29c939f made (make_29c939f.py) is upgraded, and today's services go on with it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from assignments.models import Assignment, Operation, Plan, Population
from assignments.recovery import service
from assignments.runs import batches, operations
from assignments.users.listing import saved_views
from tests.support.worlds import node
from topology.models import Cluster, Subcluster
from topology.rules.states import State

DUMP = Path(__file__).parent / "29c939f.sql"
HOUR = 3600
RENAMED = {"assignments_claim": "assignments_subclusterlock", "assignments_lane": "assignments_targetprogress"}


@contextmanager
def other_database(name: str) -> Iterator[None]:
    """An empty database that the default connection uses meanwhile."""
    usual = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def rows_of(tables: list[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        counts = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
        return counts


@pytest.fixture
def rows_before(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, int]]:
    """The upgraded database; answers the number of rows of each table before the upgrade."""
    with django_db_blocker.unblock(), other_database(f"{connection.settings_dict['NAME']}_upgrade"):
        with connection.cursor() as cursor:
            cursor.execute(DUMP.read_text())
            cursor.execute("RESET ALL")
        before = rows_of(connection.introspection.table_names())
        call_command("migrate", verbosity=0)
        yield before


class World:
    """Acme on its clock, from the instant when the old version was stopped."""

    def __init__(self, traveller: time_machine.Traveller, at: datetime) -> None:
        self.traveller, self.at = traveller, at
        self.acme = Cluster.objects.get(name="acme")
        self.run, self.yielded, self.failover = (
            Operation.objects.get(cluster=self.acme, **which)
            for which in (
                {"kind": "rebalance", "author_name": "anna"},
                {"kind": "rebalance", "author_name": "bert"},
                {"kind": "failover"},
            )
        )

    def tick(self, seconds: int = 1) -> None:
        self.at += timedelta(seconds=seconds)
        self.traveller.move_to(self.at, tick=False)
        for pk in service.due_subclusters(self.at):
            service.step(pk, self.at)
        for pk, generation in batches.due_runs(self.at):
            batches.run(pk, generation, lambda: self.at)
        for operation in (self.run, self.yielded, self.failover):
            operation.refresh_from_db()

    def until(self, done: Callable[[], bool], seconds: int = 1, most: int = HOUR) -> None:
        for _ in range(0, most, seconds):
            if done():
                return
            self.tick(seconds)
        raise AssertionError(f"not done after {most} s")

    def pair(self) -> Subcluster:
        return Subcluster.objects.get(cluster=self.acme, name="sc-1")

    def states(self) -> set[str]:
        return set(self.pair().nodes.values_list("state", flat=True))


@pytest.fixture
def world(rows_before: dict[str, int]) -> Iterator[World]:
    last = Operation.objects.exclude(heartbeat_at=None).latest("heartbeat_at").heartbeat_at
    assert last
    with time_machine.travel(last, tick=False) as traveller:
        yield World(traveller, last)


def counted() -> Counter[tuple[Any, ...]]:
    rows = Assignment.objects.values_list("cluster", "home_node", "serving_node", "signed_in", "endpoints")
    counts: Counter[tuple[Any, ...]] = Counter()
    for cluster, home, serving, signed_in, endpoints in rows:
        for what, n in (("users", 1), ("signed_in", int(signed_in)), ("endpoints", endpoints)):
            counts[cluster, home, serving, what] += n
    return +counts


def kept() -> Counter[tuple[Any, ...]]:
    """The same, as the database kept it."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in Population.objects.all():
        for what in ("users", "signed_in", "endpoints"):
            found[row.cluster_id, row.home_node_id, row.serving_node_id, what] = getattr(row, what)
    return +found


def listed() -> set[tuple[int, int, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id, cluster_id, key FROM assignments_listing")
        return set(cursor.fetchall())


def triggers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return {name for (name,) in cursor.fetchall()}


def homes_of(operation: Operation) -> set[tuple[int, int | None]]:
    """Where the users of an operation's plan are at home now."""
    assert operation.plan
    chosen = operation.plan.rows.values("user_id")
    return set(Assignment.objects.filter(user__in=chosen).values_list("user_id", "home_node_id"))


def test_nothing_is_lost_and_pages_show_it(rows_before: dict[str, int]) -> None:
    rows_before = {RENAMED.get(table, table): rows for table, rows in rows_before.items()}
    after = rows_of([table for table in rows_before if table in connection.introspection.table_names()])
    # Migrations, and the permissions and types of new tables, are rows that an upgrade adds.
    grown = {"django_migrations", "auth_permission", "django_content_type", "auth_group"}
    assert {t: n for t, n in rows_before.items() if t not in grown and n} == {
        t: n for t, n in after.items() if t not in grown and n
    }
    assert counted() == kept()
    names = Assignment.objects.values_list("user_id", "cluster_id", "user__user_id")
    assert listed() == {(pk, cluster, name.lower()) for pk, cluster, name in names}
    anna = User.objects.get(username="anna")
    acme = Cluster.objects.get(name="acme")
    assert [view.query for view in saved_views.views_of(anna, acme)] == ["q=imp2a"]
    browser = Client()
    browser.force_login(anna)
    page = browser.get(f"/clusters/acme/?{saved_views.views_of(anna, acme)[0].query}")
    assert page.status_code == 200
    assert "imp2a-0001" in page.content.decode()
    plan = Plan.objects.earliest("pk")
    assert "so fewer than" in plan.body["certificate"], "a sentence, as that version stored it"
    page = browser.get(f"/plans/{plan.hash}/")
    assert page.status_code == 200
    assert plan.body["certificate"] in page.content.decode()


def test_the_triggers_are_those_that_the_models_declare(rows_before: dict[str, int]) -> None:
    assert triggers() == {trigger.get_pgid(model) for model, trigger in pgtrigger.registered()}
    assert set(pgtrigger_status()) == {"INSTALLED"}


def pgtrigger_status() -> list[str]:
    return [trigger.get_installation_status(model)[0] for model, trigger in pgtrigger.registered()]


def test_the_run_and_the_failover_go_on_where_they_were(world: World) -> None:
    done, planned = world.run.done, set(world.run.plan.rows.values_list("user_id", "to_node_id"))  # type: ignore[union-attr]
    origins = set(world.run.plan.rows.values_list("user_id", "from_node_id"))  # type: ignore[union-attr]
    world.until(lambda: done < world.run.done < world.run.total)  # at the rate that it had
    operations.set_rate(world.run.pk, actor="anna", rate=None)
    world.until(lambda: world.run.state == "finished")
    assert (world.run.done, homes_of(world.run)) == (world.run.total, planned)

    world.until(lambda: world.failover.state == "finished")
    one, two = node(world.acme, "imp1a"), node(world.acme, "imp1b")
    assert not Assignment.objects.filter(serving_node=one).exists()
    assert two.state == State.RUNNING_IN_BACKUP_MODE
    assert (world.yielded.done, world.yielded.wait_code) == (1, "WAITS_FOR_FAILOVER")

    service.repair(one, "power")
    world.until(lambda: State.FAILED_OVER in world.states(), seconds=5)
    service.fallback(one, "anna")
    world.until(lambda: world.states() == {State.NORMAL}, seconds=5)
    world.until(lambda: world.yielded.state == "finished", seconds=5)
    assert world.yielded.done == world.yielded.total
    assert counted() == kept()

    plan = operations.plan_undo(world.run.pk, actor="bert")
    undo = operations.start_run(plan.hash, actor="bert", unthrottled=True)
    world.until(lambda: Operation.objects.get(pk=undo.pk).state == "finished")
    assert homes_of(world.run) == origins

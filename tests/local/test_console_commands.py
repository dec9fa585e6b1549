"""What every command shares: who did it, an older database, refusals that say what to do; and when the demo comes."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError
from django.db.migrations.recorder import MigrationRecorder

import manage
from assignments.models import Operation
from config.local import prepare
from tests.support.worlds import make_acme
from topology.accounts import roles
from topology.management.console import actor_of
from topology.models import Cluster, Event

pytestmark = pytest.mark.django_db


def caused_by(state: str) -> OperationalError:
    """An error as Django raises it, with what PostgreSQL calls it."""
    error = OperationalError(state)
    error.__cause__ = psycopg.errors.lookup(state)(state)
    return error


def raising(error: BaseException) -> Callable[..., None]:
    """Whatever is asked of it, it fails so."""

    def fails(*args: object) -> None:
        raise error

    return fails


def test_the_history_names_who_is_at_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    assert actor_of("") == "command line"
    assert actor_of("ada") == "ada (command line)"
    monkeypatch.setenv("SUDO_USER", "grace")
    assert actor_of("") == "grace (command line)"
    assert actor_of("ada") == "ada (command line)"


def test_a_command_records_who_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    make_acme(imp1a=3)
    call_command("pin", "acme", "imp1a-0001", "--reason", "on call", "--as", "ada", stdout=io.StringIO())
    assert Event.objects.filter(actor_name="ada (command line)").exists()


def test_a_command_refuses_a_database_of_an_older_version() -> None:
    make_acme()
    MigrationRecorder.Migration.objects.filter(app="topology", name="0018_dns").delete()
    with pytest.raises(CommandError, match=r"SCHEMA_OLD: .*1 migration is missing.*topology\.0018_dns.*migrate"):
        call_command("show_topology", "acme", stdout=io.StringIO())
    with pytest.raises(CommandError, match="SCHEMA_OLD"):
        call_command("sign_in_link", "eve", stdout=io.StringIO())


def test_nothing_begins_on_the_database_of_a_newer_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`migrate` found nothing to apply and said that all is well; then every page that needs what changed failed."""
    make_acme()
    monkeypatch.setenv("HOMENODE_DATA", str(tmp_path))
    for name in ("9001_later", "9002_and_later"):
        MigrationRecorder.Migration.objects.create(app="topology", name=name)
    MigrationRecorder.Migration.objects.create(app="another", name="9003_of_somebody_else")
    said = r"^SCHEMA_NEW: .*2 migrations are not known here, the first is topology\.9001_later\. .*restore the backup"
    with pytest.raises(CommandError, match=said):
        call_command("show_topology", "acme", stdout=io.StringIO())
    with pytest.raises(CommandError, match=said):
        manage._run(["manage.py", "migrate", "--noinput"], migrate_first=False)
    monkeypatch.setattr(prepare, "needs_migration", lambda where: True)
    with pytest.raises(CommandError, match=said):
        prepare.migrate_once()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("couldn't get a connection after 5.00 sec"), "DATABASE_AWAY"),
        (InterfaceError("connection already closed"), "DATABASE_AWAY"),
        (caused_by("53100"), "DISK_FULL"),
        (caused_by("25006"), "DATABASE_READ_ONLY"),
    ],
)
def test_a_database_that_does_not_do_its_part_is_a_refusal(
    error: Exception, code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each was a traceback, and with --json nothing that a program could read."""

    make_acme()
    for where in ("topology.management.console.demand_schema", "topology.structure.selectors.cluster_named"):
        with monkeypatch.context() as patched:
            patched.setattr(where, raising(error))
            with pytest.raises(CommandError, match=f"^{code}: "):
                call_command("show_topology", "acme", stdout=io.StringIO())
            with pytest.raises(SystemExit) as end:
                call_command("show_topology", "acme", "--json")
            assert (end.value.code, json.loads(capsys.readouterr().out)["code"]) == (1, code)


def test_a_fault_of_ours_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topology.management.console.demand_schema", raising(caused_by("42703")))
    with pytest.raises(OperationalError):
        call_command("accounts", stdout=io.StringIO())


def test_a_rule_without_a_value_is_a_wrong_call() -> None:
    make_acme()
    with pytest.raises(CommandError, match=r"argument --set: threshold: write NAME=VALUE"):
        call_command("balancer", "acme", "--set", "threshold", "--json")
    call_command("balancer", "acme", "--set", "threshold=20", stdout=(out := io.StringIO()))
    assert re.search(r"threshold +20", out.getvalue())


def test_who_stops_a_command_hears_that_its_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    make_acme(imp1a=30)
    monkeypatch.setattr("assignments.runs.batches.due_runs", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt, match=r"Operation \d+ goes on .* operations pause \d+, or cancel \d+"):
        call_command("rebalance", "acme", stdout=io.StringIO())
    assert Operation.objects.get().active


def test_a_subcluster_in_two_clusters_is_asked_for_with_its_cluster() -> None:
    make_acme()
    make_acme("branch")
    with pytest.raises(CommandError) as refused:
        call_command("ha", "recover", "sc-1")
    assert "Several clusters have a subcluster sc-1: acme, branch." in str(refused.value)
    assert "--cluster acme" in str(refused.value)


def test_an_evacuation_asks_for_its_node() -> None:
    make_acme(imp1a=3)
    with pytest.raises(CommandError, match="Name it: --node NAME"):
        call_command("rebalance", "acme", "--goal", "evacuate")
    make_acme("branch")
    with pytest.raises(CommandError) as refused:
        call_command("rebalance", "acme", "--goal", "evacuate", "--node", "nowhere")
    assert "imp1a.acme.org" in str(refused.value)
    assert "branch" not in str(refused.value)


def test_a_demo_that_was_removed_does_not_come_back(capsys: Any) -> None:
    make_acme().delete()
    call_command("load_demo", "--first-start")
    assert not Cluster.objects.exists()


def test_lists_of_users_are_exported_by_operators() -> None:
    assert roles.EXPORT == roles.OPERATE

"""What every command shares: who did it, an older database, refusals that say what to do; and when the demo comes."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder

from tests.support.worlds import make_acme
from topology.accounts import roles
from topology.management.console import actor_of
from topology.models import Cluster, Event

pytestmark = pytest.mark.django_db


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


def test_a_demo_that_was_removed_does_not_come_back(capsys: Any) -> None:
    make_acme().delete()
    call_command("load_demo", "--first-start")
    assert not Cluster.objects.exists()


def test_lists_of_users_are_exported_by_operators() -> None:
    assert roles.EXPORT == roles.OPERATE

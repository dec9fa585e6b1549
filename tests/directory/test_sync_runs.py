"""Runs of a directory as such: dry, dead, old, from the command line, and what they remove in the end."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from assignments.board import removal as clusters
from assignments.directory import agreements, reading, schedule, selectors, sync
from assignments.models import DirectoryAgreement, DirectoryRun, DirectorySkipped, RunState
from assignments.retention import removal
from assignments.users.importing.imports import import_users
from assignments.users.listing.filter import UserFilter
from assignments.users.listing.pages import count_users
from tests.directory import slapd as real
from tests.directory.conftest import Directory
from tests.directory.persons import ids, many
from tests.support.crowd import make_crowd
from tests.support.lists import csv_of
from topology.models import Cluster, EndUser
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


def test_old_runs_are_forgotten_and_a_run_that_changes_nothing_writes_no_list_again(
    crowd: Cluster, directory: Directory, settings: Any
) -> None:
    directory.add("a", "b")
    directory.add("none", uid=None)
    cluster = directory.agree()
    sync.sync(cluster)
    kept = list(DirectorySkipped.objects.values_list("pk", "entry", "code"))
    assert len(kept) == 1
    sync.sync(cluster)
    assert list(DirectorySkipped.objects.values_list("pk", "entry", "code")) == kept
    directory.set("none", uid="some")
    sync.sync(cluster)
    assert not DirectorySkipped.objects.exists()
    settings.KEEP_MOVES_DAYS = 90
    assert forgotten(days=89) == (0, 0)
    assert forgotten(days=91) == (3, 3)
    assert not DirectoryRun.objects.exists()
    settings.KEEP_MOVES_DAYS = 0
    assert forgotten(days=91) == (0, 0)


def forgotten(days: int) -> tuple[int, int]:
    """How many changes and runs go with the night after so many days."""
    removed = removal.remove(timezone.now() + timedelta(days=days)).removed
    return removed["directory changes"], removed["directory runs"]


def _soon_removed(cluster: Cluster, now: datetime) -> tuple[int, list[str]]:
    state = selectors.state_of(cluster, now)
    return state["soon_total"], [user.user_id for user in state["soon_removed"]]


def test_those_long_gone_are_removed_and_listed_a_day_before(crowd: Cluster, directory: Directory) -> None:
    leavers = many(10, 40)  # more than the page shows of those set aside
    directory.add("stays", *leavers)
    cluster = directory.agree(keep_days=7, guard_people=100)
    sync.sync(cluster)
    directory.remove(*leavers)
    sync.sync(cluster)
    agreement, now = DirectoryAgreement.objects.get(), timezone.now()
    assert _soon_removed(cluster, now + timedelta(days=5)) == (0, [])
    assert _soon_removed(cluster, now + timedelta(days=6, hours=1)) == (30, leavers)
    assert schedule.remove_old(agreement, now + timedelta(days=6, hours=23)) == 0
    assert schedule.remove_old(agreement, now + timedelta(days=7, hours=1)) == 30
    assert set(EndUser.objects.values_list("user_id", flat=True)) == {"stays"}


@pytest.mark.parametrize("into", ["crowd", "other"])
@pytest.mark.parametrize("how", ["time", "end", "removal"])
def test_whoever_a_list_made_a_user_again_is_removed_no_more(
    crowd: Cluster, directory: Directory, how: str, into: str
) -> None:
    make_crowd(0, 0, capacity=1000, name="other")
    directory.add("stays", "gone", "again")
    cluster = directory.agree(keep_days=7, guard_people=100)
    sync.sync(cluster)
    directory.remove("gone", "again")
    sync.sync(cluster)
    given = import_users(Cluster.objects.get(name=into), csv_of("user_id,mail", "again,again@y.org"))
    assert (given.created, given.assigned) == (0, 1)
    assert sync.sync(cluster).changes == 0
    now = timezone.now() + timedelta(days=8)
    assert selectors.state_of(cluster, now)["gone"] == 1
    assert _soon_removed(cluster, now)[1] == ["gone"]
    assert count_users(UserFilter(None, q="again")) == (1, False)
    if how == "time":
        assert schedule.remove_old(DirectoryAgreement.objects.get(), now) == 1
    elif how == "end":
        agreements.end(cluster, "crowd", actor="ann")
    else:
        clusters.remove_cluster(cluster, "crowd", actor="ann")
    here = {"again"} if how == "removal" and into == "other" else set() if how == "removal" else {"stays", "again"}
    assert set(EndUser.objects.values_list("user_id", flat=True)) == here
    assert ids(assigned=True) == here


def test_a_run_that_died_is_taken_up_and_two_do_not_meet(crowd: Cluster, directory: Directory) -> None:
    directory.add("a")
    cluster = directory.agree()
    agreement, now = DirectoryAgreement.objects.get(), timezone.now()
    dead = DirectoryRun.objects.create(agreement=agreement)
    with pytest.raises(Refused) as refused:
        sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_RUNNING"
    assert schedule.due(now) == []
    DirectoryRun.objects.update(heartbeat_at=now - reading.DEAD_AFTER - timedelta(seconds=1))
    DirectoryAgreement.objects.update(next_at=now + timedelta(hours=1))
    assert schedule.due(now) == [agreement.pk]
    schedule.run(agreement.pk, now)
    schedule.run(agreement.pk, now)
    assert ids() == {"a"}
    run = DirectoryRun.objects.get()
    assert (run.pk, run.state, run.taken) == (dead.pk, RunState.FINISHED, 1)
    assert schedule.due(now) == []


def test_a_dry_run_stores_nothing(crowd: Cluster, directory: Directory) -> None:
    directory.add("a", "b")
    report = sync.sync(directory.agree(), dry_run=True)
    assert (report.dry_run, report.read, report.new) == (True, 2, 2)
    assert [row["user_id"] for row in report.first] == ["a", "b"]
    assert sum(report.nodes.values()) == 2
    assert (ids(), DirectoryRun.objects.count()) == (set(), 0)


def test_the_commands_give_the_shapes_that_others_rely_on(
    crowd: Cluster, directory: Directory, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    import yaml

    directory.add(*many(0, 12))
    file = tmp_path / "agreement.yaml"
    file.write_text(yaml.safe_dump(directory.agreement(schedule="15m", guard_percent=2, guard_people=10)))
    call_command("apply_directory", str(file), "--json")
    assert "servers" in json.loads(capsys.readouterr().out)["changed"]
    call_command("sync_directory", "crowd", "--json")
    told = json.loads(capsys.readouterr().out)
    expected = {"read": 12, "new": 12, "changed": 0, "gone": 0, "back": 0, "skipped": [], "stopped": None}
    assert expected.items() <= told.items()
    file.write_text(yaml.safe_dump(directory.agreement(filter="(uid=u01)")))
    call_command("apply_directory", str(file))
    capsys.readouterr()
    with pytest.raises(SystemExit):
        call_command("sync_directory", "crowd", "--json")
    out = capsys.readouterr()
    stopped = json.loads(out.out)["stopped"]
    assert (stopped["people"], stopped["percent"]) == (11, 91.67)
    call_command("sync_directory", "crowd", "--accept", stopped["hash"])
    assert ids() == {"u01"}
    assert real.PASSWORD not in out.out + out.err

"""Two clusters with agreements of their own: who moves from one branch to the other, and who stands in both."""

from __future__ import annotations

from datetime import timedelta

import ldap3
import pytest
from django.utils import timezone

from assignments.directory import schedule, sync
from assignments.models import Assignment, DirectoryPerson, Pin
from assignments.moves import pins
from assignments.users.importing.imports import import_users
from tests.directory.conftest import Directory
from tests.support.crowd import make_crowd
from tests.support.lists import csv_of
from topology.models import Cluster, EndUser

pytestmark = pytest.mark.django_db


class Branches:
    """One directory with a branch for each of two clusters."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        make_crowd(0, 0, capacity=1000, name="other")
        self.here, self.there = f"ou=here,{directory.base}", f"ou=there,{directory.base}"
        for branch in (self.here, self.there):
            assert directory.admin.add(branch, "organizationalUnit")

    def agree(self) -> tuple[Cluster, Cluster]:
        return self.directory.agree(base=self.here), self.directory.agree(base=self.there, cluster="other")

    def add(self, branch: str, *uids: str) -> None:
        for uid in uids:
            values = {"cn": uid, "sn": "Person", "uid": uid, "displayName": uid}
            assert self.directory.admin.add(f"cn={uid},{branch}", "inetOrgPerson", values)

    def move(self, uid: str, source: str, target: str) -> None:
        assert self.directory.admin.modify_dn(f"cn={uid},{source}", f"cn={uid}", new_superior=target)


@pytest.fixture
def branches(crowd: Cluster, directory: Directory) -> Branches:
    return Branches(directory)


def clusters() -> dict[str, str]:
    return dict(Assignment.objects.values_list("user__user_id", "cluster__name"))


@pytest.mark.parametrize("first", ["here", "there"])
@pytest.mark.parametrize("renamed", [False, True])
def test_who_moves_to_the_branch_of_another_cluster_gets_a_home_there(
    branches: Branches, first: str, renamed: bool
) -> None:
    branches.add(branches.here, "ann", "ben")
    branches.add(branches.there, "cy")
    here, there = branches.agree()
    sync.sync(here)
    sync.sync(there)
    ann = EndUser.objects.get(user_id="ann")
    pins.pin(pins.named(here, ["ann"]), "close to the door", actor="test")
    branches.move("ann", branches.here, branches.there)
    new_id = "anna" if renamed else "ann"
    if renamed:
        entry = f"cn=ann,{branches.there}"
        assert branches.directory.admin.modify(entry, {"uid": [(ldap3.MODIFY_REPLACE, ["anna"])]})
    if first == "there":
        report = sync.sync(there)
        assert (report.new, report.back) == ((1, 0) if renamed else (0, 0))
    assert sync.sync(here).gone == 1
    if not (renamed and first == "there"):  # a new user by then: nothing says who that was before
        planned = sync.sync(there, dry_run=True)
        assert (planned.back, planned.skipped_total, sum(planned.nodes.values()), planned.waiting) == (1, 0, 1, 0)
        report = sync.sync(there)
        assert (report.back, report.skipped_total, sum(report.nodes.values())) == (1, 0, 1)
        assert EndUser.objects.get(user_id=new_id).pk == ann.pk
        assert not Pin.objects.exists()
    assert clusters() == {"ben": "crowd", new_id: "other", "cy": "other"}
    link = DirectoryPerson.objects.get(user__user_id=new_id)
    assert (link.agreement.cluster, link.gone_at, link.home_node) == (there, None, None)
    assert Assignment.objects.get(user=link.user).home_node.cluster == there  # type: ignore[union-attr]
    for cluster in (here, there):
        assert sync.sync(cluster).changes == 0
    schedule.remove_old(here.directory, timezone.now() + timedelta(days=99))
    assert clusters()[new_id] == "other"


def test_who_stands_in_both_stays_where_they_are(branches: Branches) -> None:
    branches.add(branches.here, "ann")
    branches.add(branches.there, "cy")
    here, there = branches.agree()
    sync.sync(here)
    sync.sync(there)
    branches.directory.agree()  # the whole, for here
    report = sync.sync(here)
    assert (report.new, report.changes) == (0, 0)
    assert [each["code"] for each in report.skipped] == ["DIRECTORY_ID_ELSEWHERE"]
    assert clusters() == {"ann": "crowd", "cy": "other"}


def test_who_was_brought_there_by_a_list_belongs_to_the_directory_there(branches: Branches) -> None:
    branches.add(branches.here, "ann", "ben")
    branches.add(branches.there, "cy")
    here, there = branches.agree()
    sync.sync(here)
    branches.move("ann", branches.here, branches.there)
    sync.sync(here)
    assert import_users(there, csv_of("user_id", "ann")).assigned == 1
    report = sync.sync(there)
    assert (report.new, report.changed, report.skipped_total) == (1, 1, 0)
    assert DirectoryPerson.objects.get(user__user_id="ann").agreement.cluster == there
    branches.directory.admin.delete(f"cn=ann,{branches.there}")
    assert sync.sync(there).gone == 1

"""Where those whom a directory brings are at home, and who waits."""

from __future__ import annotations

import pytest
from django.db.models import Sum
from django.utils import timezone

from assignments.directory import schedule, selectors, sync
from assignments.models import Assignment, DirectoryAgreement, DirectoryPerson, Pin
from assignments.moves import pins
from assignments.users.importing.imports import import_users
from tests.directory.conftest import Directory
from tests.directory.persons import ids, many
from tests.structure.test_constraints import assert_counts_true
from tests.support.crowd import make_crowd
from tests.support.lists import csv_of
from topology.models import Cluster, Event, Mode, Node
from topology.rules.states import State

pytestmark = pytest.mark.django_db


def test_during_a_failover_new_people_wait_and_get_their_home_after_it(crowd: Cluster, directory: Directory) -> None:
    from topology.models import Subcluster

    directory.add("early")
    cluster = directory.agree()
    sync.sync(cluster)
    Subcluster.objects.update(ha_enabled=True)
    Node.objects.filter(number=1).update(state=State.FAILED_OVER)
    directory.add("late1", "late2")
    report = sync.sync(cluster)
    assert (report.new, report.waiting) == (2, 2)
    assert ids(assigned=False) == {"late1", "late2"}
    assert set(DirectoryPerson.objects.exclude(waits_code="").values_list("waits_code", flat=True)) == {
        "MOVE_NEW_DURING_FAILOVER"
    }
    agreement = DirectoryAgreement.objects.get()
    assert schedule.waiting() == []
    directory.remove("early")
    report = sync.sync(cluster)
    assert (report.gone, report.skipped[-1]["code"]) == (0, "DIRECTORY_STAYS")
    Node.objects.update(state=State.NORMAL)
    assert schedule.waiting() == [agreement.pk]
    assert schedule.place_waiting(agreement.pk) == 2
    assert schedule.place_waiting(agreement.pk) == 0
    assert ids(assigned=False) == set()
    assert Event.objects.get(code="DIRECTORY_PLACED").facts["users"] == 2
    assert sync.sync(cluster).gone == 1


def test_those_beyond_the_room_wait_with_the_reason(directory: Directory) -> None:
    make_crowd(0, 0, capacity=3)
    directory.add(*many(0, 8))
    report = sync.sync(directory.agree())
    assert (report.new, report.waiting) == (8, 2)
    codes = set(DirectoryPerson.objects.exclude(waits_code="").values_list("waits_code", flat=True))
    assert codes == {"PLAN_NO_ROOM_USERS"}
    assert_counts_true()


def test_a_dry_run_says_where_everybody_would_go_and_the_run_does_it(directory: Directory) -> None:
    cluster = make_crowd(0, 0, capacity=6)
    directory.add(*many(0, 9))
    directory.agree()
    sync.sync(cluster)
    directory.remove("u00", "u01", "u02")
    sync.sync(cluster)
    directory.remove("u03")
    directory.add("u00", "u01", "later1", "later2", "later3", "later4", "later5", "later6")
    seen = sync.sync(cluster, dry_run=True)
    assert (seen.new, seen.back, seen.gone) == (6, 2, 1)
    assert_counts_true()
    done = sync.sync(cluster)
    assert (done.nodes, done.waiting) == (seen.nodes, seen.waiting)
    assert (sum(done.nodes.values()), done.waiting) == (7, 1)


def test_those_who_wait_are_found_by_the_endpoints_that_they_have(directory: Directory) -> None:
    """A mean over all would promise room for four of these first ones, who have most of the endpoints."""
    cluster = make_crowd(0, 0, capacity=3)  # and six endpoints on each node
    kinds = ["desk_phone", "personal_communicator", "mobile_communicator", "sametime", "third_party"]
    directory.add(*many(0, 4), description=kinds)
    directory.add(*many(4, 8), description=None)
    report = sync.sync(directory.agree(map={"user_id": "uid", "endpoints": "description"}))
    assert (report.new, report.waiting, report.skipped) == (8, 6, [])
    assert ids(assigned=True) == {"u00", "u01"}
    assert {total for (total,) in _endpoints(cluster)} == {5}
    assert sync.sync(cluster).waiting == 6
    assert_counts_true()


def _endpoints(cluster: Cluster) -> list[tuple[int]]:
    homes = Assignment.objects.filter(cluster=cluster, home_node__isnull=False).values("home_node")
    return list(homes.annotate(total=Sum("endpoints")).values_list("total"))


def test_who_comes_back_to_a_cluster_where_persons_assign_keeps_home_and_pin(
    crowd: Cluster, directory: Directory
) -> None:
    directory.add("ann", "bea")
    cluster = directory.agree()
    sync.sync(cluster)
    pins.pin(pins.named(cluster, ["ann"]), "near her desk", actor="test")
    cluster.mode = Mode.MANUAL
    cluster.save()
    home = Assignment.objects.get(user__user_id="ann").home_node_id
    directory.remove("ann")
    sync.sync(cluster)
    directory.add("ann", "new")
    report = sync.sync(cluster)
    assert (report.back, report.new, report.waiting) == (1, 1, 0)
    back = Assignment.objects.get(user__user_id="ann")
    assert (back.home_node_id, back.pinned) == (home, True)
    assert Pin.objects.get().reason == "near her desk"
    assert ids(assigned=False) == {"new"}
    assert not DirectoryPerson.objects.exclude(waits_code="", home_node=None, pinned=False).exists()


def test_who_was_given_a_home_by_a_person_waits_no_more_and_stays_there(directory: Directory) -> None:
    cluster = make_crowd(0, 0, capacity=1)
    directory.add("ann", "bea")
    directory.agree()
    sync.sync(cluster)
    before = Assignment.objects.get(user__user_id="ann").home_node_id
    other = Node.objects.exclude(pk=before).get(subcluster__isnull=False)
    directory.remove("ann")
    sync.sync(cluster)
    import_users(cluster, csv_of("user_id,node", f"list,{Node.objects.get(pk=before).name}"))
    directory.add("ann", "new")
    assert sync.sync(cluster).waiting == 2
    Node.objects.update(capacity_users=5)
    import_users(cluster, csv_of("user_id,node", f"ann,{other.name}", f"new,{other.name}"))
    assert selectors.state_of(cluster, timezone.now())["waiting"] == []
    assert schedule.waiting() == []
    assert sync.sync(cluster).waiting == 0
    assert Assignment.objects.get(user__user_id="ann").home_node == other
    assert not DirectoryPerson.objects.exclude(waits_code="", home_node=None, pinned=False).exists()

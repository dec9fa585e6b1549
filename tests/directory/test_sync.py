"""Runs of a directory against a real slapd: who comes, changes, goes and comes back, and what the guard stops."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from assignments.directory import reading, schedule, secret, selectors, sync
from assignments.models import (
    Assignment,
    DirectoryAgreement,
    DirectoryChange,
    DirectoryPerson,
    DirectoryRun,
    DirectorySkipped,
    Move,
    Pin,
    RunState,
)
from assignments.users import trace
from tests.crowd import make_crowd
from tests.directory import slapd as real
from tests.directory.conftest import Directory
from tests.lookups import believe, looked_up
from tests.structure.test_constraints import assert_counts_true
from topology.models import Cluster, EndUser, Event, Node
from topology.reasons import Refused
from topology.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(db: None) -> Cluster:
    return make_crowd(0, 0, capacity=1000)


def ids(*, assigned: bool | None = None) -> set[str]:
    rows = Assignment.objects.all()
    if assigned is not None:
        rows = rows.filter(home_node__isnull=not assigned)
    return set(rows.values_list("user__user_id", flat=True))


def many(start: int, end: int) -> list[str]:
    return [f"u{n:02}" for n in range(start, end)]


def test_people_come_with_their_values_and_get_a_home_by_the_mode(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 20))
    directory.add("ödön", departmentNumber="R&D", mail=None)
    report = sync.sync(directory.agree())
    assert (report.read, report.new, report.changed, report.gone, report.back) == (21, 21, 0, 0, 0)
    assert ids(assigned=True) == {*many(0, 20), "ödön"}
    assert sorted(Assignment.objects.values_list("home_node__number", flat=True)).count(1) in (10, 11)
    person = EndUser.objects.get(user_id="ödön")
    assert (person.name, person.mail, person.department) == ("N. ödön", "", "R&D")
    assert Move.objects.filter(done=True, code="DIRECTORY_SYNCED").count() == 21
    assert Event.objects.get(code="DIRECTORY_SYNCED").facts["new"] == 21
    assert trace.story(crowd, person.pk).here.why == "Given a home when the directory was read."
    assert_counts_true()


@pytest.mark.django_db(transaction=True)
def test_a_thousand_come_to_tables_that_were_seen_empty(directory: Directory) -> None:
    make_crowd(0, 0, capacity=2000)
    directory.add(*(f"m{n:04}" for n in range(1200)))
    cluster = directory.agree()
    believe(rows=0, pages=500)
    with looked_up(1200):
        assert sync.sync(cluster).new == 1200


def test_a_second_run_writes_nothing(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 5))
    cluster = directory.agree()
    sync.sync(cluster)
    tables = ("topology_enduser", "assignments_assignment", "assignments_directoryperson", "topology_event")
    before = [_versions(table) for table in tables]
    report = sync.sync(cluster)
    assert (report.read, report.changes) == (5, 0)
    assert [_versions(table) for table in tables] == before
    assert DirectoryRun.objects.filter(state=RunState.FINISHED).count() == 2


def _versions(table: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ctid::text, xmin::text FROM {table} ORDER BY 1")
        return list(cursor.fetchall())


def test_a_rename_and_a_move_between_branches_keep_home_pin_and_history(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 4))
    directory.admin.add(f"ou=other,{directory.base}", "organizationalUnit")
    cluster = directory.agree()
    sync.sync(cluster)
    place = Assignment.objects.get(user__user_id="u01")
    Assignment.objects.filter(pk=place.pk).update(pinned=True)
    Pin.objects.create(user_id=place.pk, reason="VIP", owner_name="anna")
    directory.set("u01", uid="renamed", mail="new@example.org")
    assert directory.admin.modify_dn(directory.dn("u02"), "cn=u02", new_superior=f"ou=other,{directory.base}")
    report = sync.sync(cluster)
    assert (report.new, report.changed, report.gone, report.back) == (0, 1, 0, 0)
    now = Assignment.objects.get(user__user_id="renamed")
    assert (now.pk, now.home_node_id, now.pinned) == (place.pk, place.home_node_id, True)
    assert DirectoryChange.objects.get(kind="changed").fields == {"user_id": "u01", "mail": "u01@example.org"}
    assert Move.objects.filter(user_id=place.pk).count() == 1


def test_two_people_exchange_their_user_ids(crowd: Cluster, directory: Directory) -> None:
    directory.add("a", "b", "c")
    cluster = directory.agree(guard_people=10)
    sync.sync(cluster)
    keys = dict(DirectoryPerson.objects.values_list("user__user_id", "user_id"))
    directory.set("a", uid="b")
    directory.set("b", uid="a")
    assert sync.sync(cluster).changed == 2
    assert dict(DirectoryPerson.objects.values_list("user__user_id", "user_id")) == {
        "a": keys["b"],
        "b": keys["a"],
        "c": keys["c"],
    }


def test_who_is_gone_is_set_aside_and_comes_back_exactly_as_before(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 8))
    cluster = directory.agree()
    sync.sync(cluster)
    place = Assignment.objects.get(user__user_id="u03")
    other = Node.objects.exclude(pk=place.home_node_id).get()
    Assignment.objects.filter(pk=place.pk).update(home_node=other, serving_node=other, pinned=True)
    Pin.objects.create(user_id=place.pk, reason="VIP", owner_name="anna")
    directory.remove("u03")
    report = sync.sync(cluster)
    assert (report.gone, report.stopped) == (1, None)
    assert "u03" not in ids()
    assert EndUser.objects.filter(user_id="u03").exists()
    assert_counts_true()
    directory.add("u03")  # with another entryUUID: the person is known by the user ID
    report = sync.sync(cluster)
    assert (report.back, report.new) == (1, 0)
    back = Assignment.objects.get(user__user_id="u03")
    assert (back.pk, back.home_node_id, back.pinned) == (place.pk, other.pk, True)
    assert Pin.objects.get(user_id=place.pk).reason == "VIP"
    assert sync.sync(cluster).changes == 0
    assert_counts_true()


def test_a_filter_that_matches_one_person_stops_at_the_guard(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 30))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.agree(filter="(uid=u07)")
    for _ in range(2):
        report = sync.sync(cluster)
        assert report.stopped is not None
        assert (report.stopped["people"], report.stopped["percent"], report.gone) == (29, 96.67, 29)
        assert {each["user_id"] for each in report.listed} == {*many(0, 30)} - {"u07"}
    assert ids() == set(many(0, 30))
    told = Event.objects.get(code="DIRECTORY_STOPPED")  # said once
    assert told.facts["because"] == {"code": "DIRECTORY_GUARD", "facts": {"people": 29, "percent": 96.67}}
    assert "29" in told.sentence.partition("stopped before changing anything: ")[2]
    assert DirectoryRun.objects.filter(state=RunState.STOPPED).count() == 1

    directory.add("later", displayName="one more")
    assert sync.sync(cluster, accept="0" * 32).stopped, "another set is not accepted"
    assert sync.sync(cluster, accept=str(report.stopped["hash"])).stopped is None
    assert ids() == {"u07"}
    assert DirectoryRun.objects.filter(state=RunState.STOPPED).count() == 0


def test_no_one_read_is_never_a_result(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 3))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.agree(filter="(uid=none-of-them)", guard_percent=100, guard_people=1000)
    report = sync.sync(cluster)
    assert report.stopped == {"hash": "", "people": 3, "percent": 100.0}
    assert sync.sync(cluster, accept="").stopped
    assert ids() == set(many(0, 3))


def test_fewer_than_the_least_number_of_people_go_without_asking(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 12))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.remove(*many(0, 9))
    assert sync.sync(cluster).gone == 9


def test_entries_that_cannot_be_taken_are_listed_with_the_reason(crowd: Cluster, directory: Directory) -> None:
    other = make_crowd(2, 0, name="other")
    taken = EndUser.objects.filter(assignment__cluster=other).first()
    assert taken is not None
    directory.add("good")
    directory.add("none", uid=None)
    directory.add("long", uid="x" * 133)
    directory.add("hidden", uid="a\u200bb")
    directory.add("twin1", uid="Twin")
    directory.add("twin2", uid="tWIN")
    directory.add("elsewhere", uid=taken.user_id.upper())
    report = sync.sync(directory.agree())
    assert (report.read, report.new) == (7, 2)
    assert {each["entry"].split(",")[0]: each["code"] for each in report.skipped} == {
        "cn=none": "DIRECTORY_ID_MISSING",
        "cn=long": "DIRECTORY_TOO_LONG",
        "cn=hidden": "DIRECTORY_CHARACTER",
        "cn=twin2": "DIRECTORY_ID_TWICE",
        "cn=elsewhere": "DIRECTORY_ID_ELSEWHERE",
    }
    said = {each["entry"].split(",")[0]: each["reason"] for each in report.as_dict()["skipped"]}
    assert "uid" in said["cn=none"]
    assert "other" in said["cn=elsewhere"]


def test_one_who_cannot_be_taken_any_more_is_not_gone(crowd: Cluster, directory: Directory) -> None:
    directory.add("a", "b")
    cluster = directory.agree()
    sync.sync(cluster)
    directory.set("b", uid="")
    report = sync.sync(cluster)
    assert (report.gone, report.skipped_total) == (0, 1)
    assert ids() == {"a", "b"}


def test_users_of_a_file_come_under_the_directory_and_keep_their_home(crowd: Cluster, directory: Directory) -> None:
    cluster = make_crowd(3, 0, name="filed")
    before = dict(Assignment.objects.values_list("user__user_id", "home_node"))
    directory.add(*before)
    report = sync.sync(directory.agree(cluster="filed"))
    assert (report.new, report.changed) == (0, 3)
    assert dict(Assignment.objects.filter(cluster=cluster).values_list("user__user_id", "home_node")) == before


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
    assert schedule.remove_old_runs(timezone.now() + timedelta(days=89)) == 0
    assert schedule.remove_old_runs(timezone.now() + timedelta(days=91)) == 6
    assert not DirectoryRun.objects.exists()
    settings.KEEP_MOVES_DAYS = 0
    assert schedule.remove_old_runs(timezone.now() + timedelta(days=91)) == 0


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


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"servers": ["ldap://127.0.0.1:1"]}, "DIRECTORY_UNREACHABLE"),
        ({"base": "ou=nowhere,dc=example,dc=org"}, "DIRECTORY_BASE_UNREADABLE"),
        ({"filter": "(&(uid=*)"}, "DIRECTORY_FILTER"),
        ({"start_tls": True}, "DIRECTORY_UNREACHABLE"),
    ],
)
def test_what_is_wrong_with_the_directory_is_said_and_nothing_changes(
    change: dict[str, Any], code: str, crowd: Cluster, directory: Directory
) -> None:
    directory.add("a")
    with pytest.raises(Refused) as refused:
        sync.sync(directory.agree(**change))
    assert refused.value.code == code
    assert real.PASSWORD not in str(refused.value.as_dict())
    assert ids() == set()


def test_a_refused_sign_in_is_said_without_the_password(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_DIRECTORY_PASSWORD", "wrong-one")
    cluster = directory.agree()
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_BIND_REFUSED"
    told = Event.objects.get(code="DIRECTORY_STOPPED")
    assert told.facts["because"] == {"code": refused.value.code, "facts": refused.value.facts}
    assert told.sentence.endswith(f"stopped before changing anything: {refused.value.message}")
    assert "wrong-one" not in str(list(Event.objects.values()))
    assert DirectoryRun.objects.filter(state=RunState.FAILED).count() == 2


def test_the_second_server_is_asked_where_the_first_does_not_answer(crowd: Cluster, directory: Directory) -> None:
    directory.add("a")
    assert sync.sync(directory.agree(servers=["ldap://127.0.0.1:1", directory.slapd.url])).read == 1


def test_a_lost_key_is_a_state_of_the_agreement(crowd: Cluster, directory: Directory, settings: Any) -> None:
    directory.add("a")
    cluster = directory.agree()
    assert real.PASSWORD.encode() not in bytes(DirectoryAgreement.objects.get().password)
    (settings.DATA_DIR / secret.FILE).unlink()
    with pytest.raises(Refused) as refused:
        sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_PASSWORD_LOST"
    directory.agree()
    assert sync.sync(cluster).read == 1


def test_the_stored_password_is_not_sent_to_another_server(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.agree()
    monkeypatch.delenv("TEST_DIRECTORY_PASSWORD")
    directory.agree(keep_days=5)
    with pytest.raises(Refused) as refused:
        directory.agree(servers=["ldap://127.0.0.2:389"])
    assert refused.value.code == "DIRECTORY_PASSWORD_MISSING"


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


def test_an_attribute_that_no_one_has_is_named(crowd: Cluster, directory: Directory) -> None:
    directory.add("a", "b")
    report = sync.sync(directory.agree(map={"user_id": "uid", "name": "cnn", "mail": "mail"}), dry_run=True)
    assert {told["code"]: told["message"] for told in report.warnings}.keys() == {
        "DIRECTORY_UNENCRYPTED",
        "DIRECTORY_ATTRIBUTE_UNUSED",
    }
    assert any("cnn" in told["message"] for told in report.warnings)


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


def test_who_was_brought_back_by_a_file_comes_under_the_directory_again(crowd: Cluster, directory: Directory) -> None:
    import io

    from assignments.users.importing.imports import import_users

    directory.add("a", "b")
    cluster = directory.agree()
    sync.sync(cluster)
    directory.remove("a")
    sync.sync(cluster)
    import_users(cluster, io.BytesIO(b"user_id\na\n"))
    assert sync.sync(cluster).gone == 0
    directory.add("a")
    report = sync.sync(cluster)
    assert (report.new, report.back, report.changed) == (0, 0, 1)
    assert not DirectoryPerson.objects.filter(gone_at__isnull=False).exists()
    directory.remove("a")
    assert sync.sync(cluster).gone == 1


def test_a_removed_user_or_cluster_takes_its_directory_along(crowd: Cluster, directory: Directory) -> None:
    from assignments.board.removal import remove_cluster

    directory.add("a", "b", "c")
    cluster = directory.agree()
    sync.sync(cluster)
    directory.remove("a")
    sync.sync(cluster)
    with connection.cursor() as cursor:
        user = EndUser.objects.get(user_id="b").pk
        cursor.execute("DELETE FROM assignments_assignment WHERE user_id = %s", [user])
        cursor.execute("DELETE FROM topology_enduser WHERE id = %s", [user])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert set(DirectoryPerson.objects.values_list("user__user_id", flat=True)) == {"a", "c"}
    remove_cluster(cluster, cluster.name, actor="test")
    assert not EndUser.objects.exists()


def test_no_statement_of_a_run_asks_once_for_each_person(crowd: Cluster, directory: Directory) -> None:
    """What PostgreSQL calls a SubPlan runs for each row: with a million people it would not end."""
    repeated: list[str] = []
    seen = 0

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        if sql.split(None, 1)[0] in ("UPDATE", "INSERT", "DELETE", "SELECT", "WITH") and "assignments_directory" in sql:
            seen += 1
            execute("EXPLAIN " + sql, params, many, context)
            if "SubPlan" in str(context["cursor"].fetchall()):
                repeated.append(sql)
        return execute(sql, params, many, context)

    directory.add(*many(0, 12))
    cluster = directory.agree(guard_people=100)
    sync.sync(cluster)
    directory.add(*many(12, 14))
    directory.remove(*many(0, 2))
    directory.set("u05", uid="other")
    with connection.execute_wrapper(explain):
        report = sync.sync(cluster)
    assert (report.new, report.changed, report.gone) == (2, 1, 2)
    assert seen > 10
    assert repeated == []

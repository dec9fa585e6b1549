"""What stops a run of a directory: the guard of how many may go, bad entries, and a server that is wrong."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.utils import timezone

from assignments.directory import schedule, secret, sync
from assignments.models import DirectoryAgreement, DirectoryChange, DirectoryRun, RunState
from assignments.users.export import assignments_csv
from assignments.users.importing.imports import import_users
from tests.directory import slapd as real
from tests.directory.conftest import Directory
from tests.directory.persons import ids, many
from tests.support.crowd import make_crowd
from topology.models import Cluster, EndUser, Event
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


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


def test_what_was_accepted_is_done_after_a_run_that_could_not_read(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 30))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.agree(filter="(uid=u07)")
    stopped = sync.sync(cluster).stopped
    assert stopped
    schedule.accept_set(cluster, str(stopped["hash"]), actor="ann")
    agreement = DirectoryAgreement.objects.get()
    servers = agreement.servers
    for reachable in (["ldap://127.0.0.1:1"], servers):
        DirectoryAgreement.objects.update(servers=reachable, next_at=timezone.now())
        schedule.run(agreement.pk, timezone.now())
    assert ids() == {"u07"}
    states = list(DirectoryRun.objects.values_list("state", flat=True))
    assert states == [RunState.FINISHED, RunState.FAILED, RunState.ACCEPTED, RunState.FINISHED]


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


def test_what_a_person_may_be_called_is_the_same_in_a_directory_and_in_a_list(
    crowd: Cluster, directory: Directory
) -> None:
    persian = "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"
    names = {"ann": persian, "bob": "Bob 👨\u200d👩 ❤\ufe0f", "cy": "Cy\u3164", "dan": "Dan \u200cX"}
    for user_id, name in names.items():
        directory.add(user_id, displayName=name)
    directory.add("eve", uid="eve\ufe0f")
    directory.add("fay", uid="f\u2800ay")
    report = sync.sync(directory.agree())
    taken = dict(EndUser.objects.values_list("user_id", "name"))
    assert taken == {user_id: names[user_id] for user_id in ("ann", "bob")}
    assert {each["code"] for each in report.skipped} == {"DIRECTORY_CHARACTER"}
    assert report.skipped_total == 4
    exported = io.BytesIO(b"".join(assignments_csv(crowd)))
    again = import_users(crowd, exported)
    assert (again.ok, again.unchanged) == (True, 2)


def test_an_attribute_that_no_one_has_any_more_empties_no_one(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 12), departmentNumber="Sales")
    cluster = directory.agree()
    sync.sync(cluster)
    kept = set(EndUser.objects.values_list("user_id", "mail", "department"))
    directory.agree(map={"user_id": "uid", "mail": "emial", "department": "departmentNumber"})
    for dry_run in (True, False):
        with pytest.raises(Refused) as refused:
            sync.sync(cluster, dry_run=dry_run)
        assert refused.value.code == "DIRECTORY_ATTRIBUTE_GONE"
        assert "12 people read has emial any more: 12 users would lose their mail." in refused.value.message
    assert set(EndUser.objects.values_list("user_id", "mail", "department")) == kept
    directory.agree(map={"user_id": "uid", "department": "departmentNumber"})  # not mapped: it stays as it is
    assert sync.sync(cluster).changes == 0
    directory.agree(map={"user_id": "uid", "mail": "emial"}, guard_percent=100)
    assert sync.sync(cluster).changed == 12
    assert set(EndUser.objects.values_list("mail", "department")) == {("", "Sales")}
    for uid in many(0, 3):
        directory.set(uid, departmentNumber="")
    directory.agree(map={"user_id": "uid", "department": "departmentNumber"})
    assert sync.sync(cluster).changed == 3, "some are no guard's matter"


def test_an_attribute_that_part_of_the_users_lost_asks_before_it_empties(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 30), departmentNumber="Sales")
    cluster = directory.agree()
    sync.sync(cluster)
    kept = set(EndUser.objects.values_list("user_id", "mail", "department"))
    for uid in many(0, 12):
        directory.set(uid, mail="", departmentNumber="")
    directory.set(many(12, 13)[0], uid="renamed", mail="")
    directory.remove(many(13, 14)[0])
    report = sync.sync(cluster)
    assert report.stopped is not None
    assert (report.stopped["people"], report.touched) == (14, 14)
    assert set(EndUser.objects.values_list("user_id", "mail", "department")) == kept
    told = {each["user_id"]: (each["what"], each["becomes"], each["loses"]) for each in report.listed}
    assert told[many(0, 1)[0]] == ("emptied", "", "mail, department")
    assert told[many(12, 13)[0]] == ("renamed", "renamed", "mail")
    assert told[many(13, 14)[0]] == ("gone", "", "")
    would = dict(DirectoryChange.objects.values_list("user__user_id", "fields"))
    assert would[many(0, 1)[0]] == {"mail": "", "department": ""}
    assert would[many(12, 13)[0]] == {"user_id": "renamed", "mail": ""}
    directory.set(many(20, 21)[0], mail="")
    other = sync.sync(cluster, accept=report.stopped["hash"])
    assert other.stopped is not None, "these are not the changes that were accepted"
    assert sync.sync(cluster, accept=other.stopped["hash"]).stopped is None
    assert EndUser.objects.filter(mail="").count() == 14


def test_one_who_cannot_be_taken_any_more_is_not_gone(crowd: Cluster, directory: Directory) -> None:
    directory.add("a", "b")
    cluster = directory.agree()
    sync.sync(cluster)
    directory.set("b", uid="")
    report = sync.sync(cluster)
    assert (report.gone, report.skipped_total) == (0, 1)
    assert ids() == {"a", "b"}


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


def test_an_attribute_that_no_one_has_is_named(crowd: Cluster, directory: Directory) -> None:
    directory.add("a", "b")
    report = sync.sync(directory.agree(map={"user_id": "uid", "name": "cnn", "mail": "mail"}), dry_run=True)
    assert {told["code"]: told["message"] for told in report.warnings}.keys() == {
        "DIRECTORY_UNENCRYPTED",
        "DIRECTORY_ATTRIBUTE_UNUSED",
    }
    assert any("cnn" in told["message"] for told in report.warnings)

"""A directory that breaks, is slow, changes while it is read, or gives people without what is needed."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from assignments.directory import connector, sync
from assignments.models import DirectoryPerson, DirectoryRun
from tests.directory.conftest import Directory
from tests.directory.persons import ids, many
from tests.directory.relay import relay
from topology.models import Cluster, Event
from topology.reasons import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "PAGE", 10)


def test_a_connection_that_breaks_after_a_page_changes_nothing(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 35))
    cluster = directory.agree()
    sync.sync(cluster)
    directory.add("later")
    with relay(directory.slapd.port, lambda page: page < 2) as broken:
        directory.agree(servers=[broken.url])
        for _ in range(2):
            with pytest.raises(Refused) as refused:
                sync.sync(cluster)
            assert refused.value.code == "DIRECTORY_LOST"
            assert "20 people" in refused.value.message or "after 0 people" in refused.value.message
    assert ids() == set(many(0, 35))
    assert Event.objects.filter(code="DIRECTORY_STOPPED").count() == 1
    directory.agree()
    assert sync.sync(cluster).new == 1


def test_another_server_is_not_asked_in_the_middle_of_a_run(crowd: Cluster, directory: Directory) -> None:
    """Two servers may be a moment apart: half of one and half of the other would be a third directory."""
    directory.add(*many(0, 35))
    with relay(directory.slapd.port, lambda page: False) as broken:
        cluster = directory.agree(servers=[broken.url, directory.slapd.url])
        with pytest.raises(Refused) as refused:
            sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_LOST"


def test_a_directory_that_accepts_and_never_answers_is_left_for_the_next(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "ANSWER_TIMEOUT", 1)
    directory.add("a")
    with relay(directory.slapd.port, answers=False) as silent:
        cluster = directory.agree(servers=[silent.url, directory.slapd.url])
        assert sync.sync(cluster).read == 1
        directory.agree(servers=[silent.url])
        with pytest.raises(Refused) as refused:
            sync.sync(cluster)
    assert refused.value.code == "DIRECTORY_UNREACHABLE"


def test_a_slow_directory_is_read_and_holds_no_transaction(crowd: Cluster, directory: Directory) -> None:
    """While it is read nothing is locked: the run says how far it is, page by page."""
    directory.add(*many(0, 35))
    cluster = directory.agree()
    heard: list[tuple[int, int]] = []
    may_go_on = threading.Semaphore(0)

    def listen(read: int) -> None:
        heard.append((read, DirectoryRun.objects.get().read))
        may_go_on.release()

    with relay(directory.slapd.port, lambda page: may_go_on.acquire(timeout=30)) as slow:
        directory.agree(servers=[slow.url])
        sync.sync(cluster, progress=listen)
        assert slow.pages >= 4
    assert heard == [(10, 10), (20, 20), (30, 30), (35, 35)]


def test_a_person_who_is_renamed_between_two_pages_is_one_person(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 35))
    cluster = directory.agree(guard_people=100)
    sync.sync(cluster)
    keys = dict(DirectoryPerson.objects.values_list("user_id", "key"))

    def change(page: int) -> bool:
        if page == 2:
            directory.set("u01", uid="renamed")  # stood on a page that was read
            directory.set("u33", uid="renamed-too")  # is still to come
            directory.remove("u34")
            directory.add("newcomer")
        return True

    with relay(directory.slapd.port, change) as moving:
        directory.agree(servers=[moving.url], guard_people=100)
        sync.sync(cluster)
    assert keys.items() <= dict(DirectoryPerson.objects.values_list("user_id", "key")).items()
    directory.agree(guard_people=100)
    sync.sync(cluster)
    assert ids() == ({*many(0, 34), "renamed", "renamed-too", "newcomer"} - {"u01", "u33"})
    assert keys.items() <= dict(DirectoryPerson.objects.values_list("user_id", "key")).items()


def test_thirty_percent_without_the_mapped_attribute_are_listed_and_never_gone(
    crowd: Cluster, directory: Directory
) -> None:
    directory.add(*many(0, 70))
    cluster = directory.agree(map={"user_id": "employeeNumber", "name": "cn"}, guard_people=1)
    directory.add(*[f"has{n}" for n in range(70)], employeeNumber=None)
    for n in range(70):
        directory.set(f"u{n:02}", employeeNumber=f"e{n:02}")
    for _ in range(2):
        report = sync.sync(cluster, most=None)
        assert (report.read, report.skipped_total, report.gone, report.stopped) == (140, 70, 0, None)
        assert len(report.skipped) == 70
        assert {each["code"] for each in report.skipped} == {"DIRECTORY_ID_MISSING"}
    for n in range(30):
        directory.set(f"u{n:02}", employeeNumber="")
    report = sync.sync(cluster)
    assert (report.skipped_total, report.gone, report.stopped) == (100, 0, None)
    assert len(ids()) == 70


def test_a_person_who_came_twice_counts_once(crowd: Cluster, directory: Directory) -> None:
    directory.add(*many(0, 12))
    cluster = directory.agree()
    sync.sync(cluster)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT key) FROM assignments_directoryperson")
        assert cursor.fetchone() == (12, 12)

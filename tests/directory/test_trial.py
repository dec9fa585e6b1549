"""A test of a directory inside a request: one at a time, and short, so that others go on changing things."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from assignments.directory import connector, reading, staging, sync
from assignments.directory.rules.patience import Patience
from tests.api.conftest import Caller
from tests.board.pages import as_
from tests.directory import slapd as real
from tests.directory.conftest import Directory
from tests.directory.persons import many
from tests.directory.relay import relay
from tests.directory.test_directory_page import filled
from topology.accounts import roles, tokens
from topology.models import Cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(crowd: Cluster) -> Caller:
    return Caller(tokens.create("sync", roles.ADMINISTRATOR, actor="test")[1])


def tried(directory: Directory, **more: Any) -> str:
    answer = as_(roles.ADMINISTRATOR).post(
        reverse("directory-store", args=["crowd"]), filled(directory, test="1", **more)
    )
    return answer.content.decode()


def test_one_directory_is_tested_at_a_time(crowd: Cluster, directory: Directory, admin: Caller) -> None:
    """Three tests of one that hung held every place of a request that writes: no one could begin a failover."""
    directory.add("a")
    directory.agree()
    body = directory.agreement(password_env="", password=real.PASSWORD)
    base = "/clusters/crowd/directory"
    with reading.in_request():
        assert "Another test of a directory is at work." in tried(directory)
        for path, asked in ((f"{base}/test", body), (f"{base}/sync", {"dry_run": True})):
            answer = admin.post(path, asked)
            assert (answer.status_code, answer.json()["code"]) == (409, "DIRECTORY_TEST_RUNNING")
        assert sync.sync(crowd, dry_run=True).new == 1  # a command is no request
    assert "1 person read, nothing changed" in tried(directory)
    assert admin.post(f"{base}/sync", {"dry_run": True}).json()["new"] == 1


def test_a_refused_test_lets_the_next_one_begin(crowd: Cluster, directory: Directory) -> None:
    directory.add("a")
    assert "cannot be read" in tried(directory, filter="(uid=*")
    assert "1 person read, nothing changed" in tried(directory)


def test_a_server_that_never_answers_is_left_soon(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run waits a minute for each server; who waits for a page has given up by then."""
    monkeypatch.setattr(reading, "SILENCE", 1)
    directory.add("a")
    with relay(0, answers=False) as silent:
        assert "No server of the directory answers" in tried(directory, servers=silent.url)
        assert "1 person read" in tried(directory, servers=f"{silent.url}\n{directory.slapd.url}")


def test_a_directory_that_takes_longer_than_a_request_may_is_said_to_answer(
    crowd: Cluster, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "PAGE", 10)
    directory.add(*many(0, 25))
    copy = staging.copy

    def slowly(table: str, page: list[Any]) -> None:
        copy(table, page)
        if page:
            over.setattr(Patience, "is_over", property(lambda self: self.until < float("inf")))

    with monkeypatch.context() as over:
        over.setattr(staging, "copy", slowly)
        assert "45 seconds were not enough to test it: 10 people were read." in tried(directory)
        assert sync.sync(directory.agree(), dry_run=True).read == 25

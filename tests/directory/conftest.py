"""A directory for each test: a branch of its own in one slapd."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ldap3
import pytest

from assignments.directory import agreements
from config.local.processes import stop_child
from tests.directory import slapd as real
from tests.support.crowd import make_crowd
from topology.models import Cluster

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Slapd]:
    started = real.start(tmp_path_factory.mktemp("slapd"), [])
    yield started
    stop_child(started.process, signal.SIGTERM, 5)


class Directory:
    """The branch of one test, and what a person does to it."""

    def __init__(self, slapd: real.Slapd) -> None:
        self.slapd, self.base = slapd, f"ou=test{next(NUMBERS)},{real.BASE}"
        self.admin = slapd.admin()
        self.admin.add(self.base, "organizationalUnit")

    def add(self, *uids: str, **more: Any) -> None:
        for uid in uids:
            values = {"cn": uid, "sn": "Person", "uid": uid, "mail": f"{uid}@example.org", "displayName": f"N. {uid}"}
            given = {name: value for name, value in (values | more).items() if value is not None}
            assert self.admin.add(self.dn(uid), "inetOrgPerson", given), self.admin.result

    def dn(self, uid: str) -> str:
        return f"cn={uid},{self.base}"

    def set(self, name: str, **values: Any) -> None:
        changes = {key: [(ldap3.MODIFY_REPLACE, [value] if value else [])] for key, value in values.items()}
        assert self.admin.modify(self.dn(name), changes), self.admin.result

    def remove(self, *uids: str) -> None:
        for uid in uids:
            assert self.admin.delete(self.dn(uid)), self.admin.result

    def agreement(self, **more: Any) -> dict[str, Any]:
        return {
            "cluster": "crowd",
            "servers": [self.slapd.url],
            "bind_dn": real.ADMIN,
            "password_env": "TEST_DIRECTORY_PASSWORD",
            "base": self.base,
            "filter": "(objectClass=inetOrgPerson)",
            "map": {"user_id": "uid", "name": "displayName", "mail": "mail", "department": "departmentNumber"},
            **more,
        }

    def agree(self, **more: Any) -> Cluster:
        cluster, spec = agreements.read_document(self.agreement(**more))
        agreements.store(cluster, spec, password=agreements.password_here(spec), actor="test")
        return cluster


@pytest.fixture
def directory(slapd: real.Slapd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> Directory:
    monkeypatch.setenv("TEST_DIRECTORY_PASSWORD", real.PASSWORD)
    settings.DATA_DIR = tmp_path
    return Directory(slapd)


@pytest.fixture
def crowd(db: None) -> Cluster:
    """A cluster without users."""
    return make_crowd(0, 0, capacity=1000)

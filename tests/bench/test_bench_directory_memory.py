"""What the process of a directory's run takes at a tenth of the people and at all of them: the same, and little.

The people are new, then nothing is to do, then all but one would be set aside and the guard stops it; the last is what
a worker does, for a person at a terminal gets everybody listed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from assignments.directory import agreements
from assignments.models import DirectoryAgreement, DirectoryPerson, DirectoryRun
from config.local.state import BASE_DIR
from tests.bench.crowded_directory import BASE, CrowdedDirectory
from tests.bench.measure import users
from tests.bench.test_bench_import import MEASURED, _said_by
from tests.support.crowd import make_crowd
from topology.models import Cluster

PEOPLE, FEWER = users(), users() // 10
MOST = 200_000  # kB
FLAT = 1.25  # times as much, of ten times the people
AS_A_WORKER = """
import django; django.setup()
from django.utils import timezone
from assignments.directory import schedule
schedule.run({agreement}, timezone.now())
"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crowd(settings: Any) -> Cluster:
    return make_crowd(0, 0, 0, 0, 0, 0, capacity=300_000)


@pytest.fixture
def many(crowd: Cluster) -> Iterator[CrowdedDirectory]:
    started = CrowdedDirectory(FEWER)
    document = {
        "cluster": crowd.name, "servers": [started.url], "base": BASE, "filter": "(objectClass=inetOrgPerson)",
        "map": {"user_id": "uid", "name": "displayName", "mail": "mail", "department": "departmentNumber"},
    }  # fmt: skip
    agreements.store(*agreements.read_document(document), actor="test")
    yield started
    started.stop()


def most_of(*program: str) -> int:
    """The most memory of a Python program on the database of the test, in kB."""
    name = connection.settings_dict["NAME"]
    database = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
    more = {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(BASE_DIR)}
    return int(_said_by([sys.executable, "-c", MEASURED, sys.executable, *program], more).splitlines()[-1])


def run_as_worker() -> int:
    DirectoryAgreement.objects.update(next_at="2000-01-01T00:00Z")
    return most_of("-c", AS_A_WORKER.format(agreement=DirectoryAgreement.objects.get().pk))


def test_the_memory_of_a_run_is_that_of_a_tenth_of_its_people(crowd: Cluster, many: CrowdedDirectory) -> None:
    few = most_of("manage.py", "sync_directory", crowd.name)
    assert DirectoryPerson.objects.count() == FEWER
    many.people = PEOPLE
    peaks = {"new": run_as_worker()}
    assert DirectoryPerson.objects.count() == PEOPLE
    peaks["nothing to do"] = run_as_worker()
    many.people = 1
    peaks["stopped"] = run_as_worker()
    states = [(run.state, run.read, run.new, run.gone) for run in DirectoryRun.objects.order_by("pk")]
    assert states == [
        ("finished", FEWER, FEWER, 0),
        ("finished", PEOPLE, PEOPLE - FEWER, 0),
        ("finished", PEOPLE, 0, 0),
        ("stopped", 1, 0, PEOPLE - 1),
    ]
    said = ", ".join(f"{what} {kilobytes // 1000} MB" for what, kilobytes in peaks.items())
    print(f"\nrun of a directory, at most: of {FEWER:,} people {few // 1000} MB; of {PEOPLE:,}: {said}")  # noqa: T201
    assert max(peaks.values()) < MOST
    assert max(peaks.values()) < FLAT * few

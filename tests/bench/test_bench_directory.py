"""A directory of many people: read in flat memory, at a speed that its own server sets, and written once.

USERS says how many there are; `make bench` takes a million, of which a directory here holds a tenth.
"""

from __future__ import annotations

import signal
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from assignments.directory import agreements, connector, sync
from config.local.processes import stop_child
from tests.bench import measure
from tests.directory import slapd as real
from tests.support.crowd import make_crowd
from topology.models import Cluster

PEOPLE = max(3000, measure.users() // 10)
FEW = 3000
FLAT = 60_000_000  # bytes that Python may hold at most while it reads, however many people there are
WRITTEN = """
    SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_xact_user_tables
    WHERE schemaname = 'public' AND relname NOT IN ('assignments_directoryrun')
"""


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Slapd]:
    entries = (real.person(f"p{n:07}", description="few" if n < FEW else "") for n in range(PEOPLE))
    started = real.start(tmp_path_factory.mktemp("slapd"), entries)
    yield started
    stop_child(started.process, signal.SIGTERM, 5)


@pytest.fixture
def cluster(db: None, settings: Any, tmp_path: Path) -> Cluster:
    settings.DATA_DIR = tmp_path
    return make_crowd(0, 0, 0, 0, 0, 0, capacity=PEOPLE)


def agree(slapd: real.Slapd, people: str) -> None:
    document = {
        "cluster": "crowd", "servers": [slapd.url], "bind_dn": real.ADMIN,
        "base": f"ou=people,{real.BASE}", "filter": people,
        "map": {"user_id": "uid", "name": "displayName", "mail": "mail"},
    }  # fmt: skip
    agreements.store(*agreements.read_document(document), password=real.PASSWORD, actor="test")


def written() -> int:
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        return int(cursor.fetchone()[0])


def test_a_person_costs_the_same_among_few_and_among_many(cluster: Cluster, crowded: real.Slapd) -> None:
    agree(crowded, "(description=few)")
    begun = time.perf_counter()
    assert sync.sync(cluster).new == FEW
    few = (time.perf_counter() - begun) / FEW
    agree(crowded, "(objectClass=inetOrgPerson)")
    begun = time.perf_counter()
    assert sync.sync(cluster).new == PEOPLE - FEW
    many = (time.perf_counter() - begun) / PEOPLE
    measure.rows.append(measure.Row(f"first run of {PEOPLE:,} people, each", many, few, 0, 2))
    assert many < 2 * few
    before = written()
    begun = time.perf_counter()
    report = sync.sync(cluster)
    again = (time.perf_counter() - begun) / PEOPLE
    assert (report.read, report.changes) == (PEOPLE, 0)
    assert written() == before, "a run that changes nothing writes nothing"
    measure.rows.append(measure.Row(f"second run of {PEOPLE:,} people, each", again, many, 0, 1))
    assert again < many


def test_the_memory_does_not_grow_with_the_people(cluster: Cluster, crowded: real.Slapd) -> None:
    """What Python holds at most, of few and of many: pages come and go, and the rest lies in a file."""
    peaks = []
    for people in ("(description=few)", "(objectClass=inetOrgPerson)"):
        agree(crowded, people)
        tracemalloc.start()
        sync.sync(cluster)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    few, many = peaks
    assert connector.PAGE < FEW
    assert many < FLAT
    assert many < 1.5 * few + 5_000_000

"""Worlds of many users, each in a database of its own beside the one of the tests, so that two are asked in turns.

    small, large = world(34, 30_000), world(34, 1_000_000)     made once in a run
    with large.here(): ...                                     the console works on it

They are committed and vacuumed, as autovacuum leaves them soon. User IDs stand in blocks, one for each node, which is
the worst order for a list of the users of one node.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection, connections

from tests.support.crowd import make_crowd
from topology.models import Cluster, Node

NODES = 6  # of each cluster
WAITING = 20
FULLER = 600  # users by which the first node is fuller: plans have the same moves, whatever the size


@dataclass(frozen=True, eq=False)
class LargeWorld:
    """A database with clusters, and the connection to it that stays open."""

    name: str
    connected: Any

    @contextmanager
    def here(self) -> Iterator[None]:
        """Let the console, and the test, work on it."""
        usual = connections["default"]
        connections["default"] = self.connected
        try:
            yield
        finally:
            connections["default"] = usual


made: list[LargeWorld] = []


def empty() -> str:
    """The name of a database that has what migrations make, to be copied."""
    return f"{connections['default'].settings_dict['NAME']}_empty"


def keep_empty() -> None:
    """Copy the database of the tests before anybody works on it."""
    connection.close()
    _copy(connection.settings_dict["NAME"], empty())


def drop_all() -> None:
    """Leave nothing."""
    for one in made:
        one.connected.close()
    for name in [*(one.name for one in made), empty()]:
        _on_none(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _copy(old: str, new: str) -> None:
    _on_none(f"DROP DATABASE IF EXISTS {new} WITH (FORCE)")
    _on_none(f"CREATE DATABASE {new} TEMPLATE {old}")


def _on_none(statement: str) -> None:
    """Carry out a statement in no database of ours."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


@cache
def world(clusters: int, users: int) -> LargeWorld:
    """So many clusters of six nodes with so many users in all."""
    name = f"{connections['default'].settings_dict['NAME']}_{clusters}_{users}"
    _copy(empty(), name)
    connected = connections.create_connection("default")
    connected.settings_dict = connected.settings_dict | {"NAME": name}
    found = LargeWorld(name, connected)
    made.append(found)
    with found.here():
        _fill(clusters, users)
    return found


def _fill(clusters: int, users: int) -> None:
    share, label = users // clusters // NODES, f"at{users // 1000:04}"
    with connection.cursor() as cursor:  # what a process keeps by key is of one world
        cursor.execute("SELECT setval('topology_cluster_id_seq', %s)", [users])
    homes = [share + FULLER // clusters, *[share] * (NODES - 1)]
    for number in range(clusters):
        make_crowd(*homes, waiting=WAITING, capacity=300_000, name=f"{label}-{number:02}", named=True)
    Node.objects.filter(cluster__in=Cluster.objects.all(), number=1).update(publisher=True)  # peers sync with it
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")

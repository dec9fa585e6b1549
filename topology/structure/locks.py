"""Locks of the topology: advisory, for the length of a transaction, always taken in ascending order."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection

from topology.models import Node, Subcluster
from topology.reasons import CHANGED_MEANWHILE, Refused

SUBCLUSTER, CLUSTER, IMPORT = 7301, 7302, 7303  # first key of the pair; the second is the row's id
LOCK_NOT_AVAILABLE = "55P03"


@contextmanager
def waiting_at_most(span: str) -> Iterator[None]:
    """Leave what is done here where a lock does not come within a span such as "500ms"; its transaction is taken back.

    For who would keep others waiting meanwhile, and comes back by itself.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [span])
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
    finally:
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")


def hold_subclusters(ids: Iterable[int]) -> None:
    """Wait for the locks of these subclusters; released when the transaction ends."""
    with connection.cursor() as cursor:
        # One round trip; the set function of the FROM clause gives the ids in their order.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, pk) FROM unnest(%s::int[]) AS pk", [SUBCLUSTER, sorted(set(ids))]
        )


def hold_subclusters_of(rows: str, params: Sequence[Any]) -> set[int]:
    """The same for those whose keys a SELECT answers in ascending order, in one round trip; answers these keys."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pk, pg_advisory_xact_lock(%s, pk::int) FROM ({rows}) r (pk)", [SUBCLUSTER, *params])
        return {pk for pk, _ in cursor.fetchall()}


def hold_places(nodes: Iterable[int]) -> list[int]:
    """Wait for the locks of the subclusters that nodes are in, by key, and answer these.

    Raises Refused when one of the nodes was put into another, which is not locked, while they were waited for.
    """
    rows = Node.objects.filter(pk__in=list(nodes), subcluster__isnull=False).order_by("subcluster_id")
    places = list(rows.values_list("pk", "subcluster_id"))
    held = sorted({subcluster for _, subcluster in places if subcluster is not None})
    hold_subclusters(held)
    if set(rows.all().values_list("pk", "subcluster_id")) != set(places):
        raise Refused(CHANGED_MEANWHILE)
    return held


HELD = """
    SELECT EXISTS (
        SELECT FROM pg_locks held JOIN pg_stat_activity holder ON holder.pid = held.pid
        WHERE held.locktype = 'advisory' AND held.granted AND held.classid = %s AND held.objid = ANY(%s::oid[])
            AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND held.pid <> pg_backend_pid() AND holder.xact_start < clock_timestamp() - make_interval(secs => %s)
    )
"""


def are_held_for_long(ids: Iterable[int], seconds: float = 1.0) -> bool:
    """Whether somebody who began so long ago holds one of these subclusters, as an import does; nothing is waited for.

    Without it a wait that is given up would stand in the log of the database once a second.
    """
    with connection.cursor() as cursor:
        cursor.execute(HELD, [SUBCLUSTER, list(ids), seconds])
        return bool(cursor.fetchone()[0])


def all_subclusters(cluster: int) -> list[int]:
    """The keys of the subclusters of a cluster, for callers that need the locks of all of them."""
    return list(Subcluster.objects.filter(cluster=cluster).order_by("pk").values_list("pk", flat=True))


def try_subcluster(pk: int) -> bool:
    """Take the lock of one subcluster if no one holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SUBCLUSTER, pk])
        return bool(cursor.fetchone()[0])


def hold_cluster(pk: int) -> None:
    """Wait for the lock of a whole cluster (structure, imports); taken before any subcluster's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [CLUSTER, pk])


def hold_imports() -> None:
    """Wait for the lock of all imports, for user IDs are unique over all clusters; after the cluster's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [IMPORT])

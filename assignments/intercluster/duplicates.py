"""What mends doubled directory URIs: taken from all sharers of a cluster, or changed for one user; with an undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from assignments.intercluster.selectors import DOUBLED, claimed_keys
from assignments.models import Kind, Operation, UserChange
from assignments.moves import drop
from assignments.moves.selection import UNASSIGNED, Selection
from assignments.users.done_at_once import record_operation
from topology import reasons
from topology.live import events
from topology.models import MAX_URI, Cluster
from topology.reasons import Refused
from topology.structure import locks

# A user of the cluster who shares a URI loses it; where all who have it are of the cluster, the first one keeps it.
CLEAR = (
    DOUBLED
    + """
    SELECT held.id, held.directory_uri FROM held WHERE holders > 1 AND cluster_id = %s AND NOT (
        first AND NOT EXISTS (
            SELECT FROM held other WHERE other.uri_key = held.uri_key AND other.cluster_id <> held.cluster_id
        )
    ) ORDER BY held.id
"""
)
WRITE = f"""
    WITH given AS (SELECT * FROM unnest(%s::bigint[], %s::text[]) AS g (id, uri)),
    kept AS (
        INSERT INTO assignments_formeruser
            (operation_id, user_key, change, placed, user_id, directory_uri, new_directory_uri)
        SELECT %s, person.id, '{UserChange.CHANGED}', false, '', person.directory_uri, given.uri
        FROM given JOIN topology_enduser person ON person.id = given.id
    )
    UPDATE topology_enduser person SET directory_uri = given.uri FROM given WHERE person.id = given.id
"""


def _rows(sql: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


@transaction.atomic
def clear(cluster: Cluster, *, actor: Any, dry_run: bool = False, confirmed: int | None = None) -> dict[str, Any]:
    """Take the directory URI from everybody in a cluster who shares it; of sharers in it alone the first keeps it.

    The undo of the operation gives them back. Raises Refused when no one has one to lose, or another number than
    `confirmed` would.
    """
    locks.hold_imports()
    rows = _rows(CLEAR, [cluster.pk])
    shape = {"cluster": cluster.name, "cleared": len(rows), "dry_run": dry_run, "operation": None}
    if dry_run:
        return shape
    if confirmed is not None and confirmed != len(rows):
        raise Refused(reasons.SELECTION_CHANGED, users=len(rows), confirmed=confirmed)
    if not rows:
        raise Refused(reasons.NO_DOUBLED_URI, cluster=cluster.name)
    return shape | {"operation": _write(cluster, [key for key, _ in rows], "", actor)}


@transaction.atomic
def set_uri(cluster: Cluster, key: int, uri: str, *, actor: Any) -> int | None:
    """Give a user of a cluster another directory URI, or none; answers the operation, None for the one that it has.

    Raises Refused for one that somebody else has, naming who.
    """
    uri = uri.strip()
    if len(uri) > MAX_URI or any(ord(letter) < 32 or letter.isspace() for letter in uri):
        raise Refused(reasons.URI_NOT_VALID, limit=MAX_URI)
    locks.hold_imports()
    here = _rows(
        "SELECT p.directory_uri FROM topology_enduser p JOIN assignments_assignment a ON a.user_id = p.id"
        " WHERE p.id = %s AND a.cluster_id = %s",
        [key, cluster.pk],
    )
    if not here:
        raise Refused(reasons.NO_SUCH_USER, user=key, cluster=cluster.name)
    if here == [(uri,)]:
        return None
    if uri and (taken := _owner(key, uri)):
        raise Refused(reasons.URI_TAKEN, user=taken[0], cluster=taken[1])
    return _write(cluster, [key], uri, actor)


def chosen_claims(cluster: Cluster, keys: Sequence[int] | None) -> list[int]:
    """These users of a cluster, or all whom a monitor reports at home in another one too. Raises Refused."""
    reported = claimed_keys(cluster)
    chosen = reported if keys is None else sorted(set(keys))
    if not chosen or not set(chosen) <= set(reported):
        raise Refused(reasons.NOT_REPORTED_ELSEWHERE, cluster=cluster.name)
    return chosen


def unassign_here(
    cluster: Cluster, keys: Sequence[int] | None, *, actor: Any, role: str | None = None, confirmed: int | None = None
) -> Operation:
    """Take the home of users whom a monitor reports at home in another cluster; `keys` None: of all of this one.

    The undo of the operation gives it back; more than 50 are a throttled run. Raises Refused for who is not reported,
    when no one is, and when there are others than `confirmed`.
    """
    chosen = chosen_claims(cluster, keys)
    if confirmed is not None and confirmed != len(chosen):
        raise Refused(reasons.SELECTION_CHANGED, users=len(chosen), confirmed=confirmed)
    return drop.move(Selection(cluster, tuple(chosen)), UNASSIGNED, actor, role=role).operation


def _owner(key: int, uri: str) -> tuple[str, str] | None:
    rows = _rows(
        "SELECT p.user_id, c.name FROM topology_enduser p JOIN assignments_assignment a ON a.user_id = p.id"
        " JOIN topology_cluster c ON c.id = a.cluster_id"
        " WHERE p.uri_key = fold_user_id(%s) AND p.directory_uri <> '' AND p.id <> %s ORDER BY p.id LIMIT 1",
        [uri, key],
    )
    return rows[0] if rows else None


def _write(cluster: Cluster, keys: Sequence[int], uri: str, actor: Any) -> int:
    operation = record_operation(cluster, Kind.IMPORT, len(keys), 0, actor)
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [list(keys), [uri] * len(keys), operation.pk])
    events.record(
        reasons.URIS_CHANGED,
        cluster=cluster,
        operation=operation,
        actor=actor,
        topics=["clusters", f"cluster-{cluster.pk}"],
        users=len(keys),
        what="removed" if not uri else "changed",
    )
    return operation.pk

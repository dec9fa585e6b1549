"""The one statement that moves people: judged, moved and traced together, so that no user moves without a trace.

    picked (user, from, to) -> held (row locks, by user) -> judged (moved since? pinned? room?) -> UPDATE, INSERT

The caller holds the locks of the receiving nodes' subclusters, so that no one else fills them meanwhile. A user whose
home is no longer `from` is left alone and leaves a trace with the reason. Those who move are served at their new home
at once: their clients got the terminating notification and signed in again, so `signed_in` stays true (domain.md §1.4).
Who had no home lost no connection: they sign in as they get one, at the rate of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from assignments.models import Operation
from assignments.planning.room import ROOM
from topology import reasons

MOVE = """
WITH picked AS MATERIALIZED ({picked}),
held AS MATERIALIZED (
    SELECT p.*, a.* FROM (SELECT * FROM picked ORDER BY user_id) p LEFT JOIN LATERAL (
        SELECT true AS here, home_node_id, pinned, signed_in, endpoints, cluster_id FROM assignments_assignment
        WHERE user_id = p.user_id FOR UPDATE
    ) a ON true
),
room AS ({room}),
judged AS (
    SELECT h.*, CASE
        WHEN h.here IS NULL THEN '{user_gone}'
        WHEN h.home_node_id IS DISTINCT FROM h.from_node_id OR h.cluster_id <> {here} THEN '{moved_since}'
        WHEN h.home_node_id IS NOT DISTINCT FROM h.to_node_id AND {stays} THEN '{already}'
        WHEN h.pinned THEN '{pinned}'
        WHEN r.gone THEN '{gone}'
        ELSE '' END AS code, r.users AS room_users, r.endpoints AS room_endpoints
    FROM held h LEFT JOIN room r ON r.id = h.to_node_id
),
counted AS (
    SELECT *, count(*) FILTER (WHERE code = '') OVER w AS nth,
        sum(endpoints) FILTER (WHERE code = '') OVER w AS weight
    FROM judged WINDOW w AS (PARTITION BY to_node_id ORDER BY place)
),
final AS (
    SELECT place, user_id, from_node_id, to_node_id, signed_in,
        CASE WHEN code = '' AND (nth > room_users OR weight > 0 AND weight > room_endpoints)
            THEN '{full}' ELSE code END AS code
    FROM counted
),
moved AS (
    UPDATE assignments_assignment a SET home_node_id = f.to_node_id, serving_node_id = f.to_node_id,
        signed_in = f.to_node_id IS NOT NULL AND (a.signed_in OR f.from_node_id IS NULL){cluster}
    FROM final f WHERE a.user_id = f.user_id AND f.code = ''
),
traced AS (
    INSERT INTO assignments_move (operation_id, user_id, from_node_id, to_node_id, done, code, at)
    SELECT %s, user_id, from_node_id, to_node_id, code = '', CASE WHEN code = '' THEN %s ELSE code END, %s FROM final
    ORDER BY place
){unlinked}{woken}
SELECT to_node_id, array_agg(DISTINCT from_node_id) FILTER (WHERE code = ''), count(*) FILTER (WHERE code = ''),
    count(*) FILTER (WHERE code <> ''), count(*) FILTER (WHERE code = '' AND signed_in), max(place), max(code){people}
FROM final GROUP BY to_node_id ORDER BY to_node_id
"""
# The first of those who moved, by user ID.
PEOPLE = """,
    (SELECT array_agg(user_id) FROM (
        SELECT u.user_id FROM final f JOIN topology_enduser u ON u.id = f.user_id WHERE f.code = ''
        ORDER BY u.user_id LIMIT {named}
    ) first)"""
# Who is at home where decides the re-login window (domain.md §4.8): the engine looks again.
WOKEN = """,
woken AS (
    UPDATE topology_subcluster SET next_wake = %s WHERE id IN (
        SELECT n.subcluster_id FROM final f JOIN topology_node n ON n.id IN (f.from_node_id, f.to_node_id)
        WHERE f.code = ''
    )
)"""
# Users who leave a cluster leave its directory too: that of the other cluster finds them by their user ID.
UNLINKED = """,
unlinked AS (
    DELETE FROM assignments_directoryperson d USING final f WHERE d.user_id = f.user_id AND f.code = ''
)"""


@dataclass(frozen=True, slots=True)
class MovedRows:
    """What one statement did for one receiving node; `code` is that of a user left alone, if any.

    `people` are the first user IDs that it moved, to whatever node, where they were asked for.
    """

    to_node_id: int | None
    from_ids: tuple[int | None, ...]
    done: int
    skipped: int
    notified: int
    last: int
    code: str
    people: tuple[str, ...] = ()


def move_picked(
    operation: Operation,
    picked: str,
    params: Sequence[Any],
    *,
    why: reasons.Reason,
    at: datetime,
    named: int = 0,
    wakes: bool = False,
) -> list[MovedRows]:
    """Move the users that the SQL `picked` names (place, user_id, from_node_id, to_node_id), in one statement.

    So many of them are `named` in the answer. It `wakes` the recovery engine where no run does at its end.

    Where the operation leads to another cluster, the row of each changes cluster and home in this one UPDATE: there is
    one row for a person, so no one is in two clusters or in none, wherever it is cut off.
    """
    into = operation.to_cluster_id
    statement = MOVE.format(
        picked=picked,
        room=ROOM.format(nodes="SELECT to_node_id FROM picked"),
        here=operation.cluster_id,
        stays="false" if into else "true",
        cluster=f", cluster_id = {into}" if into else "",
        unlinked=UNLINKED if into else "",
        woken=WOKEN if wakes else "",
        people=PEOPLE.format(named=named) if named else "",
        moved_since=reasons.SKIPPED_MOVED_SINCE.code,
        already=reasons.SKIPPED_ALREADY_THERE.code,
        pinned=reasons.SKIPPED_PINNED.code,
        gone=reasons.SKIPPED_NODE_GONE.code,
        user_gone=reasons.SKIPPED_USER_GONE.code,
        full=reasons.SKIPPED_NODE_FULL.code,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, operation.pk, why.code, at, *([at] if wakes else [])])
        return [
            MovedRows(to, tuple(sources or ()), *counts, *(tuple(some or ()) for some in people))
            for to, sources, *counts, people in ((*row[:7], row[7:]) for row in cursor.fetchall())
        ]


def touched_topics(moved: Sequence[MovedRows]) -> list[str]:
    """The topics of every node that lost or got a user."""
    return [f"node-{pk}" for pk in changed_nodes(moved)]


def changed_nodes(moved: Sequence[MovedRows]) -> frozenset[int]:
    """The nodes that lost or got a user."""
    nodes = {m.to_node_id for m in moved if m.done} | {source for m in moved for source in m.from_ids}
    return frozenset(pk for pk in nodes if pk is not None)

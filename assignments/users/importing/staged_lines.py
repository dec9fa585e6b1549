"""What is wrong with the staged lines of an import, and what is worth knowing about them: a query for each kind.

Kinds that are rare are asked for together first (`that_are_there`), so a list without them is read once for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from assignments.users.importing.staged_counts import Capacity
from assignments.users.importing.staging import ADDED, HOME, rows_of
from assignments.users.rules.problems import LISTED, LineProblem
from topology import reasons
from topology.models import Cluster
from topology.reasons import Reason

PART = 5000  # rows


@dataclass(frozen=True)
class StagedLines:
    """Lines with one kind of problem: a query of lines and of the facts that differ, and those that do not.

    `sign` holds for some line whenever there is one of the kind (`of_all`: for all lines together).
    """

    reason: Reason
    names: Sequence[str]
    sql: str
    values: Sequence[Any] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    sign: str = "true"
    of_all: bool = False  # the sign speaks of all lines together

    def first(self) -> tuple[list[LineProblem], int]:
        """The first of them, and how many there are."""
        counted = f"SELECT found.*, count(*) OVER () FROM ({self.sql}) AS found ORDER BY line LIMIT {LISTED}"
        rows = rows_of(counted, *self.values)
        return [self._problem(row[:-1]) for row in rows], rows[0][-1] if rows else 0

    def each(self) -> Iterator[LineProblem]:
        """All of them, never more than a part in memory."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({self.sql}) AS found ORDER BY line", self.values)
            while rows := cursor.fetchmany(PART):
                yield from map(self._problem, rows)

    def _problem(self, row: Sequence[Any]) -> LineProblem:
        return LineProblem(row[0], self.reason, {**self.facts, **dict(zip(self.names, row[1:], strict=True))})


def that_are_there(kinds: Sequence[StagedLines]) -> list[StagedLines]:
    """Those kinds of which there may be lines, by their signs, all asked for at once."""
    signs = ", ".join(kind.sign if kind.of_all else f"coalesce(bool_or({kind.sign}), false)" for kind in kinds)
    there = rows_of(f"SELECT {signs} FROM staged")[0]
    return [kind for kind, is_there in zip(kinds, there, strict=True) if is_there]


def duplicates() -> StagedLines:
    """Lines whose user ID was in an earlier line."""
    sql = """
        SELECT line, user_id, first FROM staged JOIN (
            SELECT folded, known, min(line) AS first FROM staged GROUP BY folded, known HAVING count(*) > 1
        ) AS twice ON twice.folded = staged.folded AND twice.known IS NOT DISTINCT FROM staged.known
        WHERE line <> first
    """
    twice = "count(folded) > count(DISTINCT folded)"
    return StagedLines(reasons.IMPORT_ID_TWICE, ["user_id", "first"], sql, sign=twice, of_all=True)


def of_other_clusters(into: Cluster) -> StagedLines:
    """Lines whose person is a user of another cluster than the one that the file goes into."""
    sql = """
        SELECT line, user_id, cluster.name FROM staged JOIN topology_cluster cluster ON cluster.id = cluster_id
        WHERE cluster_id <> %s
    """
    facts = {"cluster": into.name}
    return StagedLines(
        reasons.IMPORT_OTHER_CLUSTER, ["user_id", "other"], sql, [into.pk], facts, sign=f"cluster_id <> {into.pk}"
    )


def homeless() -> StagedLines:
    """Lines whose node left its subcluster, or went, between reading the file and taking the locks."""
    sql = """
        SELECT line, coalesce(node.name, 'The node that the line names')
        FROM staged LEFT JOIN topology_node node ON node.id = staged.node_id
        WHERE staged.node_id IS NOT NULL AND node.subcluster_id IS NULL
    """
    return StagedLines(reasons.IMPORT_NODE_UNASSIGNED, ["node"], sql, sign="node_id IS NOT NULL")


def at_unknown(cluster: str, known: str) -> StagedLines:
    """Lines that name a node which the cluster has not, for users who need a home."""
    sign = "node_text IS NOT NULL AND home_id IS NULL"
    sql, facts = f"SELECT line, left(node_text, 60) FROM staged WHERE {sign}", {"cluster": cluster, "known": known}
    return StagedLines(reasons.IMPORT_UNKNOWN_NODE, ["value"], sql, facts=facts, sign=sign)


def gone(cluster: str, known: str) -> StagedLines:
    """Each node that the cluster has not and that lines name for users who have a home: the first line, how many."""
    sign = "node_text IS NOT NULL AND home_id IS NOT NULL"
    sql = f"""
        SELECT min(line) AS line, left(min(node_text), 60), count(*) FROM staged WHERE {sign} GROUP BY lower(node_text)
    """
    facts = {"cluster": cluster, "known": known}
    return StagedLines(reasons.IMPORT_NODE_GONE, ["value", "count"], sql, facts=facts, sign=sign)


def kept_of_new() -> StagedLines:
    """Lines with a mark that keeps what is stored, of users of whom nothing is stored."""
    sign = "kept AND known IS NULL"
    return StagedLines(
        reasons.IMPORT_KEPT_OF_NEW, ["user_id"], f"SELECT line, user_id FROM staged WHERE {sign}", sign=sign
    )


def zeros_gone(cluster: Cluster) -> StagedLines:
    """Lines with a number as the ID of a new user, where a user has the same with noughts before it."""
    sign = "known IS NULL AND folded >= '1' AND folded < ':'"
    sql = f"""
        SELECT line, staged.user_id, min(person.user_id) FROM staged
            JOIN topology_enduser person ON ltrim(person.folded, '0') = staged.folded
            JOIN assignments_assignment place ON place.user_id = person.id AND place.cluster_id = %s
        WHERE {sign.replace("folded", "staged.folded")} AND staged.folded ~ '^[0-9]+$'
            AND person.folded >= '0' AND person.folded < '1'
        GROUP BY line, staged.user_id
    """
    return StagedLines(reasons.IMPORT_ZEROS_GONE, ["user_id", "user"], sql, [cluster.pk], sign=sign)


def staying() -> StagedLines:
    """Lines that name another node than the home their user has."""
    sign = "home_id IS NOT NULL AND (leave OR node_id <> home_id)"
    sql = f"""
        SELECT line, user_id, home.name FROM staged JOIN topology_node home ON home.id = home_id WHERE {sign}
    """
    return StagedLines(reasons.IMPORT_STAYS, ["user_id", "node"], sql, sign=sign)


def into(node_id: int, why: Reason, facts: Mapping[str, Any]) -> StagedLines:
    """Lines that would give somebody a home on a node that takes no one now."""
    return StagedLines(why, [], "SELECT line FROM staged WHERE target = %s", [node_id], facts)


def over_capacity(nodes: Sequence[Capacity]) -> StagedLines:
    """Lines that bring a node beyond its capacity in users or in endpoints, counted in order of lines."""
    sql = f"""
        WITH node (id, name, room_users, room_endpoints, most_users, most_endpoints) AS (
            SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
        ), added AS (
            SELECT line, {HOME} AS node_id, (target IS NOT NULL)::integer AS user_added, {ADDED} AS endpoints_added
            FROM staged WHERE {HOME} IS NOT NULL
        ), running AS (
            SELECT line, node_id, user_added, endpoints_added, sum(user_added) OVER lines AS users,
                sum(endpoints_added) OVER lines AS endpoints
            FROM added WINDOW lines AS (PARTITION BY node_id ORDER BY line)
        ), full_nodes AS (
            SELECT running.line, node.*, most_users - room_users + running.users AS users_after,
                most_endpoints - room_endpoints + running.endpoints AS endpoints_after,
                user_added > 0 AND running.users > room_users AS too_many
            FROM running JOIN node ON node.id = running.node_id
            WHERE (user_added > 0 AND running.users > room_users)
                OR (endpoints_added > 0 AND running.endpoints > room_endpoints)
        )
        SELECT line, name, CASE WHEN too_many THEN 'users' ELSE 'endpoints' END,
            CASE WHEN too_many THEN users_after ELSE endpoints_after END::bigint,
            CASE WHEN too_many THEN most_users ELSE most_endpoints END
        FROM full_nodes
    """
    columns = [list(column) for column in zip(*nodes, strict=True)] or [[]] * 6
    return StagedLines(reasons.IMPORT_NODE_FULL, ["node", "what", "after", "capacity"], sql, columns)


def beyond(room: int, facts: Mapping[str, Any]) -> StagedLines:
    """Waiting lines after the first `room` of them."""
    sql = "SELECT line, number FROM (SELECT line, row_number() OVER (ORDER BY line) AS number FROM staged WHERE waits)"
    behind = f"{sql} AS waiting WHERE number > %s"
    return StagedLines(reasons.IMPORT_CLUSTER_FULL, ["number"], behind, [room], facts)

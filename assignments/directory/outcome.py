"""What a run would do, read from the table of comparing.py: counts, lists, and who would arrive where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection

from assignments.directory.comparing import has_value
from assignments.directory.statements import execute_sql, fetch_rows
from assignments.planning.rules.loads import Classes, EndpointClass
from topology import reasons

LISTED = 1000  # people and entries that a report lists, unless all of them are asked for
GONE = """
    FROM assignments_directoryperson link
        JOIN topology_enduser person ON person.id = link.user_id
        LEFT JOIN assignments_assignment place ON place.user_id = link.user_id
    WHERE link.agreement_id = %s AND link.gone_at IS NULL
        AND NOT EXISTS (SELECT FROM read WHERE read.key = link.key)
        AND NOT EXISTS (SELECT FROM read WHERE read.known = link.user_id)
"""


class Counted(NamedTuple):
    """What a run would do to how many people."""

    read: int
    new: int
    changed: int
    back: int
    taken: int
    skipped: int


def counted() -> Counted:
    """What a run would do to how many people; those gone are counted apart, and a part that was not read is no one."""
    return Counted(
        *fetch_rows(f"""
            SELECT count(*) FILTER (WHERE skip IS DISTINCT FROM '{reasons.DIRECTORY_ELSEWHERE.code}'),
                count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE before IS NOT NULL AND NOT is_back),
                count(*) FILTER (WHERE is_back AND skip IS NULL),
                count(*) FILTER (WHERE skip IS NULL), count(*) FILTER (WHERE skip IS NOT NULL)
            FROM read
        """)[0]
    )


def known(agreement: int) -> int:
    """People of the directory who are not set aside."""
    sql = "SELECT count(*) FROM assignments_directoryperson WHERE agreement_id = %s AND gone_at IS NULL"
    return int(fetch_rows(sql, agreement)[0][0])


def note_gone(agreement: int, locked: Sequence[int]) -> tuple[int, int]:
    """Keep in tables who is gone and may go now, and whom a pair keeps for now; answer how many of each."""
    execute_sql(
        "DROP TABLE IF EXISTS pg_temp.gone, pg_temp.kept;"
        f"CREATE TEMPORARY TABLE gone ON COMMIT DROP AS SELECT link.user_id AS id, link.key, person.user_id, "
        f"place.home_node_id AS home, place.endpoints, coalesce(place.pinned, false) AS pinned, "
        f"place.home_node_id = ANY('{{{','.join(map(str, locked))}}}'::bigint[]) IS TRUE AS stays {GONE}",
        agreement,
    )
    execute_sql("CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT user_id FROM gone WHERE stays")
    stay = execute_sql("DELETE FROM gone WHERE stays")
    return int(fetch_rows("SELECT count(*) FROM gone")[0][0]), stay


TOUCHED = "skip IS NULL AND (old_id IS NOT NULL OR loses <> '{}')"  # of those who were read, beside those who are gone


def touched() -> Iterator[str]:
    """One line for all that a run takes away from a person, and for each new user ID: what a person accepts."""
    with connection.chunked_cursor() as cursor:  # the rows stay in the database: they may be everybody
        cursor.execute("""
            SELECT 'gone ' || key || ' ' || user_id FROM gone
            UNION ALL
            SELECT 'rename ' || key || ' ' || old_id || ' ' || user_id FROM read WHERE old_id IS NOT NULL
            UNION ALL
            SELECT 'empty ' || key || ' ' || array_to_string(loses, ' ') FROM read WHERE skip IS NULL AND loses <> '{}'
            ORDER BY 1
        """)
        while rows := cursor.fetchmany(5000):
            yield from (line for (line,) in rows)


def count_touched() -> int:
    """People who get another user ID, and a change of case is none, or lose a value."""
    return int(fetch_rows(f"SELECT count(*) FROM read WHERE {TOUCHED}")[0][0])


def listed_touched(most: int | None = LISTED) -> list[dict[str, str]]:
    """The first people whom a run takes away or renames, or who lose a value; all without a limit."""
    sql = f"""
        SELECT * FROM (
            SELECT user_id, 'gone' AS what, '' AS becomes, '' AS loses FROM gone
            UNION ALL SELECT coalesce(old_id, user_id), CASE WHEN old_id IS NULL THEN 'emptied' ELSE 'renamed' END,
                CASE WHEN old_id IS NULL THEN '' ELSE user_id END, array_to_string(loses, ', ')
            FROM read WHERE {TOUCHED}
        ) AS touched ORDER BY what, user_id LIMIT %s
    """
    return [dict(zip(("user_id", "what", "becomes", "loses"), row, strict=True)) for row in fetch_rows(sql, most)]


SKIPPED = f"""
    SELECT dn AS entry, skip AS code, facts, n FROM read WHERE skip IS NOT NULL
    UNION ALL SELECT user_id, '{reasons.DIRECTORY_STAYS.code}', jsonb_build_object('user_id', user_id), NULL FROM kept
"""


def listed_skipped(most: int | None = LISTED) -> list[dict[str, Any]]:
    """The first entries that cannot be taken, with code and facts, and users who cannot go yet; all without a limit."""
    rows = fetch_rows(f"SELECT entry, code, facts FROM ({SKIPPED}) AS skipped ORDER BY n, entry LIMIT %s", most)
    return [{"entry": entry, "code": code, "facts": _facts(facts)} for entry, code, facts in rows]


def _facts(stored: Any) -> dict[str, Any]:
    return dict(json.loads(stored) if isinstance(stored, str) else stored or {})


def first(limit: int) -> list[dict[str, Any]]:
    """The first people as they were understood, with what a run would do to each."""
    sql = """
        SELECT user_id, name, mail, CASE WHEN is_new THEN 'new' WHEN is_back THEN 'back'
            WHEN before IS NOT NULL THEN 'changed' ELSE '' END
        FROM read WHERE skip IS NULL ORDER BY n LIMIT %s
    """
    return [dict(zip(("user_id", "name", "mail", "what"), row, strict=True)) for row in fetch_rows(sql, limit)]


def unused(mapped: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Fields whose attribute no one has."""
    columns = [pair for pair in mapped if pair[0] != "user_id"]
    if not columns:
        return []
    tests = ", ".join(f"bool_or({has_value(field)})" for field, _ in columns)
    row = fetch_rows(f"SELECT {tests} FROM read WHERE skip IS NULL")[0]
    return [pair for pair, has in zip(columns, row, strict=True) if has is False]


def emptied(field: str) -> int:
    """How many users who were read have a value in a field now."""
    of_known = "FROM read JOIN topology_enduser person ON person.id = read.known WHERE read.skip IS NULL"
    return int(fetch_rows(f"SELECT count(*) {of_known} AND {has_value(f'person.{field}')}")[0][0])


class Arriving(NamedTuple):
    """Whom a run would bring: by what a home needs, and what changes on each node beside it."""

    classes: Classes  # those who get a home by the mode
    nodes: dict[int, tuple[int, int]]  # users and endpoints more (or fewer) on a node
    returning: dict[int, int]  # users of before among them


def arriving(agreement: int) -> Arriving:
    """Whom a run would bring, and whom it takes away from where: for a preview."""
    mode = """
        FROM read LEFT JOIN topology_enduser person ON person.id = read.known
            LEFT JOIN assignments_directoryperson link ON link.user_id = read.known AND link.agreement_id = %s
        WHERE read.skip IS NULL AND (is_new OR is_back AND link.home_node_id IS NULL)
    """
    number = "coalesce(cardinality(read.endpoints), cardinality(person.endpoints), 0)"
    counts = fetch_rows(f"SELECT {number}, count(*) {mode} GROUP BY 1 ORDER BY 1", agreement)
    nodes = fetch_rows(
        f"""
        SELECT node, sum(users)::bigint, sum(endpoints)::bigint, count(*) FILTER (WHERE users > 0) FROM (
            SELECT home AS node, -1 AS users, -endpoints AS endpoints FROM gone
            UNION ALL SELECT place.home_node_id, 0, cardinality(read.endpoints) - place.endpoints
                FROM read JOIN assignments_assignment place ON place.user_id = read.known
                WHERE read.skip IS NULL AND before ? 'endpoints'
            UNION ALL SELECT link.home_node_id, 1, {number}
                FROM read JOIN assignments_directoryperson link ON link.user_id = read.known
                    JOIN topology_enduser person ON person.id = read.known
                WHERE read.skip IS NULL AND is_back AND link.agreement_id = %s
        ) AS moved WHERE node IS NOT NULL GROUP BY node
        """,
        agreement,
    )
    classes = tuple(EndpointClass(int(weight), users, users) for weight, users in counts)
    returning = {node: users for node, _, _, users in nodes if users}
    return Arriving(classes, {node: (users, endpoints) for node, users, endpoints, _ in nodes}, returning)

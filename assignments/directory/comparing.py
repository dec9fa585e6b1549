"""What a directory gave, beside what is stored: one temporary table and the statements that compare and write.

    COPY -> match by key -> match by user ID -> what cannot be taken -> who is new, changed, gone, back -> write

The table is the transaction's own and goes with it. No statement is repeated per person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from assignments.directory.rules.people import EntryPerson, Skipped
from assignments.planning.rules.loads import Classes, EndpointClass
from topology import reasons

CREATE = """
    DROP TABLE IF EXISTS pg_temp.read;
    CREATE TEMPORARY TABLE read (
        n integer GENERATED ALWAYS AS IDENTITY, dn text, key text, user_id text, name text, mail text,
        directory_uri text, department text, endpoints text[], skip text, facts jsonb,
        folded text COLLATE "C" GENERATED ALWAYS AS (fold_user_id(user_id)) STORED,
        known bigint,                          -- the user, when there is one
        is_back boolean NOT NULL DEFAULT false,   -- set aside until now
        is_linked boolean NOT NULL DEFAULT false, -- under this key already
        is_new boolean NOT NULL DEFAULT false,
        old_id text,                           -- the user ID so far, where it is another one
        before jsonb                           -- the changed fields with their values so far
    ) ON COMMIT DROP
"""
COPY = "COPY read (dn, key, user_id, name, mail, directory_uri, department, endpoints, skip, facts) FROM STDIN"
FIELDS = {
    "user_id": "read.user_id",
    "name": "coalesce(read.name, person.name)",
    "mail": "coalesce(read.mail, person.mail)",
    "directory_uri": "coalesce(read.directory_uri, person.directory_uri)",
    "department": "coalesce(read.department, person.department)",
    "endpoints": "coalesce(read.endpoints, person.endpoints::text[])",
}
LISTED = 1000  # people and entries that a report lists, unless all of them are asked for


class Counted(NamedTuple):
    """What a run would do to how many people."""

    read: int
    new: int
    changed: int
    back: int
    skipped: int


def _run(sql: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return int(cursor.rowcount)


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall())


# --- In ---------------------------------------------------------------------------------------------------------------
def fill(people: Iterable[EntryPerson | Skipped]) -> None:
    """An empty table, with all that was read streamed into it."""
    _run(CREATE)
    with connection.cursor() as cursor:
        with cursor.copy(COPY) as stream:
            for person in people:
                stream.write_row(_columns(person))
        # What moved between two pages while they were read comes twice; the later one counts.
        cursor.execute("""
            DELETE FROM read USING read later WHERE read.key = later.key AND read.n < later.n AND read.key <> ''
        """)
        cursor.execute("ANALYZE read")
        # As in an import: a nested loop chosen for "one row" takes minutes for 30,000.
        cursor.execute("SELECT set_config('enable_nestloop', 'off', true) FROM read HAVING count(*) > 1000")


def _columns(person: EntryPerson | Skipped) -> tuple[Any, ...]:
    if isinstance(person, Skipped):
        return person.dn, person.key, None, None, None, None, None, None, person.reason.code, json.dumps(person.facts)
    endpoints = None if person.endpoints is None else list(person.endpoints)
    values = (person.user_id, person.name, person.mail, person.directory_uri, person.department, endpoints)
    return person.dn, person.key, *values, None, None


# --- Who is who -------------------------------------------------------------------------------------------------------
def match(agreement: int, cluster: int) -> None:
    """Find the user of each entry: by the key, else by the user ID. Call it under the lock of imports."""
    _run(
        """
        UPDATE read SET known = person.user_id, is_back = person.gone_at IS NOT NULL, is_linked = true
        FROM assignments_directoryperson person WHERE person.agreement_id = %s AND person.key = read.key
        """,
        agreement,
    )
    _skip_doubled()
    _run(
        """
        UPDATE read SET known = person.id, is_back = link.gone_at IS NOT NULL
        FROM topology_enduser person
            LEFT JOIN assignments_directoryperson link ON link.user_id = person.id
            LEFT JOIN assignments_assignment place ON place.user_id = person.id
        WHERE read.known IS NULL AND read.skip IS NULL AND person.folded = read.folded
            AND (link.user_id IS NULL AND place.cluster_id = %s
                OR link.agreement_id = %s AND NOT EXISTS (SELECT FROM read other WHERE other.key = link.key))
        """,
        cluster,
        agreement,
    )
    _run("""
        UPDATE read SET is_back = false, is_linked = false FROM assignments_assignment place
        WHERE is_back AND place.user_id = known
    """)
    while _skip_taken(cluster):
        pass  # a person who keeps an ID after all keeps it from the next one


def _skip_doubled() -> None:
    _run(
        f"""
        UPDATE read SET skip = '{reasons.DIRECTORY_ID_TWICE.code}',
            facts = jsonb_build_object('user_id', read.user_id, 'other', twin.first)
        FROM (
            SELECT n, row_number() OVER entries AS place, first_value(dn) OVER entries AS first
            FROM read WHERE skip IS NULL WINDOW entries AS (PARTITION BY folded ORDER BY known IS NULL, n)
        ) AS twin
        WHERE twin.n = read.n AND twin.place > 1
        """
    )


def _skip_taken(into: int) -> int:
    """Entries whose user ID another user has and keeps."""
    return _run(
        f"""
        UPDATE read SET
            skip = CASE WHEN place.cluster_id <> %s THEN '{reasons.DIRECTORY_ID_ELSEWHERE.code}'
                ELSE '{reasons.DIRECTORY_ID_TAKEN.code}' END,
            facts = jsonb_build_object('user_id', read.user_id, 'other', coalesce(cluster.name, 'those set aside'),
                'cluster', (SELECT name FROM topology_cluster WHERE id = %s))
        FROM topology_enduser owner
            LEFT JOIN assignments_assignment place ON place.user_id = owner.id
            LEFT JOIN topology_cluster cluster ON cluster.id = place.cluster_id
            LEFT JOIN read renamed ON renamed.known = owner.id AND renamed.skip IS NULL
        WHERE read.skip IS NULL AND owner.folded = read.folded AND owner.id IS DISTINCT FROM read.known
            AND (renamed.n IS NULL OR renamed.folded = owner.folded)
        """,
        into,
        into,
    )


def compare() -> None:
    """Note on each entry whether it is new, and what differs from what is stored."""
    differs = {name: f"{value} IS DISTINCT FROM {_stored(name)}" for name, value in FIELDS.items()}
    before = ", ".join(f"'{name}', CASE WHEN {sql} THEN to_jsonb({_stored(name)}) END" for name, sql in differs.items())
    _run("UPDATE read SET is_new = true WHERE known IS NULL AND skip IS NULL")
    _run(f"""
        UPDATE read SET before = jsonb_strip_nulls(jsonb_build_object({before})),
            old_id = CASE WHEN person.folded <> read.folded THEN person.user_id END
        FROM topology_enduser person
        WHERE person.id = read.known AND read.skip IS NULL
            AND (NOT is_linked OR is_back OR {" OR ".join(differs.values())})
    """)


def _stored(name: str) -> str:
    return "person.endpoints::text[]" if name == "endpoints" else f"person.{name}"


# --- What it would do -------------------------------------------------------------------------------------------------
GONE = """
    FROM assignments_directoryperson link
        JOIN topology_enduser person ON person.id = link.user_id
        LEFT JOIN assignments_assignment place ON place.user_id = link.user_id
    WHERE link.agreement_id = %s AND link.gone_at IS NULL
        AND NOT EXISTS (SELECT FROM read WHERE read.key = link.key)
        AND NOT EXISTS (SELECT FROM read WHERE read.known = link.user_id)
"""


def counted() -> Counted:
    """What a run would do to how many people; those gone are counted apart."""
    return Counted(
        *_rows("""
            SELECT count(*), count(*) FILTER (WHERE is_new),
                count(*) FILTER (WHERE before IS NOT NULL AND NOT is_back),
                count(*) FILTER (WHERE is_back AND skip IS NULL), count(*) FILTER (WHERE skip IS NOT NULL)
            FROM read
        """)[0]
    )


def known(agreement: int) -> int:
    """People of the directory who are not set aside."""
    sql = "SELECT count(*) FROM assignments_directoryperson WHERE agreement_id = %s AND gone_at IS NULL"
    return int(_rows(sql, agreement)[0][0])


def note_gone(agreement: int, locked: Sequence[int]) -> tuple[int, int]:
    """Keep in tables who is gone and may go now, and whom a pair keeps for now; answer how many of each."""
    _run(
        "DROP TABLE IF EXISTS pg_temp.gone, pg_temp.kept;"
        f"CREATE TEMPORARY TABLE gone ON COMMIT DROP AS SELECT link.user_id AS id, link.key, person.user_id, "
        f"place.home_node_id AS home, place.endpoints, coalesce(place.pinned, false) AS pinned, "
        f"place.home_node_id = ANY('{{{','.join(map(str, locked))}}}'::bigint[]) IS TRUE AS stays {GONE}",
        agreement,
    )
    _run("CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT user_id FROM gone WHERE stays")
    stay = _run("DELETE FROM gone WHERE stays")
    return int(_rows("SELECT count(*) FROM gone")[0][0]), stay


def touched() -> Iterator[str]:
    """One line for each person whom a run takes away or renames, in the order of keys: what a person accepts."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT 'gone ' || key || ' ' || user_id FROM gone
            UNION ALL
            SELECT 'rename ' || key || ' ' || old_id || ' ' || user_id FROM read WHERE old_id IS NOT NULL
            ORDER BY 1
        """)
        while rows := cursor.fetchmany(5000):
            yield from (line for (line,) in rows)


def count_renamed() -> int:
    """People who get another user ID; a change of case is none."""
    return int(_rows("SELECT count(*) FROM read WHERE old_id IS NOT NULL AND skip IS NULL")[0][0])


def listed_touched(most: int | None = LISTED) -> list[dict[str, str]]:
    """The first people whom a run takes away or renames; all without a limit."""
    sql = """
        SELECT * FROM (
            SELECT user_id, 'gone' AS what, '' AS becomes FROM gone
            UNION ALL SELECT old_id, 'renamed', user_id FROM read WHERE old_id IS NOT NULL AND skip IS NULL
        ) AS touched ORDER BY what, user_id LIMIT %s
    """
    return [{"user_id": user_id, "what": what, "becomes": becomes} for user_id, what, becomes in _rows(sql, most)]


SKIPPED = f"""
    SELECT dn AS entry, skip AS code, facts, n FROM read WHERE skip IS NOT NULL
    UNION ALL SELECT user_id, '{reasons.DIRECTORY_STAYS.code}', jsonb_build_object('user_id', user_id), NULL FROM kept
"""


def listed_skipped(most: int | None = LISTED) -> list[dict[str, Any]]:
    """The first entries that cannot be taken, with code and facts, and users who cannot go yet; all without a limit."""
    rows = _rows(f"SELECT entry, code, facts FROM ({SKIPPED}) AS skipped ORDER BY n, entry LIMIT %s", most)
    return [{"entry": entry, "code": code, "facts": _facts(facts)} for entry, code, facts in rows]


def _facts(found: Any) -> dict[str, Any]:
    return dict(json.loads(found) if isinstance(found, str) else found or {})


def first(limit: int) -> list[dict[str, Any]]:
    """The first people as they were understood, with what a run would do to each."""
    sql = """
        SELECT user_id, name, mail, CASE WHEN is_new THEN 'new' WHEN is_back THEN 'back'
            WHEN before IS NOT NULL THEN 'changed' ELSE '' END
        FROM read WHERE skip IS NULL ORDER BY n LIMIT %s
    """
    return [dict(zip(("user_id", "name", "mail", "what"), row, strict=True)) for row in _rows(sql, limit)]


def unused(mapped: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Fields whose attribute no one has."""
    columns = [pair for pair in mapped if pair[0] != "user_id"]
    if not columns:
        return []
    empty = {"endpoints": "cardinality(endpoints) > 0"}
    tests = ", ".join(f"bool_or({empty.get(field, f'{field} <> {chr(39)}{chr(39)}')})" for field, _ in columns)
    row = _rows(f"SELECT {tests} FROM read WHERE skip IS NULL")[0]
    return [pair for pair, has in zip(columns, row, strict=True) if has is False]


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
    classes = _rows(f"SELECT {number}, count(*) {mode} GROUP BY 1 ORDER BY 1", agreement)
    nodes = _rows(
        f"""
        SELECT node, sum(users)::bigint, sum(endpoints)::bigint, count(*) FILTER (WHERE users > 0) FROM (
            SELECT home AS node, -1 AS users, -endpoints AS endpoints FROM gone
            UNION ALL SELECT place.home_node_id, 0, cardinality(read.endpoints) - place.endpoints
                FROM read JOIN assignments_assignment place ON place.user_id = read.known
                WHERE read.skip IS NULL AND before ? 'endpoints'
            UNION ALL SELECT link.home_node_id, 1, {number}
                FROM read JOIN assignments_directoryperson link ON link.user_id = read.known
                    JOIN topology_enduser person ON person.id = read.known
                WHERE read.skip IS NULL AND is_back
        ) AS moved WHERE node IS NOT NULL GROUP BY node
        """
    )
    found = tuple(EndpointClass(int(weight), users, users) for weight, users in classes)
    returning = {node: users for node, _, _, users in nodes if users}
    return Arriving(found, {node: (users, endpoints) for node, users, endpoints, _ in nodes}, returning)


# --- Out --------------------------------------------------------------------------------------------------------------
def write(agreement: int, cluster: int, run: int, at: datetime) -> None:
    """Carry out what was compared; who is new or back has no home yet."""
    _write_people(at)
    _write_links(agreement)
    _set_aside(at)
    _write_assignments(agreement, cluster)
    _write_changes(run)


def _write_people(at: datetime) -> None:
    # Two people may exchange their IDs: nobody has one of those that change while they are given.
    _run("UPDATE topology_enduser person SET user_id = '~' || id FROM read WHERE id = known AND old_id IS NOT NULL")
    sets = ", ".join(f"{name} = {value}" for name, value in FIELDS.items())
    _run(f"UPDATE topology_enduser person SET {sets} FROM read WHERE person.id = read.known AND before IS NOT NULL")
    columns = ("name", "mail", "directory_uri", "department")
    values = ", ".join(f"coalesce({name}, '')" for name in columns)
    _run(
        f"""
        INSERT INTO topology_enduser (user_id, {", ".join(columns)}, endpoints, contacts, created_at)
        SELECT user_id, {values}, coalesce(endpoints, '{{}}'), 0, %s FROM read WHERE is_new ORDER BY folded
        """,
        at,
    )
    _run("""
        UPDATE read SET known = person.id FROM topology_enduser person
        WHERE is_new AND person.folded = read.folded
    """)


def _write_links(agreement: int) -> None:
    _run(
        """
        INSERT INTO assignments_directoryperson (user_id, agreement_id, key, pinned, waits_code)
        SELECT known, %s, key, false, '' FROM read WHERE skip IS NULL AND NOT is_linked
        ON CONFLICT (user_id) DO UPDATE SET key = EXCLUDED.key
        """,
        agreement,
    )
    # A file or a person may have brought back who was set aside.
    _run("""
        UPDATE assignments_directoryperson link SET gone_at = NULL, home_node_id = NULL, pinned = false, waits_code = ''
        FROM read JOIN assignments_assignment place ON place.user_id = read.known
        WHERE link.user_id = read.known AND link.gone_at IS NOT NULL AND read.skip IS NULL
    """)


def _set_aside(at: datetime) -> None:
    _run(
        """
        UPDATE assignments_directoryperson link
        SET gone_at = %s, home_node_id = gone.home, pinned = gone.pinned, waits_code = ''
        FROM gone WHERE gone.id = link.user_id
        """,
        at,
    )
    _run("DELETE FROM assignments_assignment place USING gone WHERE place.user_id = gone.id")


def _write_assignments(agreement: int, cluster: int) -> None:
    """Rows without a home for those new and back; those who are there get the number of their endpoints."""
    _run(
        """
        INSERT INTO assignments_assignment (user_id, cluster_id, signed_in, pinned, endpoints)
        SELECT known, %s, false, false, cardinality(person.endpoints)
        FROM read JOIN topology_enduser person ON person.id = known
        WHERE read.skip IS NULL AND (is_new OR is_back) ORDER BY known
        """,
        cluster,
    )
    _run("""
        UPDATE assignments_assignment place SET endpoints = cardinality(person.endpoints)
        FROM read JOIN topology_enduser person ON person.id = known
        WHERE place.user_id = known AND before ? 'endpoints' AND place.endpoints <> cardinality(person.endpoints)
    """)
    _run(
        f"""
        UPDATE assignments_directoryperson link SET gone_at = NULL, waits_code = '{reasons.DIRECTORY_WAITS.code}'
        FROM read
        WHERE link.user_id = read.known AND link.agreement_id = %s AND read.skip IS NULL AND (is_new OR is_back)
        """,
        agreement,
    )


def write_skipped(agreement: int) -> None:
    """Make the list of those who cannot be taken that of this run; what stands there already is not written again."""
    same = "held.entry = now.entry AND held.code = now.code AND held.facts = now.facts"
    _run(
        f"""
        DELETE FROM assignments_directoryskipped held
        WHERE held.agreement_id = %s AND NOT EXISTS (SELECT FROM ({SKIPPED}) AS now WHERE {same})
        """,
        agreement,
    )
    _run(
        f"""
        INSERT INTO assignments_directoryskipped (agreement_id, entry, code, facts)
        SELECT %s, entry, code, facts FROM ({SKIPPED}) AS now
        WHERE NOT EXISTS (
            SELECT FROM assignments_directoryskipped held WHERE held.agreement_id = %s AND {same}
        ) ORDER BY n, entry
        """,
        agreement,
        agreement,
    )


def write_stopped(run: int) -> None:
    """Keep with a stopped run what it would do to whom, each of them."""
    _run(
        """
        INSERT INTO assignments_directorychange (run_id, user_id, kind, fields)
        SELECT %s, id, 'gone', '{}'::jsonb FROM gone
        UNION ALL
        SELECT %s, known, 'changed', jsonb_build_object('user_id', user_id) FROM read
        WHERE old_id IS NOT NULL AND skip IS NULL
        """,
        run,
        run,
    )


def _write_changes(run: int) -> None:
    _run(
        """
        INSERT INTO assignments_directorychange (run_id, user_id, kind, fields)
        SELECT %s, known, CASE WHEN is_new THEN 'new' WHEN is_back THEN 'back' ELSE 'changed' END,
            coalesce(before, '{}')
        FROM read WHERE skip IS NULL AND (is_new OR before IS NOT NULL)
        UNION ALL SELECT %s, id, 'gone', '{}' FROM gone
        """,
        run,
        run,
    )

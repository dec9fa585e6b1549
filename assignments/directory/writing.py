"""Carry out what was compared (comparing.py): people, links to their entries, assignments, and what was done."""

from __future__ import annotations

from datetime import datetime

from assignments.directory.comparing import FIELDS
from assignments.directory.outcome import SKIPPED, TOUCHED
from assignments.directory.statements import execute_sql, fetch_rows
from assignments.users import table_statistics
from topology import reasons


def write(agreement: int, cluster: int, run: int, at: datetime) -> None:
    """Carry out what was compared; who is new or back has no home yet."""
    table_statistics.refresh(int(fetch_rows("SELECT count(*) FROM gone")[0][0]))
    _write_people(at)
    _write_links(agreement)
    _set_aside(at)
    came = _write_assignments(agreement, cluster)
    _write_changes(run)
    table_statistics.refresh(came)


def _write_people(at: datetime) -> None:
    # Two people may exchange their IDs: no one has one of those that change while they are given.
    execute_sql(
        "UPDATE topology_enduser person SET user_id = '~' || id FROM read WHERE id = known AND old_id IS NOT NULL"
    )
    sets = ", ".join(f"{name} = {value}" for name, value in FIELDS.items())
    execute_sql(
        f"UPDATE topology_enduser person SET {sets} FROM read WHERE person.id = read.known AND before IS NOT NULL"
    )
    columns = ("name", "mail", "directory_uri", "department")
    values = ", ".join(f"coalesce({name}, '')" for name in columns)
    execute_sql(
        f"""
        INSERT INTO topology_enduser (user_id, {", ".join(columns)}, endpoints, contacts, created_at)
        SELECT user_id, {values}, coalesce(endpoints, '{{}}'), 0, %s FROM read WHERE is_new ORDER BY folded
        """,
        at,
    )
    execute_sql("""
        UPDATE read SET known = person.id FROM topology_enduser person
        WHERE is_new AND person.folded = read.folded
    """)


def _write_links(agreement: int) -> None:
    # Home and pin of another cluster, whose directory let the person go.
    execute_sql(
        """
        WITH elsewhere AS (
            UPDATE assignments_directoryperson link
            SET agreement_id = %s, key = read.key, home_node_id = NULL, pinned = false
            FROM read
            WHERE read.known = link.user_id AND read.skip IS NULL AND NOT is_linked AND link.agreement_id <> %s
            RETURNING link.user_id
        )
        DELETE FROM assignments_pin pin USING elsewhere WHERE pin.user_id = elsewhere.user_id
            AND NOT EXISTS (SELECT FROM assignments_assignment place WHERE place.user_id = pin.user_id AND place.pinned)
        """,
        agreement,
        agreement,
    )
    execute_sql(
        """
        INSERT INTO assignments_directoryperson (user_id, agreement_id, key, pinned, waits_code)
        SELECT known, %s, key, false, '' FROM read WHERE skip IS NULL AND NOT is_linked
        ON CONFLICT (user_id) DO UPDATE SET key = EXCLUDED.key
        """,
        agreement,
    )
    # A file or a person may have brought back who was set aside: the pin that was kept for a return goes.
    execute_sql("""
        WITH there AS (
            UPDATE assignments_directoryperson link
            SET gone_at = NULL, home_node_id = NULL, pinned = false, waits_code = ''
            FROM read JOIN assignments_assignment place ON place.user_id = read.known
            WHERE link.user_id = read.known AND link.gone_at IS NOT NULL AND read.skip IS NULL
            RETURNING link.user_id, place.pinned AS is_pinned
        )
        DELETE FROM assignments_pin pin USING there WHERE pin.user_id = there.user_id AND NOT there.is_pinned
    """)


def _set_aside(at: datetime) -> None:
    execute_sql(
        """
        UPDATE assignments_directoryperson link
        SET gone_at = %s, home_node_id = gone.home, pinned = gone.pinned, waits_code = ''
        FROM gone WHERE gone.id = link.user_id
        """,
        at,
    )
    execute_sql("DELETE FROM assignments_assignment place USING gone WHERE place.user_id = gone.id")


def _write_assignments(agreement: int, cluster: int) -> int:
    """Rows without a home for those new and back; those who are there get the number of their endpoints.

    Answers how many are new or back.
    """
    came = execute_sql(
        """
        INSERT INTO assignments_assignment (user_id, cluster_id, signed_in, pinned, endpoints, folded)
        SELECT known, %s, false, false, cardinality(person.endpoints), person.folded
        FROM read JOIN topology_enduser person ON person.id = known
        WHERE read.skip IS NULL AND (is_new OR is_back) ORDER BY known
        """,
        cluster,
    )
    execute_sql("""
        UPDATE assignments_assignment place SET endpoints = cardinality(person.endpoints)
        FROM read JOIN topology_enduser person ON person.id = known
        WHERE place.user_id = known AND before ? 'endpoints' AND place.endpoints <> cardinality(person.endpoints)
    """)
    execute_sql(
        f"""
        UPDATE assignments_directoryperson link SET gone_at = NULL, waits_code = '{reasons.DIRECTORY_WAITS.code}'
        FROM read
        WHERE link.user_id = read.known AND link.agreement_id = %s AND read.skip IS NULL AND (is_new OR is_back)
        """,
        agreement,
    )
    return came


def write_skipped(agreement: int) -> None:
    """Make the list of those who cannot be taken that of this run; what stands there already is not written again."""
    same = "held.entry = now.entry AND held.code = now.code AND held.facts = now.facts"
    execute_sql(
        f"""
        DELETE FROM assignments_directoryskipped held
        WHERE held.agreement_id = %s AND NOT EXISTS (SELECT FROM ({SKIPPED}) AS now WHERE {same})
        """,
        agreement,
    )
    execute_sql(
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
    execute_sql(
        f"""
        INSERT INTO assignments_directorychange (run_id, user_id, kind, fields)
        SELECT %s, id, 'gone', '{{}}'::jsonb FROM gone
        UNION ALL
        SELECT %s, known, 'changed',
            CASE WHEN old_id IS NULL THEN '{{}}' ELSE jsonb_build_object('user_id', user_id) END || coalesce(
                (SELECT jsonb_object_agg(field, '') FROM unnest(loses) AS field), '{{}}')
        FROM read WHERE {TOUCHED}
        """,
        run,
        run,
    )


def _write_changes(run: int) -> None:
    execute_sql(
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

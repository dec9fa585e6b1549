"""What a directory gave, page by page: a table of its own for each run, which outlives the worker that fills it.

    page -> COPY -> table of the run -> comparing.py takes a copy -> dropped when the run is over

The tables are unlogged: made and dropped without a trace in the log of the database, and found empty when the database
itself crashed. They are made for a run and not kept, so that a run that changes nothing leaves no row behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction

from assignments.directory.rules.people import EntryPerson, Skipped
from assignments.directory.statements import execute_sql, fetch_rows
from assignments.models import DirectoryRun, RunState

COLUMNS = "dn, key, user_id, name, mail, directory_uri, department, endpoints, skip, facts"
SHAPE = """(
    n integer GENERATED ALWAYS AS IDENTITY, dn text, key text, user_id text, name text, mail text,
    directory_uri text, department text, endpoints text[], skip text, facts jsonb
)"""
PREFIX = "directory_read_"
TRIED = "pg_temp.directory_tried"  # of a dry run: the connection's own
OVER = """
    SELECT name.relname FROM pg_class name
    WHERE name.relkind = 'r' AND name.relname ~ %s AND pg_table_is_visible(name.oid)
        AND NOT EXISTS (
            SELECT FROM assignments_directoryrun run
            WHERE run.state = %s AND name.relname = %s || run.id
        )
"""


def table_of(run: DirectoryRun) -> str:
    """The table of a run."""
    return f"{PREFIX}{run.pk}"


def create(table: str) -> None:
    """An empty table, whatever was there."""
    kind = "TEMPORARY" if table == TRIED else "UNLOGGED"
    execute_sql(f"DROP TABLE IF EXISTS {table}")
    execute_sql(f"CREATE {kind} TABLE {table.removeprefix('pg_temp.')} {SHAPE}")


@contextmanager
def for_trial() -> Iterator[None]:
    """The table of dry runs goes in the end.

    A pooler gives each transaction another connection, and the table lies in one: there all is a single transaction.
    """
    if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        return
    try:
        yield
    finally:
        drop(TRIED)


def copy(table: str, people: Iterable[EntryPerson | Skipped]) -> None:
    """Stream a page into a table."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({COLUMNS}) FROM STDIN") as stream:
        for person in people:
            stream.write_row(_columns(person))


def _columns(person: EntryPerson | Skipped) -> tuple[Any, ...]:
    if isinstance(person, Skipped):
        nothing = (None,) * 5
        why = (person.reason.code, json.dumps(person.facts))
        return person.dn, person.key, person.user_id or None, *nothing, *why
    endpoints = None if person.endpoints is None else list(person.endpoints)
    values = (person.user_id, person.name, person.mail, person.directory_uri, person.department, endpoints)
    return person.dn, person.key, *values, None, None


def count(table: str) -> int | None:
    """How many entries lie in a table; None when there is none."""
    if fetch_rows("SELECT to_regclass(%s)", table) == [(None,)]:
        return None
    return int(fetch_rows(f"SELECT count(*) FROM {table}")[0][0])


def drop(table: str) -> None:
    """Let go of a table. One that a backup reads just now is left for the next sweep, for that may take minutes."""
    try:
        with transaction.atomic():
            execute_sql("SET LOCAL lock_timeout = '1s'")
            execute_sql(f"DROP TABLE IF EXISTS {table}")
            execute_sql("SET LOCAL lock_timeout = DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "55P03":  # lock_not_available
            raise


def sweep() -> None:
    """Let go of the tables of all runs that are over."""
    for (table,) in fetch_rows(OVER, f"^{PREFIX}[0-9]+$", RunState.READING.value, PREFIX):
        drop(table)

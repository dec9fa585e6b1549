"""How a transaction looked its rows up one by one: by the key, or by reading a table or an index to its end for each.

    with looked_up(2000):  # people, as many as come or go
        import_users(...)

The work is counted by PostgreSQL itself, so a busy machine changes nothing.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from assignments.users.table_statistics import KEYS

TABLES = [*KEYS, "assignments_directoryperson"]
READINGS = 40  # times that a few statements read a table as a whole; one for each person are thousands


def believe(rows: int, pages: int) -> None:
    """Let PostgreSQL believe that the tables and their indexes are so large, and know no plan of before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET reltuples = %s, relpages = %s WHERE oid = ANY(%s::regclass[])"
            " OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = ANY(%s::regclass[]))",
            [rows, pages, TABLES, TABLES],
        )
    connection.close()


@contextmanager
def looked_up(people: int) -> Iterator[None]:
    """Fails where what is done in it looks up people, or their rows, by anything but the key."""
    whole, astray = _work()
    yield
    now_whole, now_astray = _work()
    read = {table: rows - whole[table] for table, rows in now_whole.items()}
    assert max(read.values()) <= READINGS * people, f"rows that were read with their table: {read}"
    led = {index: scans - astray[index] for index, scans in now_astray.items()}
    assert max(led.values()) < people, f"looks into indexes that begin with another column: {led}"


def _work() -> tuple[dict[str, int], dict[str, int]]:
    """Rows that were read with a whole table; looks into each index that has the key, but not first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE relid = ANY(%s::regclass[])", [TABLES]
        )
        whole = dict(cursor.fetchall())
        cursor.execute(
            "SELECT indexrelname, idx_scan FROM pg_stat_user_indexes JOIN pg_index USING (indexrelid)"
            " JOIN pg_attribute ON attrelid = indrelid AND attname = (%s::jsonb)->>relname"
            " WHERE attnum = ANY(indkey) AND attnum <> indkey[0]",
            [json.dumps(KEYS)],
        )
        return whole, dict(cursor.fetchall())

"""Empty the tables after a test whose data were committed: fast, and without a lock that others wait for.

Django truncates every table and fills the permissions again, 0.15 s of PostgreSQL for a test of a few rows. Here only
tables with rows are emptied, by DELETE, with triggers and foreign keys switched off as a replica has them.
"""

from functools import cache

from django.db import ProgrammingError, connection, transaction

# Made by migrations, the same for every test.
STAY = {"django_content_type", "auth_permission"}
# Not a model's.
MORE = ["topology_cache"]
# Bytes from which a table is truncated, and all others with it.
LARGE = 4_000_000


def empty_tables() -> None:
    """Leave no row of any test."""
    full = _with_rows()
    if not full:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if any(size > LARGE for size in full.values()):
                cursor.execute(f"TRUNCATE {', '.join(_tables())}")
                return
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("; ".join(f"DELETE FROM {table}" for table in full))
    except ProgrammingError:  # only a superuser may switch triggers off
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(_tables())}")


def _with_rows() -> dict[str, int]:
    """The size of each table that has a row."""
    look = " UNION ALL ".join(
        f"SELECT '{table}', pg_table_size('{table}') WHERE EXISTS (SELECT FROM {table})" for table in _tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(look)
        return dict(cursor.fetchall())


@cache
def _tables() -> list[str]:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted({*tables, *MORE} - STAY)

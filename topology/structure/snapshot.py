"""One state of the database for everything that is read together, and what tells one state from another."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

TOGETHER = "md5(string_agg(mark, ',' ORDER BY mark))"  # the marks of rows as one text


def row_mark(table: str) -> str:
    """SQL for the mark of a row: where it stands, and the transaction that wrote it; another one after any change."""
    return f"'{table} ' || {table}.ctid::text || ' ' || {table}.xmin::text AS mark"


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Let all reads see the same state while this lasts, and write nothing; inside a transaction, read as that does."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield

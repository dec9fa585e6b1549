"""One state of the database for everything that is read together, and what tells one state from another."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

TOGETHER = "count(*) || '-' || coalesce(sum(mark), 0)"  # the marks of rows as one, in any order


def row_mark(table: str) -> str:
    """SQL for the mark of a row, 64 bits of where it stands and which transaction wrote it; another after any change.

    Numbers are added up in a third of the time that texts take to be sorted and put together.
    """
    return f"hash_record_extended(ROW({table}.tableoid, {table}.ctid, {table}.xmin), 0) AS mark"


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

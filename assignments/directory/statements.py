"""The two ways in which the room of the directory asks PostgreSQL."""

from typing import Any

from django.db import connection


def execute_sql(sql: str, *values: Any) -> int:
    """How many rows a statement wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return int(cursor.rowcount)


def fetch_rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a question."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall())

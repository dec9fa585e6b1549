"""What an import does to the people there are, before it is done: fields that change, values that are emptied."""

from __future__ import annotations

from typing import Any, NamedTuple

from assignments.users.importing.staging import rows_of
from assignments.users.rules.user_line import NO_NODE

SHOWN = 5  # lines of the preview
FIELDS = {  # what is empty in each, and the type to compare with
    "name": ("''", ""),
    "mail": ("''", ""),
    "endpoints": ("'{}'::text[]", "::text[]"),
    "contacts": ("0", "::integer"),
    "directory_uri": ("''", ""),
    "department": ("''", ""),
}


class Changes(NamedTuple):
    """How many users get another value in a field, how many of them an empty one, and the first line of those."""

    changed: dict[str, int]
    emptied: dict[str, int]
    line: int


def changes(cluster: int) -> Changes:
    """What the file does to the people who are known, field by field; nothing to users of another cluster."""
    parts = [
        f"count(*) FILTER (WHERE {_differs(field)}), count(*) FILTER (WHERE {_empties(field)})" for field in FIELDS
    ]
    any_empty = " OR ".join(f"({_empties(field)})" for field in FIELDS)
    sql = f"""
        SELECT {", ".join(parts)}, min(line) FILTER (WHERE {any_empty})
        FROM staged JOIN topology_enduser person ON person.id = staged.known
        WHERE staged.changed AND coalesce(staged.cluster_id, {int(cluster)}) = {int(cluster)}
    """
    *counts, line = rows_of(sql)[0]
    named = dict(zip(FIELDS, zip(counts[::2], counts[1::2], strict=True), strict=True))
    changed = {field: pair[0] for field, pair in named.items() if pair[0]}
    return Changes(changed, {field: pair[1] for field, pair in named.items() if pair[1]}, line or 1)


def _differs(field: str) -> str:
    return f"staged.{field} IS DISTINCT FROM person.{field}{FIELDS[field][1]} AND staged.{field} IS NOT NULL"


def _empties(field: str) -> str:
    empty, cast = FIELDS[field]
    return f"staged.{field} = {empty} AND person.{field}{cast} <> {empty}"


def first_rows() -> list[dict[str, Any]]:
    """The first lines as they were understood."""
    # None of the first is behind the last of any so many, and few are before it: nothing else is sorted.
    bound = f"SELECT max(line) FROM (SELECT line FROM staged LIMIT {SHOWN}) AS few"
    sql = f"""
        SELECT line, user_id, staged.name, mail,
            CASE WHEN leave THEN {NO_NODE!r} ELSE coalesce(node.name, node_text, '') END, known IS NULL
        FROM (
            SELECT line, user_id, name, mail, leave, node_id, node_text, known FROM staged
            WHERE line <= ({bound}) ORDER BY line LIMIT {SHOWN}
        ) AS staged
            LEFT JOIN topology_node node ON node.id = node_id ORDER BY line
    """
    names = ("line", "user_id", "name", "mail", "node", "new")
    return [dict(zip(names, row, strict=True)) for row in rows_of(sql)]

"""User IDs of the people of a directory."""

from __future__ import annotations

from assignments.models import Assignment


def ids(*, assigned: bool | None = None) -> set[str]:
    rows = Assignment.objects.all()
    if assigned is not None:
        rows = rows.filter(home_node__isnull=not assigned)
    return set(rows.values_list("user__user_id", flat=True))


def many(start: int, end: int) -> list[str]:
    return [f"u{n:02}" for n in range(start, end)]

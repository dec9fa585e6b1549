"""Pins in from a list: who is marked and has a home is pinned; an import takes no pin off, as it moves no one."""

from __future__ import annotations

from django.db import connection

from assignments.models import Operation
from assignments.users.importing.staged_lines import StagedLines
from topology import reasons

WHY = "Imported from a list"  # where the list gives no reason

MATCH = """
    UPDATE staged SET changed = true FROM assignments_assignment place
    WHERE place.user_id = staged.known AND staged.pinned AND NOT place.pinned AND place.home_node_id IS NOT NULL
"""
PIN = """
    WITH asked AS (
        SELECT place.user_id, coalesce(nullif(staged.pin_reason, ''), %s) AS reason
        FROM staged JOIN assignments_assignment place ON place.user_id = coalesce(staged.known, staged.new_id)
        WHERE staged.pinned AND NOT place.pinned AND place.home_node_id IS NOT NULL
    ), stored AS (
        INSERT INTO assignments_pin (user_id, owner_id, reason, owner_name, at)
        SELECT user_id, %s, reason, %s, %s FROM asked ORDER BY user_id
        ON CONFLICT (user_id) DO UPDATE SET owner_id = excluded.owner_id, reason = excluded.reason,
            owner_name = excluded.owner_name, at = excluded.at
    )
    UPDATE assignments_assignment place SET pinned = true FROM asked WHERE place.user_id = asked.user_id
"""


def match() -> int:
    """Mark the lines of known users whom this list pins; answers how many."""
    with connection.cursor() as cursor:
        cursor.execute(MATCH)
        return int(cursor.rowcount)


def staying() -> StagedLines:
    """Lines that would take a pin off."""
    sql = """
        SELECT line, staged.user_id, coalesce(pin.owner_name, '?'), coalesce(pin.reason, '')
        FROM staged JOIN assignments_assignment place ON place.user_id = known
        LEFT JOIN assignments_pin pin ON pin.user_id = known WHERE place.pinned AND NOT staged.pinned
    """
    return StagedLines(reasons.IMPORT_PIN_STAYS, ["user_id", "owner", "because"], sql)


def reasons_left() -> StagedLines:
    """Lines whose reason is stored nowhere: of a user who is pinned for another, or whom the line does not pin."""
    sql = """
        SELECT line, staged.user_id, left(staged.pin_reason, 60), CASE WHEN place.pinned
            THEN concat('pinned by ', coalesce(pin.owner_name, '?'), ' (', pin.reason, ')') ELSE 'not pinned' END
        FROM staged LEFT JOIN assignments_assignment place ON place.user_id = known
        LEFT JOIN assignments_pin pin ON pin.user_id = known AND place.pinned
        WHERE staged.pin_reason <> '' AND CASE WHEN place.pinned
            THEN pin.reason IS DISTINCT FROM staged.pin_reason ELSE staged.pinned IS NOT TRUE END
    """
    return StagedLines(reasons.IMPORT_PIN_REASON_LEFT, ["user_id", "value", "state"], sql)


def homeless() -> StagedLines:
    """Lines that pin a user who has no home and gets none."""
    sql = "SELECT line, user_id FROM staged WHERE pinned AND home_id IS NULL AND target IS NULL"
    return StagedLines(reasons.IMPORT_PIN_UNASSIGNED, ["user_id"], sql)


def write(operation: Operation) -> int:
    """Pin them, in the name of who imports and with the time of its operation, by which an undo knows them."""
    with connection.cursor() as cursor:
        cursor.execute(PIN, [WHY, operation.author_id, operation.author_name, operation.finished_at])
        return int(cursor.rowcount)

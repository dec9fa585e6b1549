"""Keeping what an import overwrites, so that it can be taken back: only what it changes, in two statements.

staged, before anybody is written --keep_changed--> FormerUser: old values and new ones
staged, with their keys           --keep_made-----> FormerUser: a fingerprint of what was written
"""

from __future__ import annotations

from django.db import connection

from assignments.models import UserChange

FIELDS = {  # and the type to compare with
    "name": "",
    "mail": "",
    "endpoints": "::text[]",
    "contacts": "::integer",
    "directory_uri": "",
    "department": "",
}


def fingerprint(row: str) -> str:
    """What tells whether a person is still as they were written, in SQL."""
    parts = f"{row}.name, {row}.mail, array_to_string({row}.endpoints, '|'), {row}.contacts::text"
    # What is empty adds nothing, so fingerprints from before these columns hold.
    parts += f", 'uri ' || nullif({row}.directory_uri, ''), 'department ' || nullif({row}.department, '')"
    return f"md5(concat_ws(chr(31), {parts}))::uuid"


def _old_and_new(field: str) -> str:
    differs = f"staged.{field} IS NOT NULL AND staged.{field} IS DISTINCT FROM person.{field}{FIELDS[field]}"
    return f"CASE WHEN {differs} THEN person.{field} END, CASE WHEN {differs} THEN staged.{field} END"


# The pin that a directory keeps for a return, before the pin of this list takes its place.
KEPT_PIN = """CASE WHEN staged.pinned THEN (
        SELECT jsonb_build_object('reason', pin.reason, 'owner_id', pin.owner_id,
            'owner_name', pin.owner_name, 'at', pin.at)
        FROM assignments_pin pin LEFT JOIN assignments_assignment place ON place.user_id = pin.user_id
        WHERE pin.user_id = staged.known AND place.pinned IS NOT TRUE
    ) END"""
KEEP_CHANGED = f"""
    INSERT INTO assignments_formeruser
        (operation_id, user_key, change, placed, user_id, to_node_id, pin,
         {", ".join(f"{field}, new_{field}" for field in FIELDS)})
    SELECT %s, staged.known, '{UserChange.CHANGED}', staged.cluster_id IS NULL, '', staged.target, {KEPT_PIN},
        {", ".join(map(_old_and_new, FIELDS))}
    FROM staged JOIN topology_enduser person ON person.id = staged.known
    WHERE staged.changed OR staged.target IS NOT NULL
"""
KEEP_MADE = f"""
    INSERT INTO assignments_formeruser (operation_id, user_key, change, placed, user_id, to_node_id, written)
    SELECT %s, new_id, '{UserChange.MADE}', true, '', target, {fingerprint("made")}
    FROM (
        SELECT new_id, target, coalesce(name, '') AS name, coalesce(mail, '') AS mail,
            coalesce(endpoints, '{{}}') AS endpoints, coalesce(contacts, 0) AS contacts,
            coalesce(directory_uri, '') AS directory_uri, coalesce(department, '') AS department
        FROM staged WHERE known IS NULL
    ) AS made
"""


def keep_changed(operation_id: int) -> None:
    """Keep the values that an import is about to overwrite; call it before they are."""
    _run(KEEP_CHANGED, operation_id)


def keep_made(operation_id: int) -> None:
    """Keep whom an import created, with the keys that their lines got."""
    _run(KEEP_MADE, operation_id)


def _run(sql: str, operation_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [operation_id])

"""The staged users of an import, written: people, their assignments, and a trace of each who got a home."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assignments.users.importing.staging import ENDPOINTS, PERSON, run_sql


def create_people(at: datetime) -> None:
    """Create the new people, `at` this real time, with the keys that their lines got.

    What makes people holds the lock of all imports, so no one of these IDs came in since they were looked for.
    """
    run_sql(
        """
        INSERT INTO topology_enduser (
            id, user_id, name, mail, endpoints, contacts, created_at, directory_uri, department
        )
        SELECT new_id, user_id, coalesce(name, ''), coalesce(mail, ''), coalesce(endpoints, '{}'),
            coalesce(contacts, 0), %s, coalesce(directory_uri, ''), coalesce(department, '')
        FROM staged WHERE known IS NULL ORDER BY folded
        """,
        at,
    )


def change_people() -> None:
    """Change the known people whose line differs."""
    run_sql("""
        UPDATE topology_enduser AS person SET
            name = coalesce(staged.name, person.name), mail = coalesce(staged.mail, person.mail),
            endpoints = coalesce(staged.endpoints, person.endpoints),
            contacts = coalesce(staged.contacts, person.contacts),
            directory_uri = coalesce(staged.directory_uri, person.directory_uri),
            department = coalesce(staged.department, person.department)
        FROM staged WHERE person.id = staged.known AND staged.changed
    """)


def create_assignments(cluster_id: int, serving: Sequence[int], *, all_new: bool) -> None:
    """Give everybody who is new to the cluster a row; clients sign in where the node serves.

    New people got their keys in the order of their lines: where these are all, nothing is sorted.
    """
    run_sql(
        f"""
        INSERT INTO assignments_assignment
            (user_id, cluster_id, home_node_id, serving_node_id, signed_in, pinned, endpoints, folded)
        SELECT {PERSON}, %s, target, target, coalesce(target = ANY(%s), false), false, {ENDPOINTS}, folded
        FROM staged WHERE cluster_id IS NULL {"" if all_new else "ORDER BY 1"}
        """,
        cluster_id,
        list(serving),
    )


def change_assignments(serving: Sequence[int]) -> None:
    """Give the unassigned their home, and every row the number of endpoints of its user."""
    run_sql(
        f"""
        UPDATE assignments_assignment AS place SET
            home_node_id = coalesce(place.home_node_id, staged.target),
            serving_node_id = coalesce(place.serving_node_id, staged.target),
            signed_in = place.signed_in OR coalesce(staged.target = ANY(%s), false),
            endpoints = {ENDPOINTS}
        FROM staged
        WHERE place.user_id = staged.known AND staged.cluster_id IS NOT NULL
            AND (staged.target IS NOT NULL OR place.endpoints <> {ENDPOINTS})
        """,
        list(serving),
    )


def write_traces(operation_id: int, code: str, at: datetime) -> None:
    """One move for each user who got a home."""
    run_sql(
        f"""
        INSERT INTO assignments_move (operation_id, user_id, to_node_id, done, code, at)
        SELECT %s, {PERSON}, target, true, %s, %s FROM staged WHERE target IS NOT NULL
        """,
        operation_id,
        code,
        at,
    )

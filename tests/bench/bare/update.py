"""The least that could be done for a drag: one UPDATE … RETURNING. view.py and server.py serve it."""

from django.db import connection

ADDRESS = "/bare-update"
UPDATE = (
    "UPDATE assignments_assignment SET home_node_id = %s, serving_node_id = %s WHERE user_id = %s RETURNING user_id"
)


def update(user: str, node: str) -> str:
    """Give a user a home, and answer the user's key."""
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, [int(node), int(node), int(user)])
        return str(cursor.fetchone()[0])  # type: ignore[index]

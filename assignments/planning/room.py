"""How much room nodes have by what is stored, for the statement that moves people and for saying why some do not fit.

What a plan is made from knows its own room (assignments/planning/rules/loads.py).
"""

from __future__ import annotations

from django.db import connection

from assignments.planning.rules.loads import Room

# By node: what it still takes, below 0 where it has more than it is rated for, and whether it is in no subcluster.
ROOM = """
    SELECT n.id, n.subcluster_id IS NULL AS gone, (n.capacity_users - coalesce(sum(p.users), 0))::bigint AS users,
        (n.capacity_endpoints - coalesce(sum(p.endpoints), 0))::bigint AS endpoints
    FROM topology_node n LEFT JOIN assignments_population p ON p.cluster_id = n.cluster_id AND p.home_node_id = n.id
    WHERE n.id IN ({nodes}) GROUP BY n.id
"""


def room_of(node: int) -> Room:
    """The room of one node, by its key."""
    with connection.cursor() as cursor:
        cursor.execute(ROOM.format(nodes="%s"), [node])
        _, _, users, endpoints = cursor.fetchone()
    return Room(users, endpoints)

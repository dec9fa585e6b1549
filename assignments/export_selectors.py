"""The users of a cluster as a CSV that an import reads back, streamed from the database."""

from collections.abc import Iterator

from django.db import connection
from psycopg import sql

from assignments.userlist import NO_NODE
from topology.models import Cluster

QUERY = """
    COPY (
        SELECT person.user_id, person.name, person.mail, array_to_string(person.endpoints, '|') AS endpoints,
            person.contacts, coalesce(home.name, {nowhere}) AS node, serving.name AS serving_node, place.pinned
        FROM assignments_assignment place JOIN topology_enduser person ON person.id = place.user_id
        LEFT JOIN topology_node home ON home.id = place.home_node_id
        LEFT JOIN topology_node serving ON serving.id = place.serving_node_id
        WHERE place.cluster_id = {cluster} ORDER BY lower(person.user_id)
    ) TO STDOUT WITH (FORMAT csv, HEADER)
"""


def assignments_csv(cluster: Cluster) -> Iterator[bytes]:
    """Parts of the CSV in order of user ID: who is at home where; never more than one part in memory."""
    statement = sql.SQL(QUERY).format(nowhere=sql.Literal(NO_NODE), cluster=sql.Literal(cluster.pk))
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        for part in stream:
            yield bytes(part)

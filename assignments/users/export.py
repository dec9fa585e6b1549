"""The users of a cluster, or some of them, as a CSV that an import reads back, streamed from the database."""

from collections.abc import Iterator, Sequence
from typing import Any, LiteralString

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from psycopg import sql

from assignments.models import Assignment, Operation
from assignments.users.rules.user_file import NO_NODE
from topology.models import Cluster

QUERY = """
    COPY (
        SELECT person.user_id, person.name, person.mail, array_to_string(person.endpoints, '|') AS endpoints,
            person.contacts, coalesce(home.name, {nowhere}) AS node, serving.name AS serving_node, place.pinned
        FROM assignments_assignment place JOIN topology_enduser person ON person.id = place.user_id
        LEFT JOIN topology_node home ON home.id = place.home_node_id
        LEFT JOIN topology_node serving ON serving.id = place.serving_node_id
        WHERE {chosen} ORDER BY person.folded, person.twin
    ) TO STDOUT WITH (FORMAT csv, HEADER)
"""


REMOVED = """
    COPY (
        SELECT person.user_id, person.name, person.mail, array_to_string(person.endpoints, '|') AS endpoints,
            person.contacts, coalesce(home.name, {nowhere}) AS node, person.pin IS NOT NULL AS pinned
        FROM assignments_formeruser person LEFT JOIN topology_node home ON home.id = person.from_node_id
        WHERE {chosen} ORDER BY fold_user_id(person.user_id)
    ) TO STDOUT WITH (FORMAT csv, HEADER)
"""
PART = 64 * 1024  # bytes


def assignments_csv(cluster: Cluster) -> Iterator[bytes]:
    """Parts of the CSV in order of user ID: who is at home where; never more than one part in memory."""
    return _copy(sql.SQL("place.cluster_id = {}").format(sql.Literal(cluster.pk)), ())


def chosen_csv(rows: QuerySet[Assignment]) -> Iterator[bytes]:
    """The same of some users alone."""
    try:
        chosen, params = rows.order_by().values("user_id").query.sql_with_params()
    except EmptyResultSet:  # a choice that nobody can be in
        chosen, params = "NULL", ()
    return _copy(sql.SQL(f"place.user_id IN ({chosen})"), params)  # written by the ORM, with its parameters apart


def removed_csv(operation: Operation) -> Iterator[bytes]:
    """Whom a removal took out, as they were."""
    return _copy(sql.SQL("person.operation_id = {}").format(sql.Literal(operation.pk)), (), REMOVED)


def _copy(chosen: sql.Composable, params: Sequence[Any], query: LiteralString = QUERY) -> Iterator[bytes]:
    statement = sql.SQL(query).format(nowhere=sql.Literal(NO_NODE), chosen=chosen)
    part = bytearray()
    with connection.cursor() as cursor:
        text = cursor.mogrify(statement, params)
        with cursor.copy(text) as stream:
            for row in stream:
                part += row
                if len(part) >= PART:
                    yield bytes(part)
                    part.clear()
    yield bytes(part)

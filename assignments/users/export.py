"""The users of a cluster, or some of them, as a CSV that an import reads back, streamed from the database.

A cell that an import would read otherwise gets an apostrophe before it: one that begins with an apostrophe and then
like a formula, one that is a text as a formula (="00123"), and a name or mail that is the mark that keeps. For a
spreadsheet every cell that begins like a formula gets one, and the file a byte order mark.
"""

from collections.abc import Iterator, Sequence
from typing import Any, LiteralString

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from psycopg import sql

from assignments.models import Assignment, Operation
from assignments.users.rules.cells import BEGINS, TEXT_FORM
from assignments.users.rules.user_line import KEEP, NO_NODE
from topology.models import Cluster

QUERY = """
    COPY (
        SELECT {user_id} AS user_id, {name} AS name, {mail} AS mail,
            array_to_string(person.endpoints, '|') AS endpoints, person.contacts, {node} AS node,
            {serving_node} AS serving_node, place.pinned, {pin_reason} AS pin_reason,
            {directory_uri} AS directory_uri, {department} AS department{more}
        FROM assignments_assignment place JOIN topology_enduser person ON person.id = place.user_id
        JOIN topology_cluster cluster ON cluster.id = place.cluster_id
        LEFT JOIN assignments_pin pin ON pin.user_id = place.user_id AND place.pinned
        LEFT JOIN topology_node home ON home.id = place.home_node_id
        LEFT JOIN topology_node serving ON serving.id = place.serving_node_id
        WHERE {chosen} ORDER BY person.folded, person.twin
    ) TO STDOUT WITH (FORMAT csv, HEADER)
"""
REMOVED = """
    COPY (
        SELECT {user_id} AS user_id, {name} AS name, {mail} AS mail,
            array_to_string(person.endpoints, '|') AS endpoints, person.contacts, {node} AS node,
            person.pin IS NOT NULL AS pinned, {pin_reason} AS pin_reason,
            {directory_uri} AS directory_uri, {department} AS department
        FROM assignments_formeruser person CROSS JOIN LATERAL (SELECT person.pin->>'reason' AS reason) pin
        LEFT JOIN topology_node home ON home.id = person.from_node_id
        WHERE {chosen} ORDER BY fold_user_id(person.user_id)
    ) TO STDOUT WITH (FORMAT csv, HEADER)
"""
TEXTS = {
    "user_id": "person.user_id",
    "name": "person.name",
    "mail": "person.mail",
    "node": f"coalesce(home.name, '{NO_NODE}')",
    "serving_node": "serving.name",
    "pin_reason": "pin.reason",
    "directory_uri": "person.directory_uri",
    "department": "person.department",
}
FREE = ("name", "mail", "pin_reason", "directory_uri", "department")  # texts that may be the mark that keeps
ALONE = sql.SQL("")
HOME_CLUSTER = sql.SQL(", cluster.name AS home_cluster")  # in a list of several: an import takes those of its own
MARKED = "CASE WHEN {text} ~ {odd} THEN '''' || {text} ELSE {text} END"
PART = 64 * 1024  # bytes
BOM = b"\xef\xbb\xbf"


def assignments_csv(cluster: Cluster, *, spreadsheet: bool = False) -> Iterator[bytes]:
    """Parts of the CSV in order of user ID: who is at home where; never more than one part in memory."""
    return _copy(sql.SQL("place.cluster_id = {}").format(sql.Literal(cluster.pk)), (), spreadsheet)


def chosen_csv(rows: QuerySet[Assignment], *, spreadsheet: bool = False, of_clusters: bool = False) -> Iterator[bytes]:
    """The same of some users alone; those `of_clusters` each with the name of theirs."""
    try:
        chosen, params = rows.order_by().values("user_id").query.sql_with_params()
    except EmptyResultSet:  # a choice that no one can be in
        chosen, params = "NULL", ()
    # Written by the ORM, with its parameters apart.
    more = HOME_CLUSTER if of_clusters else ALONE
    return _copy(sql.SQL(f"place.user_id IN ({chosen})"), params, spreadsheet, more=more)


def removed_csv(operation: Operation) -> Iterator[bytes]:
    """Whom a removal took out, as they were."""
    return _copy(sql.SQL("person.operation_id = {}").format(sql.Literal(operation.pk)), (), False, REMOVED)


def _cell(name: str, spreadsheet: bool) -> sql.Composable:
    """A text, with an apostrophe before it where it needs one."""
    odd = ("'*" if spreadsheet else "'+") + BEGINS + f"|{TEXT_FORM}$" + (f"|'*{KEEP}$" if name in FREE else "")
    return sql.SQL(MARKED).format(text=sql.SQL(TEXTS[name]), odd=sql.Literal(f"^(?:{odd})"))


def _copy(
    chosen: sql.Composable,
    params: Sequence[Any],
    spreadsheet: bool,
    query: LiteralString = QUERY,
    more: sql.Composable = ALONE,
) -> Iterator[bytes]:
    cells = {name: _cell(name, spreadsheet) for name in TEXTS}
    statement = sql.SQL(query).format(chosen=chosen, more=more, **cells)
    part = bytearray(BOM if spreadsheet else b"")
    with connection.cursor() as cursor:
        text = cursor.mogrify(statement, params)
        with cursor.copy(text) as stream:
            for row in stream:
                part += row
                if len(part) >= PART:
                    yield bytes(part)
                    part.clear()
    yield bytes(part)

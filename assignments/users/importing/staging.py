"""The staging table of an import: lines of the file as rows, with the people they belong to.

    file --copy--> staged --match--> who is known, and where --> staged_lines.py    what is wrong with them
                                                                 staged_changes.py  what changes
                                                                 staged_counts.py   how many of each sort
                                                                 staged_homes.py    the target of each
                                                                 staged_writing.py  what is stored

The table is the transaction's own and goes with it. No statement is repeated per user, and none changes rows without
need: of a list of new people each row is written here once, and once more when it gets its home.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain, islice
from operator import attrgetter
from typing import Any

from django.db import connection

from assignments.users.progress import Meter
from assignments.users.rules.columns import HALVES
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import NO_NODE, UserLine
from topology import reasons
from topology.models import Node

CREATE = """
    DROP TABLE IF EXISTS pg_temp.staged;
    CREATE TEMPORARY TABLE staged (
        line integer, user_id text, name text, mail text, endpoints text[], contacts integer,
        pinned boolean, pin_reason text, directory_uri text, department text,
        kept boolean NOT NULL DEFAULT false,  -- a mark that keeps what is stored stands in the line
        node_text text,      -- a node that the cluster has not
        node_id bigint,
        leave boolean NOT NULL DEFAULT false, -- the line asks for no home
        waits boolean NOT NULL DEFAULT true,  -- for a home that the mode of the cluster leads to
        target bigint,       -- the home that this import gives
        folded text COLLATE "C" GENERATED ALWAYS AS (fold_user_id(user_id)) STORED,
        known bigint,        -- the person, when there is one of this ID
        new_id bigint DEFAULT nextval('topology_enduser_id_seq'), -- the key of the person, when there is none
        cluster_id bigint,   -- where the person is a user already
        home_id bigint,
        had integer,         -- endpoints so far
        changed boolean NOT NULL DEFAULT false
    ) ON COMMIT DROP
"""
MATCH = """
    UPDATE staged SET
        known = person.id, cluster_id = place.cluster_id, home_id = place.home_node_id,
        had = coalesce(place.endpoints, cardinality(person.endpoints)),
        waits = staged.waits AND place.user_id IS NULL,
        target = CASE WHEN place.home_node_id IS NULL THEN staged.target END,
        changed = place.user_id IS NULL
            OR (coalesce(staged.name, person.name), coalesce(staged.mail, person.mail),
                coalesce(staged.endpoints, person.endpoints::text[]), coalesce(staged.contacts, person.contacts),
                coalesce(staged.directory_uri, person.directory_uri), coalesce(staged.department, person.department))
            IS DISTINCT FROM (person.name, person.mail, person.endpoints::text[], person.contacts::integer,
                person.directory_uri, person.department)
    FROM topology_enduser person LEFT JOIN assignments_assignment place ON place.user_id = person.id
    WHERE person.folded = staged.folded AND CASE  -- of twins (EndUser.twin) the one who is written so, else the first
        WHEN staged.user_id = ANY (ARRAY(SELECT user_id FROM topology_enduser WHERE twin > 0))
        THEN person.user_id = staged.user_id ELSE person.twin = 0 END
"""
PERSON = "coalesce(staged.known, staged.new_id)"
ENDPOINTS = "coalesce(cardinality(staged.endpoints), staged.had, 0)"
HOME = "coalesce(target, home_id)"  # where the user is at home afterwards
ADDED = f"({ENDPOINTS} - CASE WHEN target IS NULL THEN coalesce(had, 0) ELSE 0 END)"  # endpoints that come to it

MANY = 1000  # lines
SENT = ("name", "mail", "contacts", "pinned", "pin_reason", "directory_uri", "department")
Row = tuple[Any, ...]


def run(sql: str, *values: Any) -> None:
    """Carry out a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def rows_of(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows that a query answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def create() -> None:
    """An empty table."""
    run(CREATE)


def copy(users: UserList, nodes: Mapping[str, Node], meter: Meter | None = None) -> None:
    """Stream every usable line of the file into the table; `meter` counts them."""
    rows = meter.counting(users.rows()) if meter else users.rows()
    first = list(islice(rows, 1))  # the header is read with it
    columns, values = _columns(users, nodes)
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY staged ({', '.join(columns)}) FROM STDIN") as stream:
            for row in chain(first, rows):
                stream.write_row(values(row))
        # What is known of tables that were just filled or emptied may be wrong by everything, and a nested loop that
        # is chosen for "one row" takes minutes for 30,000; hash joins stay linear. Sorts of a long list stay in memory,
        # and a few thousand lines tell what the others are like. Until the end of this transaction.
        cursor.execute(
            "SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true),"
            " set_config('default_statistics_target', '10', true) WHERE %s",
            [cursor.rowcount > MANY],
        )
        cursor.execute("ANALYZE staged (line, folded, node_id)")


def _columns(users: UserList, nodes: Mapping[str, Node]) -> tuple[list[str], Callable[[UserLine], Row]]:
    """The columns that this list fills, and what gives their values; the others keep their default."""
    there = {"name" if column in HALVES else column for column in users.columns}
    columns = ["line", "user_id", "kept", *(column for column in SENT if column in there)]
    sent, arrays = attrgetter(*columns), _Arrays()

    def person(row: UserLine) -> Row:
        return *sent(row), arrays[row.endpoints]

    def person_and_home(row: UserLine) -> Row:
        return *sent(row), arrays[row.endpoints], *_home(row, users, nodes)

    if "node" in there:
        return [*columns, "endpoints", "node_id", "target", "leave", "waits", "node_text"], person_and_home
    return [*columns, "endpoints"], person


class _Arrays(dict[tuple[str, ...] | None, str | None]):
    """Endpoints as PostgreSQL writes an array; there are few of them, for the kinds stand in one order."""

    def __missing__(self, kinds: tuple[str, ...] | None) -> str | None:
        self[kinds] = None if kinds is None else "{" + ",".join(kinds) + "}"
        return self[kinds]


def _home(row: UserLine, users: UserList, nodes: Mapping[str, Node]) -> Row:
    """The node that a line names, twice: as it is and as a target; whether it asks for none, or waits for one."""
    if not row.node or row.node == NO_NODE:
        return None, None, row.node == NO_NODE, not row.node, None
    node = nodes.get(row.node.lower())
    if node is None:
        return None, None, False, True, row.node
    if not node.subcluster_id:
        users.problems.add(row.line, reasons.IMPORT_NODE_UNASSIGNED, node=node.name)
        return None, None, False, True, None
    return node.pk, node.pk, False, False, None


def match() -> None:
    """Find the people of these IDs, in any spelling, with the place they have; call it under the import lock."""
    run(MATCH)

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

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from django.db import connection

from assignments.users.importing.copy_text import copy_text
from assignments.users.progress import Meter
from assignments.users.rules.columns import HALVES
from assignments.users.rules.user_file import UserList
from assignments.users.rules.user_line import NO_NODE, UserLines
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
Column = Sequence[Any]


def run_sql(sql: str, *values: Any) -> None:
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
    run_sql(CREATE)


def copy(users: UserList, nodes: Mapping[str, Node], meter: Meter | None = None) -> None:
    """Stream every usable line of the file into the table; `meter` counts them."""
    batches = meter.counting(users.batches()) if meter else users.batches()
    first = list(islice(batches, 1))  # the header is read with it
    columns, values = _columns(users, nodes)
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY staged ({', '.join(columns)}) FROM STDIN") as stream:
            for batch in chain(first, batches):
                stream.write(copy_text(values(batch)))
        # What is known of tables that were just filled or emptied may be wrong by everything, and a nested loop that
        # is chosen for "one row" takes minutes for 30,000; hash joins stay linear. Sorts of a long list stay in memory,
        # and a few thousand lines tell what the others are like. Until the end of this transaction.
        cursor.execute(
            "SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true),"
            " set_config('default_statistics_target', '10', true) WHERE %s",
            [cursor.rowcount > MANY],
        )
        cursor.execute("ANALYZE staged (line, folded, node_id)")


def _columns(users: UserList, nodes: Mapping[str, Node]) -> tuple[list[str], Callable[[UserLines], list[Column]]]:
    """The columns that this list fills, and what gives their values; the others keep their default."""
    there = {"name" if column in HALVES else column for column in users.columns}
    columns = ["line", "user_id", "kept", *(column for column in SENT if column in there), "endpoints"]

    def people(batch: UserLines) -> list[Column]:
        return [batch.columns[column] for column in columns]

    def people_and_homes(batch: UserLines) -> list[Column]:
        return [*people(batch), *_homes(batch, users, nodes)]

    if "node" in there:
        return [*columns, "node_id", "target", "leave", "waits", "node_text"], people_and_homes
    return columns, people


def _homes(batch: UserLines, users: UserList, nodes: Mapping[str, Node]) -> list[Column]:
    """The nodes that lines name, twice: as they are and as targets; who asks for none, who waits for one."""
    named = batch.columns["node"]
    homes = {name: _home(name, nodes) for name in set(named)}
    unplaced = {name: node for name in homes if (node := nodes.get(name.lower())) and not node.subcluster_id}
    if unplaced:
        for line, name in zip(batch.columns["line"], named, strict=True):
            if name in unplaced:
                users.problems.add(line, reasons.IMPORT_NODE_UNASSIGNED, node=unplaced[name].name)
    return list(zip(*map(homes.__getitem__, named), strict=True))


def _home(name: str, nodes: Mapping[str, Node]) -> Row:
    if not name or name == NO_NODE:
        return None, None, name == NO_NODE, not name, None
    node = nodes.get(name.lower())
    if node is None:
        return None, None, False, True, name
    if not node.subcluster_id:
        return None, None, False, True, None
    return node.pk, node.pk, False, False, None


def match() -> None:
    """Find the people of these IDs, in any spelling, with the place they have; call it under the import lock."""
    run_sql(MATCH)

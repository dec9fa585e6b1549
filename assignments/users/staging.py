"""The staging table of an import: lines of the file as rows, and the statements that check and write them.

    copy -> match (who is known) -> problems -> place_named, place (target of each line) -> write_…

The table is the transaction's own and goes with it. No statement is repeated per user.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from django.db import connection

from assignments.planning.rules.loads import Classes, EndpointClass, Flow
from assignments.users.progress import Meter
from assignments.users.rules.user_file import LISTED, NO_NODE, LineProblem, UserLine, UserList
from topology import reasons
from topology.models import Cluster, Node
from topology.reasons import Reason, Refused

CREATE = """
    DROP TABLE IF EXISTS pg_temp.staged;
    CREATE TEMPORARY TABLE staged (
        line integer, user_id text, name text, mail text, endpoints text[], contacts integer, node_id bigint,
        leave boolean, node_text text, kept boolean,
        pinned boolean, pin_reason text, directory_uri text, department text,
        folded text COLLATE "C" GENERATED ALWAYS AS (fold_user_id(user_id)) STORED,
        known bigint,        -- the person, when there is one of this ID
        cluster_id bigint,   -- where the person is a user already
        home_id bigint,
        had integer,         -- endpoints so far
        changed boolean NOT NULL DEFAULT false,
        target bigint,       -- the home that this import gives
        waits boolean NOT NULL DEFAULT false, -- for a home that the mode of the cluster leads to
        fresh boolean NOT NULL DEFAULT false  -- a person whom this import creates
    ) ON COMMIT DROP
"""
COPY = """
    COPY staged (
        line, user_id, name, mail, endpoints, contacts, node_id, leave, node_text, kept, pinned, pin_reason,
        directory_uri, department
    ) FROM STDIN
"""
MATCH = """
    UPDATE staged SET
        known = person.id, cluster_id = place.cluster_id, home_id = place.home_node_id,
        had = coalesce(place.endpoints, cardinality(person.endpoints)),
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
ENDPOINTS = "coalesce(cardinality(staged.endpoints), staged.had, 0)"

SHOWN = 5  # lines of the preview
FIELDS = {  # what is empty in each, and the type to compare with
    "name": ("''", ""),
    "mail": ("''", ""),
    "endpoints": ("'{}'::text[]", "::text[]"),
    "contacts": ("0", "::integer"),
    "directory_uri": ("''", ""),
    "department": ("''", ""),
}

PART = 5000  # rows


class Ask(Protocol):
    """Where so many users go. Raises Refused."""

    def __call__(self, users: int, *, endpoints: int, classes: Classes) -> Sequence[Flow]: ...


class UnplacedUsers(NamedTuple):
    """Users who wait for a home by the cluster's mode, and the sum of their endpoints."""

    users: int
    endpoints: int


class Capacity(NamedTuple):
    """A node with the room that it has and what it is rated for."""

    pk: int
    name: str
    room_users: int
    room_endpoints: int
    capacity_users: int
    capacity_endpoints: int


def _run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


# --- In -------------------------------------------------------------------------------------------


def create() -> None:
    """An empty table."""
    _run(CREATE)


def copy(users: UserList, nodes: Mapping[str, Node], meter: Meter | None = None) -> None:
    """Stream every usable line of the file into the table; `meter` counts them."""
    with connection.cursor() as cursor:
        with cursor.copy(COPY) as stream:
            for row in meter.counting(users.rows()) if meter else users.rows():
                stream.write_row(_columns(row, _home(row, users, nodes)))
        cursor.execute("ANALYZE staged (line, folded, node_id)")
        # What is known of tables that were just filled or emptied may be wrong by everything, and a nested loop that
        # is chosen for "one row" takes minutes for 30,000; hash joins stay linear. Until the end of this transaction.
        cursor.execute("SELECT set_config('enable_nestloop', 'off', true) FROM staged HAVING count(*) > 1000")


def _home(row: UserLine, users: UserList, nodes: Mapping[str, Node]) -> Node | None:
    if not row.node or row.node == NO_NODE:
        return None
    node = nodes.get(row.node.lower())
    if node and not node.subcluster_id:
        users.problems.add(row.line, reasons.IMPORT_NODE_UNASSIGNED, node=node.name)
    return node


def _columns(row: UserLine, home: Node | None) -> tuple[Any, ...]:
    endpoints = None if row.endpoints is None else "{" + ",".join(row.endpoints) + "}"
    leave = row.node == NO_NODE
    unknown = row.node if row.node and not leave and home is None else None
    node_id = home.pk if home and home.subcluster_id else None
    people = row.line, row.user_id, row.name, row.mail, endpoints, row.contacts
    said = row.kept, row.pinned, row.pin_reason, row.directory_uri, row.department
    return *people, node_id, leave, unknown, *said


def match() -> None:
    """Find the people of these IDs, in any spelling, with the place they have; call it under the import lock."""
    _run(MATCH)


# --- Problems -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StagedLines:
    """Lines with one kind of problem: a query of lines and of the facts that differ, and those that do not."""

    reason: Reason
    names: Sequence[str]
    sql: str
    values: Sequence[Any] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def first(self) -> tuple[list[LineProblem], int]:
        """The first of them, and how many there are."""
        counted = f"SELECT found.*, count(*) OVER () FROM ({self.sql}) AS found ORDER BY line LIMIT {LISTED}"
        rows = _rows(counted, *self.values)
        return [self._problem(row[:-1]) for row in rows], rows[0][-1] if rows else 0

    def each(self) -> Iterator[LineProblem]:
        """All of them, never more than a part in memory."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({self.sql}) AS found ORDER BY line", self.values)
            while rows := cursor.fetchmany(PART):
                yield from map(self._problem, rows)

    def _problem(self, row: Sequence[Any]) -> LineProblem:
        return LineProblem(row[0], self.reason, {**self.facts, **dict(zip(self.names, row[1:], strict=True))})


def duplicates() -> StagedLines:
    """Lines whose user ID was in an earlier line."""
    sql = """
        SELECT line, user_id, first FROM (
            SELECT line, user_id, min(line) OVER (PARTITION BY folded, known) AS first FROM staged
        ) AS seen WHERE line <> first
    """
    return StagedLines(reasons.IMPORT_ID_TWICE, ["user_id", "first"], sql)


def of_other_clusters(into: Cluster) -> StagedLines:
    """Lines whose person is a user of another cluster than the one that the file goes into."""
    sql = """
        SELECT line, user_id, cluster.name FROM staged JOIN topology_cluster cluster ON cluster.id = cluster_id
        WHERE cluster_id <> %s
    """
    facts = {"cluster": into.name}
    return StagedLines(reasons.IMPORT_OTHER_CLUSTER, ["user_id", "other"], sql, [into.pk], facts)


def homeless() -> StagedLines:
    """Lines whose node left its subcluster, or went, between reading the file and taking the locks."""
    sql = """
        SELECT line, coalesce(node.name, 'The node that the line names')
        FROM staged LEFT JOIN topology_node node ON node.id = staged.node_id
        WHERE staged.node_id IS NOT NULL AND node.subcluster_id IS NULL
    """
    return StagedLines(reasons.IMPORT_NODE_UNASSIGNED, ["node"], sql)


def at_unknown(cluster: str, known: str) -> StagedLines:
    """Lines that name a node which the cluster has not, for users who need a home."""
    sql = "SELECT line, left(node_text, 60) FROM staged WHERE node_text IS NOT NULL AND home_id IS NULL"
    return StagedLines(reasons.IMPORT_UNKNOWN_NODE, ["value"], sql, facts={"cluster": cluster, "known": known})


def gone(cluster: str, known: str) -> StagedLines:
    """Each node that the cluster has not and that lines name for users who have a home: the first line, how many."""
    sql = """
        SELECT min(line) AS line, left(min(node_text), 60), count(*) FROM staged
        WHERE node_text IS NOT NULL AND home_id IS NOT NULL GROUP BY lower(node_text)
    """
    return StagedLines(reasons.IMPORT_NODE_GONE, ["value", "count"], sql, facts={"cluster": cluster, "known": known})


def kept_of_new() -> StagedLines:
    """Lines with a mark that keeps what is stored, of users of whom nothing is stored."""
    return StagedLines(
        reasons.IMPORT_KEPT_OF_NEW, ["user_id"], "SELECT line, user_id FROM staged WHERE kept AND known IS NULL"
    )


def staying() -> StagedLines:
    """Lines that name another node than the home their user has."""
    sql = """
        SELECT line, user_id, home.name FROM staged JOIN topology_node home ON home.id = home_id
        WHERE leave OR node_id <> home_id
    """
    return StagedLines(reasons.IMPORT_STAYS, ["user_id", "node"], sql)


def into(node_id: int, why: Reason, facts: Mapping[str, Any]) -> StagedLines:
    """Lines that would give somebody a home on a node that takes nobody now."""
    return StagedLines(why, [], "SELECT line FROM staged WHERE target = %s", [node_id], facts)


def over_capacity(nodes: Sequence[Capacity]) -> StagedLines:
    """Lines that bring a node beyond its capacity in users or in endpoints, counted in order of lines."""
    sql = f"""
        WITH node (id, name, room_users, room_endpoints, most_users, most_endpoints) AS (
            SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
        ), added AS (
            SELECT line, coalesce(target, home_id) AS node_id, (target IS NOT NULL)::integer AS user_added,
                {ENDPOINTS} - CASE WHEN target IS NULL THEN coalesce(had, 0) ELSE 0 END AS endpoints_added
            FROM staged WHERE coalesce(target, home_id) IS NOT NULL
        ), running AS (
            SELECT line, node_id, user_added, endpoints_added, sum(user_added) OVER lines AS users,
                sum(endpoints_added) OVER lines AS endpoints
            FROM added WINDOW lines AS (PARTITION BY node_id ORDER BY line)
        ), full_nodes AS (
            SELECT running.line, node.*, most_users - room_users + running.users AS users_after,
                most_endpoints - room_endpoints + running.endpoints AS endpoints_after,
                user_added > 0 AND running.users > room_users AS too_many
            FROM running JOIN node ON node.id = running.node_id
            WHERE (user_added > 0 AND running.users > room_users)
                OR (endpoints_added > 0 AND running.endpoints > room_endpoints)
        )
        SELECT line, name, CASE WHEN too_many THEN 'users' ELSE 'endpoints' END,
            CASE WHEN too_many THEN users_after ELSE endpoints_after END::bigint,
            CASE WHEN too_many THEN most_users ELSE most_endpoints END
        FROM full_nodes
    """
    columns = [list(column) for column in zip(*nodes, strict=True)] or [[]] * 6
    return StagedLines(reasons.IMPORT_NODE_FULL, ["node", "what", "after", "capacity"], sql, columns)


def beyond(room: int, facts: Mapping[str, Any]) -> StagedLines:
    """Waiting lines after the first `room` of them."""
    sql = "SELECT line, number FROM (SELECT line, row_number() OVER (ORDER BY line) AS number FROM staged WHERE waits)"
    behind = f"{sql} AS waiting WHERE number > %s"
    return StagedLines(reasons.IMPORT_CLUSTER_FULL, ["number"], behind, [room], facts)


# --- What changes ---------------------------------------------------------------------------------


class Changes(NamedTuple):
    """How many users get another value in a field, how many of them an empty one, and the first line of those."""

    changed: dict[str, int]
    emptied: dict[str, int]
    line: int


def changes() -> Changes:
    """What the file does to the people who are known, field by field."""
    parts = [
        f"count(*) FILTER (WHERE {_differs(field)}), count(*) FILTER (WHERE {_empties(field)})" for field in FIELDS
    ]
    any_empty = " OR ".join(f"({_empties(field)})" for field in FIELDS)
    sql = f"""
        SELECT {", ".join(parts)}, min(line) FILTER (WHERE {any_empty})
        FROM staged JOIN topology_enduser person ON person.id = staged.known WHERE staged.changed
    """
    *counts, line = _rows(sql)[0]
    named = dict(zip(FIELDS, zip(counts[::2], counts[1::2], strict=True), strict=True))
    changed = {field: pair[0] for field, pair in named.items() if pair[0]}
    return Changes(changed, {field: pair[1] for field, pair in named.items() if pair[1]}, line or 1)


def _differs(field: str) -> str:
    return f"staged.{field} IS DISTINCT FROM person.{field}{FIELDS[field][1]} AND staged.{field} IS NOT NULL"


def _empties(field: str) -> str:
    empty, cast = FIELDS[field]
    return f"staged.{field} = {empty} AND person.{field}{cast} <> {empty}"


def first_rows() -> list[dict[str, Any]]:
    """The first lines as they were understood."""
    sql = f"""
        SELECT line, user_id, staged.name, mail,
            CASE WHEN leave THEN {NO_NODE!r} ELSE coalesce(node.name, node_text, '') END, known IS NULL
        FROM staged LEFT JOIN topology_node node ON node.id = node_id ORDER BY line LIMIT {SHOWN}
    """
    names = ("line", "user_id", "name", "mail", "node", "new")
    return [dict(zip(names, row, strict=True)) for row in _rows(sql)]


# --- Homes ----------------------------------------------------------------------------------------


def place_named(manual: bool) -> None:
    """Give the unassigned the home that their line names; the new ones without one wait, unless the mode is manual."""
    sql = """
        UPDATE staged SET
            target = node_id, waits = cluster_id IS NULL AND node_id IS NULL AND NOT leave AND NOT %s
        WHERE home_id IS NULL
    """
    _run(sql, manual)


def count_arriving() -> int:
    """New users, and unassigned ones who get a home."""
    return int(_rows("SELECT count(*) FROM staged WHERE cluster_id IS NULL OR target IS NOT NULL")[0][0])


def waiting() -> UnplacedUsers:
    """Users who wait for a home by the cluster's mode."""
    return UnplacedUsers(*_rows(f"SELECT count(*), coalesce(sum({ENDPOINTS}), 0)::bigint FROM staged WHERE waits")[0])


def waiting_classes(most: int | None = None) -> Classes:
    """The same by their number of endpoints; of the first `most` alone where it is given."""
    first = "SELECT * FROM staged WHERE waits ORDER BY line LIMIT %s"
    rows = _rows(f"SELECT {ENDPOINTS}, count(*) FROM ({first}) AS staged GROUP BY 1 ORDER BY 1", most)
    return tuple(EndpointClass(int(weight), users, users) for weight, users in rows)


def place_first(ask: Ask) -> tuple[int, Sequence[Flow]]:
    """How many of those who wait find a place when not all do, and where: the first ones, by halving.

    Each try asks for exactly those users with the endpoints that they have: a mean would promise room that is none.
    """
    low, high = 0, waiting().users
    flows: Sequence[Flow] = ()
    while low + 1 < high:
        middle = (low + high) // 2
        classes = waiting_classes(middle)
        try:
            flows = ask(middle, endpoints=sum(each.endpoints * each.users for each in classes), classes=classes)
            low = middle
        except Refused:
            high = middle
    return low, flows


def place_users(flows: Sequence[Flow]) -> None:
    """Deal the waiting users out: so many to each node, mixed, so that no node gets one end of the alphabet.

    Where flows name a number of endpoints, so many users of that number.
    """
    sql = f"""
        UPDATE staged SET target = share.node_id
        FROM (
            SELECT line, weight, row_number() OVER (PARTITION BY weight ORDER BY hashtext(folded), line) AS number
            FROM (
                SELECT line, folded, CASE WHEN %s THEN {ENDPOINTS} END AS weight FROM staged WHERE waits
            ) AS waiting
        ) AS dealt JOIN (
            SELECT node_id, weight, sum(users) OVER (PARTITION BY weight ORDER BY node_id) AS last, users
            FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS given (node_id, weight, users)
        ) AS share ON dealt.number > share.last - share.users AND dealt.number <= share.last
            AND dealt.weight IS NOT DISTINCT FROM share.weight
        WHERE staged.line = dealt.line
    """
    columns = [[getattr(flow, name) for flow in flows] for name in ("to_id", "endpoints", "users")]
    _run(sql, any(flow.endpoints is not None for flow in flows), *columns)


def placed() -> dict[int, tuple[int, int]]:
    """Users and endpoints that this import adds so far, per node."""
    sql = f"""
        SELECT coalesce(target, home_id), count(target),
            sum({ENDPOINTS} - CASE WHEN target IS NULL THEN coalesce(had, 0) ELSE 0 END)::bigint
        FROM staged WHERE coalesce(target, home_id) IS NOT NULL GROUP BY 1
    """
    return {pk: (users, endpoints) for pk, users, endpoints in _rows(sql)}


def count_placed() -> dict[int, int]:
    """Users who get a home, per node."""
    return dict(_rows("SELECT target, count(*) FROM staged WHERE target IS NOT NULL GROUP BY target"))


# --- Out ------------------------------------------------------------------------------------------


def outcome() -> tuple[int, int, int, int]:
    """How many people are new, changed, unchanged, and how many stay without a home."""
    sql = """
        SELECT count(*) FILTER (WHERE known IS NULL),
            count(*) FILTER (WHERE known IS NOT NULL AND (changed OR target IS NOT NULL)),
            count(*) FILTER (WHERE known IS NOT NULL AND NOT changed AND target IS NULL),
            count(*) FILTER (WHERE target IS NULL AND home_id IS NULL)
        FROM staged
    """
    created, updated, unchanged, left = _rows(sql)[0]
    return created, updated, unchanged, left


def create_people(at: datetime) -> None:
    """Create the new people, `at` this real time, and find their keys."""
    _run(
        """
        INSERT INTO topology_enduser (
            user_id, name, mail, endpoints, contacts, created_at, directory_uri, department
        )
        SELECT user_id, coalesce(name, ''), coalesce(mail, ''), coalesce(endpoints, '{}'), coalesce(contacts, 0), %s,
            coalesce(directory_uri, ''), coalesce(department, '')
        FROM staged WHERE known IS NULL ORDER BY folded
        ON CONFLICT (folded, twin) DO NOTHING
        """,
        at,
    )
    _run("""
        UPDATE staged SET known = person.id, fresh = true FROM topology_enduser person
        WHERE staged.known IS NULL AND person.folded = staged.folded AND person.twin = 0
    """)


def change_people() -> None:
    """Change the known people whose line differs."""
    _run("""
        UPDATE topology_enduser AS person SET
            name = coalesce(staged.name, person.name), mail = coalesce(staged.mail, person.mail),
            endpoints = coalesce(staged.endpoints, person.endpoints),
            contacts = coalesce(staged.contacts, person.contacts),
            directory_uri = coalesce(staged.directory_uri, person.directory_uri),
            department = coalesce(staged.department, person.department)
        FROM staged WHERE person.id = staged.known AND staged.changed
    """)


def write_assignments(cluster_id: int, serving: Sequence[int]) -> None:
    """Give every new user a row, and the unassigned ones their home; clients sign in where the node serves."""
    _run(
        f"""
        INSERT INTO assignments_assignment
            (user_id, cluster_id, home_node_id, serving_node_id, signed_in, pinned, endpoints)
        SELECT known, %s, target, target, coalesce(target = ANY(%s), false), false, {ENDPOINTS}
        FROM staged WHERE cluster_id IS NULL ORDER BY known
        """,
        cluster_id,
        list(serving),
    )
    _run(
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
    _run(
        """
        INSERT INTO assignments_move (operation_id, user_id, to_node_id, done, code, at)
        SELECT %s, known, target, true, %s, %s FROM staged WHERE target IS NOT NULL
        """,
        operation_id,
        code,
        at,
    )

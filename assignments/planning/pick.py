"""Who is in a plan: SQL that picks people for flows, names them, or takes them back, and sums over what was picked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from assignments.planning.rules.loads import Flow
from assignments.planning.rules.spreading import Spread
from topology.models import EndUser, Event

NAMED = 20  # people listed by name where a plan leaves some alone


@dataclass(frozen=True, slots=True)
class Picked:
    """A SELECT of (user_id, from_node_id, to_node_id, place, endpoints) with its parameters.

    At most one row per user, and no two of the same place.
    """

    sql: str
    params: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Sum:
    """How many users of a plan go from one node to another, their endpoints, and SHA-256 over their keys in order."""

    from_id: int | None
    to_id: int | None
    users: int
    endpoints: int
    digest: str


SETTLED = """
SELECT home_node_id FROM assignments_population WHERE home_node_id = ANY(%s) AND users > 0
GROUP BY home_node_id HAVING bool_and(signed_in = users AND serving_node_id IS NOT DISTINCT FROM home_node_id)
"""


def settled_homes(flows: Sequence[Flow]) -> frozenset[int | None]:
    """The homes of these flows where all users are signed in, so that none need be looked for who is not."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLED, [sorted({flow.from_id for flow in flows if flow.from_id is not None})])
        return frozenset(home for (home,) in cursor.fetchall())


def by_flows(cluster_id: int, flows: Sequence[Flow], settled: Set[int | None] = frozenset()) -> Picked:
    """People for these flows, each with the endpoints the flow names: those not signed in first, never pinned ones.

    Of homes that were `settled` a moment ago only who is signed in there is picked, so fewer may be than asked for.

    The people of one node (and of one number of endpoints) are numbered once and cut into its flows, so no one is
    picked twice. Those of several nodes take turns in the plan, so that a run relieves all of them alike.
    """
    sources = list(dict.fromkeys((flow.from_id, flow.endpoints) for flow in flows))
    turns = {source: turn for turn, source in enumerate(sources)}
    parts = []
    for home, anyone in dict.fromkeys((home, endpoints is None) for home, endpoints in sources):
        mine: dict[int, list[Flow]] = {}
        for flow in flows:
            if flow.from_id == home and (flow.endpoints is None) == anyone:
                mine.setdefault(turns[home, flow.endpoints], []).append(flow)
        parts.append(
            _of_any(cluster_id, mine, len(sources), settled) if anyone else _of_classes(cluster_id, mine, len(sources))
        )
    sql = " UNION ALL ".join(part.sql for part in parts) or "SELECT 1, 1, 1, 1, 1 WHERE false"
    return Picked(sql, [value for part in parts for value in part.params])


ORDER = "signed_in, user_id"


def _at(home: int | None) -> str:
    """Who may leave a home; a parameter for the cluster."""
    place = "home_node_id IS NULL" if home is None else f"home_node_id = {home}"
    return f"FROM assignments_assignment WHERE cluster_id = %s AND {place} AND NOT pinned"


def _cut(out: Sequence[Flow]) -> tuple[str, list[Any], int]:
    """SQL for the receiving node of the nth of a source, its parameters, and how many leave."""
    ends = list(accumulate(flow.users for flow in out))
    params = [value for flow, end in zip(out, ends, strict=True) for value in (end, flow.to_id)]
    return f"CASE {'WHEN nth <= %s THEN %s::bigint ' * len(out)}END", params, ends[-1]


def _of_any(cluster_id: int, mine: Mapping[int, Sequence[Flow]], count: int, settled: Set[int | None]) -> Picked:
    """Anybody of one home, for the flows of one turn of so many."""
    [(turn, out)] = mine.items()
    cut, params, leave = _cut(out)
    home = out[0].from_id
    whom, asked = _numbered(cluster_id, home, leave, settled=home in settled)
    sql = (
        f"SELECT user_id, home_node_id, {cut}, nth * {count} + {turn}, endpoints"
        f" FROM ({whom}) s (user_id, home_node_id, endpoints, nth) WHERE nth <= %s"
    )
    return Picked(sql, [*params, *asked, leave])


def _numbered(cluster_id: int, home: int | None, leave: int, *, settled: bool) -> tuple[str, list[Any]]:
    """SQL for those among whom the first so many of a home are, numbered in order, and its parameters.

    Who is signed in at home comes from the index, in order; the others are looked for, and all of them sorted, only
    where any are known: else a node of many would be read whole for a few.
    """
    columns, nth = "user_id, home_node_id, endpoints", f"row_number() OVER (ORDER BY {ORDER})"
    if home is None:
        return f"SELECT {columns}, {nth} {_at(home)}", [cluster_id]
    at_home = (
        f"SELECT {columns}, signed_in {_at(home)} AND serving_node_id = {home} AND signed_in ORDER BY user_id LIMIT %s"
    )
    if settled:
        return f"SELECT {columns}, row_number() OVER (ORDER BY user_id) FROM ({at_home}) f", [cluster_id, leave]
    others = (
        f"SELECT {columns}, signed_in {_at(home)} AND (signed_in AND serving_node_id = {home}) IS NOT TRUE"
        f" ORDER BY {ORDER} LIMIT %s"
    )
    return f"SELECT {columns}, {nth} FROM (({at_home}) UNION ALL ({others})) f", [cluster_id, leave] * 2


def _of_classes(cluster_id: int, mine: Mapping[int, Sequence[Flow]], count: int) -> Picked:
    """So many of each number of endpoints of one home, each with a turn of so many; numbered in one pass.

    They are counted in the order of their keys, a count for each class, and not sorted by class: so they are also
    written in that order, which is half of what it costs that people differ.
    """
    cuts, turns, most, nth, params = "", "", "", "", list[Any]()
    for turn, out in mine.items():
        cut, values, leave = _cut(out)
        weight = out[0].endpoints
        case = f"WHEN {weight} THEN"
        cuts, turns, most = f"{cuts}{case} {cut} ", f"{turns}{case} {turn} ", f"{most}{case} {leave} "
        nth += f"{case} count(*) FILTER (WHERE endpoints = {weight}) OVER so_far "
        params += values
    flow = next(iter(mine.values()))[0]
    sql = (
        f"SELECT user_id, home_node_id, CASE endpoints {cuts}END, nth * {count} + CASE endpoints {turns}END, endpoints"
        f" FROM (SELECT user_id, home_node_id, endpoints, CASE endpoints {nth}END AS nth {_at(flow.from_id)}"
        f" WINDOW so_far AS (ORDER BY {ORDER} ROWS UNBOUNDED PRECEDING)) s"
        f" WHERE nth <= CASE endpoints {most}ELSE 0 END"
    )
    return Picked(sql, [*params, cluster_id])


def named(cluster_id: int, users: QuerySet[Any] | Iterable[int], to_id: int | None) -> Picked:
    """These people of a cluster, except pinned ones and those at home there already."""
    chosen, values = _these(users)
    sql = (
        "SELECT user_id, home_node_id, %s::bigint, row_number() OVER (ORDER BY signed_in, user_id), endpoints"
        f" FROM assignments_assignment WHERE cluster_id = %s AND NOT pinned AND user_id {chosen}"
        " AND home_node_id IS DISTINCT FROM %s"
    )
    return Picked(sql, [to_id, cluster_id, *values, to_id])


def _these(users: QuerySet[Any] | Iterable[int]) -> tuple[str, list[Any]]:
    """SQL after "user_id" for these people, and its parameters."""
    if isinstance(users, QuerySet):
        chosen, params = users.order_by().query.sql_with_params()
        return f"IN ({chosen})", list(params)
    return "= ANY(%s)", [sorted(set(users))]


def spread(cluster_id: int, users: QuerySet[Any] | Iterable[int], wanted: Spread) -> Picked:
    """These people of a cluster over the nodes of a subcluster: of each source so many, those not signed in first.

    People at home on none of the nodes are one source (null). They are numbered once, and once more among those with
    as many endpoints, for flows that ask for these.
    """
    chosen, values = _these(users)
    sql = (
        f"SELECT s.user_id, s.home_node_id, cut.to_id, row_number() OVER (ORDER BY {ORDER}), s.endpoints"
        f" FROM (SELECT user_id, home_node_id, signed_in, endpoints, source,"
        f" row_number() OVER (PARTITION BY source ORDER BY {ORDER}) AS nth,"
        f" row_number() OVER (PARTITION BY source, endpoints ORDER BY {ORDER}) AS alike"
        " FROM (SELECT *, CASE WHEN home_node_id = ANY(%s) THEN home_node_id END AS source"
        f" FROM assignments_assignment WHERE cluster_id = %s AND NOT pinned AND user_id {chosen}) a) s"
        " JOIN unnest(%s::bigint[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[])"
        " AS cut (source, endpoints, low, high, to_id) ON cut.source IS NOT DISTINCT FROM s.source"
        " AND coalesce(cut.endpoints, s.endpoints) = s.endpoints"
        " AND CASE WHEN cut.endpoints IS NULL THEN s.nth ELSE s.alike END BETWEEN cut.low AND cut.high"
    )
    cuts = _cuts(wanted.flows)
    columns = [list(column) for column in zip(*cuts, strict=True)] or [[]] * 5
    return Picked(sql, [list(wanted.nodes), cluster_id, *values, *columns])


def _cuts(flows: Sequence[Flow]) -> list[tuple[int | None, int | None, int, int, int | None]]:
    """Each flow as the numbers that it takes of its source: source, endpoints, first, last, receiving node."""
    taken = Counter[tuple[int | None, int | None]]()
    cuts = []
    for flow in flows:
        source = flow.from_id, flow.endpoints
        cuts.append((*source, taken[source] + 1, taken[source] + flow.users, flow.to_id))
        taken[source] += flow.users
    return cuts


def rows(picked: Picked) -> list[tuple[int, int | None, int | None]]:
    """The picked people with the home they leave and the one they get, in the order of the plan."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT user_id, f, t FROM ({picked.sql}) p (user_id, f, t, place, e) ORDER BY place", picked.params
        )
        return list(cursor.fetchall())


# Whom an operation moved, and who of them was moved since by something that still stands.
#
#   later    done moves of the same people after its own, and what each of those took back
#   family   each such operation with its undo, the undo's undo, …; every second one leaves the first one undone
#   moved    people with a later move that stands, except one that only took back another later one
#
# An undo moves only people for whom what it undoes stands, so the last of a family's moves says which way it is.
TAKEN_BACK = """
WITH RECURSIVE mine AS (
    SELECT id, user_id, from_node_id, to_node_id FROM assignments_move WHERE operation_id = %s AND done
),
later AS MATERIALIZED (
    SELECT l.user_id, l.id, l.operation_id, o.undo_of_id
    FROM mine m JOIN assignments_move l ON l.user_id = m.user_id AND l.id > m.id AND l.done
    JOIN assignments_operation o ON o.id = l.operation_id
),
family (root, operation_id, undone) AS (
    SELECT DISTINCT operation_id, operation_id, false FROM later
    UNION ALL
    SELECT f.root, o.id, NOT f.undone FROM family f JOIN assignments_operation o ON o.undo_of_id = f.operation_id
),
latest AS (
    SELECT DISTINCT ON (f.root, l.user_id) f.root, l.user_id, f.undone
    FROM family f JOIN later l ON l.operation_id = f.operation_id ORDER BY f.root, l.user_id, l.id DESC
),
moved AS (
    SELECT DISTINCT l.user_id FROM later l JOIN latest s ON s.root = l.operation_id AND s.user_id = l.user_id
    WHERE NOT s.undone
        AND NOT EXISTS (SELECT 1 FROM later b WHERE b.user_id = l.user_id AND b.operation_id = l.undo_of_id)
),
judged AS (
    SELECT m.id, m.user_id, m.to_node_id AS at_id, m.from_node_id AS back_id, a.signed_in, a.endpoints,
        a.home_node_id IS NOT DISTINCT FROM m.to_node_id AND NOT a.pinned
        AND CASE WHEN m.from_node_id IS NULL THEN {assigned}
            ELSE EXISTS (SELECT FROM topology_node n WHERE n.id = m.from_node_id) END
        AND a.cluster_id = (
            SELECT coalesce(to_cluster_id, cluster_id) FROM assignments_operation WHERE id = {operation}
        )
        AND NOT EXISTS (SELECT 1 FROM moved WHERE moved.user_id = m.user_id) AS goes
    FROM mine m JOIN assignments_assignment a ON a.user_id = m.user_id
)
"""


def _taken_back(operation_id: int) -> str:
    """Those of an operation, each with whether they go back; who came from a node that is gone stays.

    In traces of before its key stayed, such a node left null, as no home does: who came from there stays where the
    operation assigned no one.
    """
    said = Event.objects.filter(operation_id=operation_id, facts__unassigned__gt=0)
    return TAKEN_BACK.format(assigned=str(said.exists()).lower(), operation=int(operation_id))


def pick_undo(operation_id: int) -> Picked:
    """Whom an operation moved and who is still there because of it, back to where they were.

    A later move that was itself undone does not count, nor does its undo: so operations can be undone in any order.
    """
    place = "row_number() OVER (ORDER BY signed_in, user_id)"
    picked = f"SELECT user_id, at_id, back_id, {place}, endpoints FROM judged WHERE goes"
    return Picked(_taken_back(operation_id) + picked, [operation_id])


def left_alone(operation_id: int) -> dict[str, Any]:
    """Whom an undo leaves where they are: they were moved again or pinned since, or their node was removed."""
    counted = f"SELECT count(*), (array_agg(user_id ORDER BY id))[1:{NAMED}] FROM judged WHERE NOT goes"
    with connection.cursor() as cursor:
        cursor.execute(_taken_back(operation_id) + counted, [operation_id])
        count, some = cursor.fetchone()
    return {"users": count, "sample": sorted(names(some or []).values())}


INSERT = """
WITH plan AS MATERIALIZED (SELECT nextval(pg_get_serial_sequence('assignments_plan', 'id')) AS id),
picked (user_id, from_id, to_id, place, endpoints) AS MATERIALIZED ({picked}),
stored AS (
    INSERT INTO assignments_plannedmove (plan_id, user_id, from_node_id, to_node_id, place)
    SELECT (SELECT id FROM plan), user_id, from_id, to_id, place FROM picked
)
SELECT plan.id, summed.* FROM plan LEFT JOIN (
    SELECT from_id, to_id, count(*), sum(endpoints),
        encode(sha256(string_agg(int8send(user_id), ''::bytea ORDER BY user_id)), 'hex')
    FROM picked GROUP BY from_id, to_id
) AS summed (from_id, to_id, users, endpoints, digest) ON true ORDER BY from_id, to_id
"""


def insert(picked: Picked) -> tuple[int, list[Sum]]:
    """Make the picked people the rows of a new plan, whose key is answered, and sum them in the same statement."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(picked=picked.sql), picked.params)
        rows = cursor.fetchall()
        return rows[0][0], [Sum(*row) for _, *row in rows if row[2] is not None]


def flows(sums: Sequence[Sum], subclusters: Mapping[int, int | None]) -> list[Flow]:
    """What is to move, as the planner sees it."""
    return [Flow(s.from_id, s.to_id, s.users, crosses=_crosses(s.from_id, s.to_id, subclusters)) for s in sums]


def _crosses(source: int | None, to: int | None, subclusters: Mapping[int, int | None]) -> bool:
    return source is not None and to is not None and subclusters.get(source) != subclusters.get(to)


def endpoint_changes(sums: Sequence[Sum]) -> Counter[int]:
    """Endpoints that each node gains (or loses, below 0)."""
    change = Counter[int]()
    for one in sums:
        if one.from_id is not None:
            change[one.from_id] -= one.endpoints
        if one.to_id is not None:
            change[one.to_id] += one.endpoints
    return change


def digest(sums: Sequence[Sum], purpose: Any) -> str:
    """SHA-256 over what a plan is for and who goes where, in 64 letters."""
    rows = [[one.from_id, one.to_id, one.users, one.digest] for one in sums]
    return sha256(json.dumps([purpose, rows], sort_keys=True).encode()).hexdigest()


def names(keys: Iterable[int]) -> dict[int, str]:
    """User IDs by key."""
    return dict(EndUser.objects.filter(pk__in=list(keys)).values_list("pk", "user_id"))

"""Pages of lists of users and their counts, as fast with a million users as with a hundred.

The order of a list stands in one table and most of its filter in another, so no index has both. A page asks twice
in one statement, and the second question is asked only where the first did not fill the page:

    near: go on in the order of the list, look at some users, keep those who match, end with a full page
    far:  find all who match by whatever is rarest, then sort them

Common filters are answered by the first, rare ones by the second. To look at one costs what to find one does, so the
first looks at a third of those who match, for they may stand together; at twice as many as would fill the page were
they spread evenly, but never at more than match; and where even all of these would not fill it, at a tenth. How many
match is what the database expects. Who is asked for by home alone is walked in the order of that home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.lookups import StartsWith

from assignments.models import Assignment, DirectoryPerson, Listing, Population
from assignments.users.listing.filter import (
    ANYWHERE,
    PAGE,
    UserFilter,
    count_by_place,
    matching_users,
    people_asked_for,
)
from assignments.users.listing.order import Keyset, ListOrder, rows_beyond, sorted_by
from topology.models import EndUser, Node
from topology.models.folding import Fold

Key = tuple[int, Any]  # of a user, and in the order of the list
LEAST, FARTHEST = 200, 30_000  # users that the first question looks at, whatever the database expects
EVENLY = 2  # times as many looks as fill a page of people who are spread evenly
TOGETHER, IN_VAIN = 3, 10  # one look for so many who match; and where their number would not fill a page
MOST = 10_000  # a count goes no further
USUAL = ListOrder()

# The OFFSETs keep each part as it is written: a plan made for the first rows would walk a million of them. The order of
# the walk is said on each of its levels: where it is not, PostgreSQL forgets it, makes all looks and sorts them.
PAGE_SQL = """
    WITH near AS MATERIALIZED (
        SELECT walk.id, walk.key FROM (
            SELECT id, key FROM ({walk}) further (id, key) ORDER BY key {way}, id {way} LIMIT ({looks})
        ) walk CROSS JOIN LATERAL (SELECT 1 FROM ({one}) candidate OFFSET 0) hit
        ORDER BY walk.key {way}, walk.id {way} LIMIT {limit}
    )
    SELECT id, key FROM near WHERE (SELECT count(*) FROM near) = {limit}
    UNION ALL
    (SELECT id, key FROM (SELECT id, key FROM ({all}) matching (id, key) OFFSET 0) far
        WHERE (SELECT count(*) FROM near) < {limit} ORDER BY key {way}, id {way} LIMIT {limit})
    ORDER BY key {way}, id {way}
"""


@dataclass(frozen=True)
class UserPage:
    """One page of a list of users in its order, the cursor of the next one, whether there are earlier ones."""

    rows: tuple[Assignment, ...]
    next_cursor: str
    earlier: bool = False


def user_page(where: UserFilter, cursor: str = "", limit: int = PAGE, order: ListOrder = USUAL) -> UserPage:
    """One page by keyset: users after the cursor, a user ID, or "~" and a key in any order but that."""
    keys = _keys(where, mark_of(cursor, order), limit + 1, order, later=True)
    page = _unsplit(keys, limit, order)
    if keys and not page:
        return user_page(where, cursor, limit + 1, order)
    return UserPage(rows_of(page), cursor_of(page[-1], order) if len(keys) > len(page) else "", bool(cursor))


def user_page_before(where: UserFilter, before: str, limit: int = PAGE, order: ListOrder = USUAL) -> UserPage:
    """The page that ends before a cursor, in order; the last page of all without one."""
    keys = _keys(where, mark_of(before, order), limit + 1, order, later=False)
    page = _unsplit(keys, limit, order)[::-1]
    if keys and not page:
        return user_page_before(where, before, limit + 1, order)
    return UserPage(rows_of(page), cursor_of(page[-1], order) if page and before else "", len(keys) > limit)


def _unsplit(keys: list[Key], limit: int, order: ListOrder) -> list[Key]:
    """The first of a list; fewer where users share an ID across the end, for a cursor is the ID: none if all do.

    Such are from before IDs were compared as now (EndUser.twin).
    """
    if len(keys) <= limit or not order.by_id or keys[limit - 1][1] != keys[limit][1]:
        return keys[:limit]
    return [one for one in keys[:limit] if one[1] != keys[limit][1]]


def cursor_of(key: Key, order: ListOrder) -> str:
    """A place in a list as an address names it."""
    return str(key[1]) if order.by_id else f"~{key[0]}"


def mark_of(cursor: str, order: ListOrder) -> Keyset | None:
    """The place of a cursor; none for a user who is gone, which begins the list anew."""
    if not cursor or order.by_id:
        return Keyset(Fold(Value(cursor))) if cursor else None
    text = cursor.removeprefix("~")
    pk = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    rows = Assignment.objects.filter(pk=pk).annotate(key=order.key("user__"))
    value = list(rows.values_list("key", flat=True))
    return Keyset(value[0], pk) if value else None


def rows_of(keys: list[Key]) -> tuple[Assignment, ...]:
    """The users of a page, read by their keys."""
    assignments = Assignment.objects.select_related("user").in_bulk([pk for pk, _ in keys])
    return tuple(assignments[pk] for pk, _ in keys if pk in assignments)


def _keys(where: UserFilter, mark: Keyset | None, limit: int, order: ListOrder, *, later: bool) -> list[Key]:
    """The users of a page in order, or in reverse order before a place."""
    if not order.of_people:
        rows = rows_beyond(matching_users(where), order, order.key(), "pk", mark, later=later).annotate(key=order.key())
        return list(sorted_by(rows, order, "pk", later=later).values_list("pk", "key")[:limit])
    if order.by_id and walk_holds(where) and not people_asked_for(where):
        return list(_walk(where, mark, order, limit, later))
    try:
        parts = _matching(where, mark, order, later)
        expected = _expected(*parts["all"])
        parts |= {"walk": _sql(_walk(where, mark, order, FARTHEST, later))}
        parts |= {"looks": _looks(where, order, expected, limit)}
    except EmptyResultSet:  # a filter that no one can match
        return []
    texts = {name: text for name, (text, _) in parts.items()}
    way = "ASC" if later != order.descending else "DESC"
    statement = PAGE_SQL.format(**texts, limit=limit, way=way)
    with connection.cursor() as run:
        run.execute(statement, [param for name in ("walk", "looks", "one", "all") for param in parts[name][1]])
        return list(run.fetchall())


def _walk(where: UserFilter, mark: Keyset | None, order: ListOrder, most: int, later: bool) -> QuerySet[Any, Any]:
    """The next people in the order of the list, of whom the filter asks for some; with few letters who begin so."""
    if not order.by_id:
        people = rows_beyond(EndUser.objects.all(), order, order.key(), "pk", mark, later=later).annotate(
            key=order.key()
        )
        return sorted_by(people, order, "pk", later=later).values_list("pk", "key")[:most]
    sources, key = _in_order(where)
    way = key if later != order.descending else f"-{key}"  # no two are equal, and the indexes have no more
    text = where.q.strip()
    parts = []
    for rows in sources:
        begin = rows.filter(StartsWith(F(key), Fold(Value(text)))) if 0 < len(text) < ANYWHERE else rows
        further = rows_beyond(begin, order, F(key), "pk", mark, later=later)
        parts.append(further.order_by(way).values_list("pk", key)[:most])  # or PostgreSQL would sort all of them
    return parts[0].union(*parts[1:], all=True).order_by(way)[:most] if len(parts) > 1 else parts[0]


def _in_order(where: UserFilter) -> tuple[list[QuerySet[Any]], str]:
    """What an index has in the order of the list, as little as holds all who match: homes, a cluster, or everybody."""
    everywhere = where.cluster_id is None
    places = Assignment.objects.all() if everywhere else Assignment.objects.filter(cluster=where.cluster_id)
    if where.node_id:
        return [places.filter(home_node=where.node_id)], "folded"
    if where.subcluster_id is not None:
        nodes = Node.objects.filter(subcluster=where.subcluster_id).values_list("pk", flat=True)
        return [places.filter(home_node=pk) for pk in nodes] or [places.none()], "folded"
    if where.node_id == 0 or where.assigned is False:
        return [places.filter(home_node=None)], "folded"
    if everywhere:
        return [EndUser.objects.all()], "folded"
    return [Listing.objects.filter(cluster=where.cluster_id)], "key"


def walk_holds(where: UserFilter) -> bool:
    """Whether the walk in the order of user IDs has only those whose place is asked for."""
    places = [where.node_id, where.subcluster_id, where.assigned]
    one = len(places) - places.count(None) < 2 and where.assigned is not True
    return one and where.cluster_id is not None and where.pinned is None and where.out_of_service is None


def _matching(
    where: UserFilter, mark: Keyset | None, order: ListOrder, later: bool
) -> dict[str, tuple[str, Sequence[Any]]]:
    """Whether one of them matches, and all who match; a filter of the people alone leaves their places unread."""
    place = asks_place(where)
    rows: QuerySet[Any] = matching_users(where) if place else EndUser.objects.filter(people_asked_for(where))
    narrowed = rows if people_asked_for(where) else _by_homes(rows, where)
    if people_asked_for(where) or order.by_id:
        every = _sql(_after(narrowed, order, "user__" if place else "", mark, later).values("pk", "key"))
    else:
        every = _each(narrowed, order, mark, later)
    ones = EndUser.objects.filter(people_asked_for(where)) if order.by_id and walk_holds(where) else rows
    return {"one": _sql(ones.filter(pk=RawSQL("walk.id", ())).values("pk")), "all": every}


def _expected(text: str, params: Sequence[Any]) -> int:
    """How many rows the database expects of a query; one at least."""
    with connection.cursor() as run:
        run.execute(f"EXPLAIN (FORMAT JSON) {text}", params)
        [([plan],)] = run.fetchall()
    return max(1, int(plan["Plan"]["Plan Rows"]))


def _looks(where: UserFilter, order: ListOrder, expected: int, limit: int) -> tuple[str, Sequence[Any]]:
    """How many of the walk are looked at, by how many it has and how many are expected to match."""
    counted, params = _sql(_walked(where, order).values("users"))
    text = f"""
        SELECT least({FARTHEST}, greatest({LEAST}, CASE
            WHEN needed > {expected} THEN {expected // IN_VAIN}
            ELSE greatest({expected // TOGETHER}, least({expected}, {EVENLY} * needed)) END))::bigint
        FROM (SELECT coalesce(sum(users), 0) * {limit} / {expected} FROM ({counted}) counted (users)) evenly (needed)
    """
    return text, params


def _walked(where: UserFilter, order: ListOrder) -> QuerySet[Population]:
    """The counts of the people in the walk."""
    counts = Population.objects.all()
    if not order.by_id:
        return counts
    if where.cluster_id is not None:
        counts = counts.filter(cluster=where.cluster_id)
    if where.node_id:
        return counts.filter(home_node=where.node_id)
    if where.subcluster_id is not None:
        return counts.filter(home_node__subcluster=where.subcluster_id)
    return counts.filter(home_node=None) if where.node_id == 0 or where.assigned is False else counts


def _by_homes(rows: QuerySet[Any], where: UserFilter) -> QuerySet[Any]:
    """The same users, those of a cluster by their homes as well: these have an index."""
    if where.cluster_id is None or where.node_id is not None or where.subcluster_id is not None:
        return rows
    homes = list(Node.objects.filter(cluster=where.cluster_id).values_list("pk", flat=True))
    return rows.filter(Q(home_node__in=homes) | Q(home_node=None))


def _each(rows: QuerySet[Any], order: ListOrder, mark: Keyset | None, later: bool) -> tuple[str, Sequence[Any]]:
    """The users of a place, looked up one by one: the people would else be read as a whole for a part of them."""
    user = _after(EndUser.objects.filter(pk=RawSQL("place.id", ())), order, "", mark, later).values("key")
    (places, first), (keys, second) = _sql(rows.values("pk")), _sql(user)
    text = f"SELECT place.id, looked.key FROM ({places}) place (id) CROSS JOIN LATERAL ({keys} OFFSET 0) looked"
    return text, [*first, *second]


def _after(rows: QuerySet[Any], order: ListOrder, prefix: str, mark: Keyset | None, later: bool) -> QuerySet[Any]:
    key = order.key(prefix)
    keyed: QuerySet[Any] = rows_beyond(rows, order, key, "pk", mark, later=later).annotate(key=key)
    return keyed


def _sql(rows: QuerySet[Any, Any]) -> tuple[str, Sequence[Any]]:
    """A query as the ORM writes it, with its parameters apart."""
    text, params = rows.query.sql_with_params()
    return text, params


def asks_place(where: UserFilter) -> bool:
    """Whether a filter asks where people are, and not only who they are."""
    return replace(where, q="", endpoint="", contacts_min=None) != UserFilter(None)


def count_users(where: UserFilter, cap: int = MOST) -> tuple[int, bool]:
    """How many match, and whether the count was capped. Users asked for by place alone are counted already."""
    if where == replace(where, q="", endpoint="", contacts_min=None, pinned=None):
        return count_by_place(where), False
    aside = DirectoryPerson.objects.set_aside().values("user")
    people = EndUser.objects.exclude(pk__in=aside)
    rows: QuerySet[Any] = matching_users(where) if asks_place(where) else people.filter(people_asked_for(where))
    users = rows.values("pk")[: cap + 1].count()
    return min(users, cap), users > cap

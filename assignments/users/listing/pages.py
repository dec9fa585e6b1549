"""Pages of lists of users and their counts, as fast with a million users as with a hundred.

The order of a list stands in one table and most of its filter in another, so no index has both. A page asks twice
in one statement, and the second question is asked only where the first did not fill the page:

    near: go on in the order of the list, look at a bounded number of users, keep those that match
    far:  find all who match by whatever is rarest, then sort them

Common filters are answered by the first, rare ones by the second; a filter that matches no one looks at few users.
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

from assignments.models import Assignment, DirectoryPerson, Listing
from assignments.users.listing.filter import ANYWHERE, PAGE, UserFilter, count_by_place, matching_users, who
from assignments.users.listing.order import Keyset, ListOrder, beyond, sorted_by
from topology.models import EndUser, Node
from topology.models.folding import Fold

Key = tuple[int, Any]  # of a user, and in the order of the list
LOOKED_AT = 3_000  # users that the first question looks at; a filter that one in sixty matches fills its page
MOST = 10_000  # a count goes no further
USUAL = ListOrder()

# The OFFSETs keep each part as it is written: a plan made for the first rows would walk a million of them.
PAGE_SQL = """
    WITH near AS MATERIALIZED (
        SELECT walk.id, walk.key FROM ({walk}) walk
        CROSS JOIN LATERAL (SELECT 1 FROM ({one}) candidate OFFSET 0) hit
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
    return UserPage(rows_of(keys[:limit]), cursor_of(keys[limit - 1], order) if len(keys) > limit else "", bool(cursor))


def user_page_before(where: UserFilter, before: str, limit: int = PAGE, order: ListOrder = USUAL) -> UserPage:
    """The page that ends before a cursor, in order; the last page of all without one."""
    keys = _keys(where, mark_of(before, order), limit + 1, order, later=False)
    page = keys[:limit][::-1]
    return UserPage(rows_of(page), cursor_of(page[-1], order) if page and before else "", len(keys) > limit)


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
        rows = beyond(matching_users(where), order, order.key(), "pk", mark, later=later).annotate(key=order.key())
        return list(sorted_by(rows, order, "pk", later=later).values_list("pk", "key")[:limit])
    try:
        walk = _walk(where, mark, order, later)
        parts = {"walk": _sql(walk), **_matching(where, mark, order, later)}
    except EmptyResultSet:  # a filter that no one can match
        return []
    texts = {name: text for name, (text, _) in parts.items()}
    way = "ASC" if later != order.descending else "DESC"
    statement = PAGE_SQL.format(**texts, limit=limit, way=way)
    with connection.cursor() as run:
        run.execute(statement, [param for _, params in parts.values() for param in params])
        return list(run.fetchall())


def _walk(where: UserFilter, mark: Keyset | None, order: ListOrder, later: bool) -> QuerySet[Any]:
    """The next people of the cluster, or of all, in the order of the list; with one or two letters who begin so."""
    rows: QuerySet[Any]
    key = order.key()
    if where.cluster_id is None or not order.by_id:
        rows = EndUser.objects.annotate(key=key)
    else:
        key = F("key")
        rows = Listing.objects.filter(cluster=where.cluster_id).annotate(id=F("user_id"))
    if order.by_id and 0 < len(text := where.q.strip()) < ANYWHERE:
        rows = rows.filter(StartsWith(key, Fold(Value(text))))
    rows = beyond(rows, order, key, "id", mark, later=later)
    if order.by_id:  # no two are equal, and the index has no more
        return rows.order_by("key" if later != order.descending else "-key").values("id", "key")[:LOOKED_AT]
    return sorted_by(rows, order, "id", later=later).values("id", "key")[:LOOKED_AT]


def _matching(
    where: UserFilter, mark: Keyset | None, order: ListOrder, later: bool
) -> dict[str, tuple[str, Sequence[Any]]]:
    """Whether one of them matches, and all who match; a filter of the people alone leaves their places unread."""
    place = asks_place(where)
    rows: QuerySet[Any] = matching_users(where) if place else EndUser.objects.filter(who(where))
    every = _sql(_after(rows, order, "user__" if place else "", mark, later).values("pk", "key"))
    if not who(where):
        every = _each(_by_homes(rows, where), order, mark, later)
    return {"one": _sql(rows.filter(pk=RawSQL("walk.id", ())).values("pk")), "all": every}


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
    keyed: QuerySet[Any] = beyond(rows, order, key, "pk", mark, later=later).annotate(key=key)
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
    aside = DirectoryPerson.objects.filter(gone_at__isnull=False).values("user")
    people = EndUser.objects.exclude(pk__in=aside)
    rows: QuerySet[Any] = matching_users(where) if asks_place(where) else people.filter(who(where))
    users = rows.values("pk")[: cap + 1].count()
    return min(users, cap), users > cap

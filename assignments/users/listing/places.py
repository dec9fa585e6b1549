"""Where a page stands in its list, and which page stands at a place: what a scroll bar needs that stands for all rows.

    up to EXACT matches   counted: so many stand before this user; the rows after so many, from the nearer end
    more                  estimated from a sample of the cluster's list, the same one each time

A scroll bar jumps; it does not turn pages. Reading on from a place goes on by keyset.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL

from assignments.models import Listing
from assignments.users.listing.filter import PAGE, UserFilter, matching_users
from assignments.users.listing.order import ListOrder, rows_beyond, sorted_by
from assignments.users.listing.pages import Key, UserPage, cursor_of, mark_of, rows_of, user_page

EXACT = 50_000  # matches whose places are counted
SAMPLED = 5_000  # users that an estimate is made from


def users_before(where: UserFilter, cursor: str, order: ListOrder) -> int:
    """How many of a list stand before a user."""
    rows, key, pk = _keyed(where, order)
    return rows_beyond(rows, order, key, pk, mark_of(cursor, order), later=False)[:EXACT].count()


def page_at(where: UserFilter, place: int, total: int, limit: int = PAGE, *, order: ListOrder) -> tuple[UserPage, str]:
    """The page after so many users of `total`, and the cursor that leads to it again; estimated beyond EXACT."""
    place = max(0, min(place, total - 1))
    if not place:
        return user_page(where, limit=limit, order=order), ""
    known = total <= EXACT
    keys = _around(where, place - 1, total, limit + 2, order) if known else _sampled(where, place, total, order)
    if not keys:
        return user_page(where, limit=limit, order=order), ""
    cursor = cursor_of(keys[0], order)
    if total > EXACT:
        return user_page(where, cursor, limit, order), cursor
    rest = keys[1 : limit + 1]
    following = cursor_of(rest[-1], order) if len(keys) > limit + 1 else ""
    return UserPage(rows_of(rest), following, earlier=True), cursor


def _around(where: UserFilter, skip: int, total: int, limit: int, order: ListOrder) -> list[Key]:
    rows, key, pk = _keyed(where, order)
    rows = rows.annotate(key=key) if pk != "user_id" else rows
    if skip <= total // 2:
        return list(sorted_by(rows, order, pk, later=True).values_list(pk, "key")[skip : skip + limit])
    rest = max(0, total - skip - limit)
    backwards = sorted_by(rows, order, pk, later=False).values_list(pk, "key")[rest : max(total - skip, rest + 1)]
    return list(backwards)[::-1]


def _keyed(where: UserFilter, order: ListOrder) -> tuple[QuerySet[Any], Any, str]:
    """The rows of a list, what they are sorted by, and their key."""
    if where == UserFilter(where.cluster_id) and order.by_id and where.cluster_id is not None:
        return Listing.objects.filter(cluster=where.cluster_id), F("key"), "user_id"
    return matching_users(where), order.key("user__"), "pk"


def _sampled(where: UserFilter, place: int, total: int, order: ListOrder) -> list[Key]:
    """A user about so far through a list of `total`."""
    percent = min(100.0, 100 * SAMPLED / total)
    rows = matching_users(where).filter(pk__in=RawSQL(SAMPLE, (percent, where.cluster_id)))
    sample = list(sorted_by(rows.annotate(key=order.key("user__")), order, "pk", later=True).values_list("pk", "key"))
    return [sample[min(place * len(sample) // total, len(sample) - 1)]] if sample else []


SAMPLE = "SELECT user_id FROM assignments_listing TABLESAMPLE SYSTEM (%s) REPEATABLE (7) WHERE cluster_id = %s"

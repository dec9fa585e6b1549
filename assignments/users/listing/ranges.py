"""The users from one row of a list to another, as a person chooses them with shift; all of them, shown or not."""

from __future__ import annotations

from django.db.models import Q

from assignments.models import Assignment
from assignments.users.listing.filter import UserFilter, matching_users
from assignments.users.listing.order import Keyset, ListOrder, rows_beyond, sorted_by
from assignments.users.listing.pages import USUAL
from topology import reasons
from topology.reasons import Refused

MOST = 10_000  # users of one range; more of them are chosen by a filter


def between(where: UserFilter, first: int, last: int, order: ListOrder = USUAL) -> list[int]:
    """The keys of the users of a filter from one person to another, both included, in whatever order they are named.

    Raises Refused when one of them is gone, or when more than MOST are between them.
    """
    key = order.key("user__")
    people = Assignment.objects.filter(pk__in=(first, last), cluster=where.cluster_id).annotate(key=key)
    ends = list(sorted_by(people, order, "pk", later=True).values_list("pk", "key"))
    if len(ends) != len({first, last}):
        raise Refused(reasons.RANGE_END_GONE)
    start, end = (Keyset(value, pk) for pk, value in (ends[0], ends[-1]))
    rows = matching_users(where)
    inner = rows_beyond(rows_beyond(rows, order, key, "pk", start, later=True), order, key, "pk", end, later=False)
    within = rows.filter(Q(pk__in=(first, last)) | Q(pk__in=inner.values("pk"))).annotate(key=key)
    keys = list(sorted_by(within, order, "pk", later=True).values_list("pk", flat=True)[: MOST + 1])
    if len(keys) > MOST:
        raise Refused(reasons.RANGE_TOO_LONG, most=f"{MOST:,}")
    return keys

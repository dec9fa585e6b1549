"""The users from one row of a list to another, as a person chooses them with shift; all of them, shown or not."""

from __future__ import annotations

from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from assignments.users.filter import KEY, UserFilter, key_of, matching_users
from topology import reasons
from topology.models import EndUser
from topology.reasons import Refused

MOST = 10_000  # users of one range; more of them are chosen by a filter


def between(where: UserFilter, first: int, last: int) -> list[int]:
    """The keys of the users of a filter from one person to another, both included, in whatever order they are named.

    Raises Refused when one of them is gone, or when more than MOST are between them.
    """
    people = EndUser.objects.filter(pk__in=(first, last), assignment__cluster=where.cluster_id)
    ends = sorted(people.values_list(key_of(), flat=True), key=str.encode)
    if len(ends) != len({first, last}):
        raise Refused(reasons.RANGE_END_GONE)
    rows = matching_users(where).filter(GreaterThanOrEqual(KEY, ends[0]), LessThanOrEqual(KEY, ends[-1]))
    keys = list(rows.order_by(KEY).values_list("user_id", flat=True)[: MOST + 1])
    if len(keys) > MOST:
        raise Refused(reasons.RANGE_TOO_LONG, most=f"{MOST:,}")
    return keys

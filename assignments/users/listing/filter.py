"""What a list of users shows: a filter of people by cluster, home, service and name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import TypeVar

from django.db import connection
from django.db.models import BigIntegerField, Case, F, Model, Q, QuerySet, Sum, Value, When
from django.db.models.functions import StrIndex, Upper
from django.db.models.lookups import Exact, GreaterThan, StartsWith

from assignments.models import Assignment, Population
from assignments.users.rules.rare_parts import ColumnSample, rare_part
from topology import reasons
from topology.models import Cluster, EndUser, Node
from topology.models.folding import Fold
from topology.reasons import Refused

Row = TypeVar("Row", bound=Model)
PAGE = 50  # users in the page at once, for each list


KEY = F("folded")  # the order of every list; people, and the users of each home, have an index of it
FOLDED = "folded"
TEXTS = ("name", "mail", "directory_uri", "department")  # found anywhere in them, as in the user ID
ANYWHERE = 3  # letters that are found anywhere, by trigrams; fewer match the beginning of the user ID


@dataclass(frozen=True)
class UserFilter:
    """What a list of users shows; no cluster means all of them, `node` 0 the unassigned ones."""

    cluster_id: int | None
    node_id: int | None = None
    subcluster_id: int | None = None
    assigned: bool | None = None
    pinned: bool | None = None
    out_of_service: bool | None = None
    endpoint: str = ""
    q: str = ""
    contacts_min: int | None = None
    within: tuple[int, ...] | None = None  # clusters that the person who asks may see; None: all

    @cached_property
    def samples(self) -> dict[str, ColumnSample]:
        """What stands in the columns where its text is looked for, as the database last found it; read once."""
        return sampled()


def matching_users(where: UserFilter) -> QuerySet[Assignment]:
    """Assignments that match, without order; they can be ordered by KEY."""
    rows = _in_or_out_of_service(_placed(Assignment.objects.all(), where), where)
    if where.pinned is not None:
        rows = rows.filter(pinned=where.pinned)
    return rows.filter(people_asked_for(where, "user__"))


def count_by_place(where: UserFilter) -> int:
    """How many match a filter that asks for places and service alone: they are counted already."""
    rows = _placed(Population.objects.all(), where)
    if where.out_of_service is None:
        return rows.aggregate(n=Sum("users"))["n"] or 0
    dead = When(serving_node__in=_not_serving(where), then=0)
    lost = F("users") - Case(dead, default="signed_in", output_field=BigIntegerField())
    counted = rows.aggregate(everybody=Sum("users"), out=Sum(lost, filter=Q(home_node__isnull=False)))
    out = counted["out"] or 0
    return out if where.out_of_service else (counted["everybody"] or 0) - out


def _placed(rows: QuerySet[Row], where: UserFilter) -> QuerySet[Row]:
    """The assignments, or the populations, of the cluster and homes that a filter asks for."""
    rows = _of_cluster(rows, where)
    if where.node_id is not None:
        rows = rows.filter(home_node=where.node_id or None)
    if where.subcluster_id is not None:
        nodes = list(Node.objects.filter(subcluster=where.subcluster_id).values_list("pk", flat=True))
        rows = rows.filter(home_node__in=nodes)
    if where.assigned is not None:
        rows = rows.filter(home_node__isnull=not where.assigned)
    return rows


def _of_cluster(rows: QuerySet[Row], where: UserFilter) -> QuerySet[Row]:
    if where.cluster_id is not None:
        return rows.filter(cluster_id=where.cluster_id)
    return rows if where.within is None else rows.filter(cluster_id__in=where.within)


def _not_serving(where: UserFilter) -> list[int]:
    return [n.pk for n in _of_cluster(Node.objects.all(), where) if not n.serves]


def _in_or_out_of_service(rows: QuerySet[Assignment], where: UserFilter) -> QuerySet[Assignment]:
    """Without service is who has a home and is not signed in where somebody serves."""
    if where.out_of_service is None:
        return rows
    dead = _not_serving(where)
    if not where.out_of_service:
        return rows.filter(Q(home_node__isnull=True) | Q(signed_in=True) & ~Q(serving_node__in=dead))
    # Whose users they are is known, and the index of homes finds them.
    counted = _of_cluster(Population.objects.filter(home_node__isnull=False, users__gt=0), where)
    homes = counted.filter(Q(serving_node__in=dead) | Q(signed_in__lt=F("users"))).values_list("home_node", flat=True)
    return rows.filter(Q(serving_node__in=dead) | Q(signed_in=False), home_node__in=list(homes.distinct()))


def people_asked_for(where: UserFilter, prefix: str = "") -> Q:
    """What a filter asks of the people themselves; the prefix leads to them."""
    asked = _named(where, prefix)
    if where.endpoint:
        asked &= Q((f"{prefix}endpoints__contains", [where.endpoint]))
    if where.contacts_min is not None:
        asked &= Q((f"{prefix}contacts__gte", where.contacts_min))
    return asked


def _named(where: UserFilter, prefix: str) -> Q:
    text = where.q.strip()
    if not text:
        return Q()
    if len(text) < ANYWHERE:
        return Q(StartsWith(KEY, Fold(Value(text))))
    composed = unicodedata.normalize("NFC", text)
    return reduce(or_, (_found_in(column, composed, where.samples, prefix) for column in (FOLDED, *TEXTS)))


def _found_in(column: str, text: str, samples: dict[str, ColumnSample], prefix: str) -> Q:
    """A text anywhere in a column: the index finds the part that few have, and the whole is compared with those."""
    normal, lookup = (Fold, "contains") if column == FOLDED else (Upper, "icontains")
    part = rare_part(text, samples.get(column, ColumnSample()))
    condition = Q((f"{prefix}{column}__{lookup}", Fold(Value(part)) if normal is Fold else part))
    if part == text:
        return condition
    kept = F(f"{prefix}{column}") if normal is Fold else Upper(f"{prefix}{column}")
    return condition & Q(GreaterThan(StrIndex(kept, normal(Value(text))), 0))


SAMPLES = """
    SELECT attname, coalesce(most_common_vals::text::text[], '{}'), coalesce(most_common_freqs, '{}'),
        coalesce(histogram_bounds::text::text[], '{}')
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'topology_enduser' AND attname = ANY(%s)
"""


def sampled() -> dict[str, ColumnSample]:
    """What the statistics of the database say stands in the columns; nothing before it has any."""
    samples = {}
    with connection.cursor() as cursor:
        cursor.execute(SAMPLES, [[FOLDED, *TEXTS]])
        for column, common, shares, others in cursor.fetchall():
            every_third = others[::3]
            rest = max(0.0, 1 - sum(shares)) / max(1, len(every_third))
            samples[column] = ColumnSample.of(
                (*zip(common, shares, strict=True), *((value, rest) for value in every_third))
            )
    return samples


# Of twins (EndUser.twin) it is the one who is written so.
FIND = """
    SELECT asked.user_id, (
        SELECT person.id FROM topology_enduser person JOIN assignments_assignment place ON place.user_id = person.id
        WHERE person.folded = fold_user_id(asked.user_id) AND place.cluster_id = %s
        ORDER BY person.user_id <> asked.user_id, person.twin LIMIT 1
    ) FROM unnest(%s::text[]) AS asked (user_id)
"""


def keys_of(cluster: Cluster, user_ids: Iterable[str]) -> tuple[int, ...]:
    """The keys of users of a cluster by user ID, in any spelling, in one query. Raises Refused for unknown ones."""
    keys_by_user_id = keys_by_id(cluster, user_ids)
    if unknown := sorted(user_id for user_id, pk in keys_by_user_id.items() if pk is None):
        raise Refused(reasons.NO_SUCH_USER, user=unknown[0], cluster=cluster.name)
    return tuple(sorted({pk for pk in keys_by_user_id.values() if pk is not None}))


def keys_by_id(cluster: Cluster, user_ids: Iterable[str]) -> dict[str, int | None]:
    """The key of each user ID as it was spelled, None for whom the cluster does not have, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(FIND, [cluster.pk, list(dict.fromkeys(user_ids))])
        return dict(cursor.fetchall())


def find_user(cluster: Cluster, user_id: str) -> EndUser | None:
    """A person of a cluster by user ID, in any spelling that is the same by the folding."""
    people = EndUser.objects.filter(assignment__cluster=cluster, folded=Fold(Value(user_id)))
    return people.order_by(Exact(F("user_id"), Value(user_id)).desc(), "twin").first()

"""Who of some users can leave their cluster: not who is pinned, nor whose pair fails over (domain.md §1.4)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet

from assignments.models import Assignment
from topology import reasons
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.homes import homes_of


@dataclass(frozen=True)
class Leaving:
    """How many can leave, how many stay, and why no one can leave, if so."""

    coming: int
    staying: int
    refusal: Refused | None


def leaving(cluster: Cluster, rows: QuerySet[Assignment]) -> Leaving:
    """Judge the assignments of some users of a cluster, in a fixed number of queries."""
    homes = homes_of(cluster)
    locked = Q(home_node__in=list(homes.locked))
    totals = rows.order_by().aggregate(
        number=Count("user"),
        pins=Count("user", filter=Q(pinned=True)),
        coming=Count("user", filter=Q(pinned=False) & ~locked),
        place=Min("home_node", filter=Q(pinned=False) & locked),
    )
    users, coming = totals["number"], totals["coming"]
    refusal = None
    if not coming and totals["place"] and (why := homes.gives(totals["place"])):
        refusal = Refused(why[0], **why[1])
    elif not coming and totals["pins"]:
        refusal = Refused(reasons.USERS_PINNED, users=totals["pins"])
    elif not coming:
        refusal = Refused(reasons.NO_USERS_TO_MOVE, cluster=cluster.name)
    return Leaving(coming, users - coming, refusal)

"""What a refusal lists of what there is: no names of clusters that somebody may not see."""

from __future__ import annotations

from topology.accounts.roles import Reach
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.removed import Unknown, names_of


def limited_to_reach(refused: Refused, reach: Reach) -> Refused:
    """The refusal, with what somebody may see of the rows that it lists."""
    if isinstance(refused, Unknown) and reach.only is not None:
        where = "pk__in" if refused.rows.model is Cluster else "cluster__in"
        refused.facts["known"] = names_of(refused.rows.filter(**{where: reach.only}))
        if refused.rows.model is Cluster:  # nor who removed which
            refused.facts |= {"removed": "", "again": ""}
    return refused

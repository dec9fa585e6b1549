"""What a refusal lists of what there is: no names of clusters that somebody may not see."""

from __future__ import annotations

from topology import reasons
from topology.accounts.roles import Reach
from topology.models import Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.structure.selectors import names_of


def within(refused: Refused, reach: Reach) -> Refused:
    """The refusal, with what somebody may see of the names that it lists."""
    if reach.only is None:
        return refused
    if refused.reason is reasons.NO_SUCH_CLUSTER:
        known = names_of(Cluster.objects.filter(pk__in=reach.only))
    elif refused.reason is reasons.NO_SUCH_NODE:
        known = names_of(Node.objects.filter(cluster__in=reach.only))
    elif refused.reason is reasons.NO_SUCH_SUBCLUSTER:
        there = Subcluster.objects.filter(cluster__in=reach.only)
        known = names_of(there.filter(cluster__name=refused.facts["cluster"]))
    else:
        return refused
    refused.facts["known"] = known
    return refused

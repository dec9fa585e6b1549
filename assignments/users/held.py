"""What holds users, so that no one may be taken out from under it: a run that will move them, or a failover."""

from __future__ import annotations

from collections.abc import Iterable

from assignments.models import ACTIVE, SubclusterLock
from topology.models import Cluster, Node
from topology.reasons import Refused
from topology.structure.homes import homes_of

# Users whom a run that has not ended is still going to move.
PLANNED = f"""
    SELECT row.user_id FROM assignments_operation run JOIN assignments_plannedmove row ON row.plan_id = run.plan_id
    WHERE run.state IN ({", ".join(f"'{state}'" for state in ACTIVE)}) AND run.cluster_id = %(cluster)s
        AND NOT EXISTS (SELECT 1 FROM assignments_move m WHERE m.operation_id = run.id AND m.user_id = row.user_id)
"""


def recovering(cluster: Cluster) -> dict[int, Refused]:
    """Nodes whose users may not lose their home now, because of a failover, each with why."""
    homes = homes_of(cluster)
    refusals = {pk: homes.changes(pk, None) for pk in Node.objects.filter(cluster=cluster).values_list("pk", flat=True)}
    return {pk: Refused(why[0], **why[1]) for pk, why in refusals.items() if why}


def demand_free(cluster: Cluster, nodes: Iterable[int]) -> None:
    """Raise Refused while a run or a failover holds one of these nodes."""
    keys = set(nodes)
    subclusters = Node.objects.filter(pk__in=keys, subcluster__isnull=False).values_list("subcluster_id", flat=True)
    if held := SubclusterLock.holder(subclusters):
        raise held.refusal
    homes = homes_of(cluster)
    for pk in sorted(keys):
        if why := homes.changes(pk, None):
            raise Refused(why[0], **why[1])

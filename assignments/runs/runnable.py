"""Whether a plan may begin to run now, and why not."""

from __future__ import annotations

from assignments.models import Plan
from assignments.retention.kept import limits
from assignments.runs.locks import demand_free
from topology import reasons
from topology.models import Cluster, Node
from topology.reasons import Refused
from topology.structure.homes import passage

FAILOVER = (reasons.MOVE_PAIR_IN_FAILOVER, reasons.MOVE_NEW_DURING_FAILOVER)  # such a wait ends by itself


def why_not_now(plan: Plan) -> Refused | None:
    """What a start of a plan would be refused with now, its rows and its approval aside; nothing is locked."""
    places = Node.objects.filter(pk__in=plan.node_ids, subcluster__isnull=False)
    try:
        demand_runnable(plan, later=False)
        demand_free(places.values_list("subcluster_id", flat=True))
    except Refused as refusal:
        return refusal
    return None


def demand_runnable(plan: Plan, *, later: bool) -> None:
    """Raise Refused for a plan that is empty, or whose homes may not change now; one for the window waits instead."""
    if not plan.moves:
        raise Refused(reasons.PLAN_EMPTY)
    demand_rows(plan)
    ends = {(flow["from_id"], flow["to_id"]) for flow in plan.body["flows"]}
    known = set(Node.objects.filter(pk__in=plan.node_ids).values_list("pk", flat=True))
    targets = known | _no_node(plan)
    if gone := sum(flow["users"] for flow in plan.body["flows"] if flow["to_id"] not in targets):
        raise Refused(reasons.PLAN_NODE_GONE, users=gone, moves=plan.moves)
    homes = passage(plan.cluster, plan.to_cluster_id)
    for source, target in sorted(ends, key=str):
        if source is not None and source not in known:
            continue  # its users are elsewhere by now: their rows are skipped with that reason
        why = homes.changes(source, target)
        if why is not None and not (later and why[0] in FAILOVER):
            raise Refused(why[0], **why[1])


def demand_rows(plan: Plan) -> None:
    """Raise Refused for a plan whose moves are no longer kept."""
    if plan.thinned_at:
        raise Refused(reasons.PLAN_ROWS_GONE, days=limits().moves)


def _no_node(plan: Plan) -> set[None]:
    """No home as a target; none of a cluster that was removed."""
    there = plan.to_cluster_id is None or Cluster.objects.filter(pk=plan.to_cluster_id).exists()
    return {None} if there else set()

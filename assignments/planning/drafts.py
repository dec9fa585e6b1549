"""A plan written down: its moves counted and stored in one statement each, then sealed under its hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from assignments.models import Goal, Plan, PlannedMove
from assignments.planning import pick
from assignments.planning.rules import goals
from assignments.planning.rules.loads import ClusterLoad, Flow, Proposal
from topology import reasons
from topology.live import actors
from topology.models import Cluster
from topology.reasons import Refused
from topology.rules.homes import demand_allowed
from topology.structure.homes import passage


def store_plan(
    cluster: Cluster,
    load: ClusterLoad,
    goal: Goal,
    scope: dict[str, Any],
    proposal: Proposal,
    author: Any,
    *,
    left_out: list[dict[str, Any]],
) -> Plan:
    """Store the plan with the people picked for it; any users of a flow fit."""
    with transaction.atomic():
        flows = proposal.flows
        key, sums = pick.insert(pick.by_flows(cluster.pk, flows, pick.settled_homes(flows)))
        # People came, went or changed between counting and picking.
        if changed := _missed(sums, flows) | _overfilled(sums, load, proposal):
            raise Refused(reasons.PLAN_LOAD_CHANGED, nodes=len(changed))
        body = _body(load, proposal) | ({"left_out": left_out} if left_out else {})
        plan = Plan(pk=key, cluster=cluster, goal=goal, scope=scope, body=body, **actors.author(author))
        return _seal(plan, proposal, sums)


def _missed(sums: Sequence[pick.Sum], flows: Sequence[Flow]) -> set[int | None]:
    """Homes of which fewer people were picked than are to leave."""
    left = Counter[int | None]()
    for flow in flows:
        left[flow.from_id] += flow.users
    for one in sums:
        left[one.from_id] -= one.users
    return set(+left)


def _overfilled(sums: Sequence[pick.Sum], load: ClusterLoad, proposal: Proposal) -> set[int | None]:
    """Nodes whose endpoints would exceed their capacity with the people picked, and grow."""
    change = pick.endpoint_changes(sums)
    after = {node.id: node.endpoints + change[node.id] for node in load.nodes}
    return {n.id for n in load.nodes if after[n.id] > n.capacity_endpoints and after[n.id] > n.endpoints}


def make_given(
    cluster: Cluster, load: ClusterLoad, goal: Goal, scope: dict[str, Any], picked: pick.Picked, author: Any
) -> Plan:
    """A plan of people who are named already: counted, held to the capacities, stored."""
    with transaction.atomic():
        key, sums = pick.insert(picked)
        flows = pick.flows(sums, {n.id: n.subcluster for n in load.nodes})
        left = pick.left_alone(scope["operation"]) if goal == Goal.UNDO else None
        if not flows and left and left["users"]:
            raise Refused(reasons.RUN_NOTHING_TO_UNDO, operation=scope["operation"], left=left["users"])
        if not flows and goal == Goal.UNDO:
            raise Refused(reasons.RUN_MOVED_NO_ONE, operation=scope["operation"])
        if not flows:
            raise Refused(reasons.NO_USERS_TO_MOVE, cluster=cluster.name)
        homes = passage(cluster, scope.get("to_cluster"))
        demand_allowed(*(homes.changes(flow.from_id, flow.to_id) for flow in flows))
        proposal = goals.given(load, flows)
        over = _overfilled(sums, load, proposal)
        for node in (n for n in load.nodes if n.id in over):
            room, wanted = node.room.endpoints, pick.endpoint_changes(sums)[node.id]
            raise Refused(reasons.NODE_NO_ROOM, node=node.name, room=max(room, 0), what="endpoints", wanted=wanted)
        body = _body(load, proposal) | ({"left_alone": left} if left else {})
        plan = Plan(pk=key, cluster=cluster, goal=goal, scope=scope, body=body, **actors.author(author))
        return _seal(plan, proposal, sums)


def _body(load: ClusterLoad, proposal: Proposal) -> dict[str, Any]:
    names = {n.id: n.name for n in load.nodes}
    users = Counter[tuple[int | None, int | None, bool]]()
    for flow in proposal.flows:
        users[flow.from_id, flow.to_id, flow.crosses] += flow.users
    rows = [
        {
            "from_id": source,
            "to_id": to,
            "from": names.get(source or 0),
            "to": names.get(to or 0),
            "users": count,
            "crosses": crosses,
        }
        for (source, to, crosses), count in users.items()
    ]
    nodes = [
        {
            "id": n.id,
            "name": n.name,
            "before": proposal.before[n.id],
            "after": proposal.after[n.id],
            "capacity": n.capacity_users,
        }
        for n in load.nodes
    ]
    return {
        "flows": rows,
        "nodes": nodes,
        "certificate": proposal.certificate.as_dict(),
        "crossing": proposal.crossing,
        "disturbed": proposal.disturbed,
        "proven": proposal.proven,
    }


def _seal(plan: Plan, proposal: Proposal, sums: Sequence[pick.Sum]) -> Plan:
    """Store a plan whose rows are there under its hash; the same plan stored before is answered instead."""
    # With all that it says: the same moves made again would else be answered with what was true before.
    purpose = [plan.cluster_id, plan.goal, plan.scope, plan.body]
    plan.moves, plan.minimum_moves, plan.hash = proposal.moves, proposal.minimum_moves, pick.digest(sums, purpose)
    if _insert(plan):
        return plan
    known = Plan.objects.select_for_update().get(hash=plan.hash)
    if known.thinned_at:  # an old one whose rows go, or are gone: these are the same
        PlannedMove.objects.filter(plan=known.pk).delete()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE assignments_plannedmove SET plan_id = %s WHERE plan_id = %s", [known.pk, plan.pk])
    # It is kept from today on: who asked for it expects to run it.
    known.thinned_at, known.created_at = None, plan.created_at
    known.save(update_fields=["thinned_at", "created_at"])
    PlannedMove.objects.filter(plan=plan.pk).delete()
    return known


def _insert(plan: Plan) -> bool:
    """Store the row of a plan, and whether it was not there; waits for who stores the same at this moment."""
    fields = Plan._meta.concrete_fields
    columns, values = ", ".join(str(field.column) for field in fields), ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO assignments_plan ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING",
            [field.get_db_prep_save(getattr(plan, field.attname), connection) for field in fields],
        )
        return bool(cursor.rowcount)

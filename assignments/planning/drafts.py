"""A plan written down: its moves counted and stored in one statement each, then sealed under its hash."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction

from assignments.models import Goal, Plan
from assignments.planning import pick
from assignments.planning.rules import goals
from assignments.planning.rules.loads import ClusterLoad, Proposal
from topology import reasons
from topology.live import actors
from topology.models import Cluster
from topology.reasons import Refused
from topology.rules.homes import demand
from topology.structure.homes import passage


def store(
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
        plan = _insert(cluster, goal, scope, author)
        sums = pick.insert(plan.pk, pick.by_flows(cluster.pk, proposal.flows))
        if over := _overfilled(sums, load, proposal):  # people came or changed between counting and picking
            raise Refused(reasons.PLAN_LOAD_CHANGED, nodes=len(over))
        body = _body(load, proposal) | ({"left_out": left_out} if left_out else {})
        return _seal(plan, proposal.moves, proposal.minimum_moves, body)


def _overfilled(sums: Sequence[pick.Sum], load: ClusterLoad, proposal: Proposal) -> list[int]:
    """Nodes whose endpoints would exceed their capacity with the people picked, and grow."""
    change = pick.endpoint_changes(sums)
    after = {node.id: node.endpoints + change[node.id] for node in load.nodes}
    return [n.id for n in load.nodes if after[n.id] > n.capacity_endpoints and after[n.id] > n.endpoints]


def make_given(
    cluster: Cluster, load: ClusterLoad, goal: Goal, scope: dict[str, Any], picked: pick.Picked, author: Any
) -> Plan:
    """A plan of people who are named already: counted, held to the capacities, stored."""
    with transaction.atomic():
        plan = _insert(cluster, goal, scope, author)
        sums = pick.insert(plan.pk, picked)
        flows = pick.flows(sums, {n.id: n.subcluster for n in load.nodes})
        left = pick.left_alone(scope["operation"]) if goal == Goal.UNDO else None
        if not flows and goal == Goal.UNDO:
            raise Refused(reasons.RUN_NOTHING_TO_UNDO, operation=scope["operation"], left=left["users"] if left else 0)
        if not flows:
            raise Refused(reasons.NO_USERS_TO_MOVE, cluster=cluster.name)
        homes = passage(cluster, scope.get("to_cluster"))
        demand(*(homes.changes(flow.from_id, flow.to_id) for flow in flows))
        proposal = goals.given(load, flows)
        for pk in _overfilled(sums, load, proposal):
            node = next(n for n in load.nodes if n.id == pk)
            room, wanted = node.room.endpoints, pick.endpoint_changes(sums)[pk]
            raise Refused(reasons.NODE_NO_ROOM, node=node.name, room=max(room, 0), what="endpoints", wanted=wanted)
        body = _body(load, proposal) | ({"left_alone": left} if left else {})
        return _seal(plan, proposal.moves, proposal.minimum_moves, body)


def _insert(cluster: Cluster, goal: Goal, scope: dict[str, Any], author: Any) -> Plan:
    return Plan.objects.create(
        hash=f"draft-{secrets.token_hex(24)}",
        cluster=cluster,
        goal=goal,
        scope=scope,
        moves=0,
        minimum_moves=0,
        **actors.author(author),
    )


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


def _seal(plan: Plan, moves: int, minimum: int, body: dict[str, Any]) -> Plan:
    """Give a draft its numbers and its hash; the same plan stored before is answered instead."""
    purpose = [plan.cluster_id, plan.goal, plan.scope, body["nodes"], body["certificate"]]
    digest = pick.digest(plan.pk, json.dumps(purpose, sort_keys=True))
    plan.moves, plan.minimum_moves, plan.body, plan.hash = moves, minimum, body, digest
    if not Plan.objects.filter(hash=digest).exists():
        try:
            with transaction.atomic():
                plan.save(update_fields=["moves", "minimum_moves", "body", "hash"])
                return plan
        except IntegrityError:  # somebody else stored the same plan just now
            pass
    known = Plan.objects.select_for_update().get(hash=digest)
    if known.thinned_at:  # an old one whose rows are gone: these are the same
        with connection.cursor() as cursor:
            cursor.execute("UPDATE assignments_plannedmove SET plan_id = %s WHERE plan_id = %s", [known.pk, plan.pk])
        Plan.objects.filter(pk=known.pk).update(thinned_at=None, created_at=plan.created_at)
        known.refresh_from_db()
    Plan.objects.filter(pk=plan.pk).delete()
    return known

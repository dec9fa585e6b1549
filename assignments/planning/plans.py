"""Plans: the planner says how many, set-based SQL picks who; what is stored and hashed is what runs.

    load -> planner -> flows -> people (INSERT … SELECT) -> exact check of endpoints -> hash -> Plan

The same ground and goal pick the same people, so they give the same plan: a second one is not stored, the first is
answered. People who are not signed in come first, pinned ones never; after that the order of their keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from assignments.models import Goal, Operation, Plan
from assignments.planning import pick
from assignments.planning.drafts import make_given, store_plan
from assignments.planning.loads import load_of, load_of_both
from assignments.planning.rules import goals
from assignments.planning.rules.certificate import words
from assignments.planning.rules.loads import ClusterLoad, Proposal, RoughLoad
from assignments.planning.rules.spreading import Spread
from topology import reasons
from topology.models import Cluster, Mode, Node, Subcluster
from topology.reasons import Reason, Refused, Said
from topology.rules.homes import Homes, demand_allowed
from topology.structure.homes import homes_among, nodes_in_order

Scope = Mapping[str, Any]
LEAST_RATE, MOST_RATE = 0.01, 1e6  # users per cluster second; a slower run would be one that stands
RATES = {"least": f"{LEAST_RATE:g}", "most": f"{MOST_RATE:,.0f}"}  # the same in a refusal


def make_plan(cluster: Cluster, goal: str, scope: Scope | None = None, *, author: Any = None) -> Plan:
    """The plan for a goal, stored with its rows; raises Refused with the rule that forbids it.

    `scope` may hold "subclusters" (ids; all by default), "node" (id, to evacuate) and "operation" (id, to undo).
    """
    asked = _checked(cluster, Goal(goal), dict(scope or {}))
    if goal == Goal.UNDO and (done := Operation.objects.get(pk=asked["operation"])).to_cluster:
        return _undo_across(done, author)
    nodes = nodes_in_order(cluster)
    homes = homes_among(nodes)
    _demand_possible(homes, goal, asked)
    if goal == Goal.UNDO:
        picked = pick.pick_undo(asked["operation"])
        return make_given(cluster, load_of(cluster, rough=True, nodes=nodes), Goal.UNDO, asked, picked, author)

    def planned(*, rough: bool) -> Plan:
        load, left_out = _without_failovers(load_of(cluster, rough=rough, nodes=nodes), homes, asked)
        return store_plan(
            cluster, load, Goal(goal), asked, propose(cluster, load, goal, asked), author, left_out=left_out
        )

    try:
        return planned(rough=True)
    except RoughLoad:
        return planned(rough=False)


def _undo_across(done: Operation, author: Any) -> Plan:
    """The way back of a move between clusters: it begins in the one that got the users."""
    here, back = done.to_cluster, done.cluster
    assert here is not None
    scope = {"operation": done.pk, "to_cluster": back.pk}
    return make_given(here, load_of_both(here, back), Goal.UNDO, scope, pick.pick_undo(done.pk), author)


def _demand_possible(homes: Homes, goal: str, asked: Scope) -> None:
    """Raise Refused for a goal that a failover stands in the way of as a whole (domain.md §1.4)."""
    if goal == Goal.FILL:
        demand_allowed(homes.assigns())
    if goal == Goal.EVACUATE:
        demand_allowed(homes.gives(asked["node"]))


def _without_failovers(load: ClusterLoad, homes: Homes, asked: Scope) -> tuple[ClusterLoad, list[dict[str, Any]]]:
    """The load without nodes whose homes are locked, and what is left out so, with its numbers.

    Raises Refused when nothing is left to plan with.
    """
    within = set(asked.get("subclusters") or ())
    paired = [node for node in load.nodes if node.subcluster is not None]
    scoped = [node for node in paired if not within or node.subcluster in within]
    shut = homes.locked
    locked = [node for node in scoped if node.id in shut]
    if locked and len(locked) == len(scoped):
        demand_allowed(homes.gives(locked[0].id))
    left_out = []
    for node in locked:
        why = homes.gives(node.id)
        said = Said(*why).kept() if why else {}
        left_out.append({"node": node.name, "users": node.users, **said})
    kept = tuple(node for node in load.nodes if node.id not in shut)
    return replace(load, nodes=kept), left_out


def propose(cluster: Cluster, load: ClusterLoad, goal: str, scope: Scope) -> Proposal:
    """The planner's answer to a goal, without people; raises Refused, and RoughLoad for bounds that do not do."""
    within = scope.get("subclusters")
    if goal == Goal.BALANCE:
        return goals.balance(load, within)
    if goal == Goal.ACTIVE_STANDBY:
        return goals.active_standby(load, within)
    if goal == Goal.FILL:
        return goals.fill(load, within, mode=_placing(cluster))
    if goal == Goal.EVACUATE:
        return goals.evacuate(load, scope["node"], within, mode=_placing(cluster))
    raise ValueError(f"{goal} is not planned from counts")


def _placing(cluster: Cluster) -> str:
    """Where users go who need a home: as the mode says, evenly where it says nothing (domain.md §2)."""
    return Mode.ACTIVE_STANDBY if cluster.fills_first_nodes else Mode.BALANCED


def plan_move(cluster: Cluster, users: Any, to_node: Node | None, *, author: Any = None) -> Plan:
    """The plan that moves these users (keys, or a queryset of one column of them) to a node; pinned ones stay."""
    picked = pick.named(cluster.pk, users, to_node.pk if to_node else None)
    scope = {"node": to_node.pk if to_node else None}
    return make_given(cluster, load_of(cluster, rough=True), Goal.MOVE, scope, picked, author)


def plan_spread(cluster: Cluster, users: Any, wanted: Spread, *, author: Any = None) -> Plan:
    """The plan that spreads these users (as in `plan_move`) over the nodes of a subcluster."""
    picked = pick.spread(cluster.pk, users, wanted)
    load = load_of(cluster, rough=True)
    return make_given(cluster, load, Goal.MOVE, {"nodes": list(wanted.nodes)}, picked, author)


def by_hash(plan_hash: str) -> Plan:
    """A plan by its hash, or by the beginning of it from eight characters on; raises Refused."""
    rows = Plan.objects.select_related("cluster__policy")
    if len(plan_hash) < 64:
        matches = list(rows.filter(hash__startswith=plan_hash)[:2]) if len(plan_hash) >= 8 else []
    else:
        matches = list(rows.filter(hash=plan_hash))
    if len(matches) != 1:
        raise Refused(reasons.NO_SUCH_PLAN, hash=plan_hash)
    return matches[0]


def cluster_id_of(plan_hash: str) -> int | None:
    """The cluster of a plan, by its key."""
    return by_hash(plan_hash).cluster_id


def as_dict(plan: Plan) -> dict[str, Any]:
    """The shape that the page, the command and the API show."""
    body = plan.body
    flows = [{k: flow[k] for k in ("from", "to", "users", "crosses")} for flow in body["flows"]]
    nodes = [{k: node[k] for k in ("name", "before", "after")} for node in body["nodes"]]
    rest = {k: v for k, v in body.items() if k not in ("flows", "nodes")}
    if "certificate" in rest:
        rest["certificate"] = certificate(plan)
    if left := left_out(plan):
        rest["left_out"] = [
            {"node": one.node, "users": one.users, "code": one.why.reason.code, "why": str(one.why)} for one in left
        ]
    return {
        "hash": plan.hash,
        "goal": plan.goal,
        "moves": plan.moves,
        "minimum_moves": plan.minimum_moves,
        "nodes": nodes,
        "flows": flows,
        **rest,
    }


def certificate(plan: Plan) -> str:
    """Why a plan cannot have fewer moves, in words."""
    return words(plan.body.get("certificate", ""))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A node that a plan leaves out, with the users at home there."""

    node: str
    users: int
    why: Said


def left_out(plan: Plan) -> list[LeftOut]:
    """The nodes that a plan leaves out; of a plan of an older version the sentence that it stored."""
    return [
        LeftOut(
            left["node"],
            left["users"],
            Said.of_kept(left) if "facts" in left else Said(Reason(left["code"], "{why}"), {"why": left["why"]}),
        )
        for left in plan.body.get("left_out", ())
    ]


def seconds(plan: Plan, rate: float | None, rate_total: float | None = None) -> float:
    """How long a run of the plan takes in real seconds, at rates in users per cluster second (None: no limit).

    Raises Refused for a rate that no run can have.
    """
    receiving = Counter[int | None]()
    for flow in plan.body["flows"]:
        receiving[flow["to_id"]] += flow["users"]
    each = max(receiving.values(), default=0) / checked_rate(rate) if rate is not None else 0
    together = plan.moves / checked_rate(rate_total) if rate_total is not None else 0
    return max(each, together) / plan.cluster.clock_speed


def checked_rate(rate: float) -> float:
    """A rate in users per cluster second that a run can have; raises Refused."""
    if not LEAST_RATE <= rate < MOST_RATE:
        raise Refused(reasons.RUN_RATE_NOT_VALID, rate=f"{rate:g}", **RATES)
    return float(rate)


# --- Rows that no longer hold ---------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Stale:
    """Planned moves that would be skipped now: how many of each reason, and some of them."""

    counts: dict[str, int]
    sample: tuple[dict[str, str], ...] = ()

    @property
    def count(self) -> int:
        return sum(self.counts.values())


STALE = """
SELECT code, count(*), (array_agg(user_id ORDER BY place))[1:%s] FROM (
    SELECT p.place, p.user_id,
        CASE WHEN a.user_id IS NULL THEN %s
        WHEN a.home_node_id IS DISTINCT FROM p.from_node_id OR a.cluster_id <> plan.cluster_id THEN %s
        WHEN a.pinned THEN %s ELSE '' END AS code
    FROM assignments_plannedmove p JOIN assignments_plan plan ON plan.id = p.plan_id
    LEFT JOIN assignments_assignment a ON a.user_id = p.user_id WHERE p.plan_id = %s
) AS judged WHERE code <> '' GROUP BY code ORDER BY code
"""


def stale_rows(plan: Plan, *, sample: int = 20) -> Stale:
    """Which rows of a plan no longer hold, and why; at most `sample` people by name for each reason."""
    codes = [why.code for why in (reasons.SKIPPED_USER_GONE, reasons.SKIPPED_MOVED_SINCE, reasons.SKIPPED_PINNED)]
    with connection.cursor() as cursor:
        cursor.execute(STALE, [max(sample, 1), *codes, plan.pk])
        rows = cursor.fetchall()
    counts = {code: count for code, count, _ in rows}
    if gone := plan.moves - plan.rows.count():
        counts["SKIPPED_NODE_GONE"] = gone
    keys = [(pk, code) for code, _, some in rows for pk in some] if sample else []
    names = pick.names(pk for pk, _ in keys)
    why = {code: reasons.REASONS[code].say() for _, code in keys}
    known = [(pk, code) for pk, code in keys if pk in names]  # who was removed has no name any more
    return Stale(counts, tuple({"user": names[pk], "code": code, "why": why[code]} for pk, code in known))


# --- Storing --------------------------------------------------------------------------------------
def _checked(cluster: Cluster, goal: Goal, scope: dict[str, Any]) -> dict[str, Any]:
    """The scope, known to be of this cluster and complete for the goal; raises Refused."""
    asked: dict[str, Any] = {}
    if ids := scope.get("subclusters"):
        asked["subclusters"] = sorted(set(ids))
        if Subcluster.objects.filter(cluster=cluster, pk__in=ids).count() != len(asked["subclusters"]):
            raise Refused(reasons.SCOPE_NOT_VALID, problem=f"Not all of these subclusters are in {cluster.name}.")
    if goal == Goal.EVACUATE:
        asked["node"] = scope.get("node")
        if asked["node"] is None:
            raise Refused(reasons.NODE_TO_EVACUATE)
        node = Node.objects.filter(pk=asked["node"]).first()
        if node is None or node.cluster_id != cluster.pk:
            raise Refused(reasons.PLAN_NO_NODE, node=node.name if node else asked["node"])
    if goal == Goal.UNDO:
        asked["operation"] = scope.get("operation")
        if not Operation.objects.filter(cluster=cluster, pk=asked["operation"]).exists():
            raise Refused(reasons.NO_SUCH_OPERATION, operation=scope.get("operation"))
    return asked

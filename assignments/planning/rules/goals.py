"""Who should be at home where: plans on populations, with the fewest moves and a proof that it is the minimum.

    ClusterLoad -> goal -> Task (bounds, limits.py) -> target by users (balance.py) --any users fit--> flows
                                                              \\--endpoints may bind--> persons.py ------> flows

Order of what counts: balance (balance.py says what that is), moves, moves across subclusters, signed-in users
disturbed. `fill` and `evacuate` move only those who must; `active_standby` counts users beside a first node.

**Rules.** Targets are in a subcluster, in service, and within capacity in users and endpoints; pinned users stay; with
`redundant` two nodes of a pair together hold no more than the smaller one can, in users and in endpoints (domain.md
§3). Nodes out of service keep their users: they belong to recovery.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

from assignments.planning.rules.balance import Bin, Target, choose_placement, flows_to
from assignments.planning.rules.certificate import Certificate, Choice
from assignments.planning.rules.limits import (
    balancing,
    demand_possible,
    firsts,
    growing,
    nodes_within,
    onto_firsts,
    targets,
)
from assignments.planning.rules.loads import Classes, ClusterLoad, Flow, NodeLoad, Proposal, RoughLoad
from assignments.planning.rules.mixtures import mixed
from assignments.planning.rules.persons import SECONDS, Exact, NoPlacement, OutOfTime, any_users_fit, best_over_persons
from assignments.planning.rules.persons_program import Task
from assignments.planning.rules.proof import (
    Certify,
    certify_balance,
    certify_evacuation,
    certify_fill,
    certify_given,
    certify_persons,
    certify_standby,
)
from topology.reasons import (
    NODE_IN_MAINTENANCE,
    NODE_WITHOUT_SUBCLUSTER,
    PLAN_NO_NODE,
    PLAN_NO_REDUNDANCY_ENDPOINTS,
    PLAN_NO_ROOM_ENDPOINTS,
    PLAN_NO_ROOM_USERS,
    PLAN_NO_TARGET,
    PLAN_OUT_OF_TIME,
    PLAN_PINNED,
    PLAN_TARGET_DOWN,
    Refused,
)
from topology.rules.modes import Mode


# --- Goals ----------------------------------------------------------------------------------------
def balance(load: ClusterLoad, scope: Iterable[int] | None = None) -> Proposal:
    """Equal shares of capacity over the nodes of these subclusters (None: all); raises Refused."""
    nodes = targets(load, scope)
    task = balancing(load, nodes)
    total = sum(n.users for n in nodes)
    demand_possible(task, total)
    return proposal_for(task, choose_placement(task.bins, task.caps, total), partial(certify_balance, of=load.of))


def fill(load: ClusterLoad, scope: Iterable[int] | None = None, *, mode: str = Mode.BALANCED) -> Proposal:
    """Give the unassigned users a home and move no one else; raises Refused (domain.md §2)."""
    nodes = targets(load, scope)
    if mode == Mode.ACTIVE_STANDBY:
        nodes = firsts(nodes)
    task = growing(load, nodes)
    total = sum(n.users for n in nodes) + load.unassigned
    demand_possible(task, total)
    return proposal_for(task, choose_placement(task.bins, task.caps, total), certify_fill)


def evacuate(
    load: ClusterLoad, node_id: int, scope: Iterable[int] | None = None, *, mode: str = Mode.BALANCED
) -> Proposal:
    """Move everybody off one node and no one else, the others as balanced as that allows; raises Refused."""
    leaving = next((n for n in load.nodes if n.id == node_id), None)
    if leaving is None:
        raise Refused(PLAN_NO_NODE, node=node_id)
    if leaving.pinned:
        raise Refused(PLAN_PINNED, node=leaving.name, pinned=leaving.pinned, room=0, unpin=leaving.pinned)
    nodes = targets(load, scope, without=node_id)
    if mode == Mode.ACTIVE_STANDBY:
        nodes = firsts(nodes)
    task = growing(load, nodes, leaving)
    total = sum(n.users for n in nodes) + leaving.users
    demand_possible(task, total)
    return proposal_for(task, choose_placement(task.bins, task.caps, total, leaving), certify_evacuation)


def active_standby(load: ClusterLoad, scope: Iterable[int] | None = None) -> Proposal:
    """Everybody onto the first node of a subcluster, of their own where it holds them; raises Refused.

    Users that the own first node cannot hold go to the first nodes of other subclusters (domain.md §2, §3).
    """
    asked = nodes_within(load, scope)
    first = firsts(asked)
    for node in first:
        if not node.in_service:
            raise Refused(PLAN_TARGET_DOWN, node=node.name)
        if not node.takes:
            raise Refused(NODE_IN_MAINTENANCE, node=node.name)
    if not first:
        raise Refused(PLAN_NO_TARGET, nodes=0)
    if load.rough:  # what stays beside a first node is weighed to the last endpoint
        raise RoughLoad
    task = onto_firsts(load, asked)
    own = {b.node.id: sum(n.movable for n in task.leaving if n.group == b.node.group) for b in task.bins}
    total = sum(b.node.users + own[b.node.id] for b in task.bins)
    demand_possible(task, total)
    bins = [Bin(b.node, min(b.high, b.node.users + own[b.node.id]), b.high) for b in task.bins]
    target = choose_placement(bins, {}, total) | {n.id: n.pinned for n in task.leaving}
    return proposal_for(task, target, certify_standby)


def given(load: ClusterLoad, flows: Sequence[Flow]) -> Proposal:
    """Flows that somebody chose (by hand, or the way back), held to the same capacities; raises Refused."""
    after = {n.id: n.users for n in load.nodes}
    for flow in flows:
        if flow.from_id is not None:
            after[flow.from_id] -= flow.users
        if flow.to_id is not None:
            after[flow.to_id] += flow.users
    receiving = {f.to_id for f in flows}
    for node in load.nodes:
        if node.id in receiving:
            _demand_room(node, after[node.id])
    moves = sum(f.users for f in flows)
    return _proposal(load, tuple(flows), after, certify_given(moves))


def place_unassigned(
    nodes: Sequence[NodeLoad],
    mode: str,
    n: int,
    *,
    endpoints: int = 0,
    redundant: bool = False,
    classes: Classes | None = None,
) -> list[Flow]:
    """Where the next `n` users would go, as flows from nowhere; raises Refused.

    Balanced: where the share of capacity is lowest. Active/standby: first nodes of the subclusters, evenly. Manual:
    nowhere (domain.md §2). `endpoints` is the sum over the new users, `classes` how they have them where that is known.
    """
    if mode == Mode.MANUAL or n == 0:
        return []
    load = ClusterLoad(tuple(nodes), n, endpoints, redundant, classes)
    return [flow for flow in fill(load, mode=mode).flows if flow.to_id is not None]


def place_as_redundant_as_possible(
    nodes: Sequence[NodeLoad],
    mode: str,
    users: int,
    *,
    endpoints: int,
    redundant: bool,
    classes: Classes | None = None,
) -> list[Flow]:
    """The same, with room kept for a failover as long as there is any; raises Refused."""
    try:
        return place_unassigned(nodes, mode, users, endpoints=endpoints, redundant=redundant, classes=classes)
    except Refused:
        if not redundant:
            raise
    return place_unassigned(nodes, mode, users, endpoints=endpoints, classes=classes)


def _demand_room(node: NodeLoad, after: int) -> None:
    if node.subcluster is None:
        raise Refused(NODE_WITHOUT_SUBCLUSTER, node=node.name)
    if not node.in_service:
        raise Refused(PLAN_TARGET_DOWN, node=node.name)
    if not node.takes:
        raise Refused(NODE_IN_MAINTENANCE, node=node.name)
    most = max(node.capacity_users, node.users)
    if after > most:
        raise Refused(PLAN_NO_ROOM_USERS, users=after, room=most, missing=after - most, nodes=1)


# --- Proposals ------------------------------------------------------------------------------------
def proposal_for(task: Task, target: Target, certify: Certify) -> Proposal:
    """The plan by users alone where any users fit; else the optimum over persons. Raises Refused, RoughLoad."""
    nodes = [n for n in task.load.nodes if n.id in target]
    flows = flows_to(nodes, target)
    after = {n.id: target.get(n.id, n.users) for n in task.load.nodes}
    if any_users_fit(task, target, flows):
        return _proposal(task.load, flows, after, certify(nodes, target, Choice.ANY_USERS))
    if task.load.rough:
        raise RoughLoad
    if (chosen := mixed(task, flows)) is not None:
        return _proposal(task.load, chosen, after, certify(nodes, target, Choice.BY_ENDPOINTS))
    exact = _solved(task, target)
    after = {n.id: exact.after.get(n.id, n.users) for n in task.load.nodes}
    moves = sum(f.users for f in exact.flows)
    bins = [b.node for b in task.bins]
    proof = certify_persons(bins, exact.after, moves, exact.minimum, SECONDS, proven=exact.proven, of=task.load.of)
    return _proposal(task.load, exact.flows, after, proof, proven=exact.proven)


def _solved(task: Task, target: Target) -> Exact:
    try:
        return best_over_persons(task, target)
    except NoPlacement as none:
        rule = PLAN_NO_REDUNDANCY_ENDPOINTS if none.pairs else PLAN_NO_ROOM_ENDPOINTS
        raise Refused(rule, missing=none.missing, nodes=len(task.bins)) from none
    except OutOfTime as late:
        raise Refused(PLAN_OUT_OF_TIME, seconds=f"{SECONDS:g}") from late


def _proposal(
    load: ClusterLoad, flows: tuple[Flow, ...], after: Target, proof: Certificate, *, proven: bool = True
) -> Proposal:
    return Proposal(
        flows=flows,
        before={n.id: n.users for n in load.nodes},
        after=after,
        moves=sum(f.users for f in flows),
        minimum_moves=proof.minimum,
        crossing=sum(f.users for f in flows if f.crosses),
        disturbed=_disturbed(load, flows),
        certificate=proof,
        proven=proven,
    )


def _disturbed(load: ClusterLoad, flows: Sequence[Flow]) -> int:
    """Signed-in users who have to sign in again, with those picked first who are not signed in."""
    out: dict[tuple[int | None, int | None], int] = defaultdict(int)
    for flow in flows:
        out[flow.from_id, flow.endpoints] += flow.users
    idle: dict[tuple[int | None, int | None], int] = {(n.id, None): n.idle for n in load.nodes}
    idle |= {(n.id, c.endpoints): c.idle for n in load.nodes for c in n.classes}
    return sum(max(0, users - idle.get(key, users)) for key, users in out.items() if key[0] is not None)

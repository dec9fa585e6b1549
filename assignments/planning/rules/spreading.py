"""Where chosen users go who are dropped on a subcluster: over its nodes, as the assignment mode says (domain.md §2).

    balanced, manual   the nodes that take users come to shares of capacity as equal as can be, as the planner counts
    active/standby     the first node gets them all

Only the chosen move, as few of them as that allows; the others are bounds. Room for a failover is not kept here: a drop
says what it means for that day and leaves the choice to the person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from assignments.planning.rules.balance import Bin, choose_placement
from assignments.planning.rules.certificate import Certificate, Choice, PlanClaim
from assignments.planning.rules.goals import proposal_for
from assignments.planning.rules.limits import demand_possible
from assignments.planning.rules.loads import Classes, ClusterLoad, EndpointClass, Flow, NodeLoad
from assignments.planning.rules.persons_program import Task

Movable = Mapping[int | None, Classes]  # the chosen who are not pinned, by home; None: unassigned


@dataclass(frozen=True, slots=True)
class Spread:
    """The nodes that chosen users are spread over, and who goes where.

    A flow from None takes anybody of the chosen who is at home on none of these nodes.
    """

    nodes: tuple[int, ...]
    flows: tuple[Flow, ...] = ()

    @property
    def arriving(self) -> dict[int, int]:
        """How many users come to each node that gets some."""
        users = Counter[int]()
        for flow in self.flows:
            if flow.to_id is not None:
                users[flow.to_id] += flow.users
        return {pk: users[pk] for pk in self.nodes if users[pk]}


def spread_over(nodes: Sequence[NodeLoad], chosen: Movable) -> Spread:
    """The chosen brought to the best balance of these nodes of one subcluster; raises Refused for want of room."""
    held = [_held(node, chosen.get(node.id, ())) for node in nodes]
    ids = {node.id for node in nodes}
    coming = _merged(one for home, classes in chosen.items() if home not in ids for one in classes)
    load = ClusterLoad(
        nodes=tuple(held),
        unassigned=sum(c.users for c in coming),
        unassigned_endpoints=sum(c.users * c.endpoints for c in coming),
        counted=coming,
    )
    task = Task(
        load=load,
        bins=tuple(Bin(n, n.pinned, max(n.pinned, n.capacity_users)) for n in held),
        givers=frozenset(ids),
        caps={},
        endpoint_caps={n.id: max(_kept(n), n.capacity_endpoints) for n in held},
        pair_endpoint_caps={},
        supply=coming,
    )
    total = sum(n.users for n in held) + load.unassigned
    demand_possible(task, total)
    flows = proposal_for(task, choose_placement(task.bins, task.caps, total), _unasked).flows
    return Spread(tuple(n.id for n in nodes), flows)


def _held(node: NodeLoad, chosen: Classes) -> NodeLoad:
    """The node as one that only its chosen users may leave."""
    return replace(
        node,
        pinned=node.users - sum(c.users for c in chosen),
        pinned_signed_in=node.signed_in - sum(c.users - c.idle for c in chosen),
        counted=chosen,
    )


def _kept(node: NodeLoad) -> int:
    """Endpoints of those who stay whatever happens."""
    return node.endpoints - sum(c.users * c.endpoints for c in node.classes)


def _merged(classes: Iterable[EndpointClass]) -> Classes:
    users, idle = Counter[int](), Counter[int]()
    for one in classes:
        users[one.endpoints] += one.users
        idle[one.endpoints] += one.idle
    return tuple(EndpointClass(weight, users[weight], idle[weight]) for weight in sorted(users) if users[weight])


def _unasked(nodes: Sequence[NodeLoad], target: dict[int, int], choice: Choice) -> Certificate:
    """No one is shown a proof of a drop."""
    return Certificate(PlanClaim.NAMED, 0)

"""Why a plan cannot have fewer moves: lower bounds that anyone can check with the numbers shown (certificate.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assignments.planning.rules.certificate import Certificate, Choice, PlanClaim
from assignments.planning.rules.loads import NodeLoad

Certify = Callable[[Sequence[NodeLoad], dict[int, int], Choice], Certificate]


def certify_balance(
    nodes: Sequence[NodeLoad], target: dict[int, int], choice: Choice = Choice.ANY_USERS, *, of: str = "node"
) -> Certificate:
    """The surpluses over the best balance: each move takes one user off one of those nodes, or of what `of` says."""
    over, least = _surplus(nodes, target)
    if not least:
        return Certificate(PlanClaim.BALANCED, 0, {"of": of})
    facts = {"of": of, "fullest": _fullest(nodes, target), "over": over, "choice": choice.value}
    return Certificate(PlanClaim.BALANCE, least, facts)


def certify_fill(nodes: Sequence[NodeLoad], target: dict[int, int], choice: Choice = Choice.ANY_USERS) -> Certificate:
    """Every unassigned user has to be assigned, and no one else moves."""
    return Certificate(PlanClaim.FILL, sum(target[n.id] - n.users for n in nodes), {"choice": choice.value})


def certify_evacuation(
    nodes: Sequence[NodeLoad], target: dict[int, int], choice: Choice = Choice.ANY_USERS
) -> Certificate:
    """Every user of the node has to leave it, and no one else moves."""
    leaving = [n for n in nodes if n.users > target[n.id]]
    facts = {"nodes": [n.name for n in leaving], "choice": choice.value}
    return Certificate(PlanClaim.EVACUATION, sum(n.users for n in leaving), facts)


def certify_standby(
    nodes: Sequence[NodeLoad], target: dict[int, int], choice: Choice = Choice.ANY_USERS
) -> Certificate:
    """Every user beside a first node, and every one that a first node cannot hold, has to move."""
    over, least = _surplus(nodes, target)
    if not least:
        return Certificate(PlanClaim.ON_FIRST, 0)
    return Certificate(PlanClaim.STANDBY, least, {"over": over, "choice": choice.value})


def certify_persons(
    nodes: Sequence[NodeLoad],
    target: dict[int, int],
    moves: int,
    bound: int,
    seconds: float,
    *,
    proven: bool,
    of: str = "node",
) -> Certificate:
    """Endpoints bind: what an exact solver proved over persons, or how far it got in its seconds."""
    facts = {"of": of, "fullest": _fullest(nodes, target)}
    if proven:
        return Certificate(PlanClaim.SOLVED, moves, facts)
    return Certificate(PlanClaim.OUT_OF_TIME, bound, facts | {"seconds": seconds, "above": moves - bound})


def certify_given(moves: int) -> Certificate:
    """The users are named, each of them once."""
    return Certificate(PlanClaim.NAMED, moves)


def _surplus(nodes: Sequence[NodeLoad], target: dict[int, int]) -> tuple[list[list[str | int]], int]:
    """Each node that has more users than its target, with how many more, and their sum."""
    over = [(n.name, n.users - target[n.id]) for n in nodes if n.users > target[n.id]]
    return [list(pair) for pair in over], sum(users for _, users in over)


def _fullest(nodes: Sequence[NodeLoad], target: dict[int, int]) -> float:
    """The greatest share of a capacity that a node has of its target."""
    return max(target[n.id] / n.capacity_users for n in nodes)

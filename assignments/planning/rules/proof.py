"""Why a plan cannot have fewer moves: a lower bound and a sentence that anyone can check with the numbers shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assignments.planning.rules.loads import NodeLoad

ANY_USERS = "Endpoints do not limit the choice: any users fit."
CHOSEN = "Users are picked by their endpoints so that every limit holds; without those limits it would not be less."


@dataclass(frozen=True, slots=True)
class Certificate:
    """No plan with this outcome has fewer moves than `minimum`, and why."""

    minimum: int
    sentence: str


Certify = Callable[[Sequence[NodeLoad], dict[int, int], str], Certificate]


def certify_balance(
    nodes: Sequence[NodeLoad], target: dict[int, int], why_persons: str = ANY_USERS, *, of: str = "node"
) -> Certificate:
    """The surpluses over the best balance: each move takes one user off one of those nodes, or of what `of` says."""
    over = {n.name: n.users - target[n.id] for n in nodes if n.users > target[n.id]}
    least = sum(over.values())
    if not least:
        balanced = "The cluster is" if of == "node" else f"The {of}s are"
        return Certificate(0, f"{balanced} already as balanced as the rules allow, so no user has to move.")
    fullest = max(_share(n, target[n.id]) for n in nodes)
    return Certificate(
        least,
        f"The best balance fills no {of} above {fullest:.2%} of its capacity and leaves these {of}s with less than they"
        f" have: {_listed(over)}. A move takes one user off one {of}, so {least:,} is the minimum. {why_persons}",
    )


def certify_fill(nodes: Sequence[NodeLoad], target: dict[int, int], why_persons: str = ANY_USERS) -> Certificate:
    """Every unassigned user has to be assigned, and no one else moves."""
    least = sum(target[n.id] - n.users for n in nodes)
    return Certificate(
        least, f"{_people(least)} without a home, each assigned once; no other user moves. {why_persons}"
    )


def certify_evacuation(nodes: Sequence[NodeLoad], target: dict[int, int], why_persons: str = ANY_USERS) -> Certificate:
    """Every user of the node has to leave it, and no one else moves."""
    leaving = {n.name: n.users for n in nodes if n.users > target[n.id]}
    least = sum(leaving.values())
    named = " and ".join(leaving) or "the node"
    return Certificate(
        least, f"{_people(least)} at home on {named}, each moved once; no other user moves. {why_persons}"
    )


def certify_standby(nodes: Sequence[NodeLoad], target: dict[int, int], why_persons: str = ANY_USERS) -> Certificate:
    """Every user beside a first node, and every one that a first node cannot hold, has to move."""
    over = {n.name: n.users - target[n.id] for n in nodes if n.users > target[n.id]}
    least = sum(over.values())
    if not least:
        return Certificate(0, "All movable users are already on a first node, so no user has to move.")
    return Certificate(
        least,
        f"Users beside a first node, or more than their first node holds: {_listed(over)}. A move takes one user off"
        f" one node, so {least:,} is the minimum. {why_persons}",
    )


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
    fullest = max(_share(n, target[n.id]) for n in nodes)
    if proven:
        return Certificate(
            moves,
            f"Endpoints bind, so the plan was solved for each number of endpoints: no placement within the rules is"
            f" better balanced (fullest {of} {fullest:.2%}), and of those as good {moves:,} is the minimum of moves,"
            f" proven by an exact solver.",
        )
    return Certificate(
        bound,
        f"Endpoints bind, and the solver's {seconds:g} s ran out: best found, fullest {of} {fullest:.2%}, at most"
        f" {moves - bound:,} moves above the bound of {bound:,}.",
    )


def certify_given(moves: int) -> Certificate:
    """The users are named, each of them once."""
    return Certificate(moves, f"{_people(moves)} named, each moved once.")


def _share(node: NodeLoad, users: int) -> float:
    return users / node.capacity_users


def _people(count: int) -> str:
    return "1 user" if count == 1 else f"{count:,} users"


def _listed(surplus: dict[str, int]) -> str:
    return ", ".join(f"{name} by {users:,}" for name, users in surplus.items())

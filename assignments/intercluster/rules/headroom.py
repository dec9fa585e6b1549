"""How many more users a cluster takes so that any one node of a pair may still fail. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence

Pair = Sequence[tuple[int, int]]  # capacity and users at home, of each node of a subcluster


def most_users(pair: Pair, *, redundant: bool) -> int:
    """How many users a subcluster may have: where it is redundant, so many as its weaker node carries alone."""
    capacities = [capacity for capacity, _ in pair]
    return min(capacities) if redundant and len(capacities) == 2 else sum(capacities)


def headroom(pairs: Sequence[Pair], *, redundant: bool) -> int:
    """How many more users there is room for, over all subclusters; one that is over its share counts as full."""
    return sum(max(0, most_users(pair, redundant=redundant) - sum(users for _, users in pair)) for pair in pairs)

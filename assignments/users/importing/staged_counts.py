"""How many of each sort the staged users of an import are: counted in one reading, and asked as often as need be."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assignments.planning.rules.loads import Classes, EndpointClass, Flow
from assignments.users.importing.staging import ENDPOINTS, rows_of

COUNT = f"""
    SELECT waits, target, home_id, {ENDPOINTS} AS endpoints, coalesce(had, 0), known IS NULL, changed,
        cluster_id IS NULL, count(*)
    FROM staged GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


class Capacity(NamedTuple):
    """A node with the room that it has and what it is rated for."""

    pk: int
    name: str
    room_users: int
    room_endpoints: int
    capacity_users: int
    capacity_endpoints: int


class UnplacedUsers(NamedTuple):
    """Users who wait for a home by the cluster's mode, and the sum of their endpoints."""

    users: int
    endpoints: int


class ImportOutcome(NamedTuple):
    """How many people are new, changed, unchanged, and how many stay without a home."""

    created: int
    updated: int
    unchanged: int
    left_unassigned: int


class Alike(NamedTuple):
    """So many staged users who differ in nothing that counts."""

    waits: bool
    target: int | None
    home: int | None  # so far
    endpoints: int
    had: int  # endpoints so far
    is_new: bool
    changed: bool
    arrives: bool  # in the cluster
    users: int

    @property
    def goes_to(self) -> int | None:
        """Where they are at home afterwards."""
        return self.home if self.target is None else self.target

    @property
    def added(self) -> int:
        """Endpoints that each of them brings to that home."""
        return self.endpoints - (self.had if self.target is None else 0)


def _dealt(each: Alike, places: deque[tuple[int | None, int]]) -> list[Alike]:
    """Those of one sort at the places that come next; who finds none stays without a home."""
    there, left = [], each.users
    while left and places:
        to, users = places.popleft()
        taken = min(left, users)
        there.append(each._replace(target=to, users=taken))
        left -= taken
        if users > taken:
            places.appendleft((to, users - taken))
    return [*there, each._replace(users=left)] if left else there


@dataclass(frozen=True, slots=True)
class StagedCounts:
    """All staged users, as they were when they were counted."""

    sorts: Sequence[Alike]

    @classmethod
    def taken(cls) -> StagedCounts:
        """Those of now."""
        return cls([Alike(*row) for row in rows_of(COUNT)])

    def dealt(self, flows: Sequence[Flow]) -> StagedCounts | None:
        """The same once these flows took all who wait; None where they leave open who goes where.

        Which of those with as many endpoints go to a node changes no number that is asked for.
        """
        weights = [each.endpoints for each in self.waiting_classes]
        alone = weights[0] if len(weights) == 1 else None
        places: dict[int | None, deque[tuple[int | None, int]]] = {weight: deque() for weight in weights}
        for flow in (flow for flow in flows if flow.users):
            weight = alone if flow.endpoints is None else flow.endpoints
            if weight not in places:
                return None
            places[weight].append((flow.to_id, flow.users))
        sorts = []
        for each in self.sorts:
            sorts += _dealt(each, places[each.endpoints]) if each.waits else [each]
        return None if any(places.values()) else StagedCounts(sorts)

    def _users(self, wanted: Callable[[Alike], bool]) -> int:
        return sum(each.users for each in self.sorts if wanted(each))

    @property
    def arriving(self) -> int:
        """New users, and unassigned ones who get a home."""
        return self._users(lambda each: each.arrives or each.target is not None)

    @property
    def waiting(self) -> UnplacedUsers:
        """Users who wait for a home by the cluster's mode."""
        classes = self.waiting_classes
        return UnplacedUsers(sum(c.users for c in classes), sum(c.users * c.endpoints for c in classes))

    @property
    def waiting_classes(self) -> Classes:
        """The same by their number of endpoints."""
        users = Counter[int]()
        for each in self.sorts:
            if each.waits:
                users[each.endpoints] += each.users
        return tuple(EndpointClass(weight, users[weight], users[weight]) for weight in sorted(users))

    @property
    def homes(self) -> Counter[int]:
        """Users who get a home, per node."""
        users = Counter[int]()
        for each in self.sorts:
            if each.target is not None:
                users[each.target] += each.users
        return users

    @property
    def endpoints(self) -> Counter[int]:
        """Endpoints that come, per node; below 0 where they become fewer."""
        return self._endpoints(lambda each: each.added)

    def _endpoints(self, added: Callable[[Alike], int]) -> Counter[int]:
        endpoints = Counter[int]()
        for each in self.sorts:
            if each.goes_to is not None:
                endpoints[each.goes_to] += added(each) * each.users
        return endpoints

    def may_overfill(self, nodes: Sequence[Capacity]) -> bool:
        """Whether a node could be brought beyond its capacity, were the lines that take endpoints away the last."""
        users, endpoints = self.homes, self._endpoints(lambda each: max(each.added, 0))
        return any(
            0 < users[node.pk] > node.room_users or 0 < endpoints[node.pk] > node.room_endpoints for node in nodes
        )

    @property
    def outcome(self) -> ImportOutcome:
        """What becomes of them."""
        return ImportOutcome(
            self._users(lambda each: each.is_new),
            self._users(lambda each: not each.is_new and (each.changed or each.target is not None)),
            self._users(lambda each: not each.is_new and not each.changed and each.target is None),
            self._users(lambda each: each.goes_to is None),
        )

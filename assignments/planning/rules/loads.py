"""What plans are made from and what they are: loads of nodes in, flows of users out.

People differ in what they weigh: one has one endpoint, another seven. A load therefore counts its users in classes of
equal endpoints; a plan moves so many of a class, and any of them will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from assignments.planning.rules.certificate import Certificate


@dataclass(frozen=True, slots=True)
class EndpointClass:
    """Users of one place who have equally many endpoints and may be moved; `idle` of them are not signed in."""

    endpoints: int
    users: int
    idle: int = 0


Classes = tuple[EndpointClass, ...]


def alike(users: int, endpoints: int, idle: int = 0) -> Classes:
    """Classes of so many users where only the sum of their endpoints is known: as equal as whole numbers are."""
    if users <= 0:
        return ()
    less, heavier = divmod(endpoints, users)
    parts = [(less, users - heavier), (less + 1, heavier)]
    classes = []
    for weight, count in parts:
        if count:
            classes.append(EndpointClass(weight, count, min(idle, count)))
            idle -= min(idle, count)
    return tuple(classes)


@dataclass(frozen=True, slots=True)
class Room:
    """How many more users and endpoints a place takes; below 0 where it has more than it is rated for."""

    users: int = 0
    endpoints: int = 0

    def __add__(self, other: Room) -> Room:
        return Room(self.users + other.users, self.endpoints + other.endpoints)

    def lacks(self, users: int, endpoints: int) -> tuple[str, int, int] | None:
        """What runs out first when so many come: "users" or "endpoints", the room for them, and how many come."""
        coming = (("users", self.users, users), ("endpoints", self.endpoints, endpoints))
        return next((one for one in coming if one[2] > max(0, one[1])), None)


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """What the planner knows of a node; counts are of users at home there."""

    id: int
    name: str
    subcluster: int | None
    slot: int | None
    capacity_users: int
    capacity_endpoints: int
    users: int = 0
    endpoints: int = 0
    signed_in: int = 0
    pinned: int = 0
    pinned_signed_in: int = 0
    in_service: bool = True
    takes: bool = True
    """Whether it is open to users by the rule of homes (topology/rules/homes.py), whatever its pair does."""
    counted: Classes | None = None
    """Those who are not pinned, by endpoints; None where only sums are known."""

    @property
    def group(self) -> int:
        """The subcluster, or a number of its own for a node without one."""
        return -self.id if self.subcluster is None else self.subcluster

    @property
    def target(self) -> bool:
        """Whether users may be sent here at all."""
        return self.in_service and self.takes and self.subcluster is not None

    @property
    def room(self) -> Room:
        """What it still takes of what it is rated for."""
        return Room(self.capacity_users - self.users, self.capacity_endpoints - self.endpoints)

    @property
    def movable(self) -> int:
        """Users who are not pinned."""
        return self.users - self.pinned

    @property
    def idle(self) -> int:
        """Users who can leave without anybody being signed out."""
        return self.users - self.pinned - (self.signed_in - self.pinned_signed_in)

    @property
    def classes(self) -> Classes:
        """Those who are not pinned, by endpoints; shared out evenly where only sums are known."""
        if self.counted is not None:
            return self.counted
        kept = self.endpoints * self.pinned // self.users if self.users else 0
        return alike(self.movable, self.endpoints - kept, self.idle)


@dataclass(frozen=True, slots=True)
class ClusterLoad:
    """Everything a plan is made from; the same load and goal give the same plan."""

    nodes: tuple[NodeLoad, ...]
    unassigned: int = 0
    unassigned_endpoints: int = 0
    redundant: bool = False
    counted: Classes | None = None
    """The unassigned users by endpoints; None where only sums are known."""
    rough: bool = False
    """Whether the classes are bounds: what fits with them fits any users, and nothing else follows."""
    of: str = "node"
    """What gives and takes users, as the certificate names it: "node" or "cluster"."""

    @property
    def unassigned_classes(self) -> Classes:
        if self.counted is not None:
            return self.counted
        return alike(self.unassigned, self.unassigned_endpoints, self.unassigned)


class RoughLoad(Exception):
    """A question that bounds do not answer: the users have to be counted by endpoints."""


def roughly(load: ClusterLoad, most: int) -> ClusterLoad:
    """The load with bounds for classes, from sums alone: a user who moves may have no endpoint, or `most`."""

    def bounds(users: int) -> Classes:
        return (EndpointClass(most, users), EndpointClass(0, users))

    nodes = tuple(replace(node, counted=bounds(node.movable)) for node in load.nodes)
    return replace(load, nodes=nodes, counted=bounds(load.unassigned), rough=True)


@dataclass(frozen=True, slots=True)
class Flow:
    """So many users from one node to another; None is unassigned."""

    from_id: int | None
    to_id: int | None
    users: int
    crosses: bool = False
    """Whether it leaves a subcluster."""
    endpoints: int | None = None
    """Of each of these users; None: any users will do."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The answer: flows, what each node has before and after, and why it cannot be fewer moves.

    `proven` is false where the solver's time ran out: `minimum_moves` is then a bound, and the certificate says so.
    """

    flows: tuple[Flow, ...]
    before: Mapping[int, int]
    after: Mapping[int, int]
    moves: int
    minimum_moves: int
    crossing: int
    disturbed: int
    certificate: Certificate
    proven: bool = True

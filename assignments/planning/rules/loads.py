"""What plans are made from and what they are: loads of nodes in, flows of users out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction


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
    """Whether users may be sent here: nobody works on it."""

    @property
    def group(self) -> int:
        """The subcluster, or a number of its own for a node without one."""
        return -self.id if self.subcluster is None else self.subcluster

    @property
    def target(self) -> bool:
        """Whether users may be sent here at all."""
        return self.in_service and self.takes and self.subcluster is not None

    @property
    def idle(self) -> int:
        """Users who can leave without anybody being signed out."""
        return self.users - self.pinned - (self.signed_in - self.pinned_signed_in)

    @property
    def mean_endpoints(self) -> Fraction:
        """Endpoints per user at home here, exactly."""
        return Fraction(self.endpoints, self.users) if self.users else Fraction(0)


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything a plan is made from; the same ground and goal give the same plan."""

    nodes: tuple[NodeLoad, ...]
    unassigned: int = 0
    unassigned_endpoints: int = 0
    redundant: bool = False
    limits: Mapping[int, int] = field(default_factory=dict)
    """Users a node may hold at most, below its capacity."""


@dataclass(frozen=True, slots=True)
class Flow:
    """So many users from one node to another; None is unassigned."""

    from_id: int | None
    to_id: int | None
    users: int
    crosses: bool = False
    """Whether it leaves a subcluster."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The answer: flows, what each node has before and after, and why it cannot be fewer moves."""

    flows: tuple[Flow, ...]
    before: Mapping[int, int]
    after: Mapping[int, int]
    moves: int
    minimum_moves: int
    crossing: int
    disturbed: int
    certificate: str

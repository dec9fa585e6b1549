r"""Which nodes may give and take homes now: the one rule that every way in asks (domain.md §1.4).

    node's pair, HA on, neither Normal nor Initializing  ->  neither gives nor takes, until the failover ends
    such a pair anywhere in the cluster                  ->  unassigned users get no home anywhere
    node without a subcluster, out of service, in maintenance  ->  takes no one; may be emptied

Room is another question. A drop, "Move to…", a plan, a run, an import, the assignment mode, the balancer and an undo
ask here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from topology.reasons import (
    MOVE_NEW_DURING_FAILOVER,
    MOVE_PAIR_IN_FAILOVER,
    NODE_IN_MAINTENANCE,
    NODE_NOT_A_TARGET,
    NODE_WITHOUT_SUBCLUSTER,
    Reason,
    Refused,
)
from topology.rules.states import LOOKS, State, Truth, serves

SETTLED = frozenset({State.NORMAL, State.INITIALIZING})  # of a pair with HA on
REMEDIES = {
    State.FAILED_OVER: "Fall back first.",
    State.FAILED_OVER_CSNR: "Start its services, then fall back.",
    State.RUNNING_IN_BACKUP_MODE: "Fall back first.",
    State.RUNNING_IN_FAILED_MODE: "Recover first.",
}
WAIT = "Wait until it is Normal."
Why = tuple[Reason, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """A node as this rule sees it; `protected` is HA on in a pair of two."""

    id: int
    name: str
    subcluster: int | None
    state: str
    truth: Truth
    in_maintenance: bool = False
    protected: bool = False

    @property
    def unsettled(self) -> bool:
        """Whether it keeps its pair from giving and taking homes."""
        return self.protected and self.state not in SETTLED


@dataclass(frozen=True, slots=True)
class Homes:
    """The nodes of a cluster, and what may change between them now."""

    places: tuple[Place, ...]

    def gives(self, node: int) -> Why | None:
        """Why users at home on this node keep their home; None when they may leave."""
        return self._locked(self._place(node))

    def takes(self, node: int) -> Why | None:
        """Why no one gets a home on this node, the most telling reason first; None when users may come."""
        place = self._place(node)
        if place is None or place.subcluster is None:
            return NODE_WITHOUT_SUBCLUSTER, {"node": place.name if place else node}
        if why := self._locked(place):
            return why
        return closed(place)

    def assigns(self) -> Why | None:
        """Why unassigned users get no home anywhere in the cluster; None when they may."""
        failed = next((place for place in self.places if place.unsettled), None)
        return (MOVE_NEW_DURING_FAILOVER, _named(failed)) if failed else None

    def changes(self, source: int | None, target: int | None) -> Why | None:
        """Why no one goes from one home to another; None is no home."""
        why = self.assigns() if source is None else self.gives(source)
        return why or (self.takes(target) if target is not None else None)

    def leaves(self, source: int | None, target: int | None, into: Homes) -> Why | None:
        """Why no one goes from a home here to one of another cluster: who arrives there is new there."""
        why = self.gives(source) if source is not None else None
        return why or into.assigns() or (into.takes(target) if target is not None else None)

    @property
    def locked(self) -> frozenset[int]:
        """The nodes that neither give nor take homes now."""
        return frozenset(place.id for place in self.places if self._locked(place))

    def _place(self, node: int) -> Place | None:
        return next((place for place in self.places if place.id == node), None)

    def _locked(self, place: Place | None) -> Why | None:
        if place is None or place.subcluster is None:
            return None
        pair = (other for other in self.places if other.subcluster == place.subcluster)
        failed = next((other for other in pair if other.unsettled), None)
        return (MOVE_PAIR_IN_FAILOVER, _named(failed)) if failed else None


def closed(place: Place) -> Why | None:
    """Why a node of a subcluster takes no one whatever its pair does; None when it is open to users."""
    if not serves(place.state, place.truth):
        return NODE_NOT_A_TARGET, {"node": place.name} | _out_of_service(place)
    return (NODE_IN_MAINTENANCE, {"node": place.name}) if place.in_maintenance else None


def demand_allowed(*questions: Why | None) -> None:
    """Raise Refused for the first of these that has an answer."""
    if why := first(questions):
        raise Refused(why[0], **why[1])


def first(questions: Iterable[Why | None]) -> Why | None:
    """The first of these that has an answer."""
    return next((why for why in questions if why is not None), None)


def _named(place: Place) -> dict[str, Any]:
    return {"node": place.name, "state": _label(place), "remedy": REMEDIES.get(State(place.state), WAIT)}


def _label(place: Place) -> str:
    return LOOKS[State(place.state)].label.lower()


def _out_of_service(place: Place) -> dict[str, Any]:
    why, remedy = _trouble(place)
    return {"why": why, "remedy": remedy}


def _trouble(place: Place) -> tuple[str, str]:
    """What keeps a node from serving, and what to do first."""
    truth = place.truth
    if not truth.power:
        return "has no power", "Power it on first."
    if not truth.network:
        return "is not reached by the network", "Restore its network first."
    if not truth.database:
        return "has a failed database", "Start its database first."
    if truth.failed_critical:
        service = min(truth.failed_critical)
        return f"does not run {service}", f"Start {service} first."
    return f"is {_label(place)}", REMEDIES.get(State(place.state), WAIT)

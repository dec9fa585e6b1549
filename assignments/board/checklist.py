"""The guided order in which nodes and subclusters leave (domain.md §1.3), with what is done and what stands in the way.

    HA off -> no one at home or served -> out of its slot -> removed            the publisher leaves its subcluster
                                       -> into another subcluster               only with it, and its cluster last

A checklist only shows the order; the verbs of topology/structure check each step again under the locks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from assignments.models import Operation, SubclusterLock
from assignments.population.selectors import Board, NodeView, SubclusterView
from assignments.recovery import reads
from assignments.recovery.rules.commands import Command
from topology import reasons
from topology.models import Subcluster
from topology.reasons import Refused


class StepStanding(StrEnum):
    """Where a step of a checklist is."""

    DONE = "done"
    NOW = "now"
    BUSY = "busy"  # a run is at it
    LATER = "later"  # after the steps before it
    REFUSED = "refused"


WORDS = {
    StepStanding.DONE: "done",
    StepStanding.NOW: "to do now",
    StepStanding.BUSY: "in progress",
    StepStanding.LATER: "after the steps above",
    StepStanding.REFUSED: "not possible now",
}
ICONS = {
    StepStanding.DONE: "check",
    StepStanding.NOW: "arrow-right",
    StepStanding.BUSY: "loader",
    StepStanding.LATER: "point",
    StepStanding.REFUSED: "stop",
}


@dataclass(frozen=True)
class ChecklistStep:
    """One step: what must be true, whether it is, the facts, and why it cannot be done now if it cannot."""

    key: str
    title: str
    standing: StepStanding
    text: str = ""
    refusal: Refused | None = None
    run: Operation | None = None
    nodes: tuple[NodeView, ...] = ()  # whose users must go, or which nodes must

    @property
    def open(self) -> bool:
        return self.standing is StepStanding.NOW

    @property
    def word(self) -> str:
        """The standing in words, beside its icon and colour."""
        return WORDS[self.standing]

    @property
    def icon(self) -> str:
        return ICONS[self.standing]


@dataclass(frozen=True)
class Target:
    """A subcluster that a node could be put into, and why not."""

    subcluster: Subcluster
    refusal: Refused | None
    nodes: tuple[NodeView, ...]


@dataclass(frozen=True)
class Checklist:
    """The steps in their order; each waits for those before it."""

    steps: tuple[ChecklistStep, ...]
    targets: tuple[Target, ...] = ()

    @property
    def may_move(self) -> bool:
        """Whether the node is free to be put into another subcluster now."""
        slot = next((step for step in self.steps if step.key in ("slot", "pair")), None)
        return slot is None or slot.standing is StepStanding.DONE or (slot.key == "slot" and slot.open)


def of_node(board: Board, view: NodeView) -> Checklist:
    """How a node leaves its subcluster and its cluster."""
    sub = next((other for other in board.subclusters if other.subcluster.pk == view.node.subcluster_id), None)
    run = _run(sub)
    steps = [_high_availability(sub), _nobody(_leaving(sub, view), run), _slot(sub, view, run)]
    if view.node.publisher:
        steps.append(_others(board, view))
    steps.append(_removed(view.node.short_name, "The node"))
    return Checklist(in_order(steps), targets(board, view.node.subcluster_id))


def of_subcluster(sub: SubclusterView) -> Checklist:
    """How a subcluster is removed; its nodes become unassigned."""
    run = _run(sub)
    removed = replace(_removed(sub.subcluster.name, "The subcluster"), standing=_free(run), run=run)
    return Checklist(in_order([_high_availability(sub), _nobody(sub.nodes, run), removed]))


def targets(board: Board, own: int | None = None) -> tuple[Target, ...]:
    """The other subclusters of a cluster, and which of them have a free slot."""
    return tuple(
        Target(sub.subcluster, _no_place(sub), sub.nodes) for sub in board.subclusters if sub.subcluster.pk != own
    )


def in_order(steps: Sequence[ChecklistStep]) -> tuple[ChecklistStep, ...]:
    """The same steps, those after the first open one put off."""
    ordered: list[ChecklistStep] = []
    for step in steps:
        waits = any(before.standing is not StepStanding.DONE for before in ordered)
        ordered.append(
            replace(step, standing=StepStanding.LATER, refusal=None, run=None) if waits and _open(step) else step
        )
    return tuple(ordered)


def _open(step: ChecklistStep) -> bool:
    return step.standing is not StepStanding.DONE


def _no_place(sub: SubclusterView) -> Refused | None:
    if len(sub.nodes) >= 2:
        names = " and ".join(view.node.name for view in sub.nodes)
        return Refused(reasons.SUBCLUSTER_FULL, subcluster=sub.subcluster.name, nodes=names)
    if sub.subcluster.ha_enabled:
        return Refused(reasons.SUBCLUSTER_HA_ON, subcluster=sub.subcluster.name)
    return None


def _leaving(sub: SubclusterView | None, view: NodeView) -> tuple[NodeView, ...]:
    """Whose users must go: the node's, and of a publisher's whole subcluster, for it is removed."""
    return sub.nodes if sub and view.node.publisher else (view,)


# --- The steps ------------------------------------------------------------------------------------
def _high_availability(sub: SubclusterView | None) -> ChecklistStep:
    if sub is None:
        return ChecklistStep("ha", "HA is off", StepStanding.DONE, "It is in no subcluster.")
    name = sub.subcluster.name
    if not sub.subcluster.ha_enabled:
        return ChecklistStep("ha", f"HA is off for {name}", StepStanding.DONE)
    buttons = reads.buttons(sub.subcluster)
    refusal = next((b.refused for b in buttons if b.command is Command.DISABLE_HA), None)
    text = "Until then no node takes over if one fails."
    return ChecklistStep(
        "ha", f"HA is off for {name}", StepStanding.REFUSED if refusal else StepStanding.NOW, text, refusal
    )


def _nobody(nodes: Sequence[NodeView], run: Operation | None) -> ChecklistStep:
    full = tuple(view for view in nodes if view.home.users or view.guests)
    title = "Its users are moved off"
    if not full:
        return ChecklistStep("users", title, StepStanding.DONE)
    return ChecklistStep("users", title, _free(run), run=run, nodes=full)


def _run(sub: SubclusterView | None) -> Operation | None:
    """The operation that holds a subcluster."""
    if sub is None:
        return None
    rows = SubclusterLock.objects.filter(active=True, subcluster=sub.subcluster)
    lock = rows.select_related("operation__plan", "operation__from_node", "operation__to_node").first()
    return lock.operation if lock else None


def _free(run: Operation | None) -> StepStanding:
    """A run holds its subclusters until it ends: its moves name the nodes."""
    return StepStanding.BUSY if run else StepStanding.NOW


def _slot(sub: SubclusterView | None, view: NodeView, run: Operation | None) -> ChecklistStep:
    name = view.node.short_name
    if sub is None:
        return ChecklistStep("slot", f"{name} is in no subcluster", StepStanding.DONE)
    group = sub.subcluster.name
    if view.node.publisher:
        others = [other.node.short_name for other in sub.nodes if other is not view]
        text = "The publisher leaves a subcluster only with the whole subcluster."
        text += f" {others[0]} becomes unassigned too." if others else ""
        return ChecklistStep("pair", f"The subcluster {group} is removed", _free(run), text, run=run)
    text = f"The services of {group} restart, which interrupts those it serves: choose a quiet hour."
    return ChecklistStep("slot", f"{name} is out of {group}", _free(run), text, run=run)


def _others(board: Board, view: NodeView) -> ChecklistStep:
    others = tuple(other for other in board.nodes if other is not view)
    text = "Their database depends on the publisher, so it goes last." if others else ""
    return ChecklistStep(
        "others", "The other nodes are removed", StepStanding.NOW if others else StepStanding.DONE, text, nodes=others
    )


def _removed(name: str, kind: str) -> ChecklistStep:
    text = "This cannot be undone."
    if kind == "The node":
        text += " Afterwards shut the server down and restart Cisco XCP Router on the remaining nodes."
    return ChecklistStep("remove", f"{kind} {name} is removed", StepStanding.NOW, text)

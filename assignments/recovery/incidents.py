"""What is wrong while users are out of service: what failed, who is affected, until when, and what to do next.

board, controls, runs --incidents_of--> one Incident for each subcluster with users out of service, the worst first
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from assignments.models import Kind, Operation, Progress
from assignments.population.selectors import Board, NodeView, SubclusterView
from assignments.recovery.reads import Button, Controls, position
from assignments.recovery.rules.commands import Command, Fault
from assignments.recovery.rules.n_minus_one import n_minus_one
from assignments.recovery.rules.pair import Pair, Phase
from topology.models import Node, Subcluster
from topology.rules.states import CRITICAL_SERVICES, RECOVERY_MANAGER

REPAIRS = {
    Fault.POWER: ("Power on", "power"),
    Fault.NETWORK: ("Restore the network of", "wifi"),
    Fault.DATABASE: ("Start the database of", "database"),
}
NEEDED_SERVICES = (*CRITICAL_SERVICES, RECOVERY_MANAGER)  # by users, and by the other node of the pair


@dataclass(frozen=True)
class Repair:
    """One part of a simulated node that is to be repaired, and how the button says so."""

    node: Node
    kind: str
    service: str
    label: str
    icon: str


@dataclass(frozen=True)
class ManualStep:
    """What a person can do for a subcluster: repair what is broken, or a command."""

    subcluster: Subcluster
    repairs: tuple[Repair, ...]
    command: Button | None  # fallback or recover, where that helps now

    @property
    def broken(self) -> tuple[Node, ...]:
        """The nodes that need a repair."""
        return tuple(dict.fromkeys(repair.node for repair in self.repairs))

    @property
    def needed(self) -> str:
        """What a person has to do, in words."""
        if self.command and self.command.node:
            return f"Fall back to {self.command.node.short_name}"
        if self.command:
            return f"{self.command.label} {self.subcluster.name}"
        if self.broken:
            return f"Repair {' or '.join(node.short_name for node in self.broken)}"
        return f"Bring a node of {self.subcluster.name} back into service"


@dataclass(frozen=True)
class Incident(ManualStep):
    """A subcluster with users out of service."""

    affected: tuple[NodeView, ...]  # whose users are out of service
    stopped: tuple[Node, ...]  # nothing is broken on them, but they do not serve
    out: int
    cannot: int  # of those: no one lets them sign in as things stand
    taker: str  # the node at which they sign in; "" for no one
    seconds: float | None  # of the cluster's clock, until all are served again; None: not before somebody acts
    at_most: bool  # an estimate made before the failure is detected
    until: datetime | None  # real
    alone: str  # why no other node takes over
    run: Operation | None  # whose rate can be changed

    @property
    def ends_by_itself(self) -> bool:
        return self.seconds is not None


def incidents_of(board: Board, controls: Mapping[int, Controls]) -> list[Incident]:
    """The incidents of a cluster, those with the most users out of service first."""
    now = timezone.now()
    incidents = [
        _incident(board, view, controls[view.subcluster.pk], now)
        for view in board.subclusters
        if view.out_of_service and view.subcluster.pk in controls
    ]
    return sorted(incidents, key=lambda incident: -incident.out)


def _incident(board: Board, view: SubclusterView, controls: Controls, now: datetime) -> Incident:
    nodes = [member.node for member in view.nodes]
    down = [node for node in nodes if not node.truth.up]
    cannot = sum(controls.waits[node.pk].cannot for node in nodes if node.pk in controls.waits)
    taker, seconds, until, at_most = _end(board, controls, nodes, down, cannot, now)
    return Incident(
        subcluster=view.subcluster,
        affected=tuple(member for member in view.nodes if member.out_of_service),
        stopped=tuple(node for node in nodes if not node.serves and not repairs_of(node)),
        out=view.out_of_service,
        cannot=cannot,
        taker=taker,
        seconds=seconds,
        at_most=at_most,
        until=until,
        command=command_of(controls) if seconds is None else None,
        alone=_alone(view.subcluster, nodes, down),
        repairs=tuple(repair for node in nodes for repair in repairs_of(node)),
        run=_run(board, nodes),
    )


def _end(
    board: Board, controls: Controls, nodes: list[Node], down: list[Node], cannot: int, now: datetime
) -> tuple[str, float | None, datetime | None, bool]:
    """Where they sign in, in how many cluster seconds all have, at which real instant, and whether that is a limit."""
    ends = [waits.until for waits in controls.waits.values() if waits.until]
    if not cannot and ends:
        until = max(ends)
        seconds = (until - now).total_seconds() * board.cluster.clock_speed
        takers = [node.short_name for node in nodes if node.serves]
        return " and ".join(takers), max(0.0, seconds), until, False
    if len(down) == 1 and controls.pair.memory.phase in (Phase.NORMAL, Phase.FAILING_OVER):
        verdict = n_minus_one(controls.pair, position(controls.pair, down[0]), notice=_notice(controls.pair, down[0]))
        if verdict.taker and verdict.seconds and not verdict.left_out:
            until = now + timedelta(seconds=verdict.seconds / board.cluster.clock_speed)
            return verdict.taker.split(".", 1)[0], verdict.seconds, until, True
    return "", None, None, False


def _notice(pair: Pair, node: Node) -> int:
    """After how many seconds it is noticed what is wrong with a node; at once where it was (domain.md §4.2)."""
    if pair.memory.phase is not Phase.NORMAL:
        return 0
    return pair.parameters.noticed_after(heard=node.truth.heard)


def _alone(subcluster: Subcluster, nodes: list[Node], down: list[Node]) -> str:
    """Why no other node takes over, where that is for good (domain.md §3)."""
    if len(nodes) < 2:
        return f"{subcluster.name} has no second node"
    if len(down) == len(nodes):
        return "neither node can serve them"
    return "" if subcluster.ha_enabled else f"HA of {subcluster.name} is off"


def command_of(controls: Controls) -> Button | None:
    """Recover, or the fallback to a node that can serve again."""
    wanted = (Command.RECOVER, Command.FALLBACK)
    legal = [button for button in controls.buttons if button.legal and button.command in wanted]
    return min(legal, key=lambda button: wanted.index(button.command), default=None)


def repairs_of(node: Node) -> list[Repair]:
    """What is to be repaired of a simulated node, one part each; nothing of one that is whole."""
    fine = {Fault.POWER: node.power_on, Fault.NETWORK: node.network_up, Fault.DATABASE: node.database_up}
    whole = [
        Repair(node, kind.value, "", f"{label} {node.short_name}", symbol)
        for kind, (label, symbol) in REPAIRS.items()
        if not fine[kind]
    ]
    failed = [name for name in NEEDED_SERVICES if name in node.failed_services]
    start = Fault.SERVICE.value
    return whole + [Repair(node, start, name, f"Start {name} on {node.short_name}", "play") for name in failed]


def _run(board: Board, nodes: list[Node]) -> Operation | None:
    """The failover or fallback under way between these nodes."""
    keys = {node.pk for node in nodes}
    kinds = (Kind.FAILOVER, Kind.FAILBACK)
    return next(
        (
            run
            for run in board.operations
            if run.kind in kinds and run.state == Progress.RUNNING and {run.from_node_id, run.to_node_id} & keys
        ),
        None,
    )

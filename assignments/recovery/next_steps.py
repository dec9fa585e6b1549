"""What brings a pair back to whole while none of its users is out of service: a repair, a fallback or a recover.

board, controls --next_steps_of--> one NextStep for each subcluster that waits for a hand
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assignments.population.selectors import Board, NodeView, SubclusterView
from assignments.recovery.incidents import ManualStep, command_of, repairs_of
from assignments.recovery.reads import Controls, Outlook


@dataclass(frozen=True)
class NextStep(ManualStep):
    """A subcluster whose users are all served and which is not whole, and what to press."""

    away: tuple[NodeView, ...]  # whose users are served by the other node
    bare: bool  # no other node would take over from one that serves users
    outlook: Outlook | None  # of a fallback that comes by itself


def next_steps_of(board: Board, controls: Mapping[int, Controls]) -> list[NextStep]:
    """The next steps of a cluster, in the order of its map; a node in maintenance has its own on its card."""
    steps = (
        _next_step(view, controls[view.subcluster.pk])
        for view in board.subclusters
        if not view.out_of_service and view.subcluster.pk in controls
    )
    return [step for step in steps if step.repairs or step.command]


def _next_step(view: SubclusterView, controls: Controls) -> NextStep:
    working = [member for member in view.nodes if not member.node.in_maintenance]
    command = command_of(controls)
    if command and command.node and command.node.in_maintenance:
        command = None
    return NextStep(
        subcluster=view.subcluster,
        away=tuple(member for member in view.nodes if member.away),
        repairs=tuple(repair for member in working for repair in repairs_of(member.node)),
        command=command,
        bare=any(verdict.users and not verdict.taker for verdict in controls.verdicts.values()),
        outlook=controls.outlook,
    )

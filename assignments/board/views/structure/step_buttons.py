"""The buttons of a checklist: what each step is done with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from assignments.board.checklist import Checklist, ChecklistStep
from topology.models import Node


@dataclass(frozen=True)
class StepButton:
    """One button: what it asks for and with which values, and where the answer goes."""

    act: str
    id: str
    label: str
    icon: str = ""
    tone: str = ""
    target: str = "#dialog"
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def vals(self) -> str:
        return json.dumps(self.given) if self.given else ""


OF_STEP = {
    "ha": StepButton("ha", "ha-off", "Disable HA", icon="shield-off"),
    "slot": StepButton("slot", "take-out", "Remove from subcluster", icon="arrow-out"),
    "pair": StepButton("pair", "remove-pair", "Remove the subcluster", tone="danger"),
    "remove": StepButton("remove", "remove", "Remove permanently", tone="danger", target="#messages"),
}


def of_step(step: ChecklistStep, steps: Checklist) -> list[StepButton]:
    """The buttons of a step; the one of the slot has one for each subcluster that the node may go to."""
    buttons = [OF_STEP[step.key]] if step.open and step.key in OF_STEP else []
    if step.key == "slot" and steps.may_move:
        for target in steps.targets:
            if not target.refusal:
                key, label = str(target.subcluster.pk), f"Put it into {target.subcluster.name}"
                buttons.append(StepButton("place", f"into-{key}", label, "arrow-in", given={"subcluster": key}))
    return buttons


def of_users(node: Node, *, pair: bool) -> list[StepButton]:
    """How the users of a node leave it: to other nodes, of a whole pair if `pair`, or to none."""
    key = str(node.pk)
    off = {"node": key} | ({"pair": "1"} if pair else {})
    none = {"node": key, "to": "unassigned"}
    return [
        StepButton("evacuate", f"off-{key}", "Move all users off…", "users", "primary", given=off),
        StepButton("unassign", f"unassign-{key}", "Unassign them…", "user-question", given=none),
    ]

"""One line of the timeline of a what-if: when, at which node, what happens; as it is typed and as a scenario has it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from assignments.recovery.rules.commands import OF_A_NODE, Command
from assignments.simulation.views.typed_fields import text_field
from topology.reasons import SIMULATION_TOO_MANY_LINES, Refused
from topology.rules import spans
from topology.rules.states import CRITICAL_SERVICES, OTHER_SERVICES, RECOVERY_MANAGER

MOST_ROWS = 60
Row = dict[str, str]
KINDS = {"power": "Power", "network": "Network (partition, both alive)", "database": "Database"}
WHAT = (
    *KINDS.items(),
    ("Critical services", [(name, name) for name in (*CRITICAL_SERVICES, RECOVERY_MANAGER)]),
    ("Other services: change nothing", [(name, name) for name in OTHER_SERVICES]),
)
DOES = {
    "fault": "Break",
    "repair": "Repair",
    Command.FAILOVER.value: "Failover",
    Command.FALLBACK.value: "Fallback",
    Command.RECOVER.value: "Recover its subcluster",
    Command.ENABLE_HA.value: "Enable HA of its subcluster",
    Command.DISABLE_HA.value: "Disable HA of its subcluster",
}


class LineForm(forms.Form):
    """One line of the timeline; `what` is a kind of fault or a service."""

    at = text_field("At", short=False, placeholder="10m")
    node = forms.CharField(required=False, widget=forms.Select({"class": "form-select form-select-sm"}))
    do = forms.CharField(
        required=False, widget=forms.Select({"class": "form-select form-select-sm"}, choices=list(DOES.items()))
    )
    what = forms.CharField(required=False, widget=forms.Select({"class": "form-select form-select-sm"}, choices=WHAT))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.number = int(str(self.prefix).rpartition("-")[2]) + 1 if str(self.prefix)[-1:].isdigit() else 0
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"Line {self.number}: {name}"

    def offer(self, groups: Sequence[tuple[str, list[str]]]) -> None:
        """Let one of the nodes of a topology be chosen; one that was chosen before and is not there is named."""
        chosen = self["node"].value() or ""
        known = {node for _, nodes in groups for node in nodes}
        named = f"{chosen} (not in this topology)" if chosen else "Choose a node"
        missing = [] if chosen in known else [(chosen, named)]
        offered = [(group, [(node, node.split(".", 1)[0]) for node in nodes]) for group, nodes in groups]
        self.fields["node"].widget.choices = [*missing, *offered]

    def refuse(self, why: str) -> None:
        """Say what is wrong with the line, below it."""
        self.add_error(None, why)
        self.fields["at"].widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"wi-why-{self.number}"}

    def document(self, subcluster_of: Mapping[str, str]) -> dict[str, Any]:
        """The line of a scenario."""
        row = {name: str(self[name].value() or "").strip() for name in self.fields}
        line = {"at": row["at"], "do": row["do"]}
        if row["do"] in ("fault", "repair"):
            kind = {"kind": row["what"]} if row["what"] in KINDS else {"kind": "service", "service": row["what"]}
            return line | {"node": row["node"]} | kind
        if row["do"] in OF_A_NODE:
            return line | {"node": row["node"]}
        return line | {"subcluster": subcluster_of.get(row["node"], row["node"])}


LineForms: Any = forms.formset_factory(LineForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)


def row_of(line: Mapping[str, Any], first_of: Mapping[str, str]) -> Row:
    """The row of a scenario's line."""
    kind = str(line.get("kind", "power"))
    what = str(line.get("service", "")) if kind == "service" else kind
    node = line.get("node") or first_of.get(str(line.get("subcluster")), "")
    at = line.get("at", 0)
    return {
        "at": spans.write(at) if isinstance(at, int) else str(at),
        "node": str(node),
        "do": str(line.get("do")),
        "what": what,
    }


def check_count(lines: int) -> None:
    """Raise Refused for more lines than the form shows, so that none is left out unseen."""
    if lines > MOST_ROWS:
        raise Refused(SIMULATION_TOO_MANY_LINES, lines=lines, most=MOST_ROWS)


def hash_of_rows(rows: Sequence[Row]) -> str:
    """Tells whether somebody changed the lines since."""
    plain = [[row.get(name, "") for name in ("at", "node", "do", "what")] for row in rows]
    return hashlib.sha256(repr(plain).encode()).hexdigest()[:16]

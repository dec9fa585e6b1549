"""The form of a what-if: what was typed, kept as typed, and the scenario that it means.

    POST or a kept scenario --> Form --scenario--> document, or problems that name the field and the fix

What a field may say is decided where scenarios are read (assignments/simulation/scenario_reader.py): each line is
read alone, so that every wrong one is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assignments.recovery.rules.commands import Command
from assignments.recovery.rules.pair import Pair
from assignments.simulation import whatif
from assignments.simulation.rules import catalogue
from assignments.simulation.views.whatif_form import (
    AS_IS,
    BUDGETS,
    HALF_MOVED,
    MOST_ROWS,
    MOST_USERS,
    RUN,
    SIZED,
    SWITCHES,
    TimelineRow,
    WhatifForm,
    WhatifProblem,
    hash_of_rows,
)
from topology.accounts import sentences
from topology.models import MAX_NODES, PROFILES, Cluster, DeploymentModel
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.rules.file_problems import FileRefused
from topology.rules.states import CRITICAL_SERVICES, OTHER_SERVICES, RECOVERY_MANAGER

DOES = {
    "fault": "Break",
    "repair": "Repair",
    Command.FAILOVER.value: "Failover",
    Command.FALLBACK.value: "Fallback",
    Command.RECOVER.value: "Recover its subcluster",
    Command.ENABLE_HA.value: "Enable HA of its subcluster",
    Command.DISABLE_HA.value: "Disable HA of its subcluster",
}
CRITICAL, OTHERS = (*CRITICAL_SERVICES, RECOVERY_MANAGER), OTHER_SERVICES


def _at_line(place: str, where: str) -> str:
    """A place of a file in the words of the form: timeline[0].at of line 3 is "Line 3, at"."""
    return ", ".join(filter(None, (where, place.partition("].")[2]))) if where else place


class Reader:
    """Reads a form: its topology, its pairs, its scenario; notes every problem instead of stopping at the first."""

    def __init__(self, form: WhatifForm, cluster: Cluster) -> None:
        self.form, self.cluster = form, cluster
        self.problems: list[WhatifProblem] = []
        self.base = self._base()
        self.pairs: tuple[Pair, ...] = ()
        if self.base and (read := self._try("source", self.base)):
            self.pairs = read.pairs

    @property
    def groups(self) -> list[tuple[str, list[str]]]:
        """Subclusters and their nodes, to choose from."""
        return [(pair.name, [m.name for m in pair.members]) for pair in self.pairs if pair.members]

    def scenario(self) -> dict[str, Any] | None:
        """The document of the form; None when there are problems."""
        subcluster_of = {node: group for group, nodes in self.groups for node in nodes}
        lines = [row.line(subcluster_of) for row in self.form.rows]
        seed = self._whole("seed", self.form.seed, 0, 2**63 - 1)
        end = self._until()
        if self.pairs:
            for i, line in enumerate(lines):
                self._check_line(i, line, end)
        if self.problems or not self.base:
            return None
        name = self.form.name[: whatif.NAME] or self._name()
        return {"name": name} | self.base | {"timeline": lines, "until": self.form.until, "seed": seed}

    # --- Topology -----------------------------------------------------------------------------------
    def _base(self) -> dict[str, Any]:
        """Topology and state of the scenario, with what the form says of the policy."""
        try:
            base = self._topology()
        except Refused as refused:
            self._note("source", refused)
            return {}
        if not base:
            return {}
        topology = dict(base["topology"])
        if self.form.begin == HALF_MOVED:
            topology = catalogue.half_moved(topology, lambda node: node.get("capacity", node["profile"]))
            base.pop("state", None)
        topology["policy"] = self._policy(topology.get("policy") or {})
        return base | {"topology": topology}

    def _topology(self) -> dict[str, Any]:
        if self.form.source == RUN:
            kept = whatif.named(self.form.run).scenario
            return {key: kept[key] for key in ("topology", "state") if key in kept}
        if self.form.source == SIZED:
            return self._sized()
        return whatif.frozen_cluster(self.cluster)

    def _sized(self) -> dict[str, Any]:
        nodes = self._whole("nodes", self.form.nodes, 1, MAX_NODES)
        users = self._whole("users", self.form.users, 0, MOST_USERS)
        profile = self._whole("profile", self.form.profile, min(PROFILES), max(PROFILES))
        if self.problems:
            return {}
        return {"topology": sized(self.cluster.name, nodes, users, self.form.model, profile)}

    def _policy(self, policy: Mapping[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in policy.items() if key not in SWITCHES and key not in BUDGETS}
        rest |= {key: True for key in SWITCHES if key in self.form.switches}
        if self.form.budget in BUDGETS and self.form.budget:
            try:
                rest[self.form.budget] = float(self.form.budget_value)
            except ValueError:
                message = f"Budget: {self.form.budget_value or 'nothing'} is not a number."
                fix = "Write a number such as 10, or choose the computed window."
                self.problems.append(WhatifProblem("budget_value", message, fix))
        return rest

    # --- Lines --------------------------------------------------------------------------------------
    def _check_line(self, i: int, line: dict[str, Any], end: int | None) -> None:
        read = self._try(f"row-{i}", self.base | {"timeline": [line]}, i)
        if read and end is not None and read.timeline[0].at > end:
            message = f"Line {i + 1} is at {line['at']}, after the end at {self.form.until}."
            self.problems.append(WhatifProblem(f"row-{i}", message, "Put it earlier, or let the run last longer."))

    def _until(self) -> int | None:
        read = self._try("until", (self.base or EMPTY) | {"until": self.form.until})
        if read and not 0 < read.until <= whatif.LONGEST:
            message = f"A run cannot last {self.form.until}."
            self.problems.append(
                WhatifProblem("until", message, f"Choose more than 0s and at most {whatif.LONGEST // 3600}h.")
            )
        return read.until if read else None

    def _try(self, place: str, document: Mapping[str, Any], line: int | None = None) -> Any:
        try:
            return whatif.parse(document)
        except Refused as refused:
            self._note(place, refused, line)
            return None

    def _note(self, place: str, refused: Refused, line: int | None = None) -> None:
        for message, fix in self._told(refused, line):
            if not any(problem.message == message for problem in self.problems):
                self.problems.append(WhatifProblem(place, message, fix))

    def _told(self, refused: Refused, line: int | None) -> list[tuple[str, str]]:
        """Sentence and fix of each problem; a line of the form is tried alone, so the file calls it the first."""
        where = "" if line is None else f"Line {line + 1}"
        if not isinstance(refused, FileRefused):
            told = sentences.hidden(refused)
            return [(f"{where}: {told.message}" if where else told.message, told.fix)]
        names = [(_at_line(problem.place, where), problem) for problem in refused.problems]
        return [(f"{name}: {problem.message}.", problem.fix) for name, problem in names]

    def _whole(self, name: str, text: str, low: int, high: int) -> int:
        plain = text.replace(",", "").replace(" ", "")
        if plain.isascii() and plain.isdigit() and len(plain) < 20 and low <= int(plain) <= high:
            return int(plain)
        label = {"nodes": "Nodes", "users": "Users", "seed": "Seed", "profile": "Profile"}[name]
        allowed = f"Write a whole number from {low:,} to {high:,}." if high < 2**31 else "Write a whole number."
        self.problems.append(WhatifProblem(name, f"{label}: {text or 'nothing'} is not possible.", allowed))
        return low

    def _name(self) -> str:
        """What the run is called when nobody gave it a name."""
        entry = catalogue.CATALOGUE.get(self.form.entry) if self.form.untouched else None
        what = entry.label if entry else f"{len(self.form.rows)} events" if self.form.rows else "Nothing happens"
        nodes = sum(len(pair.members) for pair in self.pairs)
        return f"{what}, {counted(nodes, 'node')}"


EMPTY: dict[str, Any] = {"topology": {"cluster": "what-if"}}


def sized(cluster: str, nodes: int, users: int, model: str, profile: int) -> dict[str, Any]:
    """A topology of so many equal nodes in pairs, its users spread evenly; active/standby fills the first of each."""
    groups = [
        {
            "name": f"sc-{first // 2 + 1}",
            "ha": model != DeploymentModel.BALANCED_NON_REDUNDANT and first + 1 < nodes,
            "nodes": [],
        }
        for first in range(0, nodes, 2)
    ]
    homes = [i for i in range(nodes) if model != DeploymentModel.ACTIVE_STANDBY or i % 2 == 0]
    share, rest = divmod(users, len(homes))
    count = {node: share + (place < rest) for place, node in enumerate(homes)}
    for i in range(nodes):
        node = {"name": f"node-{i // 2 + 1}{'ab'[i % 2]}", "profile": profile, "users": count.get(i, 0)}
        groups[i // 2]["nodes"].append(node | ({"publisher": True} if i == 0 else {}))  # type: ignore[attr-defined]
    return {"cluster": cluster, "model": model, "subclusters": groups}


# --- Changes of the form --------------------------------------------------------------------------
def fill(form: WhatifForm, cluster: Cluster) -> WhatifForm:
    """The form with the timeline of the chosen entry of the catalogue, for the chosen topology."""
    entry = catalogue.CATALOGUE.get(form.entry)
    if entry is None:
        return form
    form = replace(form, begin=HALF_MOVED if entry.half_moved else AS_IS)
    reader = Reader(form, cluster)
    if not reader.pairs:
        return form
    seed = int(form.seed) if form.seed.isascii() and form.seed.isdigit() else 0
    made = catalogue.timeline(entry, reader.pairs, seed)
    first_of = {group: nodes[0] for group, nodes in reader.groups}
    rows = tuple(TimelineRow.of(line, first_of) for line in made.lines)
    return replace(form, rows=rows, until=made.until, made=hash_of_rows(rows))


def add_row(form: WhatifForm, cluster: Cluster) -> WhatifForm:
    """One more line, at the instant and for the node of the last one."""
    if form.rows:
        new = form.rows[-1]
    else:
        groups = Reader(form, cluster).groups
        new = TimelineRow(at="1m", node=groups[0][1][0] if groups else "")
    return replace(form, rows=(*form.rows, new)[:MOST_ROWS])


def remove_row(form: WhatifForm, number: int) -> WhatifForm:
    """The form without one of its lines, counted from 0."""
    return replace(form, rows=form.rows[:number] + form.rows[number + 1 :])

"""The form of a what-if: what was typed, judged field by field and line by line, and the scenario that it means.

    what was typed --WhatifForm--> topology --its lines--> document, or errors that name the field and the fix

What may be written is decided where scenarios are read (assignments/simulation/scenario_reader.py): each line is
read alone, so that every wrong one is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from django import forms

from assignments.recovery.rules.pair import Pair
from assignments.simulation import whatif
from assignments.simulation.rules import catalogue
from assignments.simulation.rules.scenario_file import LONGEST
from assignments.simulation.views.line_form import LineForm, LineForms, Row, hash_of_rows
from assignments.simulation.views.typed_fields import (
    LEAST_SEED,
    MOST_SEED,
    choice_field,
    decimal,
    switch_field,
    text_field,
    whole,
)
from assignments.simulation.views.typed_topology import (
    AS_IS,
    BUDGETS,
    HALF_MOVED,
    MOST_USERS,
    PRESENT,
    RUN,
    SIZED,
    topology_of,
)
from topology import reasons
from topology.accounts import sentences
from topology.models import MAX_NODES, PROFILES, Cluster, DeploymentModel
from topology.reasons import Refused
from topology.reasons.words import counted, ended
from topology.rules.file_problems import FileProblem, FileRefused
from topology.structure.asked import FieldRefused
from topology.views.forms import DialogForm

POLICY = "topology.policy."  # where a scenario keeps its budget
STARTS = {PRESENT: "As it is now", RUN: "As that run began"}
EMPTY: dict[str, Any] = {"topology": {"cluster": "what-if"}}


class WhatifForm(DialogForm):
    """Everything that is typed or chosen about a run; `typed` and `rows` are the form as it was sent, or its start."""

    about = {reasons.SIMULATION_TOO_LONG.code: "until"}

    source = forms.ChoiceField(choices=[(PRESENT, ""), (SIZED, ""), (RUN, "")], required=False)
    run = forms.CharField(required=False, widget=forms.HiddenInput)  # the run whose topology is taken
    nodes = text_field("Nodes", changes="topology", inputmode="numeric")
    users = text_field("Users", changes="topology", short=False, inputmode="numeric")
    model = choice_field(
        "Deployment model", DeploymentModel.choices(), changes="topology", what="the models of a deployment"
    )
    profile = choice_field(
        "Profile of each node", [(str(n), f"{n:,} users") for n in PROFILES], changes="topology", what="the profiles"
    )
    begin = choice_field("Start", [(AS_IS, "All users at home"), (HALF_MOVED, "Half-way through a rebalance")])
    budget = choice_field("Throttle", list(BUDGETS.items()))
    budget_value = text_field("Budget", inputmode="decimal")
    enable_automatic_fallback = switch_field("Automatic fallback")
    canary_fallback = switch_field("Canary fallback")
    serve_beyond_capacity = switch_field("Serve beyond rated capacity")
    entry = choice_field(
        "From the catalogue",
        [("", "Own timeline"), *((entry.key, entry.label) for entry in catalogue.CATALOGUE.values())],
        changes="fill",
    )
    made = forms.CharField(required=False, widget=forms.HiddenInput)  # tells whether its lines are the catalogue's
    until = text_field("Until")
    seed = text_field("Seed", changes="topology", inputmode="numeric")
    name = text_field("Name", short=False, maxlength=whatif.NAME, placeholder="From what happens")

    def __init__(self, cluster: Cluster, typed: Mapping[str, Any], rows: Sequence[Row], address: str = "") -> None:
        self.cluster, self.typed, self.address = cluster, typed, address
        self.rows = list(rows)
        super().__init__(typed, auto_id="wi-%s", use_required_attribute=False)
        for field in self.fields.values():
            if change := field.widget.attrs.pop("data-change", ""):
                field.widget.attrs |= {"hx-post": address, "hx-vals": f'{{"change": "{change}"}}'}
        start = STARTS.get(str(typed.get("source")), "All users at home")
        half = "Half-way through a rebalance onto the last node"
        self.fields["begin"].widget.choices = [(AS_IS, start), (HALF_MOVED, half)]

    # --- As typed -----------------------------------------------------------------------------------
    @property
    def is_untouched(self) -> bool:
        """Whether the lines are those that the catalogue gave."""
        return bool(self.typed.get("entry")) and self.typed.get("made") == hash_of_rows(self.rows)

    def with_typed(self, rows: Sequence[Row] | None = None, **changes: str) -> WhatifForm:
        """The same form with other text in some of its fields, or with other lines."""
        return WhatifForm(self.cluster, dict(self.typed) | changes, self.rows if rows is None else rows, self.address)

    def settled(self) -> WhatifForm:
        """The form without the name of an entry of the catalogue where a person changed its lines."""
        return self if self.is_untouched else self.with_typed(entry="")

    @cached_property
    def base(self) -> dict[str, Any]:
        """Topology and state of the scenario; {} where what was typed makes none, and then it is told at its field."""
        if self.errors.keys() & {"source", "nodes", "users", "model", "profile"}:
            return {}
        try:
            return topology_of(self.cluster, self.cleaned_data)
        except Refused as refused:
            self._tell("source", refused)
            return {}

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of the topology; none where it cannot be read."""
        if not self.base:
            return ()
        try:
            pairs = whatif.parse(self.base).pairs
            if not any(pair.members for pair in pairs):
                raise Refused(reasons.SIMULATION_EMPTY, cluster=f"The run {self.typed.get('run')}")
            return pairs
        except Refused as refused:
            self._tell("source", refused)
            return ()

    @property
    def groups(self) -> list[tuple[str, list[str]]]:
        """Subclusters and their nodes, to choose from."""
        return [(pair.name, [member.name for member in pair.members]) for pair in self.pairs if pair.members]

    @cached_property
    def lines(self) -> Any:
        """The lines of the timeline, each offering the nodes of the topology."""
        count = {"line-TOTAL_FORMS": len(self.rows), "line-INITIAL_FORMS": len(self.rows)}
        data = {f"line-{i}-{name}": text for i, row in enumerate(self.rows) for name, text in row.items()}
        lines = LineForms(count | data, prefix="line", auto_id="wi-%s")
        for line in lines:
            line.offer(self.groups)
        return lines

    # --- Judged -------------------------------------------------------------------------------------
    def clean_nodes(self) -> int:
        return self._sized("nodes", partial(whole, 1, MAX_NODES))

    def clean_users(self) -> int:
        return self._sized("users", partial(whole, 0, MOST_USERS))

    def clean_seed(self) -> int:
        return int(self._read("seed", partial(whole, LEAST_SEED, MOST_SEED)))

    def clean_budget_value(self) -> float | None:
        return self._read("budget_value", decimal) if self.cleaned_data.get("budget") else None

    def _sized(self, name: str, read: Any) -> int:
        return int(self._read(name, read)) if self.cleaned_data.get("source") == SIZED else 0

    def _read(self, name: str, read: Any) -> Any:
        try:
            return read(str(self.cleaned_data[name]))
        except Refused as refused:
            label = f"“{self.fields[name].label}”"
            named = Refused(refused.reason, **refused.facts | {"field": label})
            raise FieldRefused(named, sentences.whole(named)) from refused

    def scenario(self) -> dict[str, Any] | None:
        """The document of the form; None where something is wrong, and then it is told at its field."""
        subcluster_of = {node: group for group, nodes in self.groups for node in nodes}
        documents = [line.document(subcluster_of) for line in self.lines]
        end = self._end()
        if self.pairs:
            for line, document in zip(self.lines, documents, strict=True):
                self._judge(line, document, end)
        if self.errors or not self.pairs or any(line.errors for line in self.lines):
            return None
        name = self.cleaned_data["name"][: whatif.NAME] or self._name()
        rest = {"timeline": documents, "until": self.cleaned_data["until"], "seed": self.cleaned_data["seed"]}
        return {"name": name} | self.base | rest

    def _end(self) -> int | None:
        try:
            end = whatif.parse((self.base or EMPTY) | {"until": str(self.typed.get("until", ""))}).until
            if not end:
                raise Refused(reasons.VALUE_NOT_VALID, field="until", value="0s", remedy="Choose more than 0s.")
            whatif.check_length(end)
        except Refused as refused:
            self._tell("until", refused)
            return None
        return end

    def _judge(self, line: LineForm, document: Mapping[str, Any], end: int | None) -> None:
        where = f"Line {line.number}"
        try:
            read = whatif.parse(self.base | {"timeline": [document], "until": LONGEST})
        except FileRefused as refused:
            for problem in refused.problems:  # a line is read alone, so the file calls it the first
                line.refuse(told(problem, ", ".join(filter(None, (where, problem.place.partition("].")[2])))))
        except Refused as refused:
            line.refuse(f"{where}: {sentences.whole(refused)}")
        else:
            if end is not None and read.timeline[0].at > end:
                past = f"{where} is at {document['at']}, after the end at {self.typed['until']}."
                line.refuse(f"{past} Put it earlier, or let the run last longer.")

    def _tell(self, field: str, refused: Refused) -> None:
        """What is wrong with the topology or the end, at its field; a budget has its own."""
        if not isinstance(refused, FileRefused):
            self.refuse(refused, field)
            return
        for problem in refused.problems:
            if problem.place.removeprefix(POLICY) in BUDGETS:
                self.add_error("budget_value", told(problem, "Budget"))
            else:
                self.add_error(field, told(problem, problem.place))

    def _name(self) -> str:
        """What the run is called when no one gave it a name."""
        entry = catalogue.CATALOGUE.get(self.typed["entry"]) if self.is_untouched else None
        what = entry.label if entry else counted(len(self.rows), "event") if self.rows else "Nothing happens"
        return f"{what}, {counted(sum(len(pair.members) for pair in self.pairs), 'node')}"

    # --- Shown --------------------------------------------------------------------------------------
    @property
    def problems(self) -> list[tuple[str, str]]:
        """What is wrong, by the id of its place."""
        fields = [(f"wi-{name}", " ".join(map(str, errors))) for name, errors in self.errors.items()]
        lines = [(f"wi-row-{line.number}", " ".join(map(str, line.non_field_errors()))) for line in self.lines]
        return [*fields, *(each for each in lines if each[1])]


def told(problem: FileProblem, place: str) -> str:
    """What is wrong and its fix, at a place in the words of the form."""
    return f"{place}: {ended(problem.message)} {problem.fix}"

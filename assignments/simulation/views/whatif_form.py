"""The form of a what-if: what was typed, judged field by field and line by line, and the scenario that it means.

    what was typed --WhatifForm--> topology --its lines--> document, or errors that name the field and the fix

What may be written is decided where scenarios are read (assignments/simulation/scenario_reader.py): each line is
read alone, so that every wrong one is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from django import forms

from assignments.recovery.rules.commands import OF_A_NODE, Command
from assignments.recovery.rules.pair import Pair
from assignments.simulation import whatif
from assignments.simulation.rules import catalogue
from assignments.simulation.views.typed_topology import (
    AS_IS,
    BUDGETS,
    HALF_MOVED,
    MOST_USERS,
    PRESENT,
    RUN,
    SIZED,
    SWITCHES,
    topology_of,
)
from topology import reasons
from topology.accounts import sentences
from topology.models import MAX_NODES, PROFILES, Cluster, DeploymentModel
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.rules import spans
from topology.rules.file_problems import FileProblem, FileRefused
from topology.rules.states import CRITICAL_SERVICES, OTHER_SERVICES, RECOVERY_MANAGER
from topology.views.forms import DialogForm

MOST_ROWS = 60
MOST_SEED = 2**63 - 1
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
POLICY = "topology.policy."  # where a scenario keeps its budget
EMPTY: dict[str, Any] = {"topology": {"cluster": "what-if"}}
Typed = dict[str, Any]
Row = dict[str, str]


def _whole(low: int, high: int, text: str) -> int:
    plain = text.replace(",", "").replace(" ", "")
    if plain.isascii() and plain.isdigit() and len(plain) < 20 and low <= int(plain) <= high:
        return int(plain)
    remedy = f"Write a whole number from {low:,} to {high:,}." if high < MOST_SEED else "Write a whole number."
    raise Refused(reasons.VALUE_NOT_VALID, value=text[:40] or "(empty)", remedy=remedy)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        remedy = "Write a number such as 10, or choose the computed window."
        raise Refused(reasons.VALUE_NOT_VALID, value=text[:40] or "(empty)", remedy=remedy) from None


def _choice(label: str, choices: Any, *, changes: str = "", what: str = "the choices") -> forms.ChoiceField:
    """A list to choose from; `changes` is what the form does at once when it is chosen."""
    wrong = {"invalid_choice": f"{label}: %(value)s is not one of {what}. Choose one of the list."}
    widget = forms.Select({"class": "form-select form-select-sm"} | ({"data-change": changes} if changes else {}))
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=widget, error_messages=wrong)


def _text(label: str, *, changes: str = "", short: bool = True, **more: Any) -> forms.CharField:
    look = "form-control form-control-sm" + (" is-short" if short else "")
    widget = forms.TextInput({"class": look} | ({"data-change": changes} if changes else {}) | more)
    return forms.CharField(label=label, required=False, widget=widget)


def _switch(label: str) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, widget=forms.CheckboxInput({"class": "form-check-input"}))


class LineForm(forms.Form):
    """One line of the timeline; `what` is a kind of fault or a service."""

    at = _text("At", short=False, placeholder="10m")
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


class WhatifForm(DialogForm):
    """Everything that is typed or chosen about a run; `typed` and `rows` are the form as it was sent, or its start."""

    about = {reasons.SIMULATION_TOO_LONG.code: "until"}

    source = forms.ChoiceField(choices=[(PRESENT, ""), (SIZED, ""), (RUN, "")], required=False)
    run = forms.CharField(required=False, widget=forms.HiddenInput)  # the run whose topology is taken
    nodes = _text("Nodes", changes="topology", inputmode="numeric")
    users = _text("Users", changes="topology", short=False, inputmode="numeric")
    model = _choice(
        "Deployment model", DeploymentModel.choices(), changes="topology", what="the models of a deployment"
    )
    profile = _choice(
        "Profile of each node", [(str(n), f"{n:,} users") for n in PROFILES], changes="topology", what="the profiles"
    )
    begin = _choice("Start", [(AS_IS, "All users at home"), (HALF_MOVED, "Half-way through a rebalance")])
    budget = _choice("Throttle", list(BUDGETS.items()))
    budget_value = _text("Budget", inputmode="decimal")
    enable_automatic_fallback = _switch("Automatic fallback")
    canary_fallback = _switch("Canary fallback")
    serve_beyond_capacity = _switch("Serve beyond rated capacity")
    entry = _choice(
        "From the catalogue",
        [("", "Own timeline"), *((entry.key, entry.label) for entry in catalogue.CATALOGUE.values())],
        changes="fill",
    )
    made = forms.CharField(required=False, widget=forms.HiddenInput)  # tells whether its lines are the catalogue's
    until = _text("Until")
    seed = _text("Seed", changes="topology", inputmode="numeric")
    name = _text("Name", short=False, maxlength=whatif.NAME, placeholder="From what happens")

    def __init__(self, cluster: Cluster, typed: Mapping[str, Any], rows: Sequence[Row], address: str = "") -> None:
        self.cluster, self.typed, self.address = cluster, typed, address
        self.rows = list(rows)[:MOST_ROWS]
        super().__init__(typed, auto_id="wi-%s", use_required_attribute=False)
        for field in self.fields.values():
            if change := field.widget.attrs.pop("data-change", ""):
                field.widget.attrs |= {"hx-post": address, "hx-vals": f'{{"change": "{change}"}}'}
        start = "As it is now" if typed.get("source") == PRESENT else "All users at home"
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
            return whatif.parse(self.base).pairs
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
        return self._sized("nodes", partial(_whole, 1, MAX_NODES))

    def clean_users(self) -> int:
        return self._sized("users", partial(_whole, 0, MOST_USERS))

    def clean_seed(self) -> int:
        return int(self._read("seed", partial(_whole, 0, MOST_SEED)))

    def clean_budget_value(self) -> float | None:
        return self._read("budget_value", _number) if self.cleaned_data.get("budget") else None

    def _sized(self, name: str, read: Any) -> int:
        return int(self._read(name, read)) if self.cleaned_data.get("source") == SIZED else 0

    def _read(self, name: str, read: Any) -> Any:
        try:
            return read(str(self.cleaned_data[name]))
        except Refused as refused:
            label = f"“{self.fields[name].label}”"
            raise forms.ValidationError(
                sentences.whole(Refused(refused.reason, **refused.facts | {"field": label})), code=refused.code
            ) from refused

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
            read = whatif.parse(self.base | {"timeline": [document]})
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
    return f"{place}: {problem.message}. {problem.fix}"


# --- Where a form begins --------------------------------------------------------------------------
def start_of(cluster: Cluster) -> Typed:
    """A new form, with the policy and the deployment model of the cluster."""
    policy = {key: getattr(cluster.policy, key) for key in (*SWITCHES, *BUDGETS) if key}
    sized = {"nodes": "6", "users": "30000", "model": cluster.model, "profile": "15000"}
    rest = {"begin": AS_IS, "entry": "one_node", "until": "60m", "seed": "1"}
    return {"source": PRESENT} | sized | rest | _of_policy(policy)


def of_scenario(cluster: Cluster, key: str, scenario: Mapping[str, Any]) -> tuple[Typed, list[Row]]:
    """The form and the lines that give a kept scenario again."""
    groups = scenario["topology"]["subclusters"]
    first_of = {group["name"]: group["nodes"][0]["name"] for group in groups if group["nodes"]}
    until = scenario.get("until", "60m")
    typed = {
        "source": RUN,
        "run": key,
        "entry": "",
        "until": spans.write(until) if isinstance(until, int) else str(until),
        "seed": str(scenario.get("seed", 0)),
        "name": str(scenario.get("name", "")),
    }
    rows = [row_of(line, first_of) for line in scenario.get("timeline") or []]
    return start_of(cluster) | _of_policy({}) | typed | _of_policy(scenario["topology"].get("policy") or {}), rows


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


def _of_policy(values: Mapping[str, Any]) -> Typed:
    budget = next((key for key in BUDGETS if key and values.get(key)), "")
    switches = {key: bool(values.get(key)) for key in SWITCHES}
    return switches | {"budget": budget, "budget_value": f"{values[budget]:g}" if budget else ""}


def hash_of_rows(rows: Sequence[Row]) -> str:
    """Tells whether somebody changed the lines since."""
    plain = [[row.get(name, "") for name in ("at", "node", "do", "what")] for row in rows]
    return hashlib.sha256(repr(plain).encode()).hexdigest()[:16]

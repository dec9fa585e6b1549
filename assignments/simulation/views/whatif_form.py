"""The form of a what-if as it was typed or chosen, and its lines; nothing is judged here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict

from assignments.recovery.rules.commands import OF_A_NODE
from topology.models import Cluster, DeploymentModel
from topology.rules import spans

PRESENT, SIZED, RUN = "present", "sized", "run"
KINDS = {"power": "Power", "network": "Network (partition, both alive)", "database": "Database"}
AS_IS, HALF_MOVED = "as_is", "half_moved"
MOST_USERS, MOST_ROWS = 2_000_000, 60
SWITCHES = ("enable_automatic_fallback", "serve_beyond_capacity", "canary_fallback")
BUDGETS = {
    "": "Computed window",
    "sign_ins_per_second": "Sign-ins per second",
    "done_within_minutes": "Done in minutes",
}


@dataclass(frozen=True)
class WhatifProblem:
    """One thing wrong with the form: the field, what, and what to do."""

    field: str
    message: str
    fix: str = ""


@dataclass(frozen=True)
class TimelineRow:
    """One line of the timeline as typed; `what` is a kind of fault or a service."""

    at: str = ""
    do: str = "fault"
    node: str = ""
    what: str = "power"

    def line(self, subcluster_of: Mapping[str, str]) -> dict[str, Any]:
        """The line of a scenario."""
        if self.do in ("fault", "repair"):
            kind = {"kind": self.what} if self.what in KINDS else {"kind": "service", "service": self.what}
            return {"at": self.at.strip(), "do": self.do, "node": self.node, **kind}
        if self.do in OF_A_NODE:
            return {"at": self.at.strip(), "do": self.do, "node": self.node}
        return {"at": self.at.strip(), "do": self.do, "subcluster": subcluster_of.get(self.node, self.node)}

    @classmethod
    def of(cls, line: Mapping[str, Any], first_of: Mapping[str, str]) -> TimelineRow:
        """The row of a scenario's line."""
        kind = str(line.get("kind", "power"))
        what = str(line.get("service", "")) if kind == "service" else kind
        node = line.get("node") or first_of.get(str(line.get("subcluster")), "")
        at = line.get("at", 0)
        return cls(spans.write(at) if isinstance(at, int) else str(at), str(line.get("do")), str(node), what)


@dataclass(frozen=True)
class WhatifForm:
    """Everything that was typed or chosen, as text."""

    source: str = PRESENT
    run: str = ""  # the run whose topology is taken
    nodes: str = "6"
    users: str = "30000"
    model: str = DeploymentModel.BALANCED_REDUNDANT.value
    profile: str = "15000"
    begin: str = AS_IS
    entry: str = "one_node"
    rows: tuple[TimelineRow, ...] = ()
    until: str = "60m"
    seed: str = "1"
    name: str = ""
    budget: str = ""
    budget_value: str = ""
    switches: frozenset[str] = field(default_factory=frozenset)
    made: str = ""  # the lines that the catalogue gave, as one text

    @property
    def untouched(self) -> bool:
        """Whether the lines are those that the catalogue gave."""
        return bool(self.entry) and self.made == hash_of_rows(self.rows)

    @classmethod
    def from_post(cls, post: QueryDict) -> WhatifForm:
        lines = zip(*(post.getlist(key) for key in ("at", "do", "node", "what")), strict=False)
        texts = (
            "source",
            "run",
            "nodes",
            "users",
            "model",
            "profile",
            "begin",
            "entry",
            "until",
            "seed",
            "name",
            "made",
        )
        values = {key: str(post[key]).strip() for key in (*texts, "budget", "budget_value") if key in post}
        rows = tuple(TimelineRow(*line) for line in lines)[:MOST_ROWS]
        return cls(**values, rows=rows, switches=frozenset(key for key in SWITCHES if key in post))

    @classmethod
    def for_cluster(cls, cluster: Cluster) -> WhatifForm:
        """A new form with the policy and the deployment model of the cluster."""
        values = {key: getattr(cluster.policy, key) for key in (*SWITCHES, *BUDGETS) if key}
        return cls(model=cluster.model)._with_policy(values)

    @classmethod
    def of_scenario(cls, key: str, scenario: Mapping[str, Any]) -> WhatifForm:
        """The form that gives a kept scenario again."""
        groups = scenario["topology"]["subclusters"]
        first_of = {group["name"]: group["nodes"][0]["name"] for group in groups if group["nodes"]}
        until = scenario.get("until", "60m")
        form = cls(
            source=RUN,
            run=key,
            entry="",
            rows=tuple(TimelineRow.of(line, first_of) for line in scenario.get("timeline") or []),
            until=spans.write(until) if isinstance(until, int) else str(until),
            seed=str(scenario.get("seed", 0)),
            name=str(scenario.get("name", "")),
        )
        return form._with_policy(scenario["topology"].get("policy") or {})

    def _with_policy(self, values: Mapping[str, Any]) -> WhatifForm:
        budget = next((key for key in BUDGETS if key and values.get(key)), "")
        switches = frozenset(key for key in SWITCHES if values.get(key))
        return replace(self, switches=switches, budget=budget, budget_value=f"{values[budget]:g}" if budget else "")


def hash_of_rows(rows: tuple[TimelineRow, ...]) -> str:
    """Tells whether somebody changed the lines since."""
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]

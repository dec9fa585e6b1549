"""Where the form of a what-if begins: a cluster as it is, or a kept scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assignments.simulation import whatif
from assignments.simulation.views.line_form import Row, check_count, row_of
from assignments.simulation.views.typed_topology import AS_IS, BUDGETS, PRESENT, RUN, SWITCHES
from topology.models import Cluster
from topology.rules import spans

Typed = dict[str, Any]


def start_of(cluster: Cluster) -> Typed:
    """A new form, with the policy and the deployment model of the cluster."""
    policy = {key: getattr(cluster.policy, key) for key in (*SWITCHES, *BUDGETS) if key}
    sized = {"nodes": "6", "users": "30000", "model": cluster.model, "profile": "15000"}
    rest = {"begin": AS_IS, "entry": "one_node", "until": "60m", "seed": "1"}
    return {"source": PRESENT} | sized | rest | _of_policy(policy)


def of_scenario(cluster: Cluster, key: str, scenario: Mapping[str, Any]) -> tuple[Typed, list[Row]]:
    """The form and the lines that give a kept scenario again. Raises Refused where it has too many lines."""
    lines = scenario.get("timeline") or []
    check_count(len(lines))
    pairs = whatif.parse({"topology": scenario["topology"]}).pairs
    first_of = {pair.name: pair.members[0].name for pair in pairs if pair.members}
    until = scenario.get("until", "60m")
    typed = {
        "source": RUN,
        "run": key,
        "entry": "",
        "until": spans.write(until) if isinstance(until, int) else str(until),
        "seed": str(scenario.get("seed", 0)),
        "name": str(scenario.get("name", "")),
    }
    rows = [row_of(line, first_of) for line in lines]
    return start_of(cluster) | _of_policy({}) | typed | _of_policy(scenario["topology"].get("policy") or {}), rows


def _of_policy(values: Mapping[str, Any]) -> Typed:
    budget = next((key for key in BUDGETS if key and values.get(key)), "")
    switches = {key: bool(values.get(key)) for key in SWITCHES}
    value = str(values[budget]).removesuffix(".0") if budget else ""  # in full, so that a fork is the same scenario
    return switches | {"budget": budget, "budget_value": value}

"""Which server clients would try at an instant of a what-if run: first, second, third, and how long that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assignments.simulation.rules import timeline
from assignments.simulation.rules.timeline import Timeline
from topology.dns.rules import records, tries
from topology.dns.rules.records import DnsNames, NamedGroup
from topology.dns.rules.tries import Walk
from topology.dns.selectors import is_standby
from topology.rules.modes import DeploymentModel, Mode


def walks(topology: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> list[tuple[str, Walk]]:
    """For the cluster and each subcluster what a client does that signs in now; none for a run without such frames.

    `topology` is that of the scenario, `groups` are the subclusters at the instant (`timeline.at`).
    """
    nodes = [node for group in groups for node in group["nodes"]]
    if not all("answers" in node for node in nodes):
        return []
    does = {_full(node["name"], topology).lower(): node["answers"] for node in nodes}
    wanted = records.wanted_records(_names(topology, groups))
    logins = [name for name in wanted.names if name.startswith(records.LOGIN)]
    return [(wanted.of(name)[0].scope, tries.walk(name, wanted.of(name), does)) for name in logins]


def changes(topology: Mapping[str, Any], recorded: Timeline) -> list[dict[str, Any]]:
    """Every instant of a run at which clients begin to try otherwise, with what they do from then on.

    Instants are seconds from the start, `begun` and what follows are seconds from the first try; None: never.
    """
    instants: list[dict[str, Any]] = []
    for t in timeline.instants(recorded):
        names = [_told(scope, walk) for scope, walk in walks(topology, timeline.at(recorded, t))]
        if not instants or names != instants[-1]["names"]:
            instants.append({"t": t, "names": names})
    return instants


def _told(scope: str, walk: Walk) -> dict[str, Any]:
    tries_of = [{"target": each.target, "outcome": each.outcome, "begun": each.begun} for each in walk.tries]
    answered = {"served_by": walk.served_by, "worst": walk.worst, "best": walk.best, "mean": walk.mean}
    return {"name": walk.name, "scope": scope, "tries": tries_of} | answered


def _names(topology: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> DnsNames:
    named = tuple(NamedGroup(group["name"], tuple(node["name"] for node in group["nodes"])) for group in groups)
    mode = topology.get("mode", Mode.BALANCED.value)
    model = topology.get("model", DeploymentModel.BALANCED_REDUNDANT.value)
    standby = is_standby(mode, model)
    return DnsNames(topology.get("cluster", "what-if"), _domain(topology), standby, named)


def _domain(topology: Mapping[str, Any]) -> str:
    """The domain that is given, else that of the publisher, else one that stands for it."""
    groups = topology.get("subclusters") or ()
    nodes = [node for group in groups for node in group.get("nodes") or ()]
    nodes += topology.get("unassigned_nodes") or ()
    nodes.sort(key=lambda node: not node.get("publisher", False))
    first = nodes[0]["name"] if nodes else ""
    return (topology.get("dns") or {}).get("domain") or records.domain_of(first) or "example.org"


def _full(node: str, topology: Mapping[str, Any]) -> str:
    return records.qualified(node, _domain(topology))

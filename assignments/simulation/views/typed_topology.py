"""The topology that the form of a what-if means: the cluster as it is, a sized one, or that of a kept run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assignments.simulation import whatif
from assignments.simulation.rules import catalogue
from topology.models import Cluster, DeploymentModel

PRESENT, SIZED, RUN = "present", "sized", "run"
AS_IS, HALF_MOVED = "as_is", "half_moved"
MOST_USERS = 2_000_000
SWITCHES = ("enable_automatic_fallback", "serve_beyond_capacity", "canary_fallback")
BUDGETS = {
    "": "Computed window",
    "sign_ins_per_second": "Sign-ins per second",
    "done_within_minutes": "Done in minutes",
}


def topology_of(cluster: Cluster, given: Mapping[str, Any]) -> dict[str, Any]:
    """Topology and state of a scenario, with what the cleaned form says of the policy. Raises Refused."""
    base = _chosen(cluster, given)
    topology = dict(base["topology"])
    if given.get("begin") == HALF_MOVED:
        pairs = whatif.parse({"topology": topology}).pairs
        rated = {member.name: member.capacity for pair in pairs for member in pair.members}
        topology = catalogue.half_moved(topology, lambda node: rated[node["name"]])
        if state := base.pop("state", None):
            base |= whatif.rested_at(topology, state["at"])  # the hours of its policy are those of its day
    topology["policy"] = _policy(topology.get("policy") or {}, given)
    return base | {"topology": topology}


def _chosen(cluster: Cluster, given: Mapping[str, Any]) -> dict[str, Any]:
    if given.get("source") == RUN:
        kept = whatif.named(given["run"]).scenario
        return {key: kept[key] for key in ("topology", "state") if key in kept}
    if given.get("source") == SIZED:
        rated = int(given["profile"] or 0)
        return {"topology": sized(cluster.name, given["nodes"], given["users"], given["model"], rated)}
    return whatif.frozen_cluster(cluster)


def _policy(policy: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in policy.items() if key not in SWITCHES and key not in BUDGETS}
    rest |= {key: True for key in SWITCHES if given.get(key)}
    if given.get("budget_value") is not None:
        rest[given["budget"]] = given["budget_value"]
    return rest


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

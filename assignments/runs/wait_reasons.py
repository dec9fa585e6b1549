"""Why a run waits, in words; and the window of real time inside which runs may move users, where they are told to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from assignments.models import Operation, RunPolicy
from assignments.runs.rules.window import RunWindow
from topology import reasons
from topology.models import Cluster
from topology.reasons import Refused, Said
from topology.rules.homes import Why, first
from topology.structure.homes import Passage, passage

Ends = Collection[tuple[int | None, int | None]]  # the homes that a run changes: from, to


def window_of(cluster: Cluster) -> RunWindow:
    """The window of a cluster's runs; always open where no one set one."""
    policy: RunPolicy = getattr(cluster, "run_policy", None) or RunPolicy()
    return policy.window


def demand_window(cluster: Cluster) -> RunWindow:
    """The window of a cluster's runs; raises Refused when it is always open."""
    policy = RunPolicy.objects.filter(cluster=cluster).first()
    if policy is None or policy.window.always:
        raise Refused(reasons.RUN_NO_WINDOW, cluster=cluster.name)
    return policy.window


def why(operation: Operation, now: datetime) -> Said | None:
    """Why nothing moves now; None when it does not wait, and while it is paused: then it waits for a person."""
    reason = reasons.REASONS.get(operation.wait_code)
    if reason is None or operation.paused:
        return None
    if reason is reasons.WAITS_FOR_WINDOW:
        window = window_of(operation.cluster)
        return Said(reason, {"window": str(window), "opens": window.opens(now).isoformat()})
    if reason is reasons.WAITS_FOR_FAILOVER:
        locked = locked_by(ends_of(operation), passage(operation.cluster_id, operation.to_cluster_id))
        return Said(reason, locked[1] if locked else {"node": "A node of its pairs", "state": "failed over"})
    return Said(reason, {})


def ends_of(operation: Operation) -> Ends:
    """The homes that a run changes, by its plan."""
    flows = operation.plan.body["flows"] if operation.plan else ()
    return frozenset((flow["from_id"], flow["to_id"]) for flow in flows)


def locked_by(ends: Ends, passage: Passage) -> Why | None:
    """Why none of these homes may change now: a pair of them fails over (domain.md §1.4)."""
    homes = passage.homes
    if passage.into is not None:  # who arrives is new there
        return first([*(homes.gives(node) for node, _ in ends if node is not None), passage.into.assigns()])
    nodes = {node for pair in ends for node in pair if node is not None}
    new = homes.assigns() if any(source is None for source, _ in ends) else None
    return first([*(homes.gives(node) for node in sorted(nodes)), new])


def sentence(operation: Operation, now: datetime) -> str:
    """Why nothing moves now, in words; "" when it does not wait."""
    return str(why(operation, now) or "")

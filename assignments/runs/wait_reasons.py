"""Why a run waits, in words; and the window of real time inside which runs may move users, where they are told to."""

from __future__ import annotations

from datetime import datetime

from assignments.models import Operation, RunPolicy
from assignments.runs.rules.window import RunWindow
from topology import reasons
from topology.models import Cluster
from topology.reasons import Refused, Said
from topology.structure.homes import homes_of


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
    """Why nothing moves now; None when it does not wait."""
    reason = reasons.REASONS.get(operation.wait_code)
    if reason is None:
        return None
    if reason is reasons.WAITS_FOR_WINDOW:
        window = window_of(operation.cluster)
        return Said(reason, {"window": str(window), "opens": window.opens(now).isoformat()})
    if reason is reasons.WAITS_FOR_FAILOVER:
        clusters = [pk for pk in (operation.cluster_id, operation.to_cluster_id) if pk]
        locked = next((why for why in (homes_of(pk).assigns() for pk in clusters) if why), None)
        return Said(reason, locked[1] if locked else {"node": "A node of its pairs", "state": "failed over"})
    return Said(reason, {})


def sentence(operation: Operation, now: datetime) -> str:
    """Why nothing moves now, in words; "" when it does not wait."""
    return str(why(operation, now) or "")

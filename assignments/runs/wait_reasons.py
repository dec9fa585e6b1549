"""Why a run waits, in words; and the window of real time inside which runs may move users, where they are told to."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from assignments.models import Operation, RunPolicy
from assignments.runs.rules.window import RunWindow
from topology import reasons
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.homes import homes_of


def window_of(cluster: Cluster) -> RunWindow:
    """The window of a cluster's runs; always open where nobody set one."""
    policy: RunPolicy = getattr(cluster, "run_policy", None) or RunPolicy()
    return policy.window


def demand_window(cluster: Cluster) -> RunWindow:
    """The window of a cluster's runs; raises Refused when it is always open."""
    policy = RunPolicy.objects.filter(cluster=cluster).first()
    if policy is None or policy.window.always:
        raise Refused(reasons.RUN_NO_WINDOW, cluster=cluster.name)
    return policy.window


def sentence(operation: Operation, now: datetime, *, with_fix: bool = False) -> str:
    """Why nothing moves now, and what to do; "" when it does not wait."""
    why = reasons.REASONS.get(operation.wait_code)
    if why is None:
        return ""
    facts = _opening(operation, now) if why is reasons.WAITS_FOR_WINDOW else {}
    if why is reasons.WAITS_FOR_FAILOVER:
        locked = homes_of(operation.cluster_id).assigns()
        facts = locked[1] if locked else {"node": "A node of its pairs", "state": "failed over"}
    return f"{why.say(**facts)} {why.say_fix()}".strip() if with_fix else why.say(**facts)


def _opening(operation: Operation, now: datetime) -> dict[str, str]:
    window = window_of(operation.cluster)
    opens = window.opens(now).astimezone(ZoneInfo(window.zone))
    return {"window": str(window), "opens": f"{opens:%-d %b} at {opens:%H:%M}"}

"""Changes of a cluster's recovery policy and of the speed of its clock; both take effect at the next step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from assignments.recovery import reads
from assignments.recovery.rules.relogin_window import Budget
from topology.live import events
from topology.models import Cluster, Policy, Subcluster
from topology.reasons import (
    CLOCK_SPEED_CHANGED,
    CLOCK_SPEED_OUT_OF_RANGE,
    POLICY_CHANGED,
    POLICY_FIELD_UNKNOWN,
    POLICY_OUT_OF_RANGE,
    Refused,
)
from topology.structure.locks import hold_cluster, hold_subclusters

Range = tuple[float, float]
WHOLE: Mapping[str, Range] = {  # the ranges of the product are not documented; these are ours (docs/decisions.md)
    "service_port": (1, 65_535),
    "admin_rpc_port": (1, 65_535),
    "critical_service_delay": (1, 3_600),
    "automatic_fallback_delay": (60, 86_400),
    "automatic_fallback_hold_down": (0, 604_800),
    "automatic_fallback_from": (0, 86_399),
    "automatic_fallback_until": (0, 86_399),
    "failover_limit": (1, 20),
    "failover_limit_hours": (1, 168),
    "initialization_keep_alive_timeout": (1, 3_600),
    "keep_alive_timeout": (1, 3_600),
    "keep_alive_interval": (1, 600),
    "relogin_lower_limit": (0, 3_600),
    "moves_per_second": (1, 100_000),
}
DECIMAL: Mapping[str, Range] = {"sign_ins_per_second": (0.1, 10_000), "done_within_minutes": (0.1, 10_080)}
YES_OR_NO = ("enable_automatic_fallback", "serve_beyond_capacity", "canary_fallback")
MAY_BE_EMPTY = ("automatic_fallback_from", "automatic_fallback_until", *DECIMAL)
FIELDS = (*WHOLE, *DECIMAL, *YES_OR_NO)


def ranges() -> dict[str, str]:
    """What each parameter takes, in words."""
    return {name: _allowed(name) for name in FIELDS}


@transaction.atomic
def update_policy(cluster: Cluster, values: Mapping[str, Any], actor: Any = None) -> Policy:
    """Change parameters of a cluster's policy; raises Refused and changes nothing if one is out of its range."""
    hold_cluster(cluster.pk)
    policy = Policy.objects.select_for_update().get(cluster=cluster)
    checked = {name: _checked(name, value) for name, value in values.items()}
    changes = {name: value for name, value in checked.items() if getattr(policy, name) != value}
    for name, value in changes.items():
        setattr(policy, name, value)
    _check_together(policy)
    if changes:
        policy.save(update_fields=list(changes))
        Subcluster.objects.filter(cluster=cluster).update(next_wake=timezone.now())
        words = ", ".join(f"{name} {'none' if value is None else value}" for name, value in changes.items())
        topics = [f"cluster-{cluster.pk}"]
        events.record(POLICY_CHANGED, cluster=cluster, actor=actor, topics=topics, name=cluster.name, changes=words)
    return policy


def checked_budget(per_second: float | None, minutes: float | None) -> Budget:
    """A budget within the ranges of the policy, of one kind; raises Refused."""
    _demand_one(per_second, minutes)
    return Budget(_checked("sign_ins_per_second", per_second), _checked("done_within_minutes", minutes))


def _checked(name: str, value: Any) -> Any:
    """A value of the right kind within its range; raises Refused."""
    if name not in FIELDS:
        raise Refused(POLICY_FIELD_UNKNOWN, field=name, known=", ".join(FIELDS))
    if value is None and name in MAY_BE_EMPTY:
        return None
    if name in YES_OR_NO:
        good = isinstance(value, bool)
    else:
        low, high = WHOLE.get(name) or DECIMAL[name]
        kinds = (int,) if name in WHOLE else (int, float)
        good = isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high
    if not good:
        raise Refused(POLICY_OUT_OF_RANGE, field=name, value=value, allowed=_allowed(name))
    return value


def _allowed(name: str) -> str:
    if name in YES_OR_NO:
        return "true or false"
    low, high = WHOLE.get(name) or DECIMAL[name]
    kind = "whole numbers" if name in WHOLE else "numbers"
    return f"{kind} from {low:,} to {high:,}" + (", or nothing" if name in MAY_BE_EMPTY else "")


def _check_together(policy: Policy) -> None:
    """What one parameter demands of another."""
    if policy.keep_alive_timeout < policy.keep_alive_interval:
        allowed = f"at least the Keep Alive Interval, {policy.keep_alive_interval} s"
        value = policy.keep_alive_timeout
        raise Refused(POLICY_OUT_OF_RANGE, field="keep_alive_timeout", value=value, allowed=allowed)
    _demand_one(policy.sign_ins_per_second, policy.done_within_minutes)


def _demand_one(per_second: float | None, minutes: float | None) -> None:
    """Raise Refused for a budget of both kinds."""
    if per_second is not None and minutes is not None:
        allowed = "nothing while the budget is a number of sign-ins per second: a budget is either a rate or a time"
        raise Refused(POLICY_OUT_OF_RANGE, field="done_within_minutes", value=minutes, allowed=allowed)


@transaction.atomic
def set_clock_speed(cluster: Cluster, speed: int, actor: Any = None) -> Cluster:
    """Let the cluster's clock run at a multiple of real time from now on; raises Refused."""
    if isinstance(speed, bool) or not isinstance(speed, int) or not 1 <= speed <= 600:
        raise Refused(CLOCK_SPEED_OUT_OF_RANGE, speed=speed)
    hold_cluster(cluster.pk)
    hold_subclusters(Subcluster.objects.filter(cluster=cluster).values_list("pk", flat=True))
    locked = Cluster.objects.select_for_update().get(pk=cluster.pk)
    clock = locked.clock.with_speed(speed, timezone.now())
    locked.clock_real, locked.clock_cluster, locked.clock_speed = clock.anchor_real, clock.anchor_cluster, clock.speed
    locked.save(update_fields=["clock_real", "clock_cluster", "clock_speed"])
    _wake_at_new_speed(locked)
    topics = [f"cluster-{locked.pk}"]
    events.record(CLOCK_SPEED_CHANGED, cluster=locked, actor=actor, topics=topics, name=locked.name, speed=speed)
    return locked


def _wake_at_new_speed(cluster: Cluster) -> None:
    """The wakes are instants of the cluster's clock; their real time has changed."""
    for sub in Subcluster.objects.filter(cluster=cluster, next_wake__isnull=False):
        wake = sub.srm.get("wake")
        at = reads.real_time(cluster, wake) if wake is not None else timezone.now() + timedelta(seconds=1)
        Subcluster.objects.filter(pk=sub.pk).update(next_wake=at)

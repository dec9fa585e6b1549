"""A cluster's recovery policy and the speed of its clock: what each parameter takes, and the one writer of them.

    form, API, topology file --update_policy, set_clock_speed--> checked one by one, then together -> stored, one event

The ranges are those of the database's constraints (`limits.RULES`); the product's own are not documented
(docs/decisions.md). Changes take effect at the next step of the recovery engine, which looks again at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.utils import timezone

from topology.live import events
from topology.models import Cluster, Policy, Subcluster
from topology.reasons import (
    CLOCK_SPEED_CHANGED,
    CLOCK_SPEED_OUT_OF_RANGE,
    POLICY_CHANGED,
    POLICY_FIELD_UNKNOWN,
    POLICY_OUT_OF_RANGE,
    Refused,
    changes_between,
)
from topology.structure import guards
from topology.structure.limits import RULES

SPEED = "clock_speed"  # of the cluster; a topology file has it among the parameters
PARAMETERS = {name: rule for name, rule in RULES.policy.items() if name != SPEED}
FIELDS = tuple(PARAMETERS)
YES_OR_NO = tuple(name for name, rule in PARAMETERS.items() if isinstance(rule.default, bool))
MAY_BE_EMPTY = tuple(name for name, rule in PARAMETERS.items() if rule.default is None)
DECIMAL = tuple(name for name, rule in PARAMETERS.items() if not rule.whole and name not in YES_OR_NO)


def ranges() -> dict[str, str]:
    """What each parameter takes, in words."""
    return {name: _allowed(name) for name in FIELDS}


def new_policy(cluster: Cluster, values: Mapping[str, Any]) -> Policy:
    """The policy of a new cluster, not stored yet: these values and the defaults. Raises Refused."""
    policy = Policy(cluster=cluster, **{name: checked(name, value) for name, value in values.items()})
    _check_together(policy)
    return policy


@transaction.atomic
def update_policy(cluster: Cluster, values: Mapping[str, Any], actor: Any = None) -> Policy:
    """Change parameters of a cluster's policy; raises Refused and changes nothing if one is out of its range.

    Spans are seconds of the cluster's clock (domain.md §4.2). The speed of the clock may stand among them.
    """
    values = dict(values)
    speed = values.pop(SPEED, None)
    # A step that goes by the old policy writes its next wake before, not over the one written here.
    guards.hold(cluster)
    policy = Policy.objects.select_for_update().get(cluster=cluster)
    good = {name: checked(name, value) for name, value in values.items()}
    changes = changes_between({name: getattr(policy, name) for name in good}, good)
    for change in changes:
        setattr(policy, change["key"], change["after"])
    _check_together(policy)
    if speed is not None and speed != cluster.clock_speed:
        set_clock_speed(cluster, speed, actor)
    if changes:
        _store(policy, changes, cluster, actor)
    return policy


def _store(policy: Policy, changes: list[dict[str, Any]], cluster: Cluster, actor: Any) -> None:
    policy.save(update_fields=[change["key"] for change in changes])
    # Every timer of the engine may now end sooner.
    Subcluster.objects.filter(cluster=cluster).update(next_wake=timezone.now())
    topics = [f"cluster-{cluster.pk}"]
    events.record(POLICY_CHANGED, cluster=cluster, actor=actor, topics=topics, name=cluster.name, changes=changes)


def checked(name: str, value: Any) -> Any:
    """A value of the right kind within its range; raises Refused."""
    if name not in PARAMETERS:
        raise Refused(POLICY_FIELD_UNKNOWN, field=name, known=", ".join(FIELDS))
    if value is None and name in MAY_BE_EMPTY:
        return None
    if not _fits(name, value):
        raise Refused(POLICY_OUT_OF_RANGE, field=name, value=value, allowed=_allowed(name))
    return value


def _fits(name: str, value: Any) -> bool:
    if name in YES_OR_NO:
        return isinstance(value, bool)
    rule = PARAMETERS[name]
    kinds = (int,) if rule.whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and rule.low <= value <= rule.high


def checked_speed(speed: Any) -> int:
    """Cluster seconds for each real one, 1 where nothing is given; raises Refused."""
    rule = RULES.policy[SPEED]
    if speed is None:
        return 1
    if isinstance(speed, bool) or not isinstance(speed, int) or not rule.low <= speed <= rule.high:
        raise Refused(CLOCK_SPEED_OUT_OF_RANGE, speed=speed)
    return speed


def _allowed(name: str) -> str:
    if name in YES_OR_NO:
        return "true or false"
    rule = PARAMETERS[name]
    numbers = f"{'whole numbers' if rule.whole else 'numbers'} from {rule.low:g} to {int(rule.high):,}"
    return numbers + (", or nothing" if name in MAY_BE_EMPTY else "")


def _check_together(policy: Policy) -> None:
    for refused in broken_together({name: getattr(policy, name) for name in FIELDS}):
        raise refused


def broken_together(values: Mapping[str, Any]) -> Iterator[Refused]:
    """What one parameter demands of another and has not, of those that are there."""
    timeout, interval = values.get("keep_alive_timeout"), values.get("keep_alive_interval")
    if timeout is not None and interval is not None and timeout < interval:
        allowed = f"at least the Keep Alive Interval, {interval} s"
        yield Refused(POLICY_OUT_OF_RANGE, field="keep_alive_timeout", value=timeout, allowed=allowed)
    minutes = values.get("done_within_minutes")
    if values.get("sign_ins_per_second") is not None and minutes is not None:
        allowed = "nothing while the budget is a number of sign-ins per second: a budget is either a rate or a time"
        yield Refused(POLICY_OUT_OF_RANGE, field="done_within_minutes", value=minutes, allowed=allowed)


def demand_one_budget(per_second: float | None, minutes: float | None) -> None:
    """Raise Refused for a budget of both kinds."""
    for refused in broken_together({"sign_ins_per_second": per_second, "done_within_minutes": minutes}):
        raise refused


@transaction.atomic
def set_clock_speed(cluster: Cluster, speed: int, actor: Any = None) -> Cluster:
    """Let the cluster's clock run at a multiple of real time from now on; raises Refused."""
    speed = checked_speed(speed)
    guards.hold(cluster)
    locked = Cluster.objects.select_for_update().get(pk=cluster.pk)
    before, now = locked.clock_speed, timezone.now()
    clock = locked.clock.with_speed(speed, now)
    locked.clock_real, locked.clock_cluster, locked.clock_speed = clock.anchor_real, clock.anchor_cluster, clock.speed
    locked.save(update_fields=["clock_real", "clock_cluster", "clock_speed"])
    # Wakes are instants of the cluster's clock: what is left until each of them takes so much more or less real time.
    left = (F("next_wake") - Value(now)) * (before / speed)
    Subcluster.objects.filter(cluster=cluster, next_wake__gt=now).update(next_wake=Value(now) + left)
    topics = [f"cluster-{locked.pk}"]
    events.record(CLOCK_SPEED_CHANGED, cluster=locked, actor=actor, topics=topics, name=locked.name, speed=speed)
    return locked


def current_policy(cluster: Cluster) -> dict[str, Any]:
    """Every parameter of the policy and the speed of the clock, by their names in the topology file."""
    return {**{name: getattr(cluster.policy, name) for name in FIELDS}, SPEED: cluster.clock_speed}

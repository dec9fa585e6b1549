"""The automatic balancer: one round for each cluster every half minute, and its settings.

    round -> load of the cluster -> balancer.decide -> idle, and why | recommends a plan | runs it

What a round said stays in RunPolicy and is shown on the page; only a change of its mind becomes history.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Field, Max, OuterRef, Q

from assignments.models import ACTIVE, Goal, Kind, Move, Operation, Plan, Progress, RunPolicy
from assignments.models.run_policy import RANGES
from assignments.planning import plans
from assignments.planning.loads import load_of
from assignments.planning.rules.loads import ClusterLoad, Proposal, RoughLoad
from assignments.runs import by_people, operations
from assignments.runs.rules import balancer
from assignments.runs.rules.balancer import Automation, BalancerVerdict, Load
from assignments.runs.rules.window import zones
from topology import reasons
from topology.live import events
from topology.models import Cluster, Node
from topology.reasons import Refused
from topology.rules.clock import set_back_since
from topology.rules.states import State

ROUND = timedelta(seconds=30)  # real time between two rounds of a cluster
ACTOR = by_people.BALANCER
RECOMMENDING = (reasons.BALANCER_RECOMMENDS, reasons.BALANCER_UNDONE, reasons.BALANCER_MOVED_BY_HAND)
SETTINGS = (
    "automation",
    "threshold",
    "rounds",
    "minimum_gain",
    "cooldown_minutes",
    "window_start",
    "window_end",
    "zone",
    "approval_required",
)


def policy_of(cluster: Cluster) -> RunPolicy:
    """The rules of a cluster's runs; the defaults where no one changed them."""
    return RunPolicy.objects.filter(cluster=cluster).first() or RunPolicy(cluster=cluster)


def settings_of(policy: RunPolicy) -> dict[str, int | bool | str]:
    """The rules by name, as JSON has them."""
    settings = {name: getattr(policy, name) for name in SETTINGS}
    return {name: value if isinstance(value, int | bool) else str(value) for name, value in settings.items()}


def as_dict(policy: RunPolicy) -> dict[str, Any]:
    """The shape that the command and the API give."""
    return {
        "cluster": policy.cluster.name,
        "settings": settings_of(policy),
        "code": policy.code,
        "message": policy.sentence,
        "checked_at": policy.checked_at.isoformat() if policy.checked_at else None,
        "plan": policy.plan.hash if policy.plan else None,
    }


@transaction.atomic
def configure(cluster: Cluster, values: Mapping[str, Any], *, actor: Any, dry_run: bool = False) -> RunPolicy:
    """Change rules by name; raises Refused with the name and what it may be. Rounds held so far are forgotten.

    A dry run answers the rules as they would be and takes them back.
    """
    RunPolicy.objects.get_or_create(cluster=cluster)
    policy = RunPolicy.objects.select_for_update().get(cluster=cluster)
    before = settings_of(policy)
    for name, value in values.items():
        setattr(policy, name, checked(name, value))
    policy.held, policy.facts, policy.plan, policy.checked_at = 0, {}, None, None
    policy.code = reasons.BALANCER_OFF.code if policy.automation == Automation.OFF else ""
    policy.save()
    policy.refresh_from_db()
    if changes := reasons.changes_between(before, settings_of(policy)):
        topics = [f"cluster-{cluster.pk}"]
        events.record(reasons.RUN_POLICY_CHANGED, cluster=cluster, actor=actor, topics=topics, changes=changes)
    if dry_run:
        transaction.set_rollback(True)
    return policy


def checked(name: str, value: Any) -> Any:
    """A rule by its name, as it is stored; raises Refused with what it may be."""
    if name not in SETTINGS:
        raise Refused(reasons.SETTING_UNKNOWN, name=name, known=", ".join(SETTINGS))
    if name == "zone" and value not in zones():
        raise Refused(reasons.SETTING_NOT_VALID, field=name, problem=f"{value} is not a known time zone")
    least, most = RANGES.get(name, (0, 0))
    column = RunPolicy._meta.get_field(name)
    assert isinstance(column, Field)
    try:
        good = column.clean(value, None)
        is_far = name in RANGES and not least <= good <= most
    except ValidationError as error:
        if error.error_list[0].code not in ("min_value", "max_value"):
            problem = str(error.messages[0]).rstrip(".")
            raise Refused(reasons.SETTING_NOT_VALID, field=name, problem=problem) from error
        is_far = True
    if is_far:
        raise Refused(reasons.SETTING_NOT_VALID, field=name, problem=f"it may be {least:,} to {most:,}")
    return good


def due_clusters(now: datetime) -> list[int]:
    """Clusters whose balancer is not off and has not looked for a round."""
    rows = RunPolicy.objects.exclude(automation=Automation.OFF.value)
    rows = rows.exclude(checked_at__gt=now - ROUND + timedelta(seconds=1), checked_at__lte=set_back_since(now))
    return list(rows.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def look_at_cluster(cluster_id: int, now: datetime) -> BalancerVerdict | None:
    """One round; None when another task has just done it."""
    rows = RunPolicy.objects.select_for_update(skip_locked=True, of=("self",)).select_related("cluster__policy")
    policy = rows.filter(pk=cluster_id).first()
    if policy is None or _has_just_looked(policy, now):
        return None
    cluster = policy.cluster
    load = load_of(cluster, rough=True)
    verdict = _decide(cluster, policy, load, now)
    plan = policy.plan
    if verdict.why in (reasons.BALANCER_ACTS, reasons.BALANCER_RECOMMENDS):
        plan, verdict = _follow(cluster, policy, load, verdict)
    _remember(policy, verdict, plan, now)
    return verdict


def _has_just_looked(policy: RunPolicy, now: datetime) -> bool:
    at = policy.checked_at
    return at is not None and now - ROUND + timedelta(seconds=1) < at <= set_back_since(now)


def _decide(cluster: Cluster, policy: RunPolicy, load: ClusterLoad, now: datetime) -> BalancerVerdict:
    if cluster.fills_first_nodes and policy.automation != Automation.OFF:
        return BalancerVerdict(False, reasons.BALANCER_MODE, {}, 0)
    proposal = _best(cluster, load)
    nodes = [n for n in load.nodes if n.subcluster is not None]
    after = proposal.after if proposal else {n.id: n.users for n in nodes}
    maintenance, failover, degraded = _trouble(cluster)
    facts = balancer.BalancerInput(
        loads=tuple(Load(n.users, n.capacity_users) for n in nodes),
        after=tuple(Load(after[n.id], n.capacity_users) for n in nodes),
        moves=proposal.moves if proposal else 0,
        maintenance=maintenance,
        failover=failover,
        degraded=degraded,
        operation=_active(cluster),
        held=policy.held,
        moved_at=_moved_at(cluster, now),
        checked_at=policy.checked_at,
        said=policy.code,
    )
    return balancer.decide(policy.rules, facts, now)


def _best(cluster: Cluster, load: ClusterLoad) -> Proposal | None:
    try:
        return plans.propose(cluster, load, Goal.BALANCE, {})
    except RoughLoad:
        return _best(cluster, load_of(cluster))
    except Refused:
        return None


def _trouble(cluster: Cluster) -> tuple[str, str, str]:
    """A node in maintenance, a subcluster that is not normal, and a node that does not serve."""
    maintenance = failover = degraded = ""
    for node in Node.objects.filter(cluster=cluster, subcluster__isnull=False).select_related("subcluster"):
        if node.subcluster and node.subcluster.ha_enabled and node.state != State.NORMAL:
            failover = node.subcluster.name
        if not node.serves:
            degraded = node.name
        if node.in_maintenance:
            maintenance = node.name
    return maintenance, failover, degraded


def _active(cluster: Cluster) -> str:
    here = Q(cluster=cluster) | Q(to_cluster=cluster)
    operation = Operation.objects.filter(here, state__in=ACTIVE).first()
    return str(operation) if operation else ""


def _moved_at(cluster: Cluster, now: datetime) -> datetime | None:
    """When users were moved last; a list that only changed what is known of them moved no one."""
    here = Q(cluster=cluster) | Q(to_cluster=cluster)
    homes = Exists(Move.objects.filter(operation=OuterRef("pk"), done=True))
    moved = Q(kind__in=(Kind.MOVE, Kind.REBALANCE), done__gt=0) | Q(homes, kind=Kind.IMPORT)
    ended = Operation.objects.filter(here, moved)
    ended = ended.filter(finished_at__lte=set_back_since(now))  # or its cooldown would last until that instant
    at: datetime | None = ended.exclude(state__in=(Progress.FAILED, *ACTIVE)).aggregate(at=Max("finished_at"))["at"]
    return at


def _follow(
    cluster: Cluster, policy: RunPolicy, load: ClusterLoad, verdict: BalancerVerdict
) -> tuple[Plan | None, BalancerVerdict]:
    """Make the plan, and run it when that is what was decided; a refusal becomes what the round says."""
    try:
        with transaction.atomic():
            plan = plans.make_plan(cluster, Goal.BALANCE, author=ACTOR)
            if verdict.act:
                verdict = _defer(policy, load, verdict, plan)
            if verdict.act:
                operations.start_run(plan.hash, actor=ACTOR, in_window=not policy.window.always)
            return plan, verdict
    except Refused as refusal:
        return None, BalancerVerdict(False, refusal.reason, refusal.facts, 0)


def _defer(policy: RunPolicy, load: ClusterLoad, verdict: BalancerVerdict, plan: Plan) -> BalancerVerdict:
    """Leave a plan to people that needs an approval, or that takes back what they did."""
    if policy.approval_required:
        return balancer.recommend(policy.rules, verdict, reasons.BALANCER_RECOMMENDS)
    loads = {n.id: Load(n.users, n.capacity_users) for n in load.nodes if n.subcluster is not None}
    return balancer.defer(policy.rules, verdict, loads, by_people.against(plan))


def _remember(policy: RunPolicy, verdict: BalancerVerdict, plan: Plan | None, now: datetime) -> None:
    news = verdict.why.code != policy.code
    changed = news or policy.facts != verdict.facts
    policy.held, policy.code, policy.facts = verdict.held, verdict.why.code, dict(verdict.facts)
    policy.checked_at, policy.plan = now, plan
    policy.save(update_fields=["held", "code", "facts", "checked_at", "plan"])
    topic = f"cluster-{policy.cluster_id}"
    if news and verdict.why in (reasons.BALANCER_ACTS, *RECOMMENDING):
        events.record(verdict.why, cluster=policy.cluster, actor=ACTOR, topics=[topic], **verdict.facts)
    elif changed:
        events.touch(topic)

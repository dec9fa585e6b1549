"""A second person's approval of a plan, where a cluster asks for it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from assignments.models import Approval, Plan, RunPolicy
from topology import reasons
from topology.live import actors, events
from topology.reasons import Refused


def required(plan: Plan) -> bool:
    """Whether this plan may run only when a second person has approved it."""
    clusters = [pk for pk in (plan.cluster_id, plan.to_cluster_id) if pk]
    asked = RunPolicy.objects.filter(cluster__in=clusters, approval_required=True).exists()
    return asked and not Approval.objects.filter(plan=plan).exists()


def demand(plan: Plan) -> None:
    """Raise Refused for a plan that still needs an approval."""
    if required(plan):
        raise Refused(reasons.PLAN_NOT_APPROVED, hash=plan.hash[:12], author=plan.author_name)


@transaction.atomic
def approve(plan: Plan, *, actor: Any) -> Approval:
    """Approve a plan of somebody else, once; raises Refused for one's own."""
    if not getattr(actor, "pk", None) or plan.author_id == actor.pk or plan.author_name == actors.name_of(actor):
        raise Refused(reasons.APPROVAL_OWN, hash=plan.hash[:12], author=plan.author_name)
    approval, new = Approval.objects.get_or_create(
        plan=plan,
        defaults={"author": plan.author, "approver": actor, "approver_name": actors.name_of(actor)},
    )
    if new:
        events.record(
            reasons.PLAN_APPROVED,
            cluster=plan.cluster,
            actor=actor,
            topics=[f"cluster-{plan.cluster_id}"],
            hash=plan.hash[:12],
            author=plan.author_name,
            moves=plan.moves,
        )
    return approval

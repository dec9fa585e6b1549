"""A second person's approval of a plan, where a cluster asks for it: one approval, one run.

(none) --approve--> approved --use, as a run begins--> used --approve--> approved
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from assignments.models import Approval, Kind, Operation, Plan, RunPolicy
from topology import reasons
from topology.accounts import roles, tokens
from topology.live import actors, events
from topology.reasons import Refused

FEW = 50  # users who are moved by hand at once, without a plan and an approval


def asked(*clusters: int | None) -> bool:
    """Whether one of these clusters, by their keys, asks for a second person's approval of plans."""
    return RunPolicy.objects.filter(cluster__in=[pk for pk in clusters if pk], approval_required=True).exists()


def required(plan: Plan) -> bool:
    """Whether this plan may run only when a second person has approved that run."""
    if not asked(plan.cluster_id, plan.to_cluster_id):
        return False
    return not _unused(plan).exists() and not _takes_back_few(plan)


def _unused(plan: Plan) -> QuerySet[Approval]:
    return Approval.objects.filter(plan=plan, used_at=None)


def _takes_back_few(plan: Plan | None) -> bool:
    """Whether a plan takes back, or does again, a move of so few that it needed no plan, and so no approval."""
    if plan is None or not plan.undoes:
        return False
    done = Operation.objects.select_related("plan").filter(pk=plan.scope["operation"]).first()
    if done is None or done.plan:
        return done is not None and _takes_back_few(done.plan)
    return done.kind == Kind.MOVE and done.total <= FEW  # a directory gives homes to any number at once


def demand(plan: Plan) -> None:
    """Raise Refused for a plan that still needs an approval."""
    if required(plan):
        raise Refused(reasons.PLAN_NOT_APPROVED, hash=plan.hash[:12], author=plan.author_name)


def use(plan: Plan) -> None:
    """Let the run that begins have the approval. Raises Refused when another run took it meanwhile."""
    if not _unused(plan).update(used_at=timezone.now()):
        demand(plan)


def may_approve(plan: Plan, actor: Any) -> bool:
    """Whether somebody may be the second person: an operator wherever the plan moves users, and not its author."""
    reach = roles.reach_of(actor)
    places = [reach.role_in(pk) for pk in (plan.cluster_id, plan.to_cluster_id) if pk]
    return all(roles.suffices(role, roles.OPERATE) for role in places) and not is_author(plan, actor)


def is_author(plan: Plan, actor: Any) -> bool:
    """Whether somebody made a plan, here or at the shell, or the token that made it: those are no two persons."""
    return _made_it(plan, actor) or tokens.is_of(plan.author_name, actors.name_of(actor))


def _made_it(plan: Plan, actor: Any) -> bool:
    return plan.author_id == actor.pk or actors.person_in(plan.author_name) == actors.name_of(actor)


@transaction.atomic
def approve(plan: Plan, *, actor: Any) -> Approval:
    """Approve one run of a plan of somebody else; raises Refused for one's own. A second time it does nothing."""
    by, name = {"hash": plan.hash[:12], "author": plan.author_name}, actors.name_of(actor)
    if tokens.is_of(plan.author_name, name):
        raise Refused(reasons.APPROVAL_OWN_TOKEN, maker=name, **by)
    if actors.account_of(actor) is None or _made_it(plan, actor):
        raise Refused(reasons.APPROVAL_OWN, **by)
    given = {"author": plan.author, "approver": actor, "approver_name": name}
    approval, new = Approval.objects.get_or_create(plan=plan, defaults=given)
    used = Approval.objects.filter(plan=plan).exclude(used_at=None)
    if not new and used.update(**given, at=timezone.now(), used_at=None):
        approval.refresh_from_db()
        new = True
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

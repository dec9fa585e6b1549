"""Plans: make one and look at it, approve it, run it."""

from __future__ import annotations

import shlex
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from assignments.models import Approval, Goal, Plan
from assignments.planning import approvals, plans
from assignments.runs import operations, runnable, wait_reasons
from assignments.runs.views.run_shown import Run
from topology import reasons
from topology.accounts import roles
from topology.reasons import Refused
from topology.structure.asked import NumberField, NumbersField, read_form
from topology.structure.selectors import cluster_named
from topology.structure.within_reach import limited_to_reach
from topology.templatetags.console import from_wall
from topology.views.answers import toast
from topology.views.forms import DialogForm, ShownField
from topology.views.http import needs_role, to_dialog
from topology.views.reading import current_page

CHOOSABLE = (Goal.BALANCE, Goal.FILL, Goal.ACTIVE_STANDBY)


def rate_in(text: str) -> float | None:
    """A rate that was typed; None for none. Raises Refused for what no run can have."""
    try:
        return plans.checked_rate(float(text)) if text else None
    except ValueError:
        raise Refused(reasons.RUN_RATE_NOT_VALID, rate=text, **plans.RATES) from None


class GoalForm(forms.Form):
    """What a plan is for, and the subclusters or the node that it is about."""

    goal = forms.ChoiceField(
        required=False,
        choices=[(goal.value, goal.label) for goal in (*CHOOSABLE, Goal.EVACUATE)],
        error_messages={"invalid_choice": "Choose one of the list."},
    )
    subcluster = NumbersField()
    node = NumberField()


class RateForm(DialogForm):
    """How fast a run moves: users per second and receiving node, and over all nodes."""

    rate = ShownField("At most", "users per second and receiving node", read=rate_in)
    rate_total = ShownField("and at most", "over all nodes", read=rate_in)


class RunForm(RateForm):
    """How a plan is run: how fast, with its valid moves only, inside the window only."""

    valid_only = forms.BooleanField(required=False)
    in_window = forms.BooleanField(required=False)


@require_POST
@needs_role(roles.OPERATE)
def make_plan(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Make a plan for a goal and show what it would do; nothing moves yet."""
    cluster = cluster_named(cluster_name)
    asked = read_form(GoalForm, request.POST)
    goal = asked["goal"] or Goal.BALANCE.value
    scope: dict[str, Any] = {"subclusters": asked["subcluster"]} if asked["subcluster"] else {}
    if goal == Goal.EVACUATE:
        scope["node"] = asked["node"]
    # Another goal or subcluster in the dialog: the rates that were typed there stay.
    form = RunForm(request.POST) if "rate" in request.POST else None
    return show_plan(request, plans.make_plan(cluster, goal, scope, author=request.user), form=form)


def show_plan(
    request: HttpRequest,
    plan: Plan,
    stale: plans.Stale | None = None,
    *,
    form: RunForm | None = None,
    back: str = "",
) -> HttpResponse:
    """The plan in the dialog; `back` is the address of the dialog that opens again when this one closes."""
    context = plan_context(request, plan, stale, form) | {"back": back}
    return to_dialog(render(request, "runs/_plan.html", context, status=context["form"].status))


def plan_context(
    request: HttpRequest, plan: Plan, stale: plans.Stale | None = None, form: RunForm | None = None
) -> dict[str, Any]:
    """What a plan is shown with, in its dialog and on its page; `form` as it was typed."""
    form = form or RunForm(initial={"rate": plan.cluster.policy.moves_per_second})
    return {
        "plan": plan,
        "address": reverse("run-plan", args=[plan.hash]),
        "chosen": "chosen" in request.POST,  # the focus stays on what was chosen
        "waits": approvals.required(plan),
        "approval": Approval.objects.filter(plan=plan).first(),
        "is_author": approvals.is_author(plan, request.user),
        "may_approve": approvals.may_approve(plan, request.user),
        "cluster": plan.cluster,
        "stale": stale,
        **_now(request, plan),
        "certificate": plans.certificate(plan),
        "left_out": plans.left_out(plan),
        "form": form,
        "seconds": _seconds(plan, form),
        "goals": CHOOSABLE,
        "choosable": plan.goal in CHOOSABLE,
        "emptied": _emptied(plan),
        "subclusters": list(plan.cluster.subclusters.all()),
        "scope": plan.scope.get("subclusters", ()),
        "window": wait_reasons.window_of(plan.cluster),
        "valid": plan.moves - stale.count if stale else plan.moves,
        "plan_command": _command(plan),
    }


def _now(request: HttpRequest, plan: Plan) -> dict[str, Any]:
    """What stands in the way of a start at this moment, such as a failover that began since the plan was made."""
    refusal = runnable.why_not_now(plan) if plan.moves else None
    clusters = filter(None, (plan.cluster_id, plan.to_cluster_id))
    return {
        "not_now": refusal and limited_to_reach(refusal, roles.reach_of(request.user)),
        "topics": " ".join(f"cluster-{pk}" for pk in clusters),
    }


def _seconds(plan: Plan, form: RunForm) -> float:
    """How long the plan takes at the rates of the form, at that of the cluster where it has none that can be read."""
    if form.is_bound and form.is_valid():
        return plans.seconds(plan, form.cleaned_data["rate"], form.cleaned_data["rate_total"])
    return plans.seconds(plan, plan.cluster.policy.moves_per_second)


def _emptied(plan: Plan) -> str:
    """The node that a plan moves everybody off; "" for another goal, and for one that was removed."""
    if plan.goal != Goal.EVACUATE:
        return ""
    node = plan.cluster.nodes.filter(pk=plan.scope["node"]).first()
    return node.short_name if node else ""


def _command(plan: Plan) -> str:
    """The command that makes such a plan and runs it; "" for a goal that it has not."""
    if plan.goal not in CHOOSABLE:
        return ""
    names = plan.cluster.subclusters.filter(pk__in=plan.scope.get("subclusters") or ()).values_list("name", flat=True)
    words = ["rebalance", plan.cluster.name, "--goal", plan.goal, *(f"--subcluster={name}" for name in names)]
    return f"{shlex.join(words)} --rate <rate>"


@require_GET
@needs_role(roles.SEE, plans.cluster_id_of)
def plan(request: HttpRequest, plan_hash: str) -> HttpResponse:
    """A plan at its own address: the dialog for htmx, a page for somebody who was sent the link.

    With `takes` it answers only how long the plan takes at the rates typed so far, with `now` whether it may run.
    """
    plan = plans.by_hash(plan_hash)
    if "now" in request.GET:
        return render(request, "runs/_plan_now.html", {"plan": plan, "cluster": plan.cluster} | _now(request, plan))
    if "takes" in request.GET:
        return HttpResponse(from_wall(plans.seconds(plan, **read_form(RateForm, request.GET)), plan.cluster))
    if request.headers.get("HX-Request"):
        return show_plan(request, plan)
    return render(request, "runs/plan.html", plan_context(request, plan) | {"place": "operations"})


@require_POST
@needs_role(roles.OPERATE, plans.cluster_id_of)
def approve(request: HttpRequest, plan_hash: str) -> HttpResponse:
    """The second person's consent; the author or anybody else may then run the plan."""
    plan = _of_own_clusters(request, plan_hash)
    approvals.approve(plan, actor=request.user)
    if current_page(request).path.startswith(reverse("plan", args=[plan.hash[:8]]).rstrip("/")):
        return HttpResponseClientRefresh()  # the page of the plan says who approved it, and how it runs
    return toast(request, f"Plan {plan.hash[:12]} is approved; it can be run now.", close=True)


def _of_own_clusters(request: HttpRequest, plan_hash: str) -> Plan:
    """A plan whose other cluster, if it has one, the person may operate too. Raises Refused."""
    plan = plans.by_hash(plan_hash)
    roles.demand_there(request.user, roles.OPERATE, plan.to_cluster_id)
    return plan


@require_POST
@needs_role(roles.OPERATE, plans.cluster_id_of)
def run_plan(request: HttpRequest, plan_hash: str) -> HttpResponse:
    """Run exactly this plan; when some of its rows no longer hold, show which and ask again."""
    form, plan = RunForm(request.POST), _of_own_clusters(request, plan_hash)
    if not form.is_valid():
        return show_plan(request, plan, form=form)
    try:
        operation = operations.start_run(plan.hash, actor=request.user, **form.cleaned_data)
    except Refused as refusal:
        if refusal.code != reasons.PLAN_STALE.code:
            raise
        return show_plan(request, plan, plans.stale_rows(plan), form=form)
    return toast(request, f"{Run(operation, timezone.now()).title} runs: {operation.total:,} users.", close=True)

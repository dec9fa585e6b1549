"""The automatic balancer and the rules of runs in one dialog: what it says now, and what it may do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from assignments.models import RunPolicy
from assignments.runs import balancer
from assignments.runs.rules.balancer import Automation
from assignments.runs.views.plans import show_plan
from topology import reasons
from topology.accounts import roles, sentences
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.selectors import cluster_named
from topology.views.answers import toast
from topology.views.fields import Field, show_dialog
from topology.views.http import needs

FIELDS = (
    ("threshold", "Act when the fullest node exceeds its fair share by", "%"),
    ("rounds", "for this many rounds of half a minute in a row", "rounds"),
    ("minimum_gain", "and the best plan gains at least", "points"),
    ("cooldown_minutes", "Wait after any move", "min"),
    ("window_start", "Only from", ""),
    ("window_end", "until (the same: always)", ""),
    ("zone", "in the time zone", ""),
)
KINDS = {"window_start": "time", "window_end": "time", "zone": "text"}
APPROVAL = "A plan runs only after a second person has approved it"
LABELS = {
    Automation.OFF: "Off: never acts",
    Automation.RECOMMEND: "Recommend: makes plans, someone runs them",
    Automation.ON: "On: runs its plans",
}


@require_http_methods(["GET", "POST"])
@needs(roles.ADMINISTER)
def rules(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The form; a good one is stored as a whole, a bad one comes back with what was typed."""
    cluster = cluster_named(cluster_name)
    if request.method == "GET":
        return _form(request, cluster, _stored(balancer.policy_of(cluster)))
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name, _, _ in FIELDS}
    typed |= {"automation": request.POST.get("automation", "")}
    typed |= {"approval_required": request.POST.get("approval_required") == "on"}
    try:
        balancer.configure(cluster, typed, actor=request.user)
    except Refused as refusal:
        return _form(request, cluster, typed, refusal)
    return toast(request, "Saved.", close=True)


@require_GET
@needs(roles.OPERATE)
def recommended(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The plan that the balancer recommends, to look at and run like any other."""
    cluster = cluster_named(cluster_name)
    plan = balancer.policy_of(cluster).plan
    if plan is None:
        raise Refused(reasons.NO_RECOMMENDATION, cluster=cluster.name)
    return show_plan(request, plan)


def _stored(policy: RunPolicy) -> dict[str, Any]:
    values = {name: getattr(policy, name) for name in balancer.SETTINGS}
    return values | {name: values[name].strftime("%H:%M") for name in ("window_start", "window_end")}


def _form(
    request: HttpRequest, cluster: Cluster, typed: dict[str, Any], refusal: Refused | None = None
) -> HttpResponse:
    wrong = str(refusal.facts.get("name", "")).split(", ")[0] if refusal else ""
    error = sentences.whole(refusal) if refusal else ""
    fields = [
        Field(n, label, unit, str(typed[n]), KINDS.get(n, "number"), error=error if n == wrong else "")
        for n, label, unit in FIELDS
    ]
    context = {
        "cluster": cluster,
        "policy": balancer.policy_of(cluster),
        "fields": fields,
        "automations": [(a.value, LABELS[a]) for a in Automation],
        "automation": typed["automation"],
        "approval": Field("approval_required", APPROVAL, "", "on" if typed["approval_required"] else "", "switch"),
        "now": timezone.now(),
    }
    shown = any(field.error for field in fields)
    return show_dialog(request, "runs/_run_policy.html", context, refusal, "" if shown else error)

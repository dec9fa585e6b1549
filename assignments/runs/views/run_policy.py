"""The automatic balancer and the rules of runs in one dialog: what it says now, and what it may do."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from assignments.models import RunPolicy
from assignments.runs import balancer
from assignments.runs.rules.balancer import Automation
from assignments.runs.views.plans import show_plan
from topology import reasons
from topology.accounts import roles
from topology.reasons import Refused
from topology.structure.selectors import cluster_named
from topology.structure.stored_form import StoredForm
from topology.views.answers import toast
from topology.views.forms import DialogForm, ShownField, show_form
from topology.views.http import needs_role

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
APPROVAL = "A plan runs only after a second person has approved that run"
LABELS = {
    Automation.OFF: "Off: never acts",
    Automation.RECOMMEND: "Recommend: makes plans, someone runs them",
    Automation.ON: "On: runs its plans",
}


class RunPolicyForm(StoredForm, DialogForm):
    """The rules of a cluster's runs; the balancer's service judges each of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(automation.value, label) for automation, label in LABELS.items()]
        self.fields["automation"] = ShownField(
            "Balancer", kind="select", choices=choices, read=partial(balancer.checked, "automation")
        )
        for name, label, unit in FIELDS:
            self.fields[name] = ShownField(label, unit, KINDS.get(name, "number"), read=partial(balancer.checked, name))
        self.fields["approval_required"] = ShownField(APPROVAL, kind="switch")

    def numbers(self) -> list[BoundField]:
        """The fields of the balancer below its switch."""
        return [self[name] for name, _, _ in FIELDS]


@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def rules(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The form; a good one is stored as a whole, a bad one comes back with what was typed."""
    cluster = cluster_named(cluster_name)
    policy = balancer.policy_of(cluster)
    form = RunPolicyForm(request.POST if request.method == "POST" else None, initial=_stored(policy))

    def store(given: dict[str, Any]) -> HttpResponse:
        balancer.configure(cluster, given, actor=request.user)
        return toast(request, "Saved.", close=True)

    shown = form.carry_out(store)
    return shown or show_form(request, "runs/_run_policy.html", form, cluster=cluster, policy=policy)


@require_GET
@needs_role(roles.OPERATE)
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

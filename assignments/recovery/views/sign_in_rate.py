"""How fast users sign in during a failover or fallback: look at it, and change it while it runs (domain.md §4.8)."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assignments.models import Operation
from assignments.recovery import service
from assignments.runs import selectors
from assignments.runs.views.run_shown import Run
from topology import reasons
from topology.accounts import roles
from topology.reasons import Refused
from topology.structure.asked import read_address
from topology.templatetags.console import from_wall, num
from topology.views.answers import toast
from topology.views.http import needs

FIELDS = {"rate": "sign_ins_per_second", "minutes": "done_within_minutes"}


class BudgetForm(forms.Form):
    """By what the budget is given: sign-ins per second, or minutes; nothing for the policy's."""

    by = forms.ChoiceField(required=False, choices=[(by, by) for by in (*FIELDS, "policy")])


@require_http_methods(["GET", "POST"])
@needs(roles.OPERATE, selectors.cluster_id_of)
def sign_in_rate(request: HttpRequest, pk: int) -> HttpResponse:
    """The rate of an operation with its time and peak, and another one for the rest of it."""
    operation = selectors.operation(pk)
    run = Run(operation, timezone.now())
    if not run.adjustable:
        raise Refused(reasons.PACE_NOTHING_MOVES, subcluster=run.title)
    if "by" in request.GET:
        return _effect(request, operation)
    if request.method == "GET":
        rate = f"{max(0.1, round(operation.rate or 0, 1)):g}"
        context = {"cluster": operation.cluster, "operation": operation, "run": run, "rate": rate}
        context |= {"address": request.path}
        return render(request, "recovery/_sign_in_rate.html", context)
    service.set_sign_in_rate(operation, **_budget(request.POST), actor=request.user)
    now = Run(selectors.operation(pk), timezone.now())
    left = f", {from_wall(now.remaining, now.operation.cluster)} left" if now.remaining else ""
    return toast(request, f"{run.title}: {num(now.operation.rate)} sign-ins per second from now on{left}.", close=True)


def _effect(request: HttpRequest, operation: Operation) -> HttpResponse:
    """What is typed would come to this; a refused one says so in its place."""
    context: dict[str, Any] = {"cluster": operation.cluster, "operation": operation}
    try:
        budget = _budget(request.GET)
        context["effect"] = service.try_sign_in_rate(operation, **budget)
        context["body"] = json.dumps({name: value for name, value in budget.items() if value is not None})
    except Refused as refusal:
        context["refusal"] = refusal
    return render(request, "recovery/_sign_in_rate_effect.html", context)


def _budget(typed: QueryDict) -> dict[str, float | None]:
    """The budget of the form; without either the policy's counts."""
    by = read_address(BudgetForm, typed)["by"]
    value = _number(typed, by) if by in FIELDS else None
    return {"per_second": value if by == "rate" else None, "minutes": value if by == "minutes" else None}


def _number(typed: QueryDict, by: str) -> float:
    text = typed.get(by, "").strip().replace(",", ".")
    try:
        return float(text)
    except ValueError:
        field, value = FIELDS[by], text or "empty"
        raise Refused(reasons.POLICY_OUT_OF_RANGE, field=field, value=value, allowed="a number") from None

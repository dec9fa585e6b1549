"""How fast users sign in during a failover or fallback: look at it, and change it while it runs (domain.md §4.8)."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
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
from topology.templatetags.console import from_wall, num, wall_rate
from topology.views.answers import toast
from topology.views.forms import DialogForm, ShownField, show_form
from topology.views.http import needs_role

BUDGETS = {"rate": ("sign_ins_per_second", "per_second"), "minutes": ("done_within_minutes", "minutes")}


class BudgetForm(DialogForm):
    """How fast users sign in: sign-ins per second, or minutes; with neither as the policy says."""

    by = forms.ChoiceField(
        required=False,
        choices=[(by, by) for by in (*BUDGETS, "policy")],
        error_messages={"invalid_choice": "Choose one of the three."},
    )
    rate = ShownField("Sign-ins per second")
    minutes = ShownField("Minutes")

    def field_of(self, refusal: Refused) -> str:
        """The field that was typed into; facts name it as the policy does."""
        fields = {parameter: name for name, (parameter, _) in BUDGETS.items()}
        return fields.get(str(refusal.facts.get("field")), "")

    def budget(self) -> dict[str, float | None]:
        """The budget that was typed, for the service. Raises Refused for what is no number."""
        by = self.cleaned_data["by"]
        return {key: self._number(name) if by == name else None for name, (_, key) in BUDGETS.items()}

    def _number(self, name: str) -> float:
        text = self.cleaned_data[name].strip().replace(",", ".")
        try:
            return float(text)
        except ValueError:
            facts = {"field": BUDGETS[name][0], "value": text or "empty", "allowed": "a number"}
            raise Refused(reasons.POLICY_OUT_OF_RANGE, **facts) from None


@require_http_methods(["GET", "POST"])
@needs_role(roles.OPERATE, selectors.cluster_id_of)
def sign_in_rate(request: HttpRequest, pk: int) -> HttpResponse:
    """The rate of an operation with its time and peak, and another one for the rest of it."""
    operation = selectors.operation(pk)
    run = Run(operation, timezone.now())
    if not run.adjustable:
        raise Refused(reasons.PACE_NOTHING_MOVES, subcluster=run.title)
    if "by" in request.GET:
        return _effect(request, operation)
    now = f"{max(0.1, round(operation.rate or 0, 1)):g}"
    first = {"by": "rate", "rate": now, "minutes": "10"}
    form = BudgetForm(request.POST if request.method == "POST" else None, initial=first)

    def act(given: dict[str, Any]) -> HttpResponse:
        service.set_sign_in_rate(operation, **form.budget(), actor=request.user)
        now = Run(selectors.operation(pk), timezone.now())
        left = f", {from_wall(now.remaining, now.operation.cluster)} left" if now.remaining else ""
        rate = f"{num(now.operation.rate)} sign-ins per second{wall_rate(now.operation.rate, now.operation.cluster)}"
        text = f"{run.title}: {rate} from now on{left}."
        return toast(request, text, close=True)

    context = {"cluster": operation.cluster, "operation": operation, "run": run}
    return form.carry_out(act) or show_form(request, "recovery/_sign_in_rate.html", form, **context)


def _effect(request: HttpRequest, operation: Operation) -> HttpResponse:
    """What is typed would come to this; a refused one says so in its place."""
    context: dict[str, Any] = {"cluster": operation.cluster, "operation": operation}
    form = BudgetForm(request.GET)
    try:
        budget = form.budget() if form.is_valid() else {}
        context["effect"] = service.try_sign_in_rate(operation, **budget) if budget else None
        context["body"] = json.dumps({name: value for name, value in budget.items() if value is not None})
    except Refused as refusal:
        context["refusal"] = refusal
    return render(request, "recovery/_sign_in_rate_effect.html", context)

"""How fast users sign in during a failover or fallback: look at it, and change it while it runs (domain.md §4.8)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assignments import run_selectors
from assignments.services import recovery
from assignments.views.answers import said
from assignments.views.runs import Run
from topology import reasons, roles
from topology.http import needs
from topology.reasons import Refused

FIELDS = {"rate": "sign_ins_per_second", "minutes": "done_within_minutes"}


@require_http_methods(["GET", "POST"])
@needs(roles.OPERATE)
def pace(request: HttpRequest, pk: int) -> HttpResponse:
    """The rate of an operation with its time and peak, and another one for the rest of it."""
    found = run_selectors.operation(pk)
    run = Run(found, timezone.now())
    if not run.adjustable:
        raise Refused(reasons.PACE_NOTHING_MOVES, subcluster=run.title)
    if request.method == "GET":
        context = {"cluster": found.cluster, "operation": found, "run": run}
        return render(request, "assignments/_pace.html", context)
    by = request.POST.get("by", "")
    value = _number(request, by) if by in FIELDS else None
    recovery.set_pace(
        found,
        per_second=value if by == "rate" else None,
        minutes=value if by == "minutes" else None,
        actor=request.user,
    )
    now = Run(run_selectors.operation(pk), timezone.now()).operation
    return said(request, f"{run.title}: {now.rate or 0:.3g} sign-ins per second from now on.", close=True)


def _number(request: HttpRequest, by: str) -> float:
    text = request.POST.get(by, "").strip().replace(",", ".")
    try:
        return float(text)
    except ValueError:
        field, value = FIELDS[by], text or "empty"
        raise Refused(reasons.POLICY_OUT_OF_RANGE, field=field, value=value, allowed="a number") from None

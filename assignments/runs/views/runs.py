"""Runs: list them, watch and steer one, undo it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from assignments.models import Kind, Operation
from assignments.runs import operations, selectors
from assignments.runs.views.plans import RateForm, show_plan
from assignments.runs.views.run_shown import Run
from assignments.users import undo as users_undo
from topology.accounts import pseudonyms, roles
from topology.reasons.words import counted
from topology.structure.asked import ConfirmForm, NumberField, read_form
from topology.structure.selectors import cluster_named
from topology.views.answers import toast
from topology.views.http import needs_role, to_dialog, to_messages
from topology.views.log_folds import folded_events

MOVING = (Kind.MOVE, Kind.REBALANCE)
LEFT_SHOWN = 20  # users whom an undo leaves as they are, in its dialog


class PageForm(forms.Form):
    """Where a further page begins: below an operation."""

    before = NumberField(least=1)


class WindowOnlyForm(forms.Form):
    """Whether a run moves users inside the window only."""

    in_window = forms.BooleanField(required=False)


@require_GET
@needs_role(roles.SEE)
def listed(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Operations of a cluster, the newest first."""
    cluster, now = cluster_named(cluster_name), timezone.now()
    before = read_form(PageForm, request.GET)["before"]
    rows = list(selectors.of_cluster(cluster, before))
    more = rows[-1].pk if len(rows) == selectors.PAGE else None
    context = {"cluster": cluster, "runs": [Run(row, now) for row in rows], "more": more}
    template = "runs/_operation_rows.html" if before else "runs/operations.html"
    return render(request, template, context)


@require_GET
@needs_role(roles.SEE, selectors.cluster_id_of)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One operation with its progress, controls and step log; the fragment alone for htmx."""
    operation = selectors.operation(pk)
    steps, left_out = selectors.steps(operation)
    context = {
        "cluster": operation.cluster,
        "run": Run(operation, timezone.now()),
        "operation": operation,
        "rate_form": RateForm(initial={"rate": operation.rate, "rate_total": operation.rate_total}),
        "steps": folded_events(steps),
        "left_out": left_out,
        "skipped": selectors.skipped(operation) if operation.skipped else [],
        "moved": selectors.moved(operation) if operation.kind in MOVING else [],
        "undone_by": Operation.objects.filter(undo_of=operation).order_by("-pk").first(),
    }
    fragment = "fragment" in request.GET
    return render(request, "runs/_operation.html" if fragment else "runs/operation.html", context)


@require_GET
@needs_role(roles.SEE, selectors.cluster_id_of)
def bar(request: HttpRequest, pk: int) -> HttpResponse:
    """The line of one operation in the summary bar of the page."""
    operation = selectors.operation(pk)
    return render(request, "runs/_run.html", {"run": Run(operation, timezone.now()), "cluster": operation.cluster})


STEERING: dict[str, tuple[Callable[..., Operation], str]] = {
    "pause": (operations.pause, "Paused"),
    "resume": (operations.resume, "Resumed"),
    "cancel": (operations.cancel, "Cancelled"),
}


@require_GET
@needs_role(roles.OPERATE, selectors.cluster_id_of)
def ask_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """What a cancel leaves as it is then."""
    operation = selectors.operation(pk)
    context = {
        "operation": operation,
        "run": Run(operation, timezone.now()),
        "cluster": operation.cluster,
        "address": reverse("steer", args=[pk, "cancel"]),
    }
    return to_dialog(render(request, "runs/_cancel.html", context))


@require_POST
@needs_role(roles.OPERATE, selectors.cluster_id_of)
def steer(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Pause, resume or cancel a run, or change its rate or when it may move users."""
    if what == "rate":
        return _set_rate(request, pk)
    if what == "window":
        operation = operations.set_window(pk, actor=request.user, **read_form(WindowOnlyForm, request.POST))
        when = "inside the window only" if operation.in_window else "at any time"
        return toast(request, f"Operation {operation.pk} moves users {when}.")
    if what not in STEERING:
        raise Http404
    change, word = STEERING[what]
    operation = change(pk, actor=request.user)
    if what == "cancel":
        run = Run(selectors.operation(pk), timezone.now())
        response = to_messages(render(request, "runs/_cancelled.html", {"run": run, "operation": run.operation}))
        return trigger_client_event(response, "close-dialog")
    return toast(request, f"{word}: operation {operation.pk}, {operation.done:,} of {operation.total:,} users moved.")


def _set_rate(request: HttpRequest, pk: int) -> HttpResponse:
    form = RateForm(request.POST)

    def act(given: dict[str, Any]) -> HttpResponse:
        operation = operations.set_rate(pk, actor=request.user, **given)
        return toast(request, f"Rate of operation {operation.pk}: {operations.rate_words(operation)}.")

    answer = form.carry_out_in_page(act)
    context = {"form": form, "operation": selectors.operation(pk)}
    return answer or render(request, "runs/_rate_form.html", context, status=form.status)


@require_POST
@needs_role(roles.OPERATE, selectors.cluster_id_of)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan that moves back whom an operation moved, to look at and run; or what comes back of an import."""
    operation = selectors.operation(pk)
    if operation.kind in users_undo.UNDOABLE:
        return _undo_users(request, operation)
    roles.demand_there(request.user, roles.OPERATE, operation.to_cluster_id)
    return show_plan(request, operations.plan_undo(pk, actor=request.user))


def _undo_users(request: HttpRequest, operation: Operation) -> HttpResponse:
    """What an undo would bring back and who stays as they are; then, confirmed, it is done."""
    if not roles.may(request.user, roles.ADMINISTER):
        raise roles.lacking(roles.ADMINISTER, operation.cluster)
    if "confirmed" in request.POST:
        confirmed = read_form(ConfirmForm, request.POST)["confirmed"]
        undone = users_undo.undo_import(operation, actor=request.user, confirmed=confirmed)
        left = f" {undone.left:,} changed since and stay as they are." if undone.left else ""
        text = f"Undone: operation {operation.pk}, {counted(undone.users, 'user')}.{left}"
        return toast(request, text, close=True)
    undone = users_undo.undo_import(operation, actor=request.user, dry_run=True)
    shown = [] if pseudonyms.is_down() else undone.left_users[:LEFT_SHOWN]
    context = {"operation": operation, "undone": undone, "shown": shown, "more": undone.left - len(shown)}
    context["address"] = reverse("undo", args=[operation.pk])
    return to_dialog(render(request, "users/_undo_users.html", context))

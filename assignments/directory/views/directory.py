"""The page of a directory: its agreement, what a run did or stopped at, and who is set aside, waits or was skipped."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from assignments.directory import agreements, reading, schedule, selectors, sync
from assignments.directory.forms import NEW, AgreementForm, initial_of
from assignments.models import DirectoryAgreement, RunState
from topology import reasons
from topology.accounts import roles
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.asked import NumberField, read_form
from topology.structure.selectors import cluster_named
from topology.views.forms import DialogForm, ShownField
from topology.views.http import needs_role


class AfterForm(forms.Form):
    """Where a further page begins: after a row."""

    after = NumberField()


class DecisionForm(forms.Form):
    """The hash of what a stopped run would do, when it is accepted."""

    accept = forms.CharField(required=False, max_length=64)


class EndAgreementForm(DialogForm):
    """The name of the cluster, typed to confirm that its agreement ends."""

    about = {reasons.DIRECTORY_END_NOT_CONFIRMED.code: "name"}
    name = ShownField("Name of the cluster, to confirm", kind="text")


@require_GET
@needs_role(roles.SEE)
def directory(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The agreement and its last run; its state alone for the live stream."""
    cluster = cluster_named(cluster_name)
    if "state" in request.GET:
        return render(request, "directory/_state.html", _state(cluster))
    return _page(request, cluster, _form(cluster))


def _form(cluster: Cluster, data: Any = None) -> AgreementForm:
    stored = DirectoryAgreement.objects.filter(cluster=cluster).first()
    spec = agreements.spec_of(stored) if stored else NEW
    return AgreementForm(data, initial=initial_of(stored, spec))


def _state(cluster: Cluster) -> dict[str, Any]:
    return {"cluster": cluster, "place": "directory"} | selectors.state_of(cluster, timezone.now())


def _page(request: HttpRequest, cluster: Cluster, form: AgreementForm, **more: Any) -> HttpResponse:
    context = _state(cluster) | {"form": form, "end_form": EndAgreementForm()} | more
    status = 422 if form.errors else context["end_form"].status
    return render(request, "directory/directory.html", context, status=status)


@require_POST
@needs_role(roles.ADMINISTER)
def store(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Store the agreement, or only try it out and show what it would do."""
    cluster = cluster_named(cluster_name)
    form = _form(cluster, request.POST)
    if not form.is_valid():
        return _page(request, cluster, form)
    agreement = form.agreement()
    try:
        if "test" in request.POST:
            password = agreements.password_for(agreement, cluster, form.cleaned_data["password"])
            with reading.in_request() as patience:
                tried = sync.try_out(cluster, agreement, password, patience=patience)
            return _page(request, cluster, form, tried=tried, skipped_now=tried.as_dict()["skipped"])
        agreements.store(cluster, agreement, password=form.cleaned_data["password"], actor=request.user)
    except Refused as refusal:
        form.refuse(refusal)
        return _page(request, cluster, form)
    return _done(request, cluster, "Saved.")


def _done(request: HttpRequest, cluster: Cluster, text: str) -> HttpResponse:
    messages.success(request, text, extra_tags="good")
    return redirect("directory", cluster.name)


@require_POST
@needs_role(roles.ADMINISTER)
def read_now(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Let the next run begin at once."""
    cluster = cluster_named(cluster_name)
    schedule.read_now(cluster)
    return _done(request, cluster, "The directory is read next, within seconds unless another one is being read.")


@require_POST
@needs_role(roles.ADMINISTER)
def decide(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """Accept exactly what a stopped run would do, by its hash, or drop it."""
    cluster = cluster_named(cluster_name)
    if accepted := read_form(DecisionForm, request.POST)["accept"]:
        schedule.accept(cluster, pk, accepted, actor=request.user)
        return _done(request, cluster, "Accepted. The directory is read again, and exactly these changes are made.")
    sync.drop(cluster, pk, actor=request.user)
    return _done(request, cluster, "Dropped. Nothing was changed.")


@require_POST
@needs_role(roles.ADMINISTER)
def end(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Remove the agreement."""
    cluster = cluster_named(cluster_name)
    form = EndAgreementForm(request.POST)

    def act(given: dict[str, Any]) -> HttpResponse:
        agreements.end(cluster, given["name"], actor=request.user)
        return _done(request, cluster, "The agreement was removed.")

    return form.carry_out_in_page(act) or _page(request, cluster, _form(cluster), end_form=form)


@require_GET
@needs_role(roles.SEE)
def changes(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """What one run did to whom, a page at a time."""
    cluster = cluster_named(cluster_name)
    after = read_form(AfterForm, request.GET)["after"] or 0
    run, rows, more = selectors.changes_of(cluster, pk, after)
    would = run.state in (RunState.STOPPED, RunState.DROPPED, RunState.ACCEPTED)
    context = {"cluster": cluster, "place": "directory", "run": run, "rows": rows, "more": more, "would": would}
    return render(request, "directory/changes.html", context)


@require_GET
@needs_role(roles.SEE)
def skipped(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Every entry that the last run could not take, with the reason, a page at a time."""
    cluster = cluster_named(cluster_name)
    after = read_form(AfterForm, request.GET)["after"] or 0
    rows, more = selectors.skipped_of(agreements.of_cluster(cluster), after)
    context = {"cluster": cluster, "place": "directory", "skipped": rows, "more": more}
    return render(request, "directory/skipped.html", context)

"""The settings of a cluster in one dialog; an error stands beside its field, and what was typed stays."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from assignments.board.settings import change_settings
from assignments.board.views.settings_form import SPEED, ModeForm, SettingsForm, initial_of
from assignments.planning.preview import next_users
from assignments.recovery.reads import controls
from topology.accounts import roles
from topology.structure.asked import read_address
from topology.structure.selectors import cluster_named
from topology.views.answers import toast
from topology.views.forms import show_form
from topology.views.http import needs_role


@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def settings(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The form; a good one is stored as a whole, a bad one comes back with what was typed."""
    cluster = cluster_named(cluster_name)
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial_of(cluster))

    def store(given: dict[str, Any]) -> HttpResponse:
        own = {name: given[name] for name in ("mode", "model", SPEED)}
        change_settings(cluster, **own, policy=form.policy(), dns=form.dns(), actor=request.user)
        return toast(request, "Saved.", close=True)

    windows = [(control.pair.name, control.window) for control in controls(cluster).values() if control.window]
    return form.carry_out(store) or show_form(
        request,
        "board/_settings.html",
        form,
        cluster=cluster,
        preview=next_users(cluster, str(form["mode"].value() or "")),
        windows=windows,
    )


@require_GET
@needs_role(roles.SEE)
def placing(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Where the next users would go by an assignment mode that is looked at."""
    preview = next_users(cluster_named(cluster_name), read_address(ModeForm, request.GET)["mode"])
    return render(request, "board/_placing.html", {"preview": preview})

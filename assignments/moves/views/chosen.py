"""What is done with chosen users beside moving them: look at one, pin, unpin, export; one dialog each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from assignments.moves import pins
from assignments.moves.pins import Pinned
from assignments.moves.selection import Selection
from assignments.moves.views.selection import dialog_query, fields, for_scripts, label, selection
from assignments.users.trace import story
from assignments.users.views.export import csv_response
from topology import reasons
from topology.accounts import pseudonyms, roles
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.asked import ConfirmForm, read_form
from topology.structure.selectors import cluster_named
from topology.views.forms import DialogForm, ShownField, show_form
from topology.views.http import needs_role, to_dialog, to_messages


class PinForm(DialogForm):
    """Why users are to stay where they are."""

    about = {reasons.PIN_NEEDS_REASON.code: "reason"}
    reason = ShownField("Why they must stay", kind="text")


class ExportForm(ConfirmForm):
    """How many users were shown, and whether a spreadsheet is to read the file."""

    spreadsheet = forms.BooleanField(required=False)


@require_http_methods(["GET", "POST"])
@needs_role(roles.SEE)
def details(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """One user, and why they are where they are."""
    cluster = cluster_named(cluster_name)
    who = selection(dialog_query(request) or request.GET, cluster)
    rows = who.rows()
    keys = list(rows.values_list("user_id", flat=True)[:2])
    if len(keys) != 1 and len(who.users) == 1:  # of one who was there when they were chosen the story tells why not
        keys = list(who.users)
    if len(keys) != 1:
        raise Refused(reasons.PEOPLE_NOT_ONE, users=rows.count())
    told = story(cluster, keys[0])
    context = {"cluster": cluster, "story": told, "place": told.place, "person": told.place.user, "here": told.here}
    return render(request, "users/_why.html", context)


@require_http_methods(["GET", "POST"])
@needs_role(roles.OPERATE)
def pin(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Why users are to stay where they are; then they are pinned."""
    cluster = cluster_named(cluster_name)
    if (asked := dialog_query(request)) is not None:
        return _pin_dialog(request, cluster, asked, PinForm())
    chosen, form = selection(request.POST, cluster), PinForm(request.POST)
    if not _confirmed(request, chosen):
        return _pin_dialog(request, cluster, request.POST, form)

    def act(given: dict[str, Any]) -> HttpResponse:
        return _done(request, cluster, pins.pin(chosen, given["reason"], actor=request.user), "Pinned")

    done = form.carry_out(act)
    if form.refusal and "reason" not in form.errors:  # the dialog stays as it is
        raise form.refusal
    return done or _pin_dialog(request, cluster, request.POST, form)


def _pin_dialog(request: HttpRequest, cluster: Cluster, asked: QueryDict, form: PinForm) -> HttpResponse:
    chosen = selection(asked, cluster)
    context = _context(cluster, asked, chosen, "Pin") | {"limit": pins.LIMIT, "pins": pins.pins_of(chosen)}
    return show_form(request, "moves/_pin.html", form, **context)


@require_http_methods(["GET", "POST"])
@needs_role(roles.OPERATE)
def unpin(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Whose pins these are and why; then they are taken off."""
    cluster, asked = cluster_named(cluster_name), dialog_query(request)
    chosen = selection(request.POST if asked is None else asked, cluster)
    if asked is None and _confirmed(request, chosen):
        return _done(request, cluster, pins.unpin(chosen, actor=request.user), "Unpinned")
    context = _context(cluster, request.POST if asked is None else asked, chosen, "Unpin")
    context |= {"pins": pins.pins_of(chosen), "address": request.path}
    return to_dialog(render(request, "moves/_unpin.html", context))


@require_http_methods(["GET", "POST"])
@needs_role(roles.EXPORT)
def export_dialog(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """How many users the file will have, and what it is good for."""
    if pseudonyms.is_down():
        raise Refused(reasons.EXPORT_NAMES_HIDDEN)
    cluster, asked = cluster_named(cluster_name), dialog_query(request) or request.GET
    context = _context(cluster, asked, selection(asked, cluster), "Export")
    context["address"] = reverse("export", args=[cluster.name])
    return render(request, "users/_export.html", context)


@require_POST
@needs_role(roles.EXPORT)
def export(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The chosen users as CSV, streamed from the database."""
    cluster = cluster_named(cluster_name)
    chosen, asked = selection(request.POST, cluster), read_form(ExportForm, request.POST)
    if chosen.where and (users := chosen.rows().count()) != (confirmed := asked["confirmed"]):
        raise Refused(reasons.SELECTION_CHANGED, users=users, confirmed="none" if confirmed is None else confirmed)
    return csv_response(request, chosen.rows(), f"{cluster.name}-users", spreadsheet=asked["spreadsheet"])


def _confirmed(request: HttpRequest, chosen: Selection) -> bool:
    """Whether exactly those are chosen who were confirmed: another number may match a filter by now."""
    return chosen.where is None or chosen.rows().count() == read_form(ConfirmForm, request.POST)["confirmed"]


def _context(cluster: Cluster, asked: QueryDict, chosen: Selection, verb: str) -> dict[str, Any]:
    """What a dialog about chosen users is shown with. Raises Refused for no one."""
    users = chosen.rows().count()
    if not users:
        raise Refused(reasons.PEOPLE_NOBODY, cluster=cluster.name)
    return {
        "cluster": cluster,
        "users": users,
        "label": label(verb, chosen, users),
        "fields": fields(asked),
        "chosen": for_scripts(chosen),
    }


def _done(request: HttpRequest, cluster: Cluster, pinned: Pinned, verb: str) -> HttpResponse:
    """What was done and who was left alone; the lists and the map hear of it by the live stream."""
    context = {"cluster": cluster, "found": pinned, "verb": verb}
    response = to_messages(render(request, "moves/_pinned.html", context))
    return trigger_client_event(trigger_client_event(response, "close-dialog"), "pinned")

"""What is done with chosen users beside moving them: look at one, pin, unpin, export; one dialog each."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from assignments.moves import pins
from assignments.moves.pins import Pinned
from assignments.moves.selection import Selection
from assignments.moves.views.selection import asks, fields, for_scripts, label, selection
from assignments.users.trace import story
from assignments.users.views.export import csv_response
from topology import reasons
from topology.accounts import pseudonyms, roles
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.selectors import cluster_named
from topology.views.http import needs, to_dialog, to_messages
from topology.views.reading import number_in

TEMPLATES = {"pin": "moves/_pin.html", "unpin": "moves/_unpin.html", "export": "users/_export.html"}


@require_http_methods(["GET", "POST"])
@needs(roles.SEE)
def details(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """One user, and why they are where they are."""
    cluster = cluster_named(cluster_name)
    rows = selection(asks(request) or request.GET, cluster).rows()
    keys = list(rows.values_list("user_id", flat=True)[:2])
    if len(keys) != 1:
        raise Refused(reasons.PEOPLE_NOT_ONE, users=rows.count())
    return render(request, "users/_why.html", {"cluster": cluster, "story": story(cluster, keys[0])})


@require_http_methods(["GET", "POST"])
@needs(roles.OPERATE)
def pin(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Why users are to stay where they are; then they are pinned."""
    cluster = cluster_named(cluster_name)
    if (asked := asks(request)) is not None:
        return _dialog(request, cluster, asked, "pin", "Pin")
    chosen = selection(request.POST, cluster)
    if (question := _unconfirmed(request, cluster, chosen, "pin", "Pin")) is not None:
        return question
    return _done(request, cluster, pins.pin(chosen, request.POST.get("reason", ""), actor=request.user), "Pinned")


@require_http_methods(["GET", "POST"])
@needs(roles.OPERATE)
def unpin(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Whose pins these are and why; then they are taken off."""
    cluster = cluster_named(cluster_name)
    if (asked := asks(request)) is not None:
        return _dialog(request, cluster, asked, "unpin", "Unpin")
    chosen = selection(request.POST, cluster)
    if (question := _unconfirmed(request, cluster, chosen, "unpin", "Unpin")) is not None:
        return question
    return _done(request, cluster, pins.unpin(chosen, actor=request.user), "Unpinned")


@require_http_methods(["GET", "POST"])
@needs(roles.EXPORT)
def export_dialog(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """How many users the file will have, and what it is good for."""
    if pseudonyms.is_down():
        raise Refused(reasons.EXPORT_NAMES_HIDDEN)
    return _dialog(request, cluster_named(cluster_name), asks(request) or request.GET, "export", "Export")


@require_POST
@needs(roles.EXPORT)
def export(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The chosen users as CSV, streamed from the database."""
    cluster = cluster_named(cluster_name)
    chosen = selection(request.POST, cluster)
    if chosen.where and (users := chosen.rows().count()) != number_in(request.POST, "confirmed"):
        confirmed = request.POST.get("confirmed") or "none"
        raise Refused(reasons.SELECTION_CHANGED, users=users, confirmed=confirmed)
    return csv_response(request, chosen.rows(), f"{cluster.name}-users", spreadsheet="spreadsheet" in request.POST)


def _unconfirmed(
    request: HttpRequest, cluster: Cluster, chosen: Selection, name: str, verb: str
) -> HttpResponse | None:
    """The dialog once more when all who match are chosen, and another number matches than was confirmed."""
    if chosen.where is None or chosen.rows().count() == number_in(request.POST, "confirmed"):
        return None
    return to_dialog(_dialog(request, cluster, request.POST, name, verb))


def _dialog(request: HttpRequest, cluster: Cluster, asked: QueryDict, name: str, verb: str) -> HttpResponse:
    chosen = selection(asked, cluster)
    users = chosen.rows().count()
    if not users:
        raise Refused(reasons.PEOPLE_NOBODY, cluster=cluster.name)
    context = {
        "cluster": cluster,
        "users": users,
        "label": label(verb, chosen, users),
        "fields": fields(asked),
        "chosen": for_scripts(chosen),
        "limit": pins.LIMIT,
        "reason": asked.get("reason", ""),
        "pins": pins.pins_of(chosen) if name != "export" else [],
    }
    return render(request, TEMPLATES[name], context)


def _done(request: HttpRequest, cluster: Cluster, pinned: Pinned, verb: str) -> HttpResponse:
    """What was done and who was left alone; the lists and the map hear of it by the live stream."""
    context = {"cluster": cluster, "found": pinned, "verb": verb}
    response = to_messages(render(request, "moves/_pinned.html", context))
    return trigger_client_event(trigger_client_event(response, "close-dialog"), "pinned")

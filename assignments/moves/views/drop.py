"""Moving users by hand: what may go where, the drop, and the same without dragging. One predicate, one code path."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from assignments.models import Operation
from assignments.moves import drop
from assignments.moves.drop import DropOutcome
from assignments.moves.drop_context import DropContext
from assignments.moves.drop_verdict import DropVerdict
from assignments.moves.selection import UNASSIGNED, Selection
from assignments.moves.verdict import judge_drop
from assignments.moves.views.selection import dialog_query, fields, for_scripts, label, told_homes
from assignments.moves.views.selection import selection as chosen_of
from assignments.population.selectors import board_of_rows
from assignments.population.sparks import sparks
from assignments.recovery.reads import controls_of
from assignments.recovery.views.recovery import card_verbs
from assignments.runs.hand_moves import AT_ONCE
from topology import reasons
from topology.accounts import roles
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.asked import ConfirmForm, read_form
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role, to_dialog, to_messages
from topology.views.reading import current_page


class DropForm(ConfirmForm):
    """Where what is chosen is dropped: a target as the verdicts name it."""

    to = forms.CharField(required=False)


@require_POST
@needs_role(roles.SEE)
def targets(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The verdict of every target and the name of what is dragged; asked once when a drag begins."""
    chosen = chosen_of(request.POST, cluster_named(cluster_name))
    judged = judge_drop(chosen, roles.role_of(request.user))
    told = {target: verdict.as_dict() for target, verdict in judged.targets.items()}
    name = label("Move", chosen, judged.users, judged.context.nodes)
    return JsonResponse({"label": name, "targets": told, "before": {"homes": told_homes(judged.homes)}})


@require_POST
@needs_role(roles.OPERATE)
def move(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The drop. A large one is asked about first; the answer is the fresh fragments of the nodes it touched."""
    cluster = cluster_named(cluster_name)
    chosen, to = _dropped(request, cluster)
    # So few are moved at once: nothing is asked, and what the locks let happen is judged under them.
    asked = None if chosen.is_few else question(request, cluster, chosen, _verdict(request, chosen, to))
    return asked or _moved(request, cluster, drop.move(chosen, to, request.user))


def judged(request: HttpRequest, cluster: Cluster) -> tuple[Selection, DropVerdict]:
    """What a form drops, and the verdict of its target. Raises Refused."""
    chosen, to = _dropped(request, cluster)
    return chosen, _verdict(request, chosen, to)


def _dropped(request: HttpRequest, cluster: Cluster) -> tuple[Selection, str]:
    """What a form drops, and its target. Raises Refused for a form that names none."""
    chosen = chosen_of(request.POST, cluster)
    to = read_form(DropForm, request.POST)["to"]
    if not to:
        raise Refused(reasons.MOVE_NEEDS_TARGET)
    return chosen, to


def _verdict(request: HttpRequest, chosen: Selection, to: str) -> DropVerdict:
    return drop.verdict(chosen, to, roles.role_of(request.user))


@require_POST
@needs_role(roles.OPERATE)
def undo(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """Move back whom a move moved."""
    cluster = cluster_named(cluster_name)
    if not (done := cluster.operations.filter(pk=pk).first()):
        raise Http404
    roles.demand_there(request.user, roles.OPERATE, done.to_cluster_id)
    return _done(request, cluster, drop.undo_move(pk, request.user), "their former home", {})


@require_http_methods(["GET", "POST"])
@needs_role(roles.OPERATE)
def dialog(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """ "Move to…": every node with its verdict and the reason."""
    cluster = cluster_named(cluster_name)
    asked = dialog_query(request) or request.GET
    chosen = chosen_of(asked, cluster)
    judged = judge_drop(chosen, roles.role_of(request.user))
    context = {
        "cluster": cluster,
        "label": label("Move", chosen, judged.users, judged.context.nodes),
        "groups": judged.groups(),
        "unassigned": judged.targets[UNASSIGNED],
        "fields": [*(one for one in fields(asked) if one[0] != "homes"), ("homes", told_homes(judged.homes))],
        "chosen": for_scripts(chosen),
        "address": reverse("move", args=[cluster.name]),
    }
    return render(request, "moves/_move_dialog.html", context)


def question(
    request: HttpRequest, cluster: Cluster, chosen: Selection, verdict: DropVerdict, *, back: str = ""
) -> HttpResponse | None:
    """The dialog that asks before many users move; None where nothing needs to be asked, or it was confirmed.

    `back` is the address of the dialog that opens again when this one closes.
    """
    # What was confirmed is a number: if another number would move by now, it is asked again.
    if verdict.coming <= AT_ONCE or read_form(DropForm, request.POST)["confirmed"] == verdict.coming:
        return None
    to = "" if verdict.target == UNASSIGNED else verdict.name
    context = {
        "cluster": cluster,
        "chosen": for_scripts(chosen),
        "to_name": to,
        "label": label("Move", chosen, verdict.coming),
        "verdict": verdict,
        "needs_approval": drop.needs_approval(chosen, verdict),
        "back": back,
        "fields": [*fields(request.POST), ("to", verdict.target)],
        "address": reverse("move", args=[cluster.name]),
    }
    return to_dialog(render(request, "moves/_move_confirm.html", context))


def _shows_map(request: HttpRequest) -> bool:
    """Whether the page that asks has the nodes on it; the list of all clusters has not."""
    return current_page(request).path != reverse("find-users")


def _moved(request: HttpRequest, cluster: Cluster, moved: DropOutcome) -> HttpResponse:
    shown = moved.nodes if _shows_map(request) else frozenset()
    cards = _cards(cluster, moved.judged.judgement.context, shown) if shown else {}
    return _done(request, cluster, moved.operation, moved.judged.verdict.short_name, cards)


def _cards(cluster: Cluster, context: DropContext, shown: frozenset[int]) -> dict[str, Any]:
    """The nodes as they are after a move: what it judged, and the numbers of now."""
    board = board_of_rows(cluster, context.nodes.values(), context.subclusters.values())
    views = [view for view in board.nodes if view.node.pk in shown]
    controls = controls_of(board, {view.node.subcluster_id for view in views})
    return {"views": views, "sparks": sparks(views)} | card_verbs(controls)


def _done(request: HttpRequest, cluster: Cluster, operation: Operation, to: str, cards: dict[str, Any]) -> HttpResponse:
    """What was done, with its undo, and the nodes whose numbers changed."""
    context = {"cluster": cluster, "operation": operation, "to": to} | cards
    response = to_messages(render(request, "moves/_move_done.html", context))
    return trigger_client_event(trigger_client_event(response, "close-dialog"), "moved")

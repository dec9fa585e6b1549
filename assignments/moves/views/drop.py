"""Moving users by hand: what may go where, the drop, and the same without dragging. One predicate, one code path."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from assignments.moves import drop
from assignments.moves.drop import DropOutcome
from assignments.moves.drop_verdict import DropVerdict
from assignments.moves.selection import UNASSIGNED, Selection
from assignments.moves.verdict import judge
from assignments.moves.views.selection import asks, fields, for_scripts, label
from assignments.moves.views.selection import selection as chosen_of
from assignments.population.selectors import board_of
from assignments.population.sparks import sparks
from assignments.recovery.views.recovery import verbs
from assignments.runs.hand_moves import AT_ONCE
from topology import reasons
from topology.accounts import roles
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.asked import ConfirmForm, read_form
from topology.structure.selectors import cluster_named
from topology.views.http import needs, to_dialog, to_messages
from topology.views.reading import current_page


class DropForm(ConfirmForm):
    """Where what is chosen is dropped: a target as the verdicts name it."""

    to = forms.CharField(required=False)


@require_POST
@needs(roles.SEE)
def targets(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The verdict of every target and the name of what is dragged; asked once when a drag begins."""
    chosen = chosen_of(request.POST, cluster_named(cluster_name))
    judged = judge(chosen, roles.role_of(request.user))
    told = {target: verdict.as_dict() for target, verdict in judged.targets.items()}
    return JsonResponse({"label": label("Move", chosen, judged.users), "targets": told})


@require_POST
@needs(roles.OPERATE)
def move(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The drop. A large one is asked about first; the answer is the fresh fragments of the nodes it touched."""
    cluster = cluster_named(cluster_name)
    chosen, verdict = judged(request, cluster)
    asked = question(request, cluster, chosen, verdict)
    return asked or _done(request, cluster, drop.move(chosen, verdict.target, request.user), verdict.short_name)


def judged(request: HttpRequest, cluster: Cluster) -> tuple[Selection, DropVerdict]:
    """What a form drops, and the verdict of its target. Raises Refused."""
    chosen = chosen_of(request.POST, cluster)
    to = read_form(DropForm, request.POST)["to"]
    if not to:
        raise Refused(reasons.MOVE_NEEDS_TARGET)
    return chosen, drop.verdict(chosen, to, roles.role_of(request.user))


@require_POST
@needs(roles.OPERATE)
def undo(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """Move back whom a move moved."""
    cluster = cluster_named(cluster_name)
    if not cluster.operations.filter(pk=pk).exists():
        raise Http404
    return _done(request, cluster, drop.undo_move(pk, request.user), "their former home")


@require_http_methods(["GET", "POST"])
@needs(roles.OPERATE)
def dialog(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """ "Move to…": every node with its verdict and the reason."""
    cluster = cluster_named(cluster_name)
    asked = asks(request) or request.GET
    chosen = chosen_of(asked, cluster)
    judged = judge(chosen, roles.role_of(request.user))
    context = {
        "cluster": cluster,
        "label": label("Move", chosen, judged.users),
        "groups": judged.groups(),
        "unassigned": judged.targets[UNASSIGNED],
        "fields": fields(asked),
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
        "back": back,
        "fields": [*fields(request.POST), ("to", verdict.target)],
        "address": reverse("move", args=[cluster.name]),
    }
    return to_dialog(render(request, "moves/_move_confirm.html", context))


def _shows_map(request: HttpRequest) -> bool:
    """Whether the page that asks has the nodes on it; the list of all clusters has not."""
    return current_page(request).path != reverse("find-users")


def _done(request: HttpRequest, cluster: Cluster, moved: DropOutcome, to: str) -> HttpResponse:
    """What was done, with its undo, and the nodes whose numbers changed."""
    shown = moved.nodes if _shows_map(request) else ()
    board = board_of(cluster)
    views = [view for view in board.nodes if view.node.pk in shown]
    context = {"cluster": cluster, "views": views, "operation": moved.operation, "to": to} | verbs(board)
    context |= {"sparks": sparks(board)}
    response = to_messages(render(request, "moves/_move_done.html", context))
    return trigger_client_event(trigger_client_event(response, "close-dialog"), "moved")

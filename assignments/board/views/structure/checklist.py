"""The guided order in which nodes and subclusters move and leave: a live checklist with one button a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assignments.board import checklist, structure
from assignments.board.views.structure import step_buttons
from assignments.board.views.structure.structure_form import answer, subcluster_form
from assignments.models import Goal
from assignments.moves import drop as moves
from assignments.moves.views import drop
from assignments.planning import plans
from assignments.population.board_topics import topics
from assignments.population.selectors import Board, NodeView, SubclusterView, board_of, node_of, subcluster_of
from assignments.recovery import service
from assignments.runs.views.plans import show_plan
from assignments.runs.views.run_shown import Run
from topology import reasons
from topology.accounts import roles
from topology.reasons import Refused
from topology.structure.asked import NumberField, read_form
from topology.structure.nodes import move_node, remove_node, unassign_node
from topology.structure.selectors import cluster_named
from topology.structure.subclusters import remove_subcluster
from topology.views.answers import toast
from topology.views.forms import show_form
from topology.views.http import needs_role

SHIFTS = {"earlier": -1, "later": 1}  # of a subcluster on the page


class StepForm(forms.Form):
    """What a step is about: the subcluster that a node joins, the node that everybody leaves, or its whole pair."""

    subcluster = NumberField()
    node = NumberField()
    pair = forms.BooleanField(required=False)


# --- A node ---------------------------------------------------------------------------------------
@require_GET
@needs_role(roles.ADMINISTER)
def node(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """How a node moves or leaves; the checklist alone for the live stream."""
    board = board_of(cluster_named(cluster_name))
    if _went(request, [view.node.pk for view in board.nodes], pk):
        return HttpResponse(status=204)
    return _show_node(request, board, node_of(board, pk))


def _went(request: HttpRequest, known: list[int], pk: int) -> bool:
    """Whether a checklist asks for news of what is gone: its last step was done, so there is nothing to refuse."""
    return "steps" in request.GET and pk not in known


def _show_node(request: HttpRequest, board: Board, view: NodeView) -> HttpResponse:
    steps = checklist.of_node(board, view)
    address = reverse("structure-node", args=[board.cluster.name, view.node.pk])
    context = {"view": view, "node": view.node} | _context(board, steps, address, pair=view.node.publisher)
    if "steps" in request.GET:
        return render(request, "board/structure/_steps.html", context)
    return render(request, "board/structure/_node.html", context)


def _context(board: Board, checklist_of: checklist.Checklist, address: str, *, pair: bool) -> dict[str, Any]:
    now = timezone.now()
    steps = [
        (step, Run(step.run, now) if step.run else None, step_buttons.of_step(step, checklist_of))
        for step in checklist_of.steps
    ]
    return {
        "cluster": board.cluster,
        "checklist": checklist_of,
        "steps": steps,
        "leaving_buttons": {
            view.node.pk: step_buttons.of_users(view.node, pair=pair)
            for step in checklist_of.steps
            for view in step.nodes
        },
        "address": address,
        "topics": topics(board),
    }


@require_POST
@needs_role(roles.ADMINISTER)
def node_step(request: HttpRequest, cluster_name: str, pk: int, what: str) -> HttpResponse:
    """Do one step, and show the checklist again."""
    board = board_of(cluster_named(cluster_name))
    view = node_of(board, pk)
    here = reverse("structure-node", args=[board.cluster.name, pk])
    if what in AWAY:
        return AWAY[what](request, board, here) or _node_again(request, board, pk)
    if what == "remove":
        remove_node(view.node, actor=request.user)
        text = "Shut the server down, and restart Cisco XCP Router on the remaining nodes."
        return toast(request, f"{view.node.name} is removed. {text}", close=True)
    if what not in NODE_STEPS:
        raise Http404
    NODE_STEPS[what](request, board, view)
    return _node_again(request, board, pk)


def _node_again(request: HttpRequest, board: Board, pk: int) -> HttpResponse:
    board = board_of(board.cluster)
    return _show_node(request, board, node_of(board, pk))


def _disable_ha(request: HttpRequest, board: Board, view: NodeView) -> None:
    if view.node.subcluster_id:
        service.disable_ha(subcluster_of(board, view.node.subcluster_id).subcluster, request.user)


def _take_out(request: HttpRequest, board: Board, view: NodeView) -> None:
    unassign_node(view.node, actor=request.user)


def _put_into(request: HttpRequest, board: Board, view: NodeView) -> None:
    target = subcluster_of(board, read_form(StepForm, request.POST)["subcluster"] or 0)
    move_node(view.node, target.subcluster, actor=request.user)


def _remove_pair(request: HttpRequest, board: Board, view: NodeView) -> None:
    if view.node.subcluster_id:
        remove_subcluster(subcluster_of(board, view.node.subcluster_id).subcluster, actor=request.user)


NODE_STEPS: dict[str, Callable[[HttpRequest, Board, NodeView], None]] = {
    "ha": _disable_ha,
    "slot": _take_out,
    "place": _put_into,
    "pair": _remove_pair,
}


# --- Everybody off --------------------------------------------------------------------------------
def _evacuate(request: HttpRequest, board: Board, here: str) -> HttpResponse:
    """The plan that moves everybody off a node; of a subcluster that goes, to other subclusters."""
    asked = read_form(StepForm, request.POST)
    view = node_of(board, asked["node"] or 0)
    scope: dict[str, Any] = {"node": view.node.pk}
    if asked["pair"]:
        scope["subclusters"] = [
            sub.subcluster.pk for sub in board.subclusters if sub.subcluster.pk != view.node.subcluster_id
        ]
        if not scope["subclusters"]:
            raise Refused(reasons.NOWHERE_ELSE, node=view.node.short_name, cluster=board.cluster.name)
    plan = plans.make_plan(board.cluster, Goal.EVACUATE, scope, author=request.user)
    return show_plan(request, plan, back=here)


def _unassign(request: HttpRequest, board: Board, here: str) -> HttpResponse | None:
    """Leave everybody of a node without a home, through the same question as any other move."""
    chosen, verdict = drop.judged(request, board.cluster)
    asked = drop.question(request, board.cluster, chosen, verdict, back=here)
    if asked is None:
        moves.move(chosen, verdict.target, request.user)
    return asked


AWAY: dict[str, Callable[[HttpRequest, Board, str], HttpResponse | None]] = {
    "evacuate": _evacuate,
    "unassign": _unassign,
}


# --- A subcluster ---------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def subcluster(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """Name, description, order of the nodes, and how a subcluster leaves."""
    board = board_of(cluster_named(cluster_name))
    if _went(request, [view.subcluster.pk for view in board.subclusters], pk):
        return HttpResponse(status=204)
    sub = subcluster_of(board, pk)
    if request.method == "GET":
        return _show_subcluster(request, board, sub)

    def store(given: dict[str, Any]) -> HttpResponse:
        structure.change_subcluster(sub.subcluster, **given, actor=request.user)
        return toast(request, "Saved.", close=True)

    context = _subcluster_context(board, sub)
    return answer(request, subcluster_form(request, sub.subcluster, context["address"]), store, **context)


def _show_subcluster(request: HttpRequest, board: Board, sub: SubclusterView, *, leaving: bool = False) -> HttpResponse:
    context = _subcluster_context(board, sub) | {"leaving": leaving or "leaving" in request.GET}
    if "steps" in request.GET:
        return render(request, "board/structure/_steps.html", context)
    form = subcluster_form(request, sub.subcluster, context["address"])
    return show_form(request, "board/structure/_form.html", form, **context)


def _subcluster_context(board: Board, sub: SubclusterView) -> dict[str, Any]:
    address = reverse("structure-subcluster", args=[board.cluster.name, sub.subcluster.pk])
    return {"sub": sub, "subcluster": sub.subcluster} | _context(
        board, checklist.of_subcluster(sub), address, pair=True
    )


@require_POST
@needs_role(roles.ADMINISTER)
def subcluster_step(request: HttpRequest, cluster_name: str, pk: int, what: str) -> HttpResponse:
    """Do one step, and show the subcluster again."""
    board = board_of(cluster_named(cluster_name))
    sub = subcluster_of(board, pk)
    here = reverse("structure-subcluster", args=[board.cluster.name, pk]) + "?leaving=1"
    if what in AWAY:
        return AWAY[what](request, board, here) or _show_again(request, board, pk)
    if what == "remove":
        remove_subcluster(sub.subcluster, actor=request.user)
        return toast(request, f"{sub.subcluster.name} is removed; its nodes are unassigned.", close=True)
    if what in SHIFTS:
        structure.shift_subcluster(sub.subcluster, SHIFTS[what], actor=request.user)
        return HttpResponse(status=204)  # the live stream brings the new order
    if what == "ha":
        service.disable_ha(sub.subcluster, request.user)
    elif what == "swap":
        structure.swap_nodes(sub.subcluster, actor=request.user)
    else:
        raise Http404
    return _show_again(request, board, pk)


def _show_again(request: HttpRequest, board: Board, pk: int) -> HttpResponse:
    board = board_of(board.cluster)
    return _show_subcluster(request, board, subcluster_of(board, pk), leaving=True)

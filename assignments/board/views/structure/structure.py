"""Clusters, subclusters and nodes: the page of the structure, and the dialogs that add, change and remove."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from assignments.board import removal
from assignments.board import structure as structure_service
from assignments.board.views.structure.structure_form import (
    NewClusterForm,
    NewNodeForm,
    NewSubclusterForm,
    NodeForm,
    RemoveClusterForm,
    answer,
)
from assignments.population.board_topics import topics
from assignments.population.selectors import board_of, node_of, subcluster_of
from topology.accounts import roles
from topology.models import ENDPOINTS_PER_USER
from topology.reasons.words import counted
from topology.structure.asked import read_form
from topology.structure.clusters import create_cluster
from topology.structure.nodes import add_node
from topology.structure.selectors import cluster_named
from topology.structure.subclusters import create_subcluster
from topology.views.answers import toast
from topology.views.http import needs_role


# --- Clusters -------------------------------------------------------------------------------------
@require_GET
@needs_role(roles.ADMINISTER)
def structure(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Subclusters and nodes of a cluster with the way to each change; the body alone for the live stream."""
    board = board_of(cluster_named(cluster_name))
    context = {"cluster": board.cluster, "board": board, "topics": topics(board)}
    template = "board/structure/_body.html" if "body" in request.GET else "board/structure/_structure.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def new_cluster(request: HttpRequest) -> HttpResponse:
    """Create a cluster without nodes, and go there."""
    note = "A new cluster has no nodes. The first node you add is its publisher."

    def create(given: dict[str, Any]) -> HttpResponse:
        made = create_cluster(given["name"], mode=given["mode"], model=given["model"], actor=request.user)
        return HttpResponseClientRedirect(reverse("cluster", args=[made.name]))

    return answer(request, NewClusterForm(request, "New cluster", note=note), create)


@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def remove_cluster(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """What goes with a cluster, its name to be typed, and the removal."""
    cluster = cluster_named(cluster_name)

    def remove(given: dict[str, Any]) -> HttpResponse:
        gone = removal.remove_cluster(cluster, given["typed"], actor=request.user)
        with_what = f"{counted(gone.nodes, 'node')} and {counted(gone.users, 'user')}"
        messages.success(request, f"{cluster.name} is removed, with {with_what}.")
        return HttpResponseClientRedirect(reverse("overview"))

    about = {"contents": removal.contents(cluster), "obstacle": removal.obstacle(cluster), "cluster": cluster}
    return answer(request, RemoveClusterForm(request, cluster), remove, **about)


# --- Subclusters and nodes ------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def new_subcluster(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Add a subcluster; it serves no users until it has a node."""
    cluster = cluster_named(cluster_name)

    def add(given: dict[str, Any]) -> HttpResponse:
        made = create_subcluster(cluster, given["name"], description=given["description"], actor=request.user)
        return toast(request, f"{made.name} is added. It serves no users until it has a node.", close=True)

    form = NewSubclusterForm(request, f"Add a subcluster to {cluster.name}")
    form.script = ("topology", cluster.name, "")
    return answer(request, form, add)


@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def new_node(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Add a node to a cluster, into a subcluster or unassigned."""
    board = board_of(cluster_named(cluster_name))

    def add(given: dict[str, Any]) -> HttpResponse:
        place = given.pop("place")
        subcluster = None if place is None else subcluster_of(board, place).subcluster
        node = add_node(board.cluster, given.pop("name"), subcluster=subcluster, **given, actor=request.user)
        return toast(request, f"{node.name} is added.", close=True)

    return answer(request, NewNodeForm(request, board), add)


class SeenForm(forms.Form):
    """The name of a node as the page showed it: a rename by someone else meanwhile is refused once."""

    seen = forms.CharField(required=False)


@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def change_node(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """The name of a node, its hardware profile and what overrides its capacity."""
    view = node_of(board_of(cluster_named(cluster_name)), pk)
    node = view.node
    seen = read_form(SeenForm, request.GET)["seen"] or node.name

    def store(given: dict[str, Any]) -> HttpResponse:
        profile = given["profile"]
        wanted = {"users": profile, "endpoints": profile * ENDPOINTS_PER_USER}
        rated = {name: given[name] or usual for name, usual in wanted.items()}
        is_left = given["name"] == node.name  # a rename by someone else meanwhile stays
        structure_service.change_node(
            node,
            name=given["name"],
            seen=node.name if is_left else seen,
            profile=profile,
            **rated,
            actor=request.user,
        )
        return toast(request, "Saved.", close=True)

    return answer(request, NodeForm.of(request, view), store)

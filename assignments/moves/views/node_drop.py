"""Dragging a node onto a subcluster, or out to the unassigned nodes."""

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from assignments.moves import node_drop
from topology.accounts import roles
from topology.models import Cluster, Node
from topology.reasons import Refused
from topology.structure.asked import NumberField, read_form
from topology.structure.selectors import cluster_named, node_in
from topology.views.http import needs_role, refused


class NodeDropForm(forms.Form):
    """Which node is dragged, where it is dropped, and where the page had it, if it says so."""

    server = NumberField()
    to = forms.CharField(required=False)
    seen = forms.CharField(required=False, empty_value=None)


@require_POST
@needs_role(roles.ADMINISTER)
def targets(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The verdict of every place; asked once when a drag begins."""
    node = node_in(cluster_named(cluster_name), read_form(NodeDropForm, request.POST)["server"])
    told = node_drop.targets(node, roles.role_of(request.user))
    before = {"seen": node_drop.place_of(node)}
    return JsonResponse({"label": f"Move the node {node.short_name}", "targets": told, "before": before})


@require_POST
@needs_role(roles.ADMINISTER)
def place(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The drop; the map comes by the live stream."""
    cluster = cluster_named(cluster_name)
    asked = read_form(NodeDropForm, request.POST)
    node = node_in(cluster, asked["server"])
    before = node_drop.place_of(node)
    try:
        name = node_drop.place_node(node, asked["to"], request.user, seen=asked["seen"])
    except Refused as refusal:
        return _refused(request, cluster, node, refusal)
    context = {"cluster": cluster, "node": node, "name": name, "before": before}
    context["after"] = node_drop.place_of(node_in(cluster, node.pk))
    return render(request, "moves/_node_placed.html", context)


def _refused(request: HttpRequest, cluster: Cluster, node: Node, refusal: Refused) -> HttpResponse:
    """The reason, and the way to its fix: the guided order of the node, with a button for each step."""
    checklist = reverse("structure-node", args=[cluster.name, node.pk])
    return refused(request, refusal, checklist=checklist, node=node)

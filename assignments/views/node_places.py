"""Dragging a node onto a subcluster, or out to the unassigned nodes."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from assignments.services import node_places
from assignments.views.shown import number
from topology import roles
from topology.http import needs
from topology.selectors import cluster_named


@require_POST
@needs(roles.ADMINISTER)
def targets(request: HttpRequest, cluster: str) -> HttpResponse:
    """The verdict of every place; asked once when a drag begins."""
    node = node_places.node_of(cluster_named(cluster), number(request.POST.get("server")))
    told = node_places.targets(node, roles.role_of(request.user))
    return JsonResponse({"label": f"Move the node {node.short_name}", "targets": told})


@require_POST
@needs(roles.ADMINISTER)
def place(request: HttpRequest, cluster: str) -> HttpResponse:
    """The drop; the map comes by the live stream."""
    found = cluster_named(cluster)
    node = node_places.node_of(found, number(request.POST.get("server")))
    before = node_places.place_of(node)
    name = node_places.place(node, request.POST.get("to", ""), request.user)
    context = {"cluster": found, "node": node, "name": name, "before": before}
    return render(request, "assignments/_node_placed.html", context)

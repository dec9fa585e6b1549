"""Maintenance of a node: begin it with a reason and an end, follow the order of the work, end it (domain.md §4.9)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from assignments.recovery import maintenance, service
from topology import reasons
from topology.accounts import roles
from topology.models import Node
from topology.reasons import Refused
from topology.structure.selectors import cluster_named, node_in
from topology.views.http import needs, to_dialog

SPANS = (("30m", "30 minutes"), ("1h", "1 hour"), ("2h", "2 hours"), ("4h", "4 hours"), ("8h", "8 hours"))


@require_GET
@needs(roles.OPERATE)
def show(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """The form of a node that nobody works on, or the order of the work; its steps alone for the live stream."""
    return _show(request, node_in(cluster_named(cluster_name), pk))


def _show(request: HttpRequest, node: Node) -> HttpResponse:
    context = {"cluster": node.cluster, "node": node, "spans": SPANS}
    if node.in_maintenance:
        context["work"] = maintenance.work(node, timezone.now())
    if "steps" in request.GET:  # in its own place: by the time of the answer the dialog may show something else
        return render(request, "recovery/_maintenance_steps.html", context)
    if not node.in_maintenance:
        context["refusal"] = maintenance.refusal(node)
    return to_dialog(render(request, "recovery/_maintenance.html", context))


@require_POST
@needs(roles.OPERATE)
def act(request: HttpRequest, cluster_name: str, pk: int, what: str) -> HttpResponse:
    """One step of the work, and how it stands then."""
    if what not in STEPS:
        raise Http404
    cluster = cluster_named(cluster_name)
    STEPS[what](request, node_in(cluster, pk))
    return _show(request, node_in(cluster, pk))


def _begin(request: HttpRequest, node: Node) -> None:
    until = maintenance.end_of(node.cluster, request.POST.get("for", ""), request.POST.get("until", ""))
    maintenance.begin(node, reason=request.POST.get("reason", ""), until=until, actor=request.user)


def _extend(request: HttpRequest, node: Node) -> None:
    until = maintenance.end_of(node.cluster, request.POST.get("for", ""), request.POST.get("until", ""))
    maintenance.extend(node, until=until, actor=request.user)


def _end(request: HttpRequest, node: Node) -> None:
    maintenance.end(node, actor=request.user)


def _ha(switch: Callable[..., object]) -> Callable[[HttpRequest, Node], None]:
    def act(request: HttpRequest, node: Node) -> None:
        if node.subcluster is None:
            raise Refused(reasons.NODE_NOT_IN_SUBCLUSTER, node=node.name)
        switch(node.subcluster, request.user)

    return act


STEPS: dict[str, Callable[[HttpRequest, Node], None]] = {
    "begin": _begin,
    "extend": _extend,
    "end": _end,
    "ha-off": _ha(service.disable_ha),
    "ha-on": _ha(service.enable_ha),
}

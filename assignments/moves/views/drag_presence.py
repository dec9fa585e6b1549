"""What is being dragged in other browsers of a cluster, while it lasts."""

import re

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from assignments.moves import drag_presence
from topology.accounts import roles
from topology.structure.asked import NumberField, read_form
from topology.structure.selectors import cluster_named, node_in
from topology.views.http import needs_role

PLACE = re.compile(r"(node|subcluster):\d{1,17}|unassigned|nodes")


class DragForm(forms.Form):
    """What is dragged (a node, or so many users of a list) and what it is over; nothing when the drag ends."""

    server = NumberField()
    list = forms.CharField(required=False)
    count = NumberField()
    to = forms.CharField(required=False)


@require_POST
@needs_role(roles.OPERATE)
def tell_others(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """A drag begins, comes over another target, or ends (nothing is said then)."""
    cluster, asked = cluster_named(cluster_name), read_form(DragForm, request.POST)
    if asked["server"] is not None:
        node = node_in(cluster, asked["server"])
        to, source = _place(asked["to"]), f"node:{node.pk}"
        drag_presence.tell_others(cluster, request.user, users=None, source=source, to=to, node=node.short_name)
    elif "to" in request.POST:  # over nothing, a drag has an empty one
        source, to = _place(asked["list"]), _place(asked["to"])
        drag_presence.tell_others(cluster, request.user, users=asked["count"], source=source, to=to)
    else:
        drag_presence.let_go(cluster, request.user)
    return HttpResponse(status=204)


def _place(text: str) -> str:
    return text if PLACE.fullmatch(text) else ""


@require_GET
@needs_role(roles.SEE)
def others(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """What the others drag."""
    cluster = cluster_named(cluster_name)
    context = {"cluster": cluster, "drags": drag_presence.others(cluster, request.user), "held": drag_presence.HELD}
    return render(request, "moves/_drag_presence.html", context)

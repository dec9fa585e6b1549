"""What is being dragged in other browsers of a cluster, while it lasts."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from assignments.services import hands
from assignments.views.shown import number
from topology import roles
from topology.http import needs
from topology.selectors import cluster_named, node_in

PLACE = re.compile(r"(node|subcluster):\d{1,17}|unassigned|nodes")


@require_POST
@needs(roles.OPERATE)
def carry(request: HttpRequest, cluster: str) -> HttpResponse:
    """A drag begins, comes over another target, or ends (nothing is said then)."""
    found, asked = cluster_named(cluster), request.POST
    if "server" in asked:
        node = node_in(found, number(asked["server"]))
        to, source = _place(asked.get("to", "")), f"node:{node.pk}"
        hands.carry(found, request.user, users=None, source=source, to=to, node=node.short_name)
    elif "to" in asked:
        source, to = (_place(asked.get(name, "")) for name in ("list", "to"))
        hands.carry(found, request.user, users=number(asked.get("count")), source=source, to=to)
    else:
        hands.let_go(found, request.user)
    return HttpResponse(status=204)


def _place(text: str) -> str:
    return text if PLACE.fullmatch(text) else ""


@require_GET
@needs(roles.SEE)
def shown(request: HttpRequest, cluster: str) -> HttpResponse:
    """What the others carry."""
    found = cluster_named(cluster)
    context = {"cluster": found, "hands": hands.others(found, request.user), "held": hands.HELD}
    return render(request, "assignments/_hands.html", context)

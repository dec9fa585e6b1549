"""Balance across clusters: what would move where and why no less will do; then a plan for each pair of clusters."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from assignments.intercluster import balance as balancing
from topology.accounts import roles
from topology.reasons import Refused
from topology.views.http import needs_role


@require_http_methods(["GET", "POST"])
@needs_role(roles.SEE)
def balance(request: HttpRequest) -> HttpResponse:
    """The proposal; posted, the plans of it are made, to be looked at and run one after the other."""
    clusters = list(roles.clusters_of(request.user))
    context: dict[str, Any] = {"place": "overview", "refusal": None, "found": None}
    if request.method == "POST":
        for cluster in clusters:
            roles.demand_there(request.user, roles.OPERATE, cluster.pk)
        context["found"] = balancing.make_plans(clusters, author=request.user)
        return render(request, "intercluster/balance.html", context)
    try:
        context["found"] = balancing.propose(clusters)
    except Refused as refusal:
        context["refusal"] = refusal
    return render(request, "intercluster/balance.html", context)

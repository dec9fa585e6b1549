"""Moving users to another cluster: where to, the verdicts for a drag, and the plan that is looked at and run."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from assignments.intercluster import moves
from assignments.intercluster.leaving import leaving
from assignments.moves.selection import Selection
from assignments.moves.views.selection import fields, for_scripts, label
from assignments.moves.views.selection import selection as chosen_of
from assignments.runs.views.plans import show_plan
from topology import reasons
from topology.accounts import roles
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.asked import number, read_form
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role, to_dialog


class ToClusterForm(forms.Form):
    """The cluster that users move to, as the verdicts name it."""

    to = forms.CharField(required=False)


@require_POST
@needs_role(roles.SEE)
def targets(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The verdict of every other cluster for what is dragged."""
    cluster = cluster_named(cluster_name)
    who = leaving(cluster, chosen_of(request.POST, cluster).rows())
    others = {other.target: other.as_dict(who) for other in _others(request, cluster)}
    return JsonResponse({"targets": others})


@require_http_methods(["GET", "POST"])
@needs_role(roles.OPERATE)
def move(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Which cluster; with `to` the plan, which shows what it would do before anybody moves."""
    cluster = cluster_named(cluster_name)
    asked = request.POST if request.method == "POST" else request.GET
    chosen = chosen_of(asked, cluster)
    who = leaving(cluster, chosen.rows())
    if request.method == "POST" and (to := read_form(ToClusterForm, asked)["to"]):
        into = _into(request, to)
        if who.refusal:
            raise who.refusal
        return show_plan(request, moves.plan_to_cluster(cluster, _users(chosen), into, author=request.user))
    others = [(other, other.as_dict(who)) for other in _others(request, cluster)]
    context = {
        "cluster": cluster,
        "label": label("Move", chosen, who.coming + who.staying),
        "stay": who.staying,
        "others": others,
        "fields": fields(asked),
        "chosen": for_scripts(chosen),
        "address": request.path,
    }
    return to_dialog(render(request, "intercluster/_to_cluster.html", context))


def _users(chosen: Selection) -> Any:
    return chosen.rows().values_list("user_id", flat=True)


def _others(request: HttpRequest, cluster: Cluster) -> list[moves.OtherCluster]:
    return moves.other_clusters(list(roles.clusters_of(request.user)), cluster)


def _into(request: HttpRequest, target: str) -> Cluster:
    """The cluster of a target, where the person who asks may operate too. Raises Refused."""
    into = Cluster.objects.filter(pk=number(target.removeprefix("cluster:"), "to") or 0).first()
    if into is None:
        raise Refused(reasons.NO_SUCH_CLUSTER, name=target[:40], known="those of the page")
    roles.demand_there(request.user, roles.OPERATE, into.pk)
    return into

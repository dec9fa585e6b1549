"""The topology page and its fragments: strip, tree, map, subcluster, node. One file each, two callers."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from assignments.board.checks import shape_of
from assignments.models import RunPolicy
from assignments.population.selectors import board_of, node_of, subcluster_of
from assignments.recovery.views.recovery import verbs
from assignments.runs.balancer import RECOMMENDING
from assignments.runs.views.runs import strip_runs
from assignments.users.views.user_list import pane, topics
from topology.accounts import roles
from topology.models import Cluster
from topology.rules import deployment
from topology.structure.selectors import cluster_named
from topology.views import tour
from topology.views.http import needs


def board_context(cluster: str) -> dict[str, Any]:
    """What strip, tree and map show of a cluster."""
    board = board_of(cluster_named(cluster))
    fits = deployment.judge(shape_of(board))
    fit = next(fit for fit in fits if fit.wanted)
    return {"cluster": board.cluster, "board": board, "topics": topics(board), "fit": fit} | rules_context(
        board.cluster
    )


def rules_context(cluster: Cluster) -> dict[str, Any]:
    """What the automatic balancer says, and whether it recommends a plan."""
    rules = RunPolicy.objects.filter(cluster=cluster).first() or RunPolicy(cluster=cluster, code="BALANCER_OFF")
    waits = rules.code in {why.code for why in RECOMMENDING} and rules.plan_id is not None
    return {"rules": rules, "recommendation": waits}


def map_context(cluster: str) -> dict[str, Any]:
    """The same with the commands of each node and subcluster."""
    context = board_context(cluster)
    return context | verbs(context["cluster"])


@require_GET
@needs(roles.SEE)
def home(request: HttpRequest) -> HttpResponse:
    """To the first cluster, or to what to do while there is none."""
    first = roles.clusters_of(request.user).first()
    return redirect("cluster", first.name) if first else render(request, "board/empty.html")


@require_GET
@needs(roles.SEE)
def cluster(request: HttpRequest, cluster: str) -> HttpResponse:
    """The whole page; the filter of the list of users is in the address."""
    context = map_context(cluster)
    context |= {"pane": pane(request, context["board"]), "runs": strip_runs(context["cluster"])}
    if tour.wanted(request):
        context |= tour.context()
    return render(request, "board/cluster.html", context)


@require_GET
@needs(roles.SEE)
def strip(request: HttpRequest, cluster: str) -> HttpResponse:
    context = board_context(cluster)
    return render(request, "board/_summary_bar.html", context | {"runs": strip_runs(context["cluster"])})


@require_GET
@needs(roles.SEE)
def tree(request: HttpRequest, cluster: str) -> HttpResponse:
    return render(request, "board/_tree.html", board_context(cluster))


@require_GET
@needs(roles.SEE)
def map_(request: HttpRequest, cluster: str) -> HttpResponse:
    return render(request, "board/_map.html", map_context(cluster))


@require_GET
@needs(roles.SEE)
def subcluster(request: HttpRequest, cluster: str, pk: int) -> HttpResponse:
    context = map_context(cluster)
    sub = subcluster_of(context["board"], pk)
    return render(request, "board/_subcluster.html", context | {"sub": sub})


@require_GET
@needs(roles.SEE)
def node(request: HttpRequest, cluster: str, pk: int) -> HttpResponse:
    context = map_context(cluster)
    return render(request, "board/_node.html", context | {"view": node_of(context["board"], pk)})

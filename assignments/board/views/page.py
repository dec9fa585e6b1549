"""The topology page and its fragments: summary bar, tree, map, subcluster, node. One file each, two callers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from assignments.board.views.contexts import board_context, map_context, tab_title
from assignments.board.views.shared import board_at, take
from assignments.population.selectors import node_of, subcluster_of
from assignments.runs.views.run_shown import strip_runs
from assignments.users.views.user_list import pane
from topology.accounts import roles
from topology.live.boards import ViewerKind
from topology.structure.snapshot import one_snapshot
from topology.views import tour
from topology.views.http import HIDES_NAMES, needs


@require_GET
@needs(roles.SEE)
def home(request: HttpRequest) -> HttpResponse:
    """To the first cluster, or to what to do while there is none."""
    first = roles.clusters_of(request.user).first()
    return redirect("cluster", first.name) if first else render(request, "board/empty.html")


@require_GET
@needs(roles.SEE)
def cluster(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The whole page; the filter of the list of users is in the address."""
    kind = ViewerKind(roles.role_of(request.user) or roles.VIEWER, bool(request.session.get(HIDES_NAMES)))
    with one_snapshot():
        shared = take(cluster_name, kind)
        board = board_at(shared.mark, cluster_name)
        context = {"cluster": board.cluster, "kind": kind, "shared": shared, "version": shared.version}
        context |= {"pane": pane(request, board), "tab_title": tab_title(board)}
        context |= {root: mark_safe(shared.whole(pk)) for root, pk in shared.roots.items()}
        if tour.wanted(request):
            context |= tour.context()
        return render(request, "board/cluster.html", context)


@require_GET
@needs(roles.SEE)
def summary_bar(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The strip above the map: counts, runs, what waits."""
    context = map_context(cluster_name)
    return render(request, "board/_summary_bar.html", context | {"runs": strip_runs(context["cluster"])})


@require_GET
@needs(roles.SEE)
def tree(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The tree of subclusters and nodes."""
    return render(request, "board/_tree.html", board_context(cluster_name))


@require_GET
@needs(roles.SEE)
def map_(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The cards of all subclusters and nodes."""
    return render(request, "board/_map.html", map_context(cluster_name))


@require_GET
@needs(roles.SEE)
def subcluster(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """One subcluster with the cards of its nodes."""
    context = map_context(cluster_name)
    sub = subcluster_of(context["board"], pk)
    return render(request, "board/_subcluster.html", context | {"sub": sub})


@require_GET
@needs(roles.SEE)
def node(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    context = map_context(cluster_name)
    return render(request, "board/_node.html", context | {"view": node_of(context["board"], pk)})

"""The topology page and its fragments: summary bar, tree, map, subcluster, node. One file each, two callers."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from assignments.board.views.contexts import tab_title
from assignments.board.views.shared import board_at, shared_now
from assignments.population.selectors import Board, node_of, subcluster_of
from assignments.users.views.user_list import pane
from topology.accounts import roles
from topology.live.boards import ViewerKind
from topology.structure.snapshot import one_snapshot
from topology.views import tour
from topology.views.http import HIDES_NAMES, needs_role


@require_GET
@needs_role(roles.SEE)
def home(request: HttpRequest) -> HttpResponse:
    """To the first cluster, or to what to do while there is none."""
    first = roles.clusters_of(request.user).first()
    return redirect("cluster", first.name) if first else render(request, "board/empty.html")


@require_GET
@needs_role(roles.SEE)
def cluster(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The whole page; the filter of the list of users is in the address."""
    kind = kind_of(request)
    with one_snapshot():
        shared = shared_now(cluster_name, kind)
        board = board_at(shared.mark, cluster_name)
        context = {"cluster": board.cluster, "kind": kind, "shared": shared, "version": shared.version}
        context |= {"pane": pane(request, board), "tab_title": tab_title(board)}
        context |= {root: mark_safe(shared.whole(pk)) for root, pk in shared.roots.items()}
        if tour.wanted(request):
            context |= tour.context()
        return render(request, "board/cluster/cluster.html", context)


@require_GET
@needs_role(roles.SEE)
def summary_bar(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The strip above the map: counts, runs, what waits."""
    return _root(request, cluster_name, "summary_bar")


@require_GET
@needs_role(roles.SEE)
def tree(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The tree of subclusters and nodes."""
    return _root(request, cluster_name, "tree")


@require_GET
@needs_role(roles.SEE)
def map_(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The cards of all subclusters and nodes."""
    return _root(request, cluster_name, "map")


@require_GET
@needs_role(roles.SEE)
def subcluster(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """One subcluster with the cards of its nodes."""
    return _part(request, cluster_name, f"subcluster-{pk}", lambda board: subcluster_of(board, pk))


@require_GET
@needs_role(roles.SEE)
def node(request: HttpRequest, cluster_name: str, pk: int) -> HttpResponse:
    """The card of one node."""
    return _part(request, cluster_name, f"node-{pk}", lambda board: node_of(board, pk))


def kind_of(request: HttpRequest) -> ViewerKind:
    """What a person may see of what all see: by role, with or without names."""
    return ViewerKind(roles.role_of(request.user) or roles.VIEWER, bool(request.session.get(HIDES_NAMES)))


def _root(request: HttpRequest, cluster_name: str, name: str) -> HttpResponse:
    shared = shared_now(cluster_name, kind_of(request))
    return HttpResponse(shared.whole(shared.roots[name]))


def _part(request: HttpRequest, cluster_name: str, name: str, find: Callable[[Board], object]) -> HttpResponse:
    """A part of what all see, so that it agrees with what is beside it and nothing is read anew. Raises Refused."""
    with one_snapshot():
        shared = shared_now(cluster_name, kind_of(request))
        if name not in shared.parts:
            find(board_at(shared.mark, cluster_name))  # refuses it, with what the cluster has
        return HttpResponse(shared.whole(name))

"""All clusters on one page: the totals, a panel for each cluster, and the mesh of their relations.

    marks of all clusters -> boards of those that changed -> the same piece of page as before, or one drawn anew

The filter hides panels and never takes them off the page: one that is hidden hears the live stream too and shows itself
when it comes to match, so no one who looks at trouble only misses new trouble.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from assignments.board.views.overview.overview_panels import ONLY, Asked, Panel, Totals
from assignments.intercluster.mesh import unwell_links
from assignments.intercluster.mesh_map import MeshMap, map_of
from assignments.intercluster.rules.mesh import COUNTED
from assignments.population.kept import KeptBoard, boards_now
from assignments.population.selectors import board_of
from topology.accounts import roles
from topology.models import Event
from topology.reasons import CLUSTER_REMOVED
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role

DENSE = 24  # nodes on the page from which on a cell shows its name and its fill alone
FOLDED, FOLDED_WITH_MAP = 120, 72  # nodes from which on panels are folded; a map beside them takes room too
KEPT = 32  # pieces of the page: what it shows differs by filter and by who may see which clusters


@dataclass(frozen=True)
class OverviewShown:
    """All that the totals, the panels and the mesh show."""

    boards: tuple[KeptBoard, ...]
    map: MeshMap
    asked: Asked
    path: str

    @property
    def still(self) -> bool:
        """Whether nothing of it changes by itself; how far runs are does."""
        return not any(one.board.operations for one in self.boards)


@dataclass(frozen=True)
class OverviewBody:
    """The piece of the page below the filter, and how many nodes are on it."""

    html: SafeString
    nodes: int


@require_GET
@needs_role(roles.SEE)
def overview(request: HttpRequest) -> HttpResponse:
    """Every cluster, in a fixed number of queries."""
    asked = Asked.of(request.GET)
    clusters = list(roles.clusters_of(request.user).only("name", "release"))  # the rest stands on their boards
    drawn = map_of(clusters, unwell_links(clusters, timezone.now()))
    shown = OverviewShown(boards_now(clusters), drawn, asked, request.get_full_path())
    body = _kept_body(shown) if shown.still else _body(shown)
    context = {
        "place": "overview",
        "asked": asked,
        "only_choices": ONLY,
        "clusters": clusters,
        "removed": _removed(),
        "body": body.html,
        "dense": body.nodes > DENSE,
    }
    return render(request, "board/overview/overview.html", context)


def _body(shown: OverviewShown) -> OverviewBody:
    panels = [Panel(one.board, shown.asked) for one in shown.boards]
    _fold(panels, shown.map)
    totals = Totals.of(panels)
    context = {
        "panels": panels,
        "asked": shown.asked,
        "path": shown.path,
        "totals": totals,
        "dense": totals.nodes > DENSE,
        "topics": " ".join(panel.topics for panel in panels),
        "shown": sum(not panel.hidden for panel in panels),
        "map": shown.map if len(panels) > 1 else None,
        "words": COUNTED,
    }
    return OverviewBody(render_to_string("board/overview/_body.html", context), totals.nodes)


_kept_body = lru_cache(KEPT)(_body)


def _fold(panels: Sequence[Panel], drawn: MeshMap) -> None:
    """Fold the panels where they would have more nodes than anybody reads at once."""
    nodes = sum(len(panel.cells) for panel in panels if not panel.hidden)
    if nodes > (FOLDED_WITH_MAP if drawn.any else FOLDED):
        for panel in panels:
            panel.folded = True


def _removed() -> list[Event]:
    return list(Event.objects.filter(cluster=None, code=CLUSTER_REMOVED.code).order_by("-pk")[:3])


@require_GET
@needs_role(roles.SEE)
def panel(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The panel of one cluster."""
    panel_of = Panel(board_of(cluster_named(cluster_name)), Asked.of(request.GET), "folded" in request.GET)
    html = panel_of.html
    return HttpResponse(html) if html else render(request, "board/overview/_panel.html", {"panel": panel_of})

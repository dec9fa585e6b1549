"""Every command of a cluster as a link or a form, on one page: for browsers without scripts, and for reading aloud."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assignments.board.views import palette
from assignments.models import Goal
from assignments.recovery.rules.commands import Fault
from assignments.runs import selectors
from assignments.runs.views.run_shown import Run
from assignments.users.views.by_id import PasteForm, users_of
from topology.accounts import roles
from topology.models import Node
from topology.structure.asked import read_form
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role

RUNS = 8  # of the newest operations
GOALS = (Goal.BALANCE, Goal.FILL, Goal.ACTIVE_STANDBY)
FAULTS = (  # kind, whether the node has it, what makes it and what mends it
    (Fault.POWER, "power_on", "Power off", "Power on"),
    (Fault.NETWORK, "network_up", "Cut the network", "Restore the network"),
    (Fault.DATABASE, "database_up", "Stop the database", "Start the database"),
)


@require_http_methods(["GET", "POST"])
@needs_role(roles.OPERATE)
def commands(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The page; a POST looks up the user IDs that were typed, and asks what to do with these users."""
    cluster = cluster_named(cluster_name)
    now = timezone.now()
    ids = read_form(PasteForm, request.POST)["ids"]
    keys, _, said = users_of(cluster, ids) if ids.strip() else ([], [], "")
    context = {
        "cluster": cluster,
        "goals": GOALS,
        "entries": list(palette.of_nodes(cluster)),
        "general": list(palette.of_cluster(cluster, administers=roles.may(request.user, roles.ADMINISTER))),
        "faults": [(node, _faults(node)) for node in cluster.nodes.order_by("number")],
        "runs": [Run(row, now) for row in selectors.of_cluster(cluster)[:RUNS]],
        "ids": ids,
        "keys": ",".join(map(str, keys)),
        "said": said,
    }
    return render(request, "board/commands.html", context)


def _faults(node: Node) -> list[tuple[str, bool, str]]:
    """What can fail at a node: its kind, whether it did, and the words of what can be done now."""
    return [(kind, not getattr(node, has), make if getattr(node, has) else mend) for kind, has, make, mend in FAULTS]

"""Uploading a list of users: check it, import it, and read what is wrong with which line."""

from typing import Any

from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from assignments.planning.preview import next_users
from assignments.users.imports import Report, import_users
from topology.accounts import roles
from topology.models import Cluster, Mode
from topology.structure.selectors import cluster_named
from topology.views.http import needs

SHOWN = 100  # bad lines on the page; the command lists 1,000

PLACING = {
    Mode.BALANCED.value: "New users are spread evenly over the nodes.",
    Mode.ACTIVE_STANDBY.value: "New users go to the first node of a subcluster.",
    Mode.MANUAL.value: "New users stay unassigned until you move them to a node.",
}


@require_http_methods(["GET", "POST"])
@needs(roles.ADMINISTER)
def upload(request: HttpRequest, cluster: str) -> HttpResponse:
    """The dialog; with a file its report, after a check or an import of all its lines."""
    found = cluster_named(cluster)
    if request.method == "GET":
        return render(request, "users/_import.html", _context(found))
    file = request.FILES.get("file") or ContentFile(b"")  # no file reads like an empty one: its header is missing
    report = import_users(found, file, actor=request.user, dry_run="dry_run" in request.POST)
    return render(request, "users/_import_report.html", _context(found, report))


def _context(cluster: Cluster, report: Report | None = None) -> dict[str, Any]:
    problems = [("Bad lines", report.problems), ("Worth knowing", report.warnings)] if report else []
    rows = [(title, _shape(found)) for title, found in problems]
    return {
        "cluster": cluster,
        "placing": PLACING[cluster.mode],
        "preview": next_users(cluster) if report is None else None,
        "report": report,
        "problems": rows,
        "shown": SHOWN,
    }


def _shape(found: Any) -> dict[str, Any]:
    return {"total": found.total, "listed": [problem.as_dict() for problem in found.listed[:SHOWN]]}

"""Uploading a list of users: check it, import it, and read what is wrong with which line."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from assignments.planning.preview import next_users
from assignments.users.imports import Report, emptied_in_words, import_users, problems_csv
from assignments.users.progress import Meter, note_for, noted
from assignments.users.rules.columns import USED
from assignments.users.rules.problems import LineProblem
from assignments.users.rules.user_file import KEEP, NO_NODE, Reading
from topology import reasons
from topology.accounts import pseudonyms, roles
from topology.models import Cluster, Mode
from topology.structure.selectors import cluster_named
from topology.views.http import needs

SHOWN = 100  # bad lines on the page; the command lists 1,000

PLACING = {
    Mode.BALANCED.value: "New users are spread evenly over the nodes.",
    Mode.ACTIVE_STANDBY.value: "New users go to the first node of each subcluster.",
    Mode.MANUAL.value: "New users stay unassigned until you move them to a node.",
}


@require_http_methods(["GET", "POST"])
@needs(roles.ADMINISTER)
def upload(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The dialog; with a file its report, after a check or an import of all its lines."""
    cluster = cluster_named(cluster_name)
    if request.method == "GET":
        return render(request, "users/_import.html", _context(cluster))
    file = request.FILES.get("file") or ContentFile(b"")  # no file reads like an empty one: its header is missing
    columns = [pair for pair in request.POST.getlist("column") if pair]
    report = import_users(
        cluster,
        file,
        actor=request.user,
        dry_run="dry_run" in request.POST,
        reading=Reading(request.POST.get("keep", KEEP)[:10], dict(pair.rpartition("=")[::2] for pair in columns)),
        allow_emptying="allow_emptying" in request.POST,
        meter=_meter(request, getattr(file, "size", None)),
    )
    return render(request, "users/_import_report.html", _context(cluster, report))


def _meter(request: HttpRequest, size: int | None) -> Meter | None:
    key = request.POST.get("progress", "")
    return Meter(size, note_for(request.user, key)) if key else None


@require_GET
@needs(roles.SEE)
def progress(request: HttpRequest, key: str) -> JsonResponse:
    """How far an import or export of this person is."""
    return JsonResponse(noted(request.user, key))


def _context(cluster: Cluster, made: Report | None = None) -> dict[str, Any]:
    report = _told(made) if made else None
    lists = (
        [("Bad lines", report.problems), ("Worth knowing", report.warnings), ("Left out", report.left_out)]
        if report
        else []
    )
    rows = [(title, _shape(problems)) for title, problems in lists if problems.total]
    return {
        "cluster": cluster,
        "placing": PLACING[cluster.mode],
        "preview": next_users(cluster) if report is None else None,
        "report": report,
        "problems": rows,
        "shown": SHOWN,
        "keep": KEEP,
        # The header of a list without one is a line of people.
        "asked_columns": _asked(report) if report and not pseudonyms.is_down() else [],
        "known_columns": USED,
        "only_emptying": report is not None and set(report.problems.kinds) == {reasons.IMPORT_EMPTYING.code},
        "first_rows": _hidden(report.first_rows, cluster) if report else [],
        "emptied": emptied_in_words(report.emptied) if report else "",
        "changed": report.changed if report else {},
        "download": b64encode(problems_csv(report).encode("utf-8-sig")).decode() if rows and report else "",
    }


def _asked(report: Report) -> list[dict[str, Any]]:
    """The columns that a person may say something about: those of a mapping, and those that nothing is read from."""
    mapped = [{"column": column, "chosen": chosen, "used": chosen} for column, chosen in report.mapped.items()]
    return mapped + [{"column": one["column"], "chosen": one["did_you_mean"], "used": ""} for one in report.unused]


def _told(report: Report) -> Report:
    """The report with the facts of its problems as they are shown now."""
    parts = {name: getattr(report, name) for name in ("problems", "warnings", "left_out")}
    return replace(
        report, **{name: replace(part, listed=[_shown(p) for p in part.listed]) for name, part in parts.items()}
    )


def _shown(problem: LineProblem) -> LineProblem:
    return replace(problem, facts=pseudonyms.facts(problem.facts, problem.reason.code))


def _hidden(rows: Sequence[Mapping[str, Any]], cluster: Cluster) -> list[dict[str, Any]]:
    """The lines of the preview, with pseudonyms while names are hidden; an unknown node may name anybody."""
    known = {"", NO_NODE, *cluster.nodes.values_list("name", flat=True)}
    return [_line(row, known) for row in rows]


def _line(row: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    of, node = row["user_id"], row["node"]
    return {
        "line": row["line"],
        "user_id": pseudonyms.user_id(of),
        "name": pseudonyms.name(row["name"] or "", of),
        "mail": pseudonyms.mail(row["mail"] or "", of),
        "node": node if node in known else pseudonyms.text(node),
    }


def _shape(problems: Any) -> dict[str, Any]:
    return {
        "total": problems.total,
        "groups": problems.groups(),
        "listed": [problem.as_dict() for problem in problems.listed[:SHOWN]],
    }

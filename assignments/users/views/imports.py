"""Uploading a list of users: check it, import it, and read what is wrong with which line."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import StringIO, TextIOWrapper
from tempfile import TemporaryFile
from typing import IO, Any

from django import forms
from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from assignments.planning.preview import next_users
from assignments.users.importing.imports import import_users
from assignments.users.importing.problem_file import ProblemFile
from assignments.users.importing.report import Report, emptied_in_words
from assignments.users.progress import Meter, note_for, noted
from assignments.users.rules.columns import USED, mapping_of
from assignments.users.rules.problems import LineProblem, Problems
from assignments.users.rules.user_line import KEEP, NO_NODE, Reading
from assignments.users.views.export import csv_file
from topology.accounts import pseudonyms, roles
from topology.models import Cluster, Mode
from topology.reasons import Refused
from topology.structure.asked import FieldRefused, read_form
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role

SHOWN = 100  # bad lines on the page; the command lists 1,000
PART = 256 * 1024  # bytes
TITLES = {"problem": "Bad lines", "warning": "Worth knowing", "left out": "Left out"}

PLACING = {
    Mode.BALANCED.value: "New users are spread evenly over the nodes.",
    Mode.ACTIVE_STANDBY.value: "New users go to the first node of each subcluster.",
    Mode.MANUAL.value: "New users stay unassigned until you move them to a node.",
}


class ColumnsField(forms.Field):
    """What the columns of a file mean: one "column=meaning" each."""

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> dict[str, str]:
        """The meaning of each column; raises FieldRefused for an unknown one."""
        try:
            return mapping_of([pair for pair in value or () if pair])
        except Refused as refusal:
            raise FieldRefused(refusal) from refusal


class ImportForm(forms.Form):
    """A file with users, how it is read, and which of the buttons was pressed."""

    file = forms.FileField(required=False, allow_empty_file=True)  # without one, its header is missing
    keep = forms.CharField(required=False, max_length=10)
    column = ColumnsField(required=False)
    allow_emptying = forms.CharField(required=False)
    progress = forms.CharField(required=False)
    dry_run = forms.BooleanField(required=False)
    all_problems = forms.BooleanField(required=False)

    def clean_keep(self) -> str:
        """The mark; an empty one is none, and who says nothing means the usual one."""
        return str(self.cleaned_data["keep"]) if "keep" in self.data else KEEP


@require_http_methods(["GET", "POST"])
@needs_role(roles.ADMINISTER)
def upload(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The dialog; with a file its report, after a check or an import of all its lines."""
    cluster = cluster_named(cluster_name)
    if request.method == "GET":
        return render(request, "users/_import.html", _context(cluster) | {"address": request.path})
    asked = read_form(ImportForm, request.POST, request.FILES)
    if asked["all_problems"]:
        return csv_file(request, _all_problems(request, cluster, asked), f"{cluster.name}-problems")
    report = _imported(request, cluster, asked, dry_run=asked["dry_run"])
    return render(request, "users/_import_report.html", _context(cluster, report, asked["allow_emptying"]))


def _imported(
    request: HttpRequest, cluster: Cluster, asked: dict[str, Any], *, dry_run: bool, every: ProblemFile | None = None
) -> Report:
    file = asked["file"] or ContentFile(b"")
    key = asked["progress"]
    return import_users(
        cluster,
        file,
        actor=request.user,
        dry_run=dry_run,
        reading=Reading(asked["keep"], asked["column"]),
        allow_emptying=asked["allow_emptying"],
        meter=Meter(getattr(file, "size", None), note_for(request.user, key)) if key else None,
        every=every,
    )


def _all_problems(request: HttpRequest, cluster: Cluster, asked: dict[str, Any]) -> Iterator[bytes]:
    """What a check finds, all of it, by way of a file on disk. Raises Refused before anything is sent."""
    kept: IO[bytes] = TemporaryFile()  # noqa: SIM115  # closed when it is sent
    out = TextIOWrapper(kept, encoding="utf-8-sig", newline="")
    _imported(request, cluster, asked, dry_run=True, every=ProblemFile(out, _shown))
    out.flush()
    out.detach()
    return _parts(kept)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while part := file.read(PART):
            yield part


@require_GET
@needs_role(roles.SEE)
def progress(request: HttpRequest, key: str) -> JsonResponse:
    """How far an import or export of this person is."""
    return JsonResponse(noted(request.user, key))


def _context(cluster: Cluster, made: Report | None = None, allowed: str = "") -> dict[str, Any]:
    report = _told(made) if made else None
    lists = report.findings if report else {}
    sections = [(TITLES[kind], _shape(problems)) for kind, problems in lists.items() if problems.total]
    emptied = emptied_in_words(report.emptied) if report else ""
    return {
        "cluster": cluster,
        "placing": PLACING[cluster.mode],
        "preview": next_users(cluster) if report is None else None,
        "report": report,
        "problems": sections,
        "shown": SHOWN,
        "keep": KEEP,
        # The header of a list without one is a line of people.
        "asked_columns": _asked(report) if report and not pseudonyms.is_down() else [],
        "known_columns": USED,
        "first_rows": _hidden(report.first_rows, cluster) if report else [],
        "emptied": emptied if report and (report.dry_run or not report.ok) else "",
        "allowed": allowed == emptied,
        "changed": report.changed if report else {},
        "download": _listed_csv(lists) if sections and all(problems.complete for problems in lists.values()) else "",
    }


def _asked(report: Report) -> list[dict[str, Any]]:
    """The columns that a person may say something about: those of a mapping, and those that nothing is read from."""
    mapped = [{"column": column, "chosen": chosen, "used": chosen} for column, chosen in report.mapped.items()]
    return mapped + [{"column": one["column"], "chosen": one["did_you_mean"], "used": ""} for one in report.unused]


def _told(report: Report) -> Report:
    """The report with the facts of its problems as they are shown now."""
    parts = {name: getattr(report, name).told(_shown) for name in ("problems", "warnings", "left_out")}
    return replace(report, **parts)


def _listed_csv(lists: Mapping[str, Problems]) -> str:
    out = StringIO()
    made = ProblemFile(out)
    for kind, problems in lists.items():
        made.write_listed(kind, problems)
    return b64encode(out.getvalue().encode("utf-8-sig")).decode()


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
        "stays": [column for column in ("name", "mail") if row[column] is None and not row["new"]],
        "node": node if node in known else pseudonyms.text(node),
    }


def _shape(problems: Problems) -> dict[str, Any]:
    return {
        "total": problems.total,
        "groups": problems.groups(),
        "listed": [problem.as_dict() for problem in problems.listed[:SHOWN]],
    }

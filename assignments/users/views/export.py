"""Users as a CSV file, sent while it is read from the database."""

from __future__ import annotations

from collections.abc import Iterator

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from assignments.models import Assignment, Kind, Operation
from assignments.users.export import chosen_csv, removed_csv
from assignments.users.progress import Meter, note_for
from topology import reasons
from topology.accounts import pseudonyms, roles
from topology.reasons import Refused
from topology.structure.asked import NumberField, read_form
from topology.views.http import needs_role
from topology.views.streams import streamed_csv


class MeterForm(forms.Form):
    """Under which key a file says how far it is, and of how many users."""

    progress = forms.CharField(required=False)
    confirmed = NumberField()


def selected_cluster(pk: int, **_: object) -> int | None:
    """The cluster of an operation, by its key."""
    return Operation.objects.filter(pk=pk).values_list("cluster_id", flat=True).first()


def csv_response(
    request: HttpRequest,
    rows: QuerySet[Assignment],
    name: str,
    *,
    spreadsheet: bool = False,
    of_clusters: bool = False,
) -> HttpResponse:
    """These users as a file with the date in its name, sent while it is read. Raises Refused while names are hidden."""
    return _sent(request, chosen_csv(rows, spreadsheet=spreadsheet, of_clusters=of_clusters), name)


@require_GET
@needs_role(roles.EXPORT, selected_cluster)
def removed(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom a removal took out of its cluster, as a list that an import reads back."""
    operation = Operation.objects.select_related("cluster").filter(pk=pk, kind=Kind.REMOVAL, undo_of=None).first()
    if operation is None:
        raise Refused(reasons.NO_SUCH_OPERATION, operation=pk)
    return _sent(request, removed_csv(operation), f"{operation.cluster.name}-removed-{pk}")


def _sent(request: HttpRequest, parts: Iterator[bytes], name: str) -> HttpResponse:
    if pseudonyms.is_down():
        raise Refused(reasons.EXPORT_NAMES_HIDDEN)
    asked = read_form(MeterForm, request.POST)
    if key := asked["progress"]:
        parts = Meter(asked["confirmed"] or None, note_for(request.user, key)).passing(parts)
    return csv_file(request, parts, name)


def csv_file(request: HttpRequest, parts: Iterator[bytes], name: str) -> HttpResponse:
    """A CSV with the date in its name, sent part by part."""
    response = streamed_csv(request, parts)
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response

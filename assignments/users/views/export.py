"""Users as a CSV file, sent while it is read from the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from assignments.models import Assignment
from assignments.users.export import chosen_csv
from topology import reasons
from topology.accounts import pseudonyms
from topology.reasons import Refused


def csv_response(request: HttpRequest, rows: QuerySet[Assignment], name: str) -> HttpResponse:
    """These users as a file with the date in its name, sent while it is read. Raises Refused while names are hidden."""
    if pseudonyms.is_down():
        raise Refused(reasons.EXPORT_NAMES_HIDDEN)
    parts = chosen_csv(rows)
    # A synchronous iterator would be used up first and sent then.
    body = _later(parts) if isinstance(request, ASGIRequest) else parts
    response = StreamingHttpResponse(body, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response  # type: ignore[return-value]


async def _later(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same parts, each read from the database when the one before has been sent."""
    try:
        while part := await sync_to_async(lambda: next(parts, b""))():
            yield part
    finally:
        await sync_to_async(parts.close)()  # type: ignore[attr-defined]

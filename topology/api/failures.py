"""What the API answers where something failed that no one refused."""

from __future__ import annotations

import logging

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from topology.api import problems
from topology.live import health, probe

log = logging.getLogger("topology.api")


def failed(request: HttpRequest, error: Exception) -> HttpResponse:
    """409 where two changed the same at once, 503 while the database is away, 500 for what is ours to mend."""
    if (refusal := probe.conflict(error)) is not None:
        return problems.refusal(request, refusal)
    if isinstance(error, OperationalError):
        log.error("the database is away: %s", error)
        health.note(error)
        return problems.of_status(request, 503)
    log.error("the API failed", exc_info=error)
    return problems.of_status(request, 500)

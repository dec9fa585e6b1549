"""The answer in place of whatever failed: 503 with its reason when a part of the console is away, else 500.

Nothing here asks who is signed in: that would be a question to the database.
"""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from topology import reasons
from topology.live import health, probe
from topology.reasons import Refused
from topology.views.http import refused, to_messages


def failed(request: HttpRequest) -> HttpResponse:
    """As JSON for programs, as a message for htmx, as a page for people."""
    error = sys.exc_info()[1]
    reason = probe.meaning(error)
    if error is None or reason is None:
        return render(request, "500.html", status=500)
    health.note(error)
    refusal = Refused(reason)
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse(refusal.as_dict(), status=503)
    if request.headers.get("HX-Request"):
        return to_messages(HttpResponse(render_to_string("shared/_refused.html", {"refusal": refusal}), status=503))
    return HttpResponse(render_to_string("503.html", {"refusal": refusal}), status=503)


def untrusted(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is not taken: from another origin, with the setting to change; else from a page that is too old."""
    origin = request.headers.get("Origin", "")
    if reason.startswith(("Origin checking failed", "Referer checking failed")):
        scheme = "https" if request.is_secure() else "http"
        seen = f"{scheme}://{request.get_host()}"
        refusal = Refused(reasons.ORIGIN_NOT_TRUSTED, origin=origin or "another address", seen=seen)
        return refused(request, refusal)
    if request.headers.get("HX-Request") or request.headers.get("Accept", "").startswith("application/json"):
        return refused(request, Refused(reasons.PAGE_TOO_OLD))
    return render(request, "403_csrf.html", status=403)

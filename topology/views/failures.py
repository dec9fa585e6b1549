"""The answer in place of whatever failed: 503 with its reason when a part of the console is away, else 500.

Nothing here asks who is signed in: that would be a question to the database.
"""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from topology.live import probe
from topology.reasons import Refused
from topology.views.http import to_messages


def failed(request: HttpRequest) -> HttpResponse:
    """As JSON for programs, as a message for htmx, as a page for people."""
    reason = probe.meaning(sys.exc_info()[1])
    if reason is None:
        return render(request, "500.html", status=500)
    refusal = Refused(reason)
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse(refusal.as_dict(), status=503)
    if request.headers.get("HX-Request"):
        return to_messages(HttpResponse(render_to_string("shared/_refused.html", {"refusal": refusal}), status=503))
    return HttpResponse(render_to_string("503.html", {"refusal": refusal}), status=503)

"""/metrics: for the session of whoever may see the console, or for a token."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from assignments.board.metrics import text
from topology.accounts import roles, tokens


@login_not_required  # a redirect to a page of HTML would be no answer to Prometheus
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics of the clusters that the person or the token may see."""
    who = tokens.bearer(request.headers.get("Authorization", ""), timezone.now()) or request.user
    if not roles.reach_of(who).somewhere:
        signed_in = request.user.is_authenticated
        answer = HttpResponse("Send a token, or sign in.", status=403 if signed_in else 401, content_type="text/plain")
        answer["WWW-Authenticate"] = 'Bearer realm="Homenode"'
        return answer
    return HttpResponse(text(list(roles.clusters_of(who))), content_type=CONTENT_TYPE_LATEST)

"""/metrics: for the session of a person who may see the console, or for a token."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from assignments.board.metrics import text
from topology.accounts import roles, sentences, tokens


@login_not_required  # a redirect to a page of HTML would be no answer to Prometheus
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics of the clusters that the person or the token may see."""
    who = tokens.bearer(request.headers.get("Authorization", ""), timezone.now()) or request.user
    if not roles.reach_of(who).somewhere:
        return _refused(request)
    return HttpResponse(text(list(roles.clusters_of(who))), content_type=CONTENT_TYPE_LATEST)


def _refused(request: HttpRequest) -> HttpResponse:
    status, said = 401, "Send a token, or sign in."
    if request.user.is_authenticated:
        status, said = 403, sentences.whole(roles.lacking(roles.SEE, None, anywhere=True))
    answer = HttpResponse(said, status=status, content_type="text/plain")
    answer["WWW-Authenticate"] = 'Bearer realm="Homenode"'
    return answer

"""Signing in and out, health, and the history."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from topology.accounts import roles, sign_in
from topology.live import events
from topology.reasons import REASONS, Refused
from topology.structure import selectors
from topology.views.http import HIDES_NAMES, needs, refused

NAMING = {"q", "actor", "after", "before"}  # parts of an address that somebody's name may stand in


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """Name and password; the form keeps the name that was typed."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link shows a button; only pressing it uses the link up, so that a preview of the link does not."""
    if request.method == "GET":
        return render(request, "accounts/sign_in_link.html", {"token": token})
    try:
        person = sign_in.redeem(token)
    except Refused as refusal:
        return refused(request, refusal)
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")  # type: ignore[arg-type]
    return redirect("/")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


@require_POST
@needs(roles.SEE)
def hide_names(request: HttpRequest) -> HttpResponse:
    """Switch the demo mode of this session on or off; the page is loaded anew, without what was looked for by name."""
    request.session[HIDES_NAMES] = hidden = not request.session.get(HIDES_NAMES)
    response = HttpResponse(status=204)
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    kept = [(name, value) for name, value in parse_qsl(here.query) if name not in NAMING]
    if hidden and len(kept) < len(parse_qsl(here.query)):
        response["HX-Redirect"] = urlunsplit(("", "", here.path, urlencode(kept), ""))
    else:
        response["HX-Refresh"] = "true"
    return response


@login_not_required
@never_cache
@require_GET
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when database and Redis answer, else 503 with the part that does not."""
    parts = {"database": _database_alive(), "redis": events.alive()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _database_alive() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except DatabaseError:
        return False


@require_GET
@needs(roles.SEE)
def history(request: HttpRequest, cluster: str) -> HttpResponse:
    """The history of a cluster with filters; a further page is the rows alone."""
    found = selectors.cluster_named(cluster)
    asked = request.GET
    lines = selectors.history(
        found,
        node_id=_number(asked.get("node")),
        operation_id=_number(asked.get("operation")),
        code=asked.get("code", ""),
        actor=asked.get("actor", ""),
        before=_number(asked.get("before")),
    )
    more = lines[-1].pk if len(lines) == selectors.PAGE else None
    context = {"cluster": found, "lines": lines, "more": more, "asked": asked, "codes": sorted(REASONS)}
    fragment = bool(asked.get("before")) or asked.get("rows") == "1"
    return render(request, "history/_history_rows.html" if fragment else "history/history.html", context)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None

"""Signing in and out, health, and the history."""

from urllib.parse import parse_qsl, urlencode, urlunsplit

from django import forms
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from topology.accounts import passwords, people, roles, sign_in
from topology.accounts.addresses import address_of
from topology.accounts.passwords import PasswordForm
from topology.live import events, health
from topology.reasons import REASONS, Refused
from topology.structure import selectors
from topology.structure.asked import NumberField, read_address
from topology.views.http import HIDES_NAMES, needs_role, refused
from topology.views.log_folds import folded_events
from topology.views.reading import current_page

NAMING = {"q", "actor", "after", "before"}  # parts of an address that somebody's name may stand in


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """Name and password; the form keeps the name that was typed. Too many wrong guesses wait (passwords.py)."""

    template_name = "accounts/sign_in.html"
    form_class = PasswordForm
    redirect_authenticated_user = True

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Where the person wanted to go; signing in is no place to go to from here."""
        url: str = super().get_redirect_url()
        return "" if url.startswith(reverse("sign-in")) else url

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_valid(form)
        _note(self.request)
        sign_in.note_sign_in(form.get_user())
        return answer

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """The form once more; a person who has to wait is told so by the status too."""
        waits = any(error.code == passwords.WAITS for error in form.non_field_errors().as_data())
        return self.render_to_response(self.get_context_data(form=form), status=429 if waits else 200)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link shows a button; only pressing it uses the link up, so that a preview of the link does not."""
    if request.method != "POST":
        return render(request, "accounts/sign_in_link.html", {"token": token})
    try:
        person = sign_in.redeem(token)
    except Refused as refusal:
        return refused(request, refusal)
    if request.user != person:  # signing in once more would make the forms of this person's open pages too old
        login(request, person, backend="django.contrib.auth.backends.ModelBackend")  # type: ignore[arg-type]
        _note(request)
    return redirect("home")


def _note(request: HttpRequest) -> None:
    """Keep with the session from where it was signed in; the page of accounts shows it."""
    people.note_sign_in(request.session, address_of(request), request.headers.get("User-Agent", ""))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, and back to the sign-in."""
    logout(request)
    return redirect("sign-in")


@require_POST
@needs_role(roles.SEE)
def hide_names(request: HttpRequest) -> HttpResponse:
    """Switch the demo mode of this session on or off; the page is loaded anew, without what was looked for by name."""
    request.session[HIDES_NAMES] = hidden = not request.session.get(HIDES_NAMES)
    here = current_page(request)
    kept = [(name, value) for name, value in parse_qsl(here.query) if name not in NAMING]
    if hidden and len(kept) < len(parse_qsl(here.query)):
        return HttpResponseClientRedirect(urlunsplit(("", "", "/" + here.path.lstrip("/\\"), urlencode(kept), "")))
    return HttpResponseClientRefresh()


@login_not_required
@never_cache
@require_GET
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when database, Redis, worker and beat do their work, else 503 with the part that does not."""
    parts = health.report()
    well = all(value for name, value in parts.items() if name not in ("tick_age", "troubles"))
    return JsonResponse(parts, status=200 if well else 503)


@login_not_required
@never_cache
@require_GET
def livez(request: HttpRequest) -> JsonResponse:
    """200 when this web process answers and reaches its database and Redis, whatever the worker does; else 503."""
    parts = {"database": health.database_answers(), "redis": events.alive()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


@login_not_required  # who asks would be a question to the database, which may be what is away
@never_cache
@require_GET
def trouble(request: HttpRequest) -> HttpResponse:
    """What is wrong with the console itself, for the top of every page; it is asked for every ten seconds."""
    return HttpResponse(render_to_string("live/_trouble.html", {"troubles": health.troubles()}))


class HistoryForm(forms.Form):
    """The filter of the history as an address has it, and where its next page begins."""

    node = NumberField(least=1)
    operation = NumberField(least=1)
    code = forms.ChoiceField(required=False, choices=[(code, code) for code in sorted(REASONS)])
    actor = forms.CharField(required=False, max_length=254)
    before = NumberField(least=1)
    rows = forms.BooleanField(required=False)  # the rows alone


@require_GET
@needs_role(roles.SEE)
def history(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The history of a cluster with filters; a further page is the rows alone."""
    cluster = selectors.cluster_named(cluster_name)
    asked = read_address(HistoryForm, request.GET)
    lines = selectors.history(
        cluster,
        node_id=asked["node"],
        operation_id=asked["operation"],
        code=asked["code"],
        actor=asked["actor"],
        before=asked["before"],
    )
    more = lines[-1].pk if len(lines) == selectors.PAGE else None
    shown = folded_events(lines, newest_first=True)
    context = {"cluster": cluster, "lines": shown, "more": more, "asked": asked, "codes": sorted(REASONS)}
    fragment = bool(asked["before"]) or asked["rows"]
    return render(request, "history/_history_rows.html" if fragment else "history/history.html", context)

"""The page of accounts: people and their roles, sessions and the sign-in log; tokens of programs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from topology import reasons
from topology.accounts import people, pseudonyms, roles, sign_in, tokens
from topology.models import Cluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure.selectors import cluster_named
from topology.views.http import needs
from topology.views.reading import number_in


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    context = {
        "place": "accounts",
        "accounts": people.accounts(),
        "log": people.sign_in_log(),
        "tokens": tokens.listed(),
        "all_clusters": Cluster.objects.all(),
        "roles": roles.ROLES,
    }
    return render(request, "accounts/accounts.html", context | more)


def _name(person: Any) -> str:
    return pseudonyms.account(person.get_username())


def _done(request: HttpRequest, text: str) -> HttpResponse:
    if not request.session.exists(request.session.session_key or ""):  # it was their own that ended
        logout(request)
        return redirect("sign-in")
    messages.success(request, text, extra_tags="good")
    return redirect("accounts")


@require_GET
@needs(roles.ADMINISTER)
def accounts(request: HttpRequest) -> HttpResponse:
    """Everybody who may sign in, and every program that may call."""
    return _page(request)


@require_POST
@needs(roles.ADMINISTER)
def invite(request: HttpRequest) -> HttpResponse:
    """A link that signs a new person, or one who is there, in once; it is shown this once."""
    name = request.POST.get("username", "").strip()
    path = sign_in.invite(name, request.POST.get("role", ""), actor=request.user)
    return _page(request, link=request.build_absolute_uri(path), invited=name)


@require_POST
@needs(roles.ADMINISTER)
def set_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody's role everywhere, or in one cluster."""
    person, role = people.person(pk), request.POST.get("role", "")
    if name := request.POST.get("in", ""):
        people.set_cluster_role(person, cluster_named(name), role, actor=request.user)
    else:
        people.set_role(person, role, actor=request.user)
    return _done(request, f"{_name(person)}: {role or 'no role'} {f'in {name}' if name else 'everywhere'}.")


@require_POST
@needs(roles.ADMINISTER)
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody sign in, or not any more."""
    person, active = people.person(pk), "active" in request.POST
    people.set_active(person, active, actor=request.user)
    return _done(request, f"{_name(person)} may {'sign in' if active else 'not sign in any more'}.")


@require_POST
@needs(roles.ADMINISTER)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an account; the box beside the button says that this is meant."""
    person = people.person(pk)
    name = _name(person)
    if "confirmed" not in request.POST:
        raise Refused(reasons.ACCOUNT_NOT_CONFIRMED, account=name)
    gone = people.delete(person, actor=request.user)
    ended = f"{counted(gone.sessions, 'session')} ended, {counted(gone.tokens, 'token')} revoked"
    return _done(request, f"{name} is deleted: {ended}.")


@require_POST
@needs(roles.ADMINISTER)
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign somebody out everywhere, or of one session."""
    person = people.person(pk)
    ended = people.end_sessions(person, actor=request.user, only=request.POST.get("session", ""))
    return _done(request, f"{_name(person)}: {counted(ended, 'session')} ended.")


@require_POST
@needs(roles.ADMINISTER)
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token; its text is shown this once."""
    clusters = [cluster_named(name) for name in dict.fromkeys(request.POST.getlist("cluster"))]
    asked = request.POST.get("name", ""), request.POST.get("role", "")
    token, text = tokens.create(*asked, clusters, days=number_in(request.POST, "days"), actor=request.user)
    return _page(request, token_text=text, new_token=token)


@require_POST
@needs(roles.ADMINISTER)
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token now."""
    return _done(request, f"Token {pseudonyms.text(tokens.revoke(pk, actor=request.user).name)} is revoked.")

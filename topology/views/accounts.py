"""The page of accounts: people and their roles, sessions and the sign-in log; tokens of programs."""

from __future__ import annotations

from typing import Any

from django import forms
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
from topology.structure.asked import number, read_form
from topology.structure.selectors import cluster_named
from topology.views.forms import DialogForm, ShownField
from topology.views.http import needs_role

ROLE_CHOICES = [(role, role) for role in roles.ROLES]


class InviteForm(DialogForm):
    """Who gets a sign-in link, and as what; without a role that stays as it is."""

    about = {reasons.ACCOUNT_NAME_NOT_VALID.code: "username"}
    username = ShownField("Name", kind="text", read=str.strip)
    role = ShownField("Role", kind="select", choices=[("", "Unchanged, or viewer"), *ROLE_CHOICES])


class TokenForm(DialogForm):
    """A token of a program: its name, its role, its clusters, and for how many days."""

    about = {reasons.TOKEN_NAME_TAKEN.code: "name", reasons.TOKEN_NOT_VALID.code: "name"}
    name = ShownField("Name", kind="text", read=tokens.checked_name)
    role = ShownField("Role", kind="select", choices=ROLE_CHOICES)
    cluster = forms.ModelMultipleChoiceField(
        Cluster.objects.all(),
        to_field_name="name",
        required=False,
        error_messages={"invalid_choice": "There is no cluster %(value)s."},
    )
    days = ShownField("Valid for", "days (empty: for ever)", read=lambda text: tokens.checked_days(number(text)))


class RoleForm(forms.Form):
    """A role of somebody: everywhere, or in the cluster that is named."""

    role = forms.CharField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["in"] = forms.CharField(required=False)  # no name in Python


class AccountForm(forms.Form):
    """What is done with an account: it may sign in or not, goes (confirmed), or loses one of its sessions or all."""

    active = forms.BooleanField(required=False)
    confirmed = forms.BooleanField(required=False)
    session = forms.CharField(required=False)


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "invite_form": InviteForm(),
        "token_form": TokenForm(),
        "place": "accounts",
        "accounts": people.accounts(),
        "log": people.sign_in_log(),
        "tokens": tokens.listed(),
        "all_clusters": Cluster.objects.all(),
        "roles": roles.ROLES,
    }
    return render(request, "accounts/accounts.html", context | more, status=status)


def _name(person: Any) -> str:
    return pseudonyms.account(person.get_username())


def _done(request: HttpRequest, text: str) -> HttpResponse:
    if not request.session.exists(request.session.session_key or ""):  # it was their own that ended
        logout(request)
        return redirect("sign-in")
    messages.success(request, text, extra_tags="good")
    return redirect("accounts")


@require_GET
@needs_role(roles.ADMINISTER)
def accounts(request: HttpRequest) -> HttpResponse:
    """Everybody who may sign in, and every program that may call."""
    return _page(request)


@require_POST
@needs_role(roles.ADMINISTER)
def invite(request: HttpRequest) -> HttpResponse:
    """A link that signs a new person, or one who is there, in once; it is shown this once."""
    form = InviteForm(request.POST)

    def act(given: dict[str, Any]) -> HttpResponse:
        path = sign_in.invite(**given, actor=request.user)
        return _page(request, link=request.build_absolute_uri(path), invited=given["username"])

    return form.carry_out(act) or _page(request, status=form.status, invite_form=form)


@require_POST
@needs_role(roles.ADMINISTER)
def set_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody's role everywhere, or in one cluster."""
    asked = read_form(RoleForm, request.POST)
    person, role = people.person(pk), asked["role"]
    if name := asked["in"]:
        left = people.set_cluster_role(person, cluster_named(name), role, actor=request.user)
    else:
        left = people.set_role(person, role, actor=request.user)
    said = f"{_name(person)}: {role or 'no role'} {f'in {name}' if name else 'everywhere'}."
    return _done(request, f"{said} {left}" if left else said)


@require_POST
@needs_role(roles.ADMINISTER)
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody sign in, or not any more."""
    person, active = people.person(pk), read_form(AccountForm, request.POST)["active"]
    left = people.set_active(person, active, actor=request.user)
    said = f"{_name(person)} may {'sign in' if active else 'not sign in any more'}."
    return _done(request, f"{said} {left}" if left else said)


@require_POST
@needs_role(roles.ADMINISTER)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an account; the box beside the button says that this is meant."""
    person = people.person(pk)
    name = _name(person)
    if not read_form(AccountForm, request.POST)["confirmed"]:
        raise Refused(reasons.ACCOUNT_NOT_CONFIRMED, account=name)
    gone = people.delete(person, actor=request.user)
    ended = f"{counted(gone.sessions, 'session')} ended, {counted(gone.tokens, 'token')} revoked"
    return _done(request, f"{name} is deleted: {ended}.")


@require_POST
@needs_role(roles.ADMINISTER)
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign somebody out everywhere, or of one session."""
    person = people.person(pk)
    ended = people.end_sessions(person, actor=request.user, only=read_form(AccountForm, request.POST)["session"])
    return _done(request, f"{_name(person)}: {counted(ended, 'session')} ended.")


@require_POST
@needs_role(roles.ADMINISTER)
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token; its text is shown this once."""
    form = TokenForm(request.POST)

    def act(given: dict[str, Any]) -> HttpResponse:
        clusters = list(given.pop("cluster"))
        token, text = tokens.create(clusters=clusters, **given, actor=request.user)
        return _page(request, token_text=text, new_token=token)

    return form.carry_out(act) or _page(request, status=form.status, token_form=form)


@require_POST
@needs_role(roles.ADMINISTER)
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token now."""
    return _done(request, f"Token {pseudonyms.text(tokens.revoke(pk, actor=request.user).name)} is revoked.")

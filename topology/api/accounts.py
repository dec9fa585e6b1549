"""Accounts over HTTP: people with their roles and sessions, sign-in links, tokens of programs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from ninja import Router, Schema
from pydantic import Field

from topology.accounts import people, roles, sign_in, tokens
from topology.api import access
from topology.api.guard import ApiRequest, seal_answer
from topology.api.problems import not_there
from topology.api.shapes import Chosen, Input, Key, Limit, Name, ok
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure import selectors

router = Router(tags=["accounts"])
Role = Annotated[str, Field(max_length=40, description="viewer, operator or administrator")]


class SessionOut(Schema):
    """A session that is open now."""

    id: str = Field(description="How it is named to end it; it lets no one in")
    since: datetime | None
    address: str
    agent: str


class AccountOut(Schema):
    """A person who may sign in, or may not any more."""

    name: str
    active: bool
    role: str | None = Field(description="Everywhere; None: only what `clusters` says")
    clusters: dict[str, str] = Field(description="Roles in single clusters")
    sessions: list[SessionOut]
    tokens: int = Field(description="That they made and that are not revoked, which go on without the account")


class AccountPage(Schema):
    """Accounts by name."""

    accounts: list[AccountOut]
    next: str | None = Field(description="`after` of the next page; None: this is the last one")


class RoleIn(Input):
    """The one role of a person, everywhere or in a cluster."""

    role: Role | None = Field(description="None takes it away")
    cluster: Chosen | None = Field(None, description="In this cluster alone; None: everywhere")


class ActiveIn(Input):
    """Whether a person may sign in."""

    active: bool


class EndedSessionsOut(Schema):
    """How many sessions ended."""

    account: str
    ended: int


class DeletedAccountOut(Schema):
    """What ended with an account."""

    account: str
    sessions: int = Field(description="That were open, and ended")
    tokens: int = Field(description="That it had made, and that are revoked")
    views: int = Field(description="Saved views that went with it")


class SignInLinkIn(Input):
    """The role of whom a link is for; None leaves it as it is, and lets a new account see."""

    role: Role | None = None


class SignInLinkOut(Schema):
    """A link that signs a person in once."""

    account: str
    url: str
    minutes: int = Field(description="How long it may be used")


class TokenOut(Schema):
    """A token, as `manage.py token list --json` prints it."""

    id: int
    name: str
    role: str
    everywhere: bool = Field(description="Reaches all clusters, also those to come")
    clusters: list[str] = Field(description="Else these; none are left when they were removed")
    expires: str | None
    last_used: str | None


class TokensOut(Schema):
    """Tokens that are not revoked, the newest first."""

    tokens: list[TokenOut]


class TokenIn(Input):
    """A new token."""

    name: Annotated[str, Field(max_length=tokens.MAX_NAME)]
    role: Role
    clusters: Annotated[list[Name], Field(max_length=1000)] = Field([], description="Empty: all of them")
    days: Annotated[int, Field(ge=1, le=tokens.MAX_DAYS)] | None = Field(None, description="None: it never ends")


class NewTokenOut(TokenOut):
    """The token and its text, which is answered this once."""

    token: str


class RevokedOut(Schema):
    """What `manage.py token revoke --json` prints."""

    id: int
    revoked: bool


def person_of(name: str) -> Any:
    """The person whom a name means. Raises Refused."""
    try:
        return people.person_named(name)
    except Refused as refused:
        raise not_there(refused) from None


def _shape(account: people.Account) -> dict[str, Any]:
    return {
        "name": account.person.get_username(),
        "active": account.person.is_active,
        "role": account.role,
        "clusters": {own.cluster.name: own.role for own in account.cluster_roles},
        "sessions": [
            {"id": each.name, "since": each.since, "address": each.address, "agent": each.agent}
            for each in account.sessions
        ],
        "tokens": account.tokens,
    }


def _again(person: Any) -> dict[str, Any]:
    return _shape(people.accounts(only=person.get_username())[0])


# --- People ---------------------------------------------------------------------------------------
@router.get("/accounts", response=ok(AccountPage), operation_id="list_accounts")
@access.needs(roles.ADMINISTER)
def list_accounts(request: ApiRequest, after: Name = "", limit: Limit = 50) -> Any:
    """Everybody who may sign in, with roles and open sessions; the sign-in log is part of the history."""
    accounts = people.accounts(after=after, most=limit + 1)
    more = accounts[limit - 1].person.get_username() if len(accounts) > limit else None
    return {"accounts": [_shape(account) for account in accounts[:limit]], "next": more}


@router.get("/accounts/{account_name}", response=ok(AccountOut), operation_id="get_account")
@access.needs(roles.ADMINISTER)
def get_account(request: ApiRequest, account_name: Name) -> Any:
    """One person with roles and open sessions."""
    return _again(person_of(account_name))


@router.put("/accounts/{account_name}/role", response=ok(AccountOut), operation_id="set_role")
@access.needs(roles.ADMINISTER)
def set_role(request: ApiRequest, account_name: Name, asked: RoleIn) -> Any:
    """Give a person this one role, everywhere or in one cluster; the last administrator keeps theirs."""
    person = person_of(account_name)
    if asked.cluster:
        where: Cluster = selectors.cluster_named(asked.cluster)
        people.set_cluster_role(person, where, asked.role or "", actor=request.caller)
    else:
        people.set_role(person, asked.role or "", actor=request.caller)
    return _again(person)


@router.put("/accounts/{account_name}/active", response=ok(AccountOut), operation_id="set_active")
@access.needs(roles.ADMINISTER)
def set_active(request: ApiRequest, account_name: Name, asked: ActiveIn) -> Any:
    """Let a person sign in, or end that and all their sessions."""
    person = person_of(account_name)
    people.set_active(person, asked.active, actor=request.caller)
    return _again(person)


@router.delete("/accounts/{account_name}", response=ok(DeletedAccountOut), operation_id="delete_account")
@access.needs(roles.ADMINISTER)
def delete_account(request: ApiRequest, account_name: Name) -> Any:
    """Delete an account: sessions and saved views end, its tokens are revoked; the history keeps its name."""
    return asdict(people.delete(person_of(account_name), actor=request.caller))


@router.delete("/accounts/{account_name}/sessions", response=ok(EndedSessionsOut), operation_id="end_sessions")
@access.needs(roles.ADMINISTER)
def end_sessions(request: ApiRequest, account_name: Name, session: Chosen | None = None) -> Any:
    """Sign a person out everywhere, or end the one session of an ID."""
    person = person_of(account_name)
    ended = people.end_sessions(person, actor=request.caller, only=session or "")
    return {"account": person.get_username(), "ended": ended}


@router.post("/accounts/{account_name}/sign-in-link", response=ok(SignInLinkOut), operation_id="make_sign_in_link")
@access.needs(roles.ADMINISTER)
def make_sign_in_link(request: ApiRequest, account_name: Name, asked: SignInLinkIn | None = None) -> Any:
    """A link that signs a person in once; a new name becomes an account. A newer link ends the older ones."""
    seal_answer(request)
    path = sign_in.invite(account_name, (asked and asked.role) or "", actor=request.caller)
    minutes = int(sign_in.VALID.total_seconds() // 60)
    return {"account": account_name, "url": request.build_absolute_uri(path), "minutes": minutes}


# --- Tokens ---------------------------------------------------------------------------------------
@router.get("/tokens", response=ok(TokensOut), operation_id="list_tokens")
@access.needs(roles.ADMINISTER)
def list_tokens(request: ApiRequest) -> Any:
    """Tokens that are not revoked."""
    return {"tokens": [tokens.as_dict(token) for token in tokens.listed()]}


@router.post("/tokens", response=ok(NewTokenOut), operation_id="make_token")
@access.needs(roles.ADMINISTER)
def make_token(request: ApiRequest, asked: TokenIn) -> Any:
    """Make a token; its text is answered this once."""
    seal_answer(request)
    clusters = [selectors.cluster_named(name) for name in dict.fromkeys(asked.clusters)]
    token, text = tokens.create(asked.name, asked.role, clusters, days=asked.days, actor=request.caller)
    return tokens.as_dict(token) | {"token": text}


@router.delete("/tokens/{int:token_id}", response=ok(RevokedOut), operation_id="revoke_token")
@access.needs(roles.ADMINISTER)
def revoke_token(request: ApiRequest, token_id: Key) -> Any:
    """End a token now."""
    try:
        return {"id": tokens.revoke(token_id, actor=request.caller).pk, "revoked": True}
    except Refused as refused:
        raise not_there(refused) from None

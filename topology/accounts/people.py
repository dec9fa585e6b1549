"""Accounts: who has which role, who is signed in, and what an administrator may change about it.

An installation keeps one active administrator: taking the last one away is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from topology import reasons
from topology.accounts import roles, sentences, tokens
from topology.live import events
from topology.models import ApiToken, Cluster, ClusterRole, Event, SignInLink
from topology.reasons import Refused, Said

SIGN_INS = (reasons.SIGNED_IN, reasons.SIGN_IN_THROTTLED, reasons.SESSIONS_ENDED)
LOG = 100  # lines of the sign-in log
SINCE, ADDRESS, AGENT = "signed_in_at", "signed_in_from", "signed_in_with"  # what a session knows of its sign-in
TOPIC = "accounts"


@dataclass(frozen=True)
class SignedIn:
    """A session: whose, since when, from which address, with which browser."""

    key: str
    user_id: int
    since: datetime | None
    address: str
    agent: str

    @property
    def name(self) -> str:
        """How others name it: its key would let its readers in."""
        return sha256(self.key.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Account:
    """A person as the page of accounts shows them."""

    person: Any
    role: str | None
    cluster_roles: tuple[ClusterRole, ...]
    sessions: tuple[SignedIn, ...]
    tokens: int  # that they made and that are not revoked


def accounts(*, after: str = "", only: str = "", most: int | None = None) -> list[Account]:
    """Everybody, or so many after a name, or the one of a name; by name, in a fixed number of queries."""
    there = ClusterRole.objects.select_related("cluster").order_by("cluster__name")
    people = get_user_model().objects.prefetch_related("groups", Prefetch("cluster_roles", there)).order_by("username")
    people = (people.filter(username=only) if only else people.filter(username__gt=after))[:most]
    open_now = defaultdict(list)
    for session in sessions():
        open_now[session.user_id].append(session)
    made = tokens.counts_by_author()
    return [_account(person, open_now[person.pk], made.get(person.get_username(), 0)) for person in people]


def _account(person: Any, open_now: list[SignedIn], made: int) -> Account:
    everywhere = roles.highest(*(group.name for group in person.groups.all()))
    role = roles.ADMINISTRATOR if person.is_superuser else everywhere
    return Account(person, role, tuple(person.cluster_roles.all()), tuple(open_now), made)


def person(pk: int) -> Any:
    """The account of a key. Raises Refused."""
    user = get_user_model().objects.filter(pk=pk).first()
    if user is None:
        raise _no_account(pk)
    return user


def _no_account(pk: int) -> Refused:
    """What is refused for a key: with the name, who deleted it and when, where the history knows it."""
    line = Event.objects.filter(code=reasons.ACCOUNT_DELETED.code, facts__key=pk).order_by("-id").first()
    if line is None:
        return Refused(reasons.NO_SUCH_ACCOUNT, account=f"with the key {pk}")
    by = Said(reasons.REMOVED_BY, {"actor": line.actor_name, "at": line.at.isoformat()})
    return Refused(reasons.NO_SUCH_ACCOUNT, account=line.facts["account"], removed=by)


def person_named(name: str) -> Any:
    """The account of a name. Raises Refused."""
    user = get_user_model().objects.filter(username=name).first()
    if user is None:
        raise Refused(reasons.NO_SUCH_ACCOUNT, account=name)
    return user


def reach_words(account: Account) -> str:
    """The roles of an account, in words."""
    there = [f"{role.role} in {role.cluster.name}" for role in account.cluster_roles]
    everywhere = [f"{account.role} everywhere"] if account.role else [] if there else ["without a role"]
    return ", ".join([*everywhere, *there])


def as_dict(account: Account) -> dict[str, Any]:
    """An account as the command line prints it."""
    return {
        "username": account.person.get_username(),
        "active": account.person.is_active,
        "role": account.role,
        "in": {there.cluster.name: there.role for there in account.cluster_roles},
        "password": account.person.has_usable_password(),
        "sessions": len(account.sessions),
        "tokens": account.tokens,
    }


# --- Sessions -------------------------------------------------------------------------------------
def note_sign_in(session: Any, address: str, agent: str) -> None:
    """Keep in a new session when and from where it was signed in."""
    session[SINCE], session[ADDRESS], session[AGENT] = timezone.now().isoformat(), address[:60], agent[:200]


def sessions(user_id: int | None = None) -> list[SignedIn]:
    """Sessions that are open now, of everybody or of one person."""
    open_sessions = []
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        data = session.get_decoded()
        owner = str(data.get(SESSION_KEY, ""))
        if owner.isdigit() and HASH_SESSION_KEY in data and user_id in (None, int(owner)):
            since = parse_datetime(data.get(SINCE, ""))
            open_sessions.append(
                SignedIn(session.session_key, int(owner), since, data.get(ADDRESS, ""), data.get(AGENT, ""))
            )
    return sorted(open_sessions, key=lambda session: session.since.timestamp() if session.since else 0, reverse=True)


@transaction.atomic
def end_sessions(person: Any, *, actor: Any, only: str = "") -> int:
    """Sign a person out everywhere, or end the one session of a name; answers how many ended."""
    keys = [session.key for session in sessions(person.pk) if only in ("", session.name)]
    Session.objects.filter(session_key__in=keys).delete()
    if keys:
        events.record(
            reasons.SESSIONS_ENDED, actor=actor, topics=[TOPIC], account=person.get_username(), sessions=len(keys)
        )
    return len(keys)


def sign_in_log() -> QuerySet[Event]:
    """The latest sign-ins, waits for too many failed ones, and sessions that were ended."""
    return Event.objects.filter(code__in=[why.code for why in SIGN_INS]).order_by("-pk")[:LOG]


# --- Roles ----------------------------------------------------------------------------------------
@transaction.atomic
def set_role(person: Any, role: str, *, actor: Any) -> str:
    """Make this the one role of a person everywhere; "" takes it away. Raises Refused for the last administrator.

    Answers what is left to be done, or "": tokens that the person made keep the role that they have.
    """
    _known(role)
    give_only_role(person, role)
    return _say_role(person, role, "everywhere", actor)


@transaction.atomic
def give_only_role(person: Any, role: str) -> None:
    """Let a known role, or "" for none, be the one of a person. Raises Refused for the last administrator."""
    if role != roles.ADMINISTRATOR:
        demand_another_administrator(person)
        # Of `createsuperuser`: it would go on holding whatever the role is.
        get_user_model().objects.filter(pk=person.pk, is_superuser=True).update(is_superuser=False)
    person.groups.remove(*Group.objects.filter(name__in=roles.ROLES))
    if role:
        person.groups.add(Group.objects.get(name=role))


@transaction.atomic
def set_cluster_role(person: Any, cluster: Cluster, role: str, *, actor: Any) -> str:
    """Make this the role of a person in one cluster; "" takes it away. Raises Refused.

    Answers what is left to be done, as `set_role` does.
    """
    _known(role)
    if role:
        ClusterRole.objects.update_or_create(user=person, cluster=cluster, defaults={"role": role})
    else:
        ClusterRole.objects.filter(user=person, cluster=cluster).delete()
    return _say_role(person, role, f"in {cluster.name}", actor)


@transaction.atomic
def set_active(person: Any, active: bool, *, actor: Any) -> str:
    """Let a person sign in, or end that and all their sessions. Raises Refused for the last administrator.

    Answers what is left to be done, or "": tokens that the person made belong to programs, which go on.
    """
    if not active:
        demand_another_administrator(person)
    name = person.get_username()
    people = get_user_model().objects.filter(pk=person.pk).exclude(is_active=active)
    if changed := people.update(is_active=active):
        why = reasons.ACCOUNT_ACTIVATED if active else reasons.ACCOUNT_DEACTIVATED
        events.record(why, actor=actor, topics=[TOPIC], account=name)
        if not active:
            end_sessions(person, actor=actor)
            SignInLink.objects.filter(user=person, used_at=None).delete()  # or it would work again with the account
    return "" if active else _say_tokens(name, tokens.made_by(name), actor, record=bool(changed))


def _say_tokens(name: str, left: Sequence[ApiToken], actor: Any, *, record: bool = True) -> str:
    """That tokens of somebody can still be used, which is also recorded; "" where there are none."""
    if not left:
        return ""
    facts: dict[str, Any] = {"account": name, "tokens": len(left)}
    if record:
        events.record(reasons.TOKENS_LEFT, actor=actor, topics=[TOPIC], **facts)
    return sentences.whole(Refused(reasons.TOKENS_LEFT, **facts))


@dataclass(frozen=True)
class DeletedAccount:
    """What ended with an account; its name stays in the history, with what it did."""

    account: str
    sessions: int
    tokens: int
    views: int


@transaction.atomic
def delete(person: Any, *, actor: Any) -> DeletedAccount:
    """Delete an account: sessions, links, roles and saved views go, tokens that it made are revoked.

    Plans, runs, pins and lines of history keep its name. Raises Refused for the last administrator.
    """
    demand_another_administrator(person)
    name = person.get_username()
    sessions = end_sessions(person, actor=actor)
    mine = tokens.made_by(name)
    for token in mine:
        tokens.revoke(token.pk, actor=actor)
    facts: dict[str, Any] = {"account": name, "key": person.pk, "sessions": sessions, "tokens": len(mine)}
    events.record(reasons.ACCOUNT_DELETED, actor=actor, topics=[TOPIC], **facts)
    _, gone = person.delete()
    return DeletedAccount(name, sessions, len(mine), gone.get("assignments.SavedView", 0))


def demand_another_administrator(person: Any) -> None:
    """Raise Refused when no one else could administer; two who remove each other wait for one lock."""
    Group.objects.select_for_update().get(name=roles.ADMINISTRATOR)
    if set(roles.administrators().values_list("pk", flat=True)) == {person.pk}:
        raise Refused(reasons.LAST_ADMINISTRATOR, account=person.get_username())


def _known(role: str) -> None:
    if role and role not in roles.ROLES:
        raise Refused(reasons.ROLE_NOT_KNOWN, role=role[:40], roles=", ".join(roles.ROLES))


def _say_role(person: Any, role: str, where: str, actor: Any) -> str:
    name = person.get_username()
    events.record(reasons.ROLE_SET, actor=actor, topics=[TOPIC], account=name, role=role or "no role", where=where)
    now = get_user_model().objects.get(pk=person.pk)
    reach = roles.reach_of(now)
    return _say_tokens(name, [token for token in tokens.made_by(name) if not tokens.is_within(token, reach)], actor)

"""API tokens: what a program signs in with.

create -> the token, shown once; its hash is kept -> each request: one UPDATE that finds it, counts it and notes it
                                                     |-> unknown, expired or revoked: None
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from topology import reasons
from topology.accounts import roles
from topology.live import actors, events
from topology.models import ApiToken, Cluster, Event
from topology.reasons import Refused, Said

PREFIX = "hn_"  # so that scanners of leaked secrets, and people, know one
MAX_NAME, MAX_DAYS = 100, 3650


@dataclass
class ApiClient:
    """A program that calls with a token: it has a role and a name like a person, and no account."""

    token_id: int
    name: str
    reach: roles.Reach
    calls: int  # in this minute
    pk: None = None
    is_authenticated: bool = True
    is_active: bool = True

    def get_username(self) -> str:
        """How history names it."""
        return f"token {self.name}"

    __str__ = get_username


USE = """
UPDATE topology_apitoken SET last_used_at = %(now)s, minute = %(minute)s,
    calls = CASE WHEN minute = %(minute)s THEN calls + 1 ELSE 1 END
WHERE token_hash = %(hash)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
RETURNING id, name, role, everywhere, calls,
    ARRAY(SELECT cluster_id FROM topology_apitoken_clusters c WHERE c.apitoken_id = topology_apitoken.id)
"""


def use(token: str, now: datetime) -> ApiClient | None:
    """The program of a token, with this request counted; None for a token that is not valid."""
    with connection.cursor() as cursor:
        cursor.execute(USE, {"now": now, "minute": minute_of(now), "hash": _hash(token)})
        row = cursor.fetchone()
    if row is None:
        return None
    pk, name, role, everywhere, calls, clusters = row
    reach = roles.Reach(role) if everywhere else roles.Reach(None, dict.fromkeys(clusters, role))
    return ApiClient(pk, name, reach, calls)


def bearer(header: str, now: datetime) -> ApiClient | None:
    """The program of a header "Authorization: Bearer TOKEN", with this request counted; None without a valid one."""
    scheme, _, token = header.partition(" ")
    return use(token.strip(), now) if scheme.lower() == "bearer" and "\0" not in token else None


def is_valid(pk: int, now: datetime) -> bool:
    """Whether a token may still be used: neither revoked nor expired."""
    rows = ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), pk=pk, revoked_at=None)
    return rows.exists()


def minute_of(now: datetime) -> int:
    """The minute since 1970 that requests are counted in."""
    return int(now.timestamp()) // 60


def over_limit(program: ApiClient, now: datetime) -> int:
    """Seconds after which the program may ask again; 0: it may ask now."""
    return 60 - int(now.timestamp()) % 60 if program.calls > settings.API_REQUESTS_PER_MINUTE else 0


def checked_days(days: int | None) -> int | None:
    """For how many days a token is valid; None is for ever. Raises Refused."""
    if days is not None and not 0 < days <= MAX_DAYS:
        raise _not_valid()
    return days


def checked_name(name: str) -> str:
    """The name of a token, with single spaces. Raises Refused."""
    said = " ".join(name.split())
    if not 0 < len(said) <= MAX_NAME:
        raise _not_valid()
    return said


def _not_valid() -> Refused:
    return Refused(reasons.TOKEN_NOT_VALID, name=MAX_NAME, roles=", ".join(roles.ROLES), days=MAX_DAYS)


@transaction.atomic
def create(
    name: str, role: str, clusters: Sequence[Cluster] = (), *, days: int | None = None, actor: Any
) -> tuple[ApiToken, str]:
    """A new token and its text, which is shown this once; no clusters: all of them. Raises Refused."""
    said = checked_name(name)
    checked_days(days)
    if role not in roles.ROLES:
        raise _not_valid()
    text = PREFIX + secrets.token_urlsafe(32)
    until = None if days is None else timezone.now() + timedelta(days=days)
    try:
        with transaction.atomic():
            token = ApiToken.objects.create(
                name=said, token_hash=_hash(text), role=role, everywhere=not clusters, expires_at=until,
                author_name=str(actor),
            )  # fmt: skip
    except IntegrityError:
        raise Refused(reasons.TOKEN_NAME_TAKEN, name=said) from None
    token.clusters.set(clusters)
    reach = ", ".join(cluster.name for cluster in clusters) or "all clusters"
    events.record(reasons.TOKEN_CREATED, actor=actor, topics=["accounts"], token=said, role=role, reach=reach)
    return token, text


def _revoked(token: ApiToken) -> Refused:
    """What is refused for a token that has ended: who ended it, and when."""
    token.refresh_from_db()
    lines = Event.objects.filter(code=reasons.TOKEN_REVOKED.code, facts__token=token.name, at__gte=token.revoked_at)
    line = lines.order_by("id").first()
    by = Said(reasons.REMOVED_BY, {"actor": line.actor_name, "at": line.at.isoformat()}) if line else ""
    return Refused(reasons.NO_SUCH_TOKEN, token=token.name, removed=by)


@transaction.atomic
def revoke(pk: int, *, actor: Any) -> ApiToken:
    """End a token now. Raises Refused when there is none, or it has ended."""
    token = ApiToken.objects.filter(pk=pk).first()
    if token is None:
        raise Refused(reasons.NO_SUCH_TOKEN, token=f"with the key {pk}")
    if not ApiToken.objects.filter(pk=pk, revoked_at=None).update(revoked_at=timezone.now()):
        raise _revoked(token)
    events.record(reasons.TOKEN_REVOKED, actor=actor, topics=["accounts"], token=token.name)
    return token


def listed() -> list[ApiToken]:
    """Tokens that are not revoked, the newest first, with their clusters."""
    return list(ApiToken.objects.filter(revoked_at=None).prefetch_related("clusters"))


def made_by(name: str) -> list[ApiToken]:
    """Tokens of a person that can still be used, with those that these made: their maker may have seen the text."""
    return [token for token, makers in _with_makers() if name in makers and _ends_in_future(token)]


def counts_by_author() -> dict[str, int]:
    """How many tokens each has made that can still be used, as in `made_by`, by name."""
    return Counter(maker for token, makers in _with_makers() if _ends_in_future(token) for maker in makers)


def _ends_in_future(token: ApiToken) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > timezone.now())


def is_within(token: ApiToken, reach: roles.Reach) -> bool:
    """Whether a token may do no more than somebody of this reach."""
    places = [None] if token.everywhere else [cluster.pk for cluster in token.clusters.all()]
    return all(roles.suffices(reach.role_in(place), token.role) for place in places)


def is_of(program: str, person: str) -> bool:
    """Whether a program, as history names it, has a token that this person made, or that one of their tokens made."""
    chains = (makers for token, makers in _with_makers() if program == str(token))
    return any(person in map(actors.person_in, makers) for makers in chains)


def _with_makers() -> list[tuple[ApiToken, set[str]]]:
    """All tokens, also those revoked, each with the names of who made it, who made the token that made it, …"""
    every = list(ApiToken.objects.all())
    authors: dict[str, set[str]] = defaultdict(set)
    for token in every:
        authors[str(token)].add(token.author_name)
    return [(token, _makers(token.author_name, authors)) for token in every]


def _makers(author: str, authors: Mapping[str, set[str]]) -> set[str]:
    makers, new = set[str](), {author}
    while new:
        makers |= new
        new = {name for maker in new for name in authors.get(maker, ())} - makers
    return makers


def as_dict(token: ApiToken) -> dict[str, Any]:
    """The shape that the command and the API give."""
    return {
        "id": token.pk,
        "name": token.name,
        "role": token.role,
        "everywhere": token.everywhere,
        "clusters": [cluster.name for cluster in token.clusters.all()],
        "expires": token.expires_at.isoformat() if token.expires_at else None,
        "last_used": token.last_used_at.isoformat() if token.last_used_at else None,
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

"""Signing in: the first administrator and links that work once."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from topology import reasons
from topology.accounts import people, pseudonyms, roles
from topology.live import events
from topology.models import SignInLink

HAS_ROLE = Q(groups__name__in=roles.ROLES) | Q(is_superuser=True) | Q(cluster_roles__isnull=False)
VALID = timedelta(minutes=30)
MAX_NAME = 150
FIRST = "admin"  # the name of the first administrator, where no one gave another


@transaction.atomic
def issue_sign_in_link(*, username: str = FIRST, role: str | None = None) -> str:
    """Path of a link that signs a person in once, within 30 minutes; older links of that person end.

    An unknown name becomes a new account: the first one is an administrator, a later one gets `role` or is a viewer.
    Raises Refused for an account that is deactivated.
    """
    everybody = get_user_model().objects
    first = not everybody.exists()
    user, new = everybody.get_or_create(username=username)
    if not user.is_active:
        raise reasons.Refused(reasons.ACCOUNT_CLOSED, account=username)
    if new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if new or role:
        give_role(user, role or (roles.ADMINISTRATOR if first else roles.VIEWER))
    token = secrets.token_urlsafe(32)
    SignInLink.objects.filter(user=user, used_at=None).delete()  # a newer link ends the older ones
    SignInLink.objects.create(user=user, token_hash=_hash(token), expires_at=timezone.now() + VALID)
    return reverse("sign-in-link", args=[token])


@transaction.atomic
def issue_link_at_start() -> tuple[str, str]:
    """An administrator, and a link for them: “admin” if that is one, else the first; without any, “admin” becomes one.

    A person who starts the console owns its data, and so may administer it.
    """
    administrators = roles.administrators().order_by("pk").values_list("username", flat=True)
    name = next((name for name in administrators if name == FIRST), None) or administrators.first() or FIRST
    get_user_model().objects.filter(username=name).update(is_active=True)
    return name, issue_sign_in_link(username=name, role=roles.ADMINISTRATOR if name not in administrators else None)


@transaction.atomic
def invite(username: str, role: str, *, actor: object) -> str:
    """A link for a person, who becomes an account when the name is new; "" leaves a role as it is. Raises Refused."""
    try:
        get_user_model().username_validator(username)
    except ValidationError:
        raise reasons.Refused(reasons.ACCOUNT_NAME_NOT_VALID, name=username[:40]) from None
    if len(username) > MAX_NAME or (role and role not in roles.ROLES):
        raise reasons.Refused(reasons.ACCOUNT_NAME_NOT_VALID, name=username[:40])
    path = issue_sign_in_link(username=username, role=role or None)
    events.record(reasons.PERSON_INVITED, actor=actor, topics=["accounts"], account=username)
    return path


def give_role(user: object, role: str) -> None:
    """Make this the one role of a person. Raises ValueError for a role that does not exist."""
    if role not in roles.ROLES:
        raise ValueError(f"{role} is not one of {', '.join(roles.ROLES)}")
    people.give_only_role(user, role)


@transaction.atomic
def redeem(token: str) -> object:
    """The person of a link, which is used up by this. Raises Refused when it is old, used or unknown."""
    now = timezone.now()
    # By the link's own columns alone: a join would keep PostgreSQL from asking `used_at` again after waiting for the
    # row, and two who press at once would both get in.
    used = SignInLink.objects.filter(token_hash=_hash(token), used_at=None, expires_at__gt=now).update(used_at=now)
    link = SignInLink.objects.filter(token_hash=_hash(token)).select_related("user").first()
    if not link or not used or not link.user.is_active:
        raise reasons.Refused(reasons.LINK_NOT_VALID, minutes=int(VALID.total_seconds() // 60))
    note_sign_in(link.user)
    return link.user


def note_sign_in(person: object) -> None:
    """Write into the history that a person signed in, by link or by password."""
    events.record(reasons.SIGNED_IN, actor=person)


def still_allowed(asked: set[tuple[int, str]]) -> dict[tuple[int, str], tuple[roles.Reach, bool]]:
    """Of these (person, session), those who are signed in and may see the console now, in four queries.

    Answers what each reaches, and whether the session hides names.
    """
    persons = get_user_model().objects.filter(HAS_ROLE, pk__in={pk for pk, _ in asked}, is_active=True)
    allowed = list(persons.distinct())
    hashes, reaches = {person.pk: person.get_session_auth_hash() for person in allowed}, roles.reaches_of(allowed)
    sessions = Session.objects.filter(session_key__in={key for _, key in asked}, expire_date__gt=timezone.now())
    signed = {session.session_key: session.get_decoded() for session in sessions}
    return {
        (pk, key): (reaches[pk], bool(signed[key].get(pseudonyms.HIDES_NAMES)))
        for pk, key in asked
        if pk in hashes
        and str(signed.get(key, {}).get(SESSION_KEY)) == str(pk)
        and signed[key].get(HASH_SESSION_KEY) == hashes[pk]
    }


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

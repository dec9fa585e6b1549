"""Signing in: the first administrator and links that work once."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from topology import reasons
from topology.accounts import roles
from topology.live import events
from topology.models import SignInLink

VALID = timedelta(minutes=30)


@transaction.atomic
def issue_sign_in_link(*, username: str = "admin", role: str | None = None) -> str:
    """Path of a link that signs a person in once, within 30 minutes.

    An unknown name becomes a new account: the first one is an administrator, a later one gets `role` or is a viewer.
    """
    people = get_user_model()
    first = not people.objects.exists()
    user, new = people.objects.get_or_create(username=username)
    if new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if new or role:
        give_role(user, role or (roles.ADMINISTRATOR if first else roles.VIEWER))
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(user=user, token_hash=_hash(token), expires_at=timezone.now() + VALID)
    return f"/sign-in/link/{token}/"


def give_role(user: object, role: str) -> None:
    """Make this the one role of a person. Raises ValueError for a role that does not exist."""
    if role not in roles.ROLES:
        raise ValueError(f"{role} is not one of {', '.join(roles.ROLES)}")
    user.groups.remove(*Group.objects.filter(name__in=roles.ROLES))  # type: ignore[attr-defined]
    user.groups.add(Group.objects.get(name=role))  # type: ignore[attr-defined]


@transaction.atomic
def redeem(token: str) -> object:
    """The person of a link, which is used up by this. Raises Refused when it is old, used or unknown."""
    now = timezone.now()
    link = SignInLink.objects.filter(token_hash=_hash(token)).select_related("user").first()
    used = SignInLink.objects.filter(
        token_hash=_hash(token), used_at=None, expires_at__gt=now, user__is_active=True
    ).update(used_at=now)
    if not link or not used:
        raise reasons.Refused(reasons.LINK_NOT_VALID, minutes=int(VALID.total_seconds() // 60))
    events.record(reasons.SIGNED_IN, actor=link.user)
    return link.user


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

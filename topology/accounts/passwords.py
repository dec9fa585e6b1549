"""Passwords: checked no faster than somebody who mistypes needs, so that no one can try them all.

    name + password -> failed too often (this name? this address?) -> wait | hashing, two at once -> person | failed

django-allauth counts the failures, for each name and each address; sign-in links stay usable meanwhile.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth.forms import AuthenticationForm
from django.core.cache import cache
from django.core.exceptions import ValidationError

from topology import reasons
from topology.live import events

WAITS = "waits"  # code of the error of a person who has to try again later
MINUTES = 5  # after which a name may be tried again; settings.ACCOUNT_RATE_LIMITS has the same
HASHINGS = threading.BoundedSemaphore(2)  # in one process at once: guesses must not slow everybody else
PATIENCE = 3.0  # seconds to wait for one of them


class PasswordForm(AuthenticationForm):
    """Name and password, held to the limits of failed tries."""

    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name and password:
            self.user_cache = _authenticated(self.request, name, password)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


def _authenticated(request: Any, name: str, password: str) -> Any:
    """The person of a name and a password, or None. Raises ValidationError for one who has to wait."""
    if not HASHINGS.acquire(timeout=PATIENCE):
        raise ValidationError("Too many sign-ins at the moment. Try again in a few seconds.", code=WAITS)
    try:
        return get_adapter(request).authenticate(request, username=name, password=password)
    except ValidationError as limited:
        _say_once(name)
        raise ValidationError(
            f"Too many failed sign-ins. Try again in {MINUTES} minutes, or use a sign-in link: "
            "manage.py sign_in_link NAME",
            code=WAITS,
        ) from limited
    finally:
        HASHINGS.release()


def _say_once(name: str) -> None:
    """One line of history for each name and span; a thousand guesses must not fill it."""
    key = f"sign-in-throttled:{hashlib.sha256(name.casefold().encode()).hexdigest()}"
    if cache.add(key, True, timeout=MINUTES * 60):
        events.record(reasons.SIGN_IN_THROTTLED, actor=name[:150], minutes=MINUTES)

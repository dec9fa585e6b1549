"""From which address somebody signs in, as far as it can be known: no one is kept out because it cannot.

X-Forwarded-For of so many trusted proxies -> else who speaks to this process -> else NOWHERE, one for all of those
"""

from __future__ import annotations

import ipaddress
import logging

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest

log = logging.getLogger(__name__)
NOWHERE = "0.0.0.0"  # on a socket of the machine itself, or behind a header that names no address


class SignInAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What django-allauth counts failed sign-ins by."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address of whom a request is from, NOWHERE where none is known."""
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured:
            log.warning("X-Forwarded-For names fewer proxies than TRUSTED_PROXY_COUNT, so it is not believed.")
            return _checked(request.META.get("REMOTE_ADDR", ""))
        except PermissionDenied:
            return NOWHERE


def address_of(request: HttpRequest) -> str:
    """The same for people to read: empty where none is known."""
    address = SignInAdapter(request).get_client_ip(request)
    return "" if address == NOWHERE else address


def _checked(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return NOWHERE

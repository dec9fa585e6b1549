"""What every page knows: the clusters to switch between and what the person may do."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from topology.accounts import pseudonyms, roles
from topology.live import health
from topology.live.build import build
from topology.views.cluster_places import CLUSTER_PLACES
from topology.views.http import pseudonym_key


def page(request: HttpRequest) -> dict[str, Any]:
    """Names for base.html; nothing is read from the database before a template asks for it."""
    user = getattr(request, "user", None)
    return {
        "build": build,
        "read_at": getattr(request, "asked_at", ""),
        "server_zone": settings.TIME_ZONE,
        "product_version": settings.VERSION,
        "cluster_places": CLUSTER_PLACES,
        "troubles": SimpleLazyObject(health.troubles),
        "clusters": SimpleLazyObject(lambda: list(roles.clusters_of(user).only("id", "name"))),
        "me": SimpleLazyObject(lambda: _name(request)),
        "role": SimpleLazyObject(lambda: roles.role_of(user) or ""),
        "may_export": SimpleLazyObject(lambda: roles.may_export(user)),
        "may_operate": SimpleLazyObject(lambda: roles.may(user, roles.OPERATE)),
        "may_administer": SimpleLazyObject(lambda: roles.may(user, roles.ADMINISTER)),
        "may_administer_all": SimpleLazyObject(lambda: roles.reach_of(user).everywhere == roles.ADMINISTER),
    }


def _name(request: HttpRequest) -> str:
    """Who is signed in; the pages of errors are rendered outside of any view."""
    with pseudonyms.enabled(pseudonym_key(request)):
        return pseudonyms.account(request.user.get_username())

"""What every view shares: one typed request, the question of rights, and one way to answer a refusal."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django_htmx.http import reswap, retarget
from django_htmx.middleware import HtmxDetails

from topology.accounts import pseudonyms, roles, sentences
from topology.live import probe
from topology.models import Cluster
from topology.reasons import Refused
from topology.structure.within_reach import limited_to_reach

HIDES_NAMES = pseudonyms.HIDES_NAMES


def pseudonym_key(request: HttpRequest) -> str | None:
    """The key of the pseudonyms that the session of a request shows in place of names, or None."""
    return settings.SECRET_KEY if getattr(request, "session", {}).get(HIDES_NAMES) else None


class Request(HttpRequest):
    """A request of a signed-in person, with what htmx says of itself."""

    htmx: HtmxDetails
    user: AbstractBaseUser  # type: ignore[assignment]


View = Callable[..., HttpResponse]


Place = Callable[..., int | None]


def needs_role(role: str, place: Place | None = None) -> Callable[[View], View]:
    """Refuse people without a role, and answer every Refused of the view with its code, sentence and fix.

    `place` answers from the parts of the address the key of the cluster that it is about; without it that is `cluster`,
    by name. What is about no cluster may be seen by people who see one; the view then shows no other.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with pseudonyms.enabled(pseudonym_key(request)):
                try:
                    _enter(request.user, role, place, kwargs)
                    return view(request, *args, **kwargs)
                except Refused as refusal:
                    return refused(request, limited_to_reach(refusal, roles.reach_of(request.user)))
                except DatabaseError as error:
                    if (lost := probe.conflict(error)) is None:
                        raise
                    return refused(request, lost)

        return guarded

    return decorate


def _enter(user: Any, role: str, place: Place | None, parts: dict[str, Any]) -> None:
    """Let the role in the cluster of an address count. Raises Refused when it does not reach that far."""
    reach = roles.reach_of(user)
    cluster_pk = None
    if reach.clusters:
        cluster_pk = place(**parts) if place else _named(parts.get("cluster_name"))
        roles.enter(user, cluster_pk)
    if not (roles.may(user, role) or (role == roles.SEE and cluster_pk is None and reach.somewhere)):
        raise roles.lacking(role, _about(place, parts), anywhere=role == roles.SEE)


def _about(place: Place | None, parts: dict[str, Any]) -> str | int | None:
    """Name or key of the cluster that an address is about; None also where it names what is not there."""
    try:
        return place(**parts) if place else parts.get("cluster_name")
    except Refused:
        return None


def _named(cluster: str | None) -> int | None:
    """The key of a cluster; of one that there is not, a key that no one has a role for."""
    if not cluster:
        return None
    return Cluster.objects.filter(name=cluster).values_list("pk", flat=True).first() or -1


def refused(request: HttpRequest, refusal: Refused, **more: Any) -> HttpResponse:
    """The refusal as JSON for programs, as a message fragment for htmx, as a page for people.

    `more` is what the message shows beside it, such as the way to a fix.
    """
    status = refusal.reason.status
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse(sentences.hidden(refusal).as_dict(), status=status)
    if cast(Request, request).htmx:
        return to_messages(render(request, "shared/_refused.html", {"refusal": refusal} | more, status=status))
    return render(request, "refused.html", {"refusal": refusal}, status=status)


def to_dialog(response: HttpResponse) -> HttpResponse:
    """The same answer, for the dialog of the page, whatever asked."""
    return _to("#dialog", response)


def to_messages(response: HttpResponse) -> HttpResponse:
    """The same answer, for the messages of the page, whatever asked."""
    return _to("#messages", response)


def _to(place: str, response: HttpResponse) -> HttpResponse:
    # Who asked may be gone by now: static/js/dialogs/dialogs.js sees to it that the place is found nevertheless.
    return reswap(retarget(response, place), "innerHTML")

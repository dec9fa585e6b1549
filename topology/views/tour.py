"""The first-run tour: four steps on the topology page, skipped with one press and kept away by a cookie."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from topology.accounts import roles
from topology.views.http import needs_role

COOKIE = "homenode_tour"
A_YEAR = 365 * 24 * 3600  # seconds
STEPS = (
    (
        "Everything on one page",
        (
            "On the left the tree, in the middle each subcluster with its nodes side by side, on the right the users "
            "of what you choose. What others do shows here at once while the dot at the top says Live."
        ),
    ),
    (
        "Move users",
        (
            "Drag users from the list onto a node; before you drop, every target says what that would mean, or why "
            "not. Without a mouse: arrows and space choose, M opens “Move to…”. Every move can be undone."
        ),
    ),
    (
        "Balance, with proof",
        (
            "Rebalance… shows each node before and after, and why fewer moves are not enough. Nothing moves until you "
            "run it; then it runs throttled, with pause and cancel, and survives a restart."
        ),
    ),
    (
        "Rehearse a failure",
        (
            "The menu of a node (⋮) switches its power off. Watch its peer take over, and the users out of service "
            "count down; switch it on again and press Fallback. Home nodes never change. “Play a failover” shows it."
        ),
    ),
)


def context(number: int = 1) -> dict[str, Any]:
    """What the fragment of one step shows."""
    title, text = STEPS[number - 1]
    return {"step": {"number": number, "of": len(STEPS), "title": title, "text": text, "last": number == len(STEPS)}}


def wanted(request: HttpRequest) -> bool:
    """Whether this browser has not finished or skipped the tour yet."""
    return COOKIE not in request.COOKIES


@require_GET
@needs_role(roles.SEE)
def tour(request: HttpRequest, pk: int) -> HttpResponse:
    """One step."""
    if not 1 <= pk <= len(STEPS):
        raise Http404
    return render(request, "board/cluster/_tour.html", context(pk))


@require_POST
@needs_role(roles.SEE)
def done(request: HttpRequest) -> HttpResponse:
    """Skipped or finished: it does not come by itself again in this browser."""
    response = HttpResponse('<aside id="tour" hidden></aside>')
    response.set_cookie(
        COOKIE,
        "done",
        max_age=A_YEAR,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
        path=settings.SESSION_COOKIE_PATH,
    )
    return response

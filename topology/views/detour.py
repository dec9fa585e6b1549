"""The way over the sign-in: back to the page that was asked for, or on which the form stood that was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from topology import reasons
from topology.reasons import Refused

READING = ("GET", "HEAD")


class SignInFirst(LoginRequiredMiddleware):
    """As Django's, but what a form was sent to is no page to come back to: it would be opened, and shows nothing.

    A script that asks for JSON is told so in JSON: it would follow to a page that it cannot read.
    """

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponse:
        if request.headers.get("Accept", "").startswith("application/json"):
            refusal = Refused(reasons.SIGNED_OUT)
            return JsonResponse(refusal.as_dict(), status=refusal.reason.status)
        if request.method in READING:
            return super().handle_no_permission(request, view_func)
        sign_in = resolve_url(self.get_login_url(view_func))
        page = _page_of(request)
        return redirect_to_login(page, sign_in) if page else redirect(sign_in)


def _page_of(request: HttpRequest) -> str:
    """Path and query of the page that a form was sent from; empty where it is not one of ours."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return ""
    parts = urlsplit(address)
    return urlunsplit(("", "", parts.path, parts.query, ""))

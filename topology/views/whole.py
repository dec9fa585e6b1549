"""What a browser opens by itself, without scripts or by a link, is a whole page: a fragment, and what is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import Resolver404, resolve
from django.utils.html import strip_tags
from django.utils.safestring import mark_safe

from topology.accounts import pseudonyms, roles
from topology.views.http import Request, pseudonym_key

TITLE = re.compile(r"<h2[^>]*>(.*?)</h2>", re.DOTALL)


class WholePages:
    """Puts what htmx would put into a page into one of its own, where a browser goes to it without htmx."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and _goes_there(request) and not response.content:
            return _nothing_to_open(request, response)
        return _whole(request, response) if _goes_there(request) and _is_fragment(response) else response


def _nothing_to_open(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A page in place of nothing: the address of a form that was sent stands in the browser, and may be opened.

    Who signed in comes from the answer to a form, which stood at its own address: to the page that has the form.
    """
    above = _above(request)
    if above and _path(request.headers.get("Referer", "")) == resolve_url(settings.LOGIN_URL):
        return redirect(above)
    page = render(request, "405.html", {"above": above}, status=405)
    page.headers["Allow"] = response.headers.get("Allow", "")
    return page


def _path(address: str) -> str:
    with suppress(ValueError):  # it is no address
        return urlsplit(address).path
    return ""


def _above(request: HttpRequest) -> str:
    """The nearest address above one that is none to open; "" where that is the start, to which each page leads."""
    path = request.path_info.rstrip("/")
    prefix = request.path.removesuffix(request.path_info)
    while path := path.rpartition("/")[0]:
        with suppress(Resolver404):
            resolve(f"{path}/")
            return f"{prefix}{path}/"
    return ""


def _goes_there(request: HttpRequest) -> bool:
    """Whether a browser asks for a page: scripts ask for fragments, and say so."""
    headers = request.headers
    asks_page = "text/html" in headers.get("Accept", "") and headers.get("Sec-Fetch-Dest", "document") == "document"
    return asks_page and not cast(Request, request).htmx and cast(Request, request).user.is_authenticated


def _is_fragment(response: HttpResponse) -> bool:
    if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
        return False
    return bool(response.content.strip()) and not response.content.lstrip()[:9].lower().startswith(b"<!doctype")


def _whole(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    fragment = response.content.decode()
    title = TITLE.search(fragment)
    name = request.resolver_match.kwargs.get("cluster_name") if request.resolver_match else None
    untitled = "Part of a page" if request.method in ("GET", "HEAD") else "Done"  # who only looks did nothing
    context = {
        "fragment": mark_safe(fragment),  # a template rendered it
        "title": " ".join(strip_tags(title[1]).split()) if title else untitled,
        "cluster": roles.clusters_of(request.user).filter(name=name).first() if name else None,
    }
    with pseudonyms.enabled(pseudonym_key(request)):
        page = render(request, "whole.html", context, status=response.status_code)
    page.cookies = response.cookies
    return page

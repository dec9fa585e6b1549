"""What stands before every address and form: the page that asks, and the refusal of what no one can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError

from topology import reasons
from topology.reasons import Refused
from topology.views.http import refused

API = "/api/"


def current_page(request: HttpRequest) -> SplitResult:
    """The address of the page that asks, as htmx names it; empty where none can be read."""
    try:
        return urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return urlsplit("")


class ReadableRequests:
    """Refuse, ahead of every view, text that no database column can hold, and bodies that are too large or broken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(API):  # it answers in its own shape (topology/api/guard.py)
            return self.get_response(request)
        try:
            problem = unreadable(request)
        except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
            return refused(request, Refused(reasons.INPUT_TOO_LARGE))
        except (SuspiciousOperation, MultiPartParserError, UnicodeError):
            return refused(request, Refused(reasons.INPUT_NOT_READABLE, name="The form"))
        if problem is not None:
            return refused(request, Refused(reasons.INPUT_NOT_READABLE, name=problem))
        return self.get_response(request)


def unreadable(request: HttpRequest) -> str | None:
    """What of a request has a NUL or half a character in it: the address, or the name of a field."""
    if not _is_text(request.path_info):
        return "The address"
    fields: list[tuple[str, Iterable[str]]] = list(request.GET.lists())
    if request.method == "POST" and not request.path_info.startswith(API):
        fields += list(request.POST.lists())
        fields += [(name, [str(getattr(file, "name", ""))]) for name, file in request.FILES.items()]
    for name, values in fields:
        if not _is_text(name) or not all(map(_is_text, values)):
            return f"“{name[:40]}”" if _is_text(name) else "The name of a field"
    return None


def given_twice(request: HttpRequest) -> set[str]:
    """The names in an address that have more than one value."""
    return {name for name, values in request.GET.lists() if len(values) > 1}


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)

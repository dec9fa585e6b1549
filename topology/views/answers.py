"""Short answers to htmx: a message for the corner of the page, and news for the page itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import trigger_client_event

from topology.views.http import to_messages


def toast(request: HttpRequest, text: str, *, tone: str = "good", close: bool = False) -> HttpResponse:
    """A message among the page's messages; `close` closes the open dialog. What changed comes by the live stream."""
    response = to_messages(render(request, "shared/_toast.html", {"text": text, "tone": tone}))
    return trigger_client_event(response, "close-dialog") if close else response

"""Headers of every answer: what is private is kept by no cache, and the page may use nothing of the machine."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

FEATURES = ("accelerometer", "camera", "geolocation", "gyroscope", "magnetometer", "microphone", "payment", "usb")
PERMISSIONS = ", ".join(f"{feature}=()" for feature in FEATURES)


class PrivateAnswers:
    """Every answer of a view is about people or a session: no browser and no proxy may keep it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Milliseconds since 1970, as text: nothing that a page shows was read before it was asked for.
        request.asked_at = str(int(time.time() * 1000))  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response

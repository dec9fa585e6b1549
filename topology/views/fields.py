"""The fields of a dialog of settings: one shape, one template, and one answer when what was typed is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from topology.reasons import Refused
from topology.views.http import to_dialog


@dataclass(frozen=True)
class Field:
    """One field as it is shown, with what is wrong about it; `kind` is number, time, text or switch."""

    name: str
    label: str
    unit: str
    value: str
    kind: str = "number"
    allowed: str = ""  # in words
    error: str = ""

    @property
    def on(self) -> bool:
        return self.value == "on"


def show_dialog(
    request: HttpRequest, template: str, context: dict[str, Any], refusal: Refused | None, error: str
) -> HttpResponse:
    """The dialog with its form; after a refusal with that status, and an error that no field shows at its head."""
    shown = context | {"refusal": refusal, "error": error}
    return to_dialog(render(request, template, shown, status=refusal.reason.status if refusal else 200))

"""The fields of the form of a what-if: how they look, and how numbers that were typed are read."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from topology import reasons
from topology.reasons import Refused

LEAST_SEED, MOST_SEED = -(2**63), 2**63 - 1


def whole(low: int, high: int, text: str) -> int:
    """A whole number within two others that was typed. Raises Refused."""
    plain = text.replace(",", "").replace(" ", "")
    if re.fullmatch(r"-?[0-9]{1,19}", plain) and low <= int(plain) <= high:
        return int(plain)
    remedy = f"Write a whole number from {low:,} to {high:,}."
    raise Refused(reasons.VALUE_NOT_VALID, value=text[:40] or "(empty)", remedy=remedy)


def decimal(text: str) -> float:
    """A number that was typed. Raises Refused."""
    try:
        return float(text)
    except ValueError:
        remedy = "Write a number such as 10, or choose the computed window."
        raise Refused(reasons.VALUE_NOT_VALID, value=text[:40] or "(empty)", remedy=remedy) from None


def choice_field(label: str, choices: Any, *, changes: str = "", what: str = "the choices") -> forms.ChoiceField:
    """A list to choose from; `changes` is what the form does at once when it is chosen."""
    wrong = {"invalid_choice": f"{label}: %(value)s is not one of {what}. Choose one of the list."}
    widget = forms.Select({"class": "form-select form-select-sm"} | ({"data-change": changes} if changes else {}))
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=widget, error_messages=wrong)


def text_field(label: str, *, changes: str = "", short: bool = True, **more: Any) -> forms.CharField:
    """A line of text; `more` are attributes of its input."""
    look = "form-control form-control-sm" + (" is-short" if short else "")
    widget = forms.TextInput({"class": look} | ({"data-change": changes} if changes else {}) | more)
    return forms.CharField(label=label, required=False, widget=widget)


def switch_field(label: str) -> forms.BooleanField:
    """A box to check."""
    return forms.BooleanField(label=label, required=False, widget=forms.CheckboxInput({"class": "form-check-input"}))

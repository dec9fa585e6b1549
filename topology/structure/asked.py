"""What an address asks for, read by a form: a filter, a mode, the key of a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from topology import reasons
from topology.reasons import Refused

MOST_KEY = 10**18  # PostgreSQL's bigint holds it


class KeyField(forms.IntegerField):
    """The key of a row in an address, or nothing."""

    def __init__(self, *, least: int = 1) -> None:
        super().__init__(required=False, min_value=least, max_value=MOST_KEY)


def read_address(form: type[forms.Form], asked: Mapping[str, Any]) -> dict[str, Any]:
    """What an address asks for, by name. Raises Refused for what cannot be read: it must not become "everything"."""
    read = form(asked)
    if read.is_valid():
        return read.cleaned_data
    name, problems = next(iter(read.errors.items()))
    raise Refused(reasons.FILTER_NOT_READABLE, problem=f"{name} “{str(asked.get(name, ''))[:40]}”: {problems[0]}")

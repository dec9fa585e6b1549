"""What an address or a form asks for, read by a form: a filter, a mode, the key of a row; one reader of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from topology import reasons
from topology.reasons import Refused

LONGEST = 18  # digits of a number that PostgreSQL's bigint holds for certain
MOST_KEY = 10**LONGEST - 1


def number(text: str | None, name: str = "") -> int | None:
    """A whole number as it was typed; None for nothing. Raises Refused for what is no such number, naming it."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST):
        raise Refused(reasons.INPUT_NOT_A_NUMBER, value=text[:40], where=f" ({name})" if name else "")
    return int(text)


class FieldRefused(forms.ValidationError):
    """What a field cannot read, with the code, the facts and the fix of its refusal."""

    def __init__(self, refusal: Refused, text: str = "") -> None:
        super().__init__(text or f"{refusal.message} {refusal.fix}".strip(), code=refusal.code)
        self.refusal = refusal


class NumberField(forms.IntegerField):
    """A whole number in digits alone, or nothing: the key of a row, a count that was confirmed."""

    def __init__(self, *, least: int = 0, most: int = MOST_KEY, **rest: Any) -> None:
        super().__init__(required=False, min_value=least, max_value=most, **rest)
        self.least, self.most, self.validators = least, most, [self._demand_range]

    def _demand_range(self, value: int) -> None:
        if not self.least <= value <= self.most:
            bounded = self.most < MOST_KEY
            allowed = f"from {self.least:,} to {self.most:,}" if bounded else f"of at least {self.least:,}"
            raise forms.ValidationError(f"Write a whole number {allowed}.", code="out_of_range")

    def to_python(self, value: Any) -> int | None:
        """The number; raises FieldRefused for any other text."""
        try:
            return number(None if value in self.empty_values else str(value))
        except Refused as refusal:
            raise FieldRefused(refusal) from refusal


class NumbersField(forms.Field):
    """As many whole numbers as were chosen, under one name."""

    widget = forms.SelectMultiple

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> list[int]:
        """The numbers in the order of the form; raises FieldRefused for any other text."""
        try:
            read = [number(text) for text in value or ()]
        except Refused as refusal:
            raise FieldRefused(refusal) from refusal
        return [key for key in read if key is not None]


class ConfirmForm(forms.Form):
    """The number that a dialog showed, confirmed by who sends it."""

    confirmed = NumberField()


def read_address(form: type[forms.Form], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The filter of an address, by name. Raises Refused for what cannot be read: it must not become "everything"."""
    read = form(asked)
    if read.is_valid():
        return read.cleaned_data
    name, problem, value = _first_problem(read, asked)
    why = problem.refusal.fix if isinstance(problem, FieldRefused) else " ".join(problem.messages)
    raise Refused(reasons.FILTER_NOT_READABLE, problem=f"{name} {value}: {why}")


def read_form(form: type[forms.Form], asked: Mapping[str, Any], files: Any = None) -> dict[str, Any]:
    """What a form or an address gives, by name. Raises Refused, naming the first field that cannot be read."""
    read = form(asked, files)
    if read.is_valid():
        return read.cleaned_data
    name, problem, value = _first_problem(read, asked)
    if isinstance(problem, FieldRefused):
        raise Refused(problem.refusal.reason, **(problem.refusal.facts | {"where": f" ({name})"}))
    raise Refused(reasons.VALUE_NOT_VALID, field=name, value=value, remedy=" ".join(problem.messages))


def _first_problem(read: forms.Form, asked: Mapping[str, Any]) -> tuple[str, forms.ValidationError, str]:
    """The first field that is wrong, why, and what stands in it."""
    name, problems = next(iter(read.errors.as_data().items()))
    return name, problems[0], f"“{str(asked.get(name, ''))[:40]}”"

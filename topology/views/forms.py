"""Forms in dialogs: what a field cannot read or a service refuses stands beside its field, and what was typed stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from topology.accounts import sentences
from topology.reasons import Refused
from topology.structure.asked import FieldRefused
from topology.views.http import to_dialog


class ShownField(forms.Field):
    """A field as the dialogs draw it; `kind` is text, number, time, select or switch.

    `unit` stands behind it, `allowed` says in words what it takes, `choices` are (value, label), with why not as a
    third where one cannot be chosen. `read` makes the value of what was typed and may raise Refused; what it lets
    pass is judged by a service, so nothing is required here.
    """

    def __init__(
        self,
        label: str,
        unit: str = "",
        kind: str = "number",
        allowed: str = "",
        choices: Any = (),
        *,
        initial: Any = None,
        read: Callable[[str], Any] | None = None,
    ) -> None:
        widget = forms.CheckboxInput if kind == "switch" else None
        super().__init__(label=label, required=False, widget=widget, initial=initial)
        self.unit, self.kind, self.allowed, self.choices, self.read = unit, kind, allowed, list(choices), read

    def to_python(self, value: Any) -> Any:
        if self.kind == "switch":
            return bool(value)
        try:
            return self.read(value or "") if self.read else (value or "")
        except Refused as refusal:
            named = Refused(refusal.reason, **(refusal.facts | {"field": f"“{self.label}”"}))
            raise FieldRefused(named, sentences.whole(named)) from refusal


class DialogForm(forms.Form):
    """A form whose rules are those of the services it calls."""

    about: ClassVar[Mapping[str, str]] = {}  # the field of a refusal that names none, by code

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusal: Refused | None = None

    def field_of(self, refusal: Refused) -> str:
        """The name of the field that a refusal is about; "" where it names none."""
        facts = refusal.facts
        return str(facts.get("field") or facts.get("what") or self.about.get(refusal.code, ""))

    def refuse(self, refusal: Refused, name: str = "") -> None:
        """Show a refusal at its field, else at the head of the form."""
        self.refusal = self.refusal or refusal
        name = name or self.field_of(refusal)
        labels = {key: str(field.label) for key, field in self.fields.items()}
        problem = forms.ValidationError(sentences.whole(refusal, labels), code=refusal.code)
        self.add_error(name if name in self.fields else None, problem)

    def carry_out(self, act: Callable[[dict[str, Any]], HttpResponse]) -> HttpResponse | None:
        """The answer to a form that is sent and good; None where it is to be shown (again)."""
        if not self.is_bound or not self.is_valid():
            return None
        try:
            return act(self.cleaned_data)
        except Refused as refusal:
            self.refuse(refusal)
            return None

    def carry_out_in_page(self, act: Callable[[dict[str, Any]], HttpResponse]) -> HttpResponse | None:
        """The same for a form without a head of its own: raises a Refused that names no field, as any page does."""
        answer = self.carry_out(act)
        if answer is None and self.error and self.refusal:
            raise self.refusal
        return answer

    @property
    def error(self) -> str:
        """What is wrong and belongs to no field."""
        return " ".join(map(str, self.non_field_errors()))

    @property
    def status(self) -> int:
        """The HTTP status of the form as it is shown."""
        if self.refusal:
            return self.refusal.reason.status
        return 422 if self.is_bound and self.errors else 200


def show_form(request: HttpRequest, template: str, form: DialogForm, **context: Any) -> HttpResponse:
    """The dialog with its form; with what is wrong about it, if anything is."""
    told = {"form": form, "refusal": form.refusal, "error": form.error}
    shown = {"address": getattr(form, "address", request.path)} | context | told
    return to_dialog(render(request, template, shown, status=form.status))

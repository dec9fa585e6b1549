"""Forms of what is stored, open in two windows: who saves changes what they typed, and nothing that others saved."""

from __future__ import annotations

import json
from typing import Any

from django import forms


class StoredForm(forms.Form):
    """A form of what is stored: a field that comes back as it was shown follows what is stored by now.

    Its template brings `shown` back as a hidden field; without it everything that is sent was typed.
    """

    @property
    def shown(self) -> str:
        """What the fields show of what is stored."""
        return json.dumps({name: self._stored(name) for name in self.fields})

    def full_clean(self) -> None:
        """As every form, once the fields that were left alone have what is stored."""
        if self.is_bound:
            self.data = self._followed()
        super().full_clean()

    def _followed(self) -> Any:
        shown, data = _read(self.data.get("shown") or "{}"), self.data.copy()  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            typed = _text(field.widget.value_from_datadict(self.data, self.files, name))
            if shown.get(name) == typed:
                data[name] = self._stored(name)
        return data

    def _stored(self, name: str) -> str:
        return _text(self.fields[name].prepare_value(self[name].initial))


def _read(text: str) -> dict[str, Any]:
    try:
        shown = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return shown if isinstance(shown, dict) else {}


def _text(value: Any) -> str:
    """A value as a form sends it: a tick as true or false, lines apart as here."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else "\n".join(str(value).splitlines())

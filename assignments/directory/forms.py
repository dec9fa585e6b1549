"""The form of an agreement with a directory, fed by its rules."""

from __future__ import annotations

from typing import Any

from django import forms

from assignments.directory.rules import agreement as rules
from assignments.directory.rules.agreement import FIELDS, Agreement
from assignments.models import DirectoryAgreement
from topology.reasons import Refused
from topology.rules import spans
from topology.structure.stored_form import StoredForm

LABELS = {
    "user_id": "User ID",
    "name": "Name",
    "mail": "Mail",
    "directory_uri": "Directory URI",
    "department": "Department",
    "endpoints": "Endpoints",
}


class AgreementForm(StoredForm):
    """An agreement as a page has it; the password is never given back."""

    servers = forms.CharField(
        label="Servers, one a line, in the order in which they are tried",
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "ldaps://ldap.example.org:636"}),
    )
    start_tls = forms.BooleanField(label="StartTLS", required=False)
    insecure = forms.BooleanField(label="Allow a password over an unencrypted connection", required=False)
    ca = forms.CharField(
        label="CA certificate (PEM); empty: the system's", required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    bind_dn = forms.CharField(label="Bind DN; empty: anonymous", required=False, max_length=500)
    password = forms.CharField(
        label="Password; empty: the stored one",
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    base = forms.CharField(label="Base", max_length=500)
    filter = forms.CharField(label="Filter", max_length=2000)
    schedule = forms.CharField(label="Read every", max_length=20)
    guard_percent = forms.FloatField(label="Guard: stop at more than this share (%)")
    guard_people = forms.IntegerField(label="… and at least so many users")
    keep_days = forms.IntegerField(label="Keep users who are gone, in days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in FIELDS:
            self.fields[f"map_{field}"] = forms.CharField(
                label=LABELS[field], required=field == "user_id", max_length=60
            )
        if not self.initial.get("servers"):
            self.fields["password"].label = "Password; empty: none"
        for name, part in self.fields.items():
            is_switch = isinstance(part, forms.BooleanField)
            part.widget.attrs["class"] = "form-check-input" if is_switch else "form-control form-control-sm"
            if name not in ("servers", "ca") and not is_switch:
                part.widget.attrs.setdefault("autocomplete", "off")
            part.widget.attrs["spellcheck"] = "false"

    def clean_schedule(self) -> int:
        text = self.cleaned_data["schedule"]
        seconds = spans.parse(text, rules.MAX_SCHEDULE)
        if seconds is None:
            raise forms.ValidationError("Write 15m, 2h or 1d, at most 31 days.")
        return seconds

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        unread = set(self.errors)
        for field, why, facts in rules.problems(self.agreement()):
            place = "map_user_id" if field == "map" else field
            if place not in unread:
                self.add_error(place, f"{why.say(**facts)} {why.say_fix(**facts)}")
        return given

    def agreement(self) -> Agreement:
        """What was filled in; where that cannot be read, what a new agreement has."""
        given = self.cleaned_data
        plain = {
            name: given.get(name, getattr(NEW, name))
            for name in ("start_tls", "insecure", "ca", "bind_dn", "base", "filter", "schedule", *GUARD)
        }
        mapped = tuple((name, given[f"map_{name}"]) for name in FIELDS if given.get(f"map_{name}"))
        servers = tuple(line.strip() for line in given.get("servers", "").splitlines() if line.strip())
        return Agreement(servers=servers, attributes=mapped, password_env=self.initial.get("password_env", ""), **plain)

    def refuse(self, refusal: Refused, field: str | None = None) -> None:
        """Show a refusal of the service where it belongs."""
        self.add_error(field, f"{refusal.message} {refusal.fix}".strip())


GUARD = ("guard_percent", "guard_people", "keep_days")
NEW = Agreement(servers=(), base="")


def initial_of(stored: DirectoryAgreement | None, spec: Agreement) -> dict[str, Any]:
    """What the form shows first."""
    plain = {
        name: getattr(spec, name)
        for name in ("start_tls", "insecure", "ca", "bind_dn", "base", "filter", "password_env", *GUARD)
    }
    mapped = {f"map_{name}": attribute for name, attribute in spec.attributes}
    return {"servers": "\n".join(spec.servers), "schedule": spans.write(spec.schedule), **plain, **mapped}

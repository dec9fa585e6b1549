"""The form of a cluster's settings, fed by the rules of its policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from functools import partial
from typing import Any

from django import forms
from django.forms import BoundField

from topology import reasons
from topology.models import Cluster, DeploymentModel, Mode, Policy
from topology.rules.topology_file import DnsSpec
from topology.structure import dns_settings
from topology.structure.policy import (
    DECIMAL,
    MAY_BE_EMPTY,
    YES_OR_NO,
    broken_together,
    checked,
    checked_speed,
    ranges,
)
from topology.structure.selectors import current_dns
from topology.structure.stored_form import StoredForm
from topology.views.forms import DialogForm, ShownField

TIMES = ("automatic_fallback_from", "automatic_fallback_until")  # seconds of the day, shown as a time
SPEED = "clock_speed"
GROUPS: list[tuple[str, list[tuple[str, str, str]]]] = [
    ("Clock", [(SPEED, "Clock speed", "times real")]),
    ("Moves", [("moves_per_second", "Moved users", "/s and node")]),
    (
        "Detecting failures",
        [
            ("keep_alive_interval", "Keep Alive Interval", "s"),
            ("keep_alive_timeout", "Keep Alive Timeout", "s"),
            ("critical_service_delay", "Critical Service Delay", "s"),
            ("initialization_keep_alive_timeout", "Initialization Keep Alive Timeout", "s"),
        ],
    ),
    (
        "Signing in again",
        [
            ("relogin_lower_limit", "Client Re-Login Lower Limit", "s"),
            ("second_connection_percent", "Clients with a second connection", "%"),
            ("sign_ins_per_second", "Budget: sign-ins (empty: computed)", "/s and node"),
            ("done_within_minutes", "Budget: done within (empty: no limit)", "min"),
            ("serve_beyond_capacity", "A backup takes users beyond its rated capacity", ""),
        ],
    ),
    (
        "Fallback",
        [
            ("enable_automatic_fallback", "Automatic fallback", ""),
            ("automatic_fallback_delay", "After the node ran well for", "s"),
            ("automatic_fallback_hold_down", "Time between two of them", "s"),
            ("automatic_fallback_from", "Not before (time of day)", "UTC"),
            ("automatic_fallback_until", "Not after (time of day)", "UTC"),
            ("canary_fallback", "1% first, then 10%, then the rest", ""),
            ("failover_limit", "Someone must fall back after", "failovers"),
            ("failover_limit_hours", "counted over", "h"),
        ],
    ),
    ("Ports", [("service_port", "Service Port", ""), ("admin_rpc_port", "Admin RPC Port", "")]),
]
DNS = [
    ("domain", "Domain (empty: the publisher's)", ""),
    ("call_managers", "Call managers, full names", "separated by spaces or commas"),
    ("name_server", "Name server that is checked", "host:port, or system; empty: none"),
    ("check_every", "Checked every", "s"),
]
EVERY = "whole numbers from 60 to 86,400; the default is 900"


DNS_READ: dict[str, Callable[[str], Any]] = {
    "domain": dns_settings.checked_domain,
    "call_managers": lambda text: dns_settings.checked_hosts(text.replace(",", " ").split()),
    "name_server": dns_settings.checked_server,
    "check_every": lambda text: dns_settings.checked_every(_seconds(text)),
}


class ParameterField(ShownField):
    """A parameter of the policy, or the speed of the clock: its rule is the service's."""

    def __init__(self, name: str, label: str, unit: str) -> None:
        kind = "switch" if name in YES_OR_NO else "time" if name in TIMES else "number"
        allowed = "whole numbers from 1 to 600" if name == SPEED else ranges()[name]
        self.usual = "" if name == SPEED else _shown(name, getattr(Policy(), name))
        if self.usual and kind == "number":
            allowed = f"{allowed}; the default is {self.usual}"
        super().__init__(label, unit, kind, allowed, read=partial(_read, name))
        self.name = name

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, (str, bool)) else _shown(self.name, value)


class ModeForm(forms.Form):
    """The assignment mode that is looked at; the cluster's own where none is given."""

    mode = forms.ChoiceField(required=False, choices=Mode.choices())


class SettingsForm(StoredForm, DialogForm):
    """Everything that can be set about a cluster."""

    about = {reasons.CLOCK_SPEED_OUT_OF_RANGE.code: SPEED}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mode"] = ShownField("New users", kind="select", choices=Mode.choices())
        self.fields["model"] = ShownField("Deployment model", kind="select", choices=DeploymentModel.choices())
        for _, rows in GROUPS:
            self.fields |= {name: ParameterField(name, label, unit) for name, label, unit in rows}
        for name, label, unit in DNS:
            is_number = name == "check_every"
            kind, allowed = ("number", EVERY) if is_number else ("text", "")
            self.fields[name] = ShownField(label, unit, kind, allowed, read=DNS_READ[name])

    def clean(self) -> dict[str, Any]:
        """What fields demand of each other stands beside them with what is wrong of each alone, all at once."""
        for refusal in broken_together(self.cleaned_data):
            self.refuse(refusal)
        return self.cleaned_data

    def groups(self) -> list[tuple[str, list[BoundField]]]:
        """The fields below the titles of their groups; a number that is not the default says what that is."""
        for _, rows in GROUPS:
            for name, _, unit in rows:
                part = self[name].field
                assert isinstance(part, ParameterField)
                is_changed = part.usual and part.kind == "number" and self[name].value() != part.usual
                part.unit = f"{unit} · default {part.usual}".strip(" ·") if is_changed else unit
        return [(title, [self[name] for name, _, _ in rows]) for title, rows in [*GROUPS, ("DNS", DNS)]]

    def dns(self) -> DnsSpec:
        """What was typed about names, once the form is clean."""
        return DnsSpec(**{name: self.cleaned_data[name] for name, _, _ in DNS})

    def policy(self) -> dict[str, Any]:
        """The parameters of the policy, once the form is clean."""
        return {name: self.cleaned_data[name] for _, rows in GROUPS for name, _, _ in rows if name != SPEED}


def initial_of(cluster: Cluster) -> dict[str, Any]:
    """What the form shows first: what is stored."""
    policy = {name: getattr(cluster.policy, name) for _, rows in GROUPS for name, _, _ in rows if name != SPEED}
    dns = current_dns(cluster)
    names = {"domain": dns.domain, "call_managers": " ".join(dns.call_managers), "name_server": dns.name_server}
    whole = {SPEED: cluster.clock_speed, "mode": cluster.mode, "model": cluster.model, "check_every": dns.check_every}
    return policy | names | whole


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in TIMES:
        return f"{value // 3600:02}:{value % 3600 // 60:02}"
    return f"{value:g}" if name in DECIMAL else str(value)


def _read(name: str, text: str) -> Any:
    """The value that was typed; text that is none stays text, and is refused by name."""
    value = _parsed(name, text)
    return checked_speed(value) if name == SPEED else checked(name, value)


def _seconds(text: str) -> int | str:
    """A whole number that was typed; text that is none, or of more digits than Python reads, stays text."""
    try:
        return int(text) if text.strip().isdecimal() else text
    except ValueError:
        return text


def _parsed(name: str, text: str) -> Any:
    if not text.strip() and name in MAY_BE_EMPTY:
        return None
    try:
        if name in TIMES:
            at = time.fromisoformat(text.strip())
            return at.hour * 3600 + at.minute * 60
        return float(text) if name in DECIMAL else int(text)
    except ValueError:
        return text

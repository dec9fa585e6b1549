"""The settings of a cluster in one dialog; an error stands beside its field, and what was typed stays."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from assignments.board.settings import change_settings
from assignments.planning.preview import next_users
from assignments.recovery.reads import controls
from topology import reasons
from topology.accounts import roles, sentences
from topology.models import Cluster, DeploymentModel, Mode, Policy
from topology.reasons import Refused
from topology.rules.topology_file import DnsSpec
from topology.structure.policy import DECIMAL, MAY_BE_EMPTY, YES_OR_NO, ranges
from topology.structure.selectors import cluster_named, current_dns
from topology.views.answers import toast
from topology.views.fields import Field, show_dialog
from topology.views.http import needs

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
    ("call_managers", "Call managers, full names", ""),
    ("name_server", "Name server that is checked", ""),
    ("check_every", "Checked every", "s"),
]
DNS_HINTS = {
    "call_managers": "separated by spaces or commas",
    "name_server": "host:port, or system; empty: none",
}
FIELDS = [name for _, rows in GROUPS for name, _, _ in rows]
DNS_FIELDS = [name for name, _, _ in DNS]
LABELS = {
    name: label for _, rows in [*GROUPS, ("DNS", DNS)] for name, label, _ in sorted(rows, key=lambda row: -len(row[0]))
}


@require_http_methods(["GET", "POST"])
@needs(roles.ADMINISTER)
def settings(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The form; a good one is stored as a whole, a bad one comes back with what was typed."""
    cluster = cluster_named(cluster_name)
    if request.method == "GET":
        return _form(request, cluster, _stored(cluster), cluster.mode, cluster.model)
    typed = {name: request.POST.get(name, "") for name in [*FIELDS, *DNS_FIELDS]}
    mode, model = request.POST.get("mode", ""), request.POST.get("model", "")
    values = {name: _parsed(name, typed[name]) for name in FIELDS}
    speed = values.pop(SPEED)
    try:
        change_settings(
            cluster, mode=mode, model=model, clock_speed=speed, policy=values, dns=_dns(typed), actor=request.user
        )
    except Refused as refusal:
        return _form(request, cluster, typed, mode, model, refusal)
    return toast(request, "Saved.", close=True)


@require_GET
@needs(roles.SEE)
def placing(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Where the next users would go by an assignment mode that is looked at."""
    preview = next_users(cluster_named(cluster_name), request.GET.get("mode", ""))
    return render(request, "board/_placing.html", {"preview": preview})


def _stored(cluster: Cluster) -> dict[str, str]:
    policy: dict[str, Any] = {name: getattr(cluster.policy, name) for name in FIELDS if name != SPEED}
    dns = current_dns(cluster)
    shown = {name: _shown(name, value) for name, value in (policy | {SPEED: cluster.clock_speed}).items()}
    return shown | {
        "domain": dns.domain,
        "call_managers": " ".join(dns.call_managers),
        "name_server": dns.name_server,
        "check_every": str(dns.check_every),
    }


def _dns(typed: dict[str, str]) -> DnsSpec:
    every = typed["check_every"].strip()
    return DnsSpec(
        domain=typed["domain"],
        call_managers=tuple(typed["call_managers"].replace(",", " ").split()),
        name_server=typed["name_server"],
        check_every=int(every) if every.isdecimal() else every,  # type: ignore[arg-type]  # refused by name
    )


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in YES_OR_NO:
        return "on" if value else ""
    if name in TIMES:
        return f"{value // 3600:02}:{value % 3600 // 60:02}"
    return f"{value:g}" if name in DECIMAL else str(value)


def _parsed(name: str, text: str) -> Any:
    """The value of what was typed; text that is none stays text, which the service refuses by name."""
    if name in YES_OR_NO:
        return text == "on"
    if not text.strip() and name in MAY_BE_EMPTY:
        return None
    try:
        if name in TIMES:
            at = time.fromisoformat(text.strip())
            return at.hour * 3600 + at.minute * 60
        return float(text) if name in DECIMAL else int(text)
    except ValueError:
        return text


def _form(
    request: HttpRequest, cluster: Cluster, typed: dict[str, str], mode: str, model: str, refusal: Refused | None = None
) -> HttpResponse:
    about = _about(refusal)
    error = sentences.whole(refusal, LABELS) if refusal else ""
    groups = [
        (title, [_field(n, label, unit, typed[n], error if n == about else "") for n, label, unit in rows])
        for title, rows in GROUPS
    ]
    groups.append(
        ("DNS", [_dns_field(n, label, unit, typed[n], error if n == about else "") for n, label, unit in DNS])
    )
    context = {
        "cluster": cluster,
        "groups": groups,
        "preview": next_users(cluster, mode),
        "modes": Mode.choices,
        "models": DeploymentModel.choices,
        "mode": mode,
        "model": model,
        "windows": [(control.pair.name, control.window) for control in controls(cluster).values() if control.window],
    }
    shown = about in (*FIELDS, *DNS_FIELDS)
    return show_dialog(request, "board/_settings.html", context, refusal, "" if shown else error)


def _dns_field(name: str, label: str, unit: str, value: str, error: str) -> Field:
    if name == "check_every":
        return Field(name, label, unit, value, "number", "whole numbers from 60 to 86,400; the default is 900", error)
    return Field(name, label, DNS_HINTS.get(name, ""), value, "text", "", error)


def _field(name: str, label: str, unit: str, value: str, error: str) -> Field:
    kind = "switch" if name in YES_OR_NO else "time" if name in TIMES else "number"
    allowed = "whole numbers from 1 to 600" if name == SPEED else ranges()[name]
    usual = "" if name == SPEED else _shown(name, getattr(Policy(), name))
    if usual and kind == "number":
        allowed = f"{allowed}; the default is {usual}"
        unit = unit if value == usual else f"{unit} · default {usual}".strip(" ·")
    return Field(name, label, unit, value, kind, allowed, error)


def _about(refusal: Refused | None) -> str:
    """The field that a refusal names."""
    if refusal is None:
        return ""
    if refusal.code == reasons.CLOCK_SPEED_OUT_OF_RANGE.code:
        return SPEED
    return str(refusal.facts.get("field", ""))

"""What a dialog would do, for a script: as a command and as a call of the API, ready to be copied."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
FIELD = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Call:
    """One act: `{}` are names in turn, `<name>` fields of the dialog's form, `{users}` and `@who` who is chosen.

    `body` is JSON, `file` a file that is sent instead.
    """

    method: str
    path: str
    command: str = ""
    body: str = ""
    file: str = ""
    title: str = ""  # where several acts stand together


BALANCER = ("automation", "threshold", "rounds", "minimum_gain", "cooldown_minutes", "approval_required")
RULES = "{" + ", ".join(f'"{name}": <{name}>' for name in BALANCER) + "}"
CALLS = {
    # recovery
    "failover": Call("POST", "/nodes/{}/failover", "ha failover {}"),
    "fallback": Call("POST", "/nodes/{}/fallback", "ha fallback {}"),
    "disable_ha": Call("DELETE", "/clusters/{}/subclusters/{}/ha", "ha disable {1} --cluster {0}"),
    "maintenance": Call(
        "POST",
        "/nodes/{}/maintenance",
        "ha maintenance {} --reason <reason> --for <for>",
        '{"reason": <reason>, "span": <for>}',
    ),
    "fault": Call("POST", "/nodes/{}/faults", "fault {0} {1} --service {2}", '{"kind": "{1}", "service": "{2}"}'),
    "sign-in-rate": Call("POST", "/operations/{}/sign-in-rate", body="{1}"),
    # chosen users
    "pin": Call("POST", "/clusters/{}/pins", "pin {} {users} --reason <reason>", '{@who, "reason": <reason>}'),
    "unpin": Call("POST", "/clusters/{}/pins/remove", "unpin {} {users}", "{@who}"),
    "remove": Call("POST", "/clusters/{}/users/remove", "remove_users {} {users} --yes", "{@who}"),
    "move": Call("POST", "/clusters/{}/moves", "move_users {0} {users} --to {1}", '{@who, "to": "{1}"}'),
    "unassign": Call("POST", "/clusters/{}/moves", "move_users {} {users} --to unassigned", '{@who, "to": null}'),
    # plans and runs
    "run": Call("POST", "/plans/{}/run", "{1}", '{"rate": <rate>, "rate_total": <rate_total>}'),
    "cancel": Call("POST", "/operations/{}/{}", "operations {1} {0}"),
    "undo": Call("POST", "/operations/{}/undo", "operations undo {}"),
    "rules": Call("PATCH", "/clusters/{}/balancer", body=RULES),
    # clusters
    "import": Call("POST", "/clusters/{}/users/import", "import_users {} users.csv", file="users.csv"),
    "topology": Call("PUT", "/clusters/{}/topology", "apply_topology topology.yaml", file="topology.json"),
    "change-node": Call(
        "PATCH",
        "/nodes/{}",
        body='{"name": <name>, "profile": <profile>, "users": <users>, "endpoints": <endpoints>}',
    ),
    "change-subcluster": Call(
        "PATCH", "/clusters/{}/subclusters/{}", body='{"name": <name>, "description": <description>}'
    ),
    "remove-cluster": Call("DELETE", "/clusters/{}?confirm={}", "remove_cluster {} --yes-remove-all-users"),
    # lists and other clusters
    "export": Call("GET", "/clusters/{}/assignments.csv", "export_assignments {}"),
    "to-cluster": Call(
        "POST",
        "/clusters/{}/moves-to-cluster",
        "move_users {0} {users} --to-cluster {1}",
        '{@who, "to_cluster": "{1}"}',
    ),
    "scenario": Call("POST", "/clusters/{}/simulations", "simulate scenario.yaml", file="scenario.json"),
}
CALLS |= {
    # pages with several acts; words in capitals are to be replaced
    "set-role": Call(
        "PUT", "/accounts/{}/role", "accounts role {} --role operator", '{"role": "operator"}', title="Another role"
    ),
    "deactivate": Call("PUT", "/accounts/{}/active", "accounts deactivate {}", '{"active": false}', title="Deactivate"),
    "end-sessions": Call("DELETE", "/accounts/{}/sessions", "accounts sign-out {}", title="Sign out everywhere"),
    "delete-account": Call("DELETE", "/accounts/{}", "accounts delete {} --yes", title="Delete"),
    "invite": Call(
        "POST",
        "/accounts/{}/sign-in-link",
        "sign_in_link {} --role operator",
        '{"role": "operator"}',
        title="Sign-in link",
    ),
    "new-token": Call(
        "POST",
        "/tokens",
        "token create {} --role viewer --days 90",
        '{"name": "{0}", "role": "viewer", "days": 90}',
        title="Create a token",
    ),
    "revoke-token": Call("DELETE", "/tokens/{1}", "token revoke {1}", title="Revoke a token"),
    "make-peer": Call(
        "POST", "/clusters/{}/peers", "peers {0} --make {1}", '{"remote": "{1}"}', title="Make a relation"
    ),
    "sync-peer": Call("POST", "/clusters/{}/peers/{}/sync", "peers {0} --sync {1}", title="Sync now"),
    "break-peer": Call(
        "PUT",
        "/clusters/{}/peers/{}/fault",
        "peers {0} --fault unreachable {1}",
        '{"fault": "unreachable"}',
        title="Inject a fault",
    ),
    "repair-peer": Call(
        "PUT", "/clusters/{}/peers/{}/fault", "peers {0} --repair {1}", '{"fault": ""}', title="Repair it"
    ),
    "remove-peer": Call("DELETE", "/clusters/{}/peers/{}", "peers {0} --remove {1}", title="Remove a relation"),
    "report-peer": Call(
        "PUT",
        "/clusters/{}/peers/{}/report",
        "report_peer {0} {1} --source monitor1 --state in_sync",
        '{"source": "monitor1", "state": "in_sync"}',
        title="Report on a real cluster",
    ),
    "end-reports": Call("DELETE", "/clusters/{}/peers/{}/report", "report_peer {0} {1} --end", title="End the reports"),
    "release": Call("PUT", "/clusters/{}/release", body='{"release": "14.0.1"}', title="Release"),
    "check-dns": Call("POST", "/clusters/{}/srv/check", "srv {} --check", "{}", title="Check now"),
    "zone": Call("GET", "/clusters/{}/srv.zone", "srv {} --zone", title="Zone file"),
    "agree": Call(
        "PUT", "/clusters/{}/directory", "apply_directory agreement.yaml", file="agreement.json", title="Agreement"
    ),
    "read-directory": Call("POST", "/clusters/{}/directory/sync", "sync_directory {}", "{}", title="Read now"),
    "accept-directory": Call(
        "POST",
        "/clusters/{}/directory/sync",
        "sync_directory {0} --accept {1}",
        '{"accept": "{1}"}',
        title="Accept what the guard stopped",
    ),
    "drop-directory": Call("POST", "/clusters/{0}/directory/runs/{2}/drop", title="Drop it"),
    "end-directory": Call("DELETE", "/clusters/{0}/directory?confirm={0}", title="Remove the agreement"),
    "clear-uris": Call(
        "POST",
        "/clusters/{}/duplicates/clear",
        "duplicates --clear {}",
        '{"confirmed": {1}}',
        title="Remove doubled URIs",
    ),
    "unassign-here": Call(
        "POST",
        "/clusters/{}/duplicates/unassign",
        "duplicates --unassign {}",
        '{"confirmed": {1}}',
        title="Unassign all here",
    ),
    "set-uri": Call(
        "PUT",
        "/clusters/{0}/users/USER_ID/directory-uri",
        body='{"uri": "new@example.org"}',
        title="Change one URI",
    ),
    "balance-clusters": Call("POST", "/balance", "balance_clusters", "{}", title="Make the plans"),
    "enable-ha": Call("PUT", "/clusters/{}/subclusters/{}/ha", "ha enable {1} --cluster {0}", title="HA on"),
    "ha-off": replace(CALLS["disable_ha"], title="HA off"),
    "recover": Call("POST", "/clusters/{}/subclusters/{}/recover", "ha recover {1} --cluster {0}", title="Recover"),
    "evacuate": Call(
        "POST",
        "/clusters/{}/plans",
        "rebalance {0} --goal evacuate --node {2}",
        '{"goal": "evacuate", "node": "{2}"}',
        title="Plan to move all users off a node",
    ),
    "structure": replace(CALLS["topology"], title="Take a node out, or remove it (the topology as it should be)"),
    "end-maintenance": Call(
        "DELETE", "/nodes/{2}/maintenance", "ha maintenance {2} --end", title="End the maintenance"
    ),
    "pause": Call("POST", "/operations/{}/pause", "operations pause {}", title="Pause"),
    "resume": Call("POST", "/operations/{}/resume", "operations resume {}", title="Resume"),
    "cancel-run": Call("POST", "/operations/{}/cancel", "operations cancel {}", title="Cancel"),
    "rate": Call("POST", "/operations/{}/rate", "operations rate {} --rate 20", '{"rate": 20}', title="Rate"),
    "undo-run": Call("POST", "/operations/{}/undo", "operations undo {}", "{}", title="Undo, when it has ended"),
    "delete-run": Call("DELETE", "/simulations/{}", title="Delete this run"),
}


@register.inclusion_tag("shared/_as_call.html", takes_context=True)
def as_call(context: Context, name: str, *names: Any, chosen: Any = None) -> dict[str, Any]:
    """An act of CALLS for the dialog that it stands in; `chosen` is who, as words and as a part of a body.

    All who match a filter are no words, so that there is no command, and their call carries a key.
    """
    call = CALLS[name]
    line = _command(call, names, chosen)
    return {"command": _marked(line, "word"), "call": _marked(_curl(call, _base(context), names, chosen), "json")}


@register.inclusion_tag("shared/_as_calls.html", takes_context=True)
def as_calls(context: Context, acts: str, *names: Any) -> dict[str, Any]:
    """Acts of CALLS, by name, of a page where several are done; each of them takes what it needs of the same names."""
    base = _base(context)
    shown = []
    for act in acts.split():
        call = CALLS[act]
        command, line = _command(call, names, None), _curl(call, base, names, None)
        shown.append({"key": f"as-{act}", "title": call.title, "command": command, "call": line})
    return {"acts": shown}


def _base(context: Context) -> str:
    """The address of the API, as the reader reaches it."""
    return str(context["request"].build_absolute_uri(reverse("api:api-root"))).rstrip("/")


def _command(call: Call, names: tuple[Any, ...], chosen: Any) -> str:
    if not call.command or (chosen and not chosen.words):
        return ""
    if call.command == "{1}":  # a whole command
        return f"manage.py {names[1]}" if names[1] else ""
    quoted = [shlex.quote(str(name)) for name in names]
    return f"manage.py {call.command.format(*quoted, users=chosen.words if chosen else '')}"


def _curl(call: Call, base: str, names: tuple[Any, ...], chosen: Any) -> str:
    words = ["curl" if call.method == "GET" else f"curl -X {call.method}", '-H "Authorization: Bearer $TOKEN"']
    if call.body or call.file:
        words.append(f'-H "Content-Type: {"text/csv" if call.file.endswith(".csv") else "application/json"}"')
    if chosen and not chosen.words:
        words.append('-H "Idempotency-Key: $(uuidgen)"')
    if call.file:
        words.append(f"--data-binary @{call.file}")
    elif call.body:
        body = call.body
        for place, name in enumerate(names):
            body = body.replace(f"{{{place}}}", str(name))
        body = body.replace("@who", chosen.body) if chosen else body
        words.append("-d '{}'".format(body.replace("'", "'\\''")))
    quoted = [quote(str(name), safe="") for name in names]
    return " ".join([*words, shlex.quote(base + call.path.format(*quoted))])


def _marked(text: str, form: str) -> SafeString:
    """The text with a place for each field that static/js/dialogs/scripts.js fills as a shell word or JSON."""
    parts = FIELD.split(text)  # text, field, text, field, …, text
    shown = [
        format_html('<span data-field="{}" data-as="{}">…</span>', part, form) if place % 2 else part
        for place, part in enumerate(parts)
    ]
    return format_html_join("", "{}", ((each,) for each in shown))

"""The page of DNS records: those that clients need, as files for a name server, and what the last check found."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from topology import reasons
from topology.accounts import roles
from topology.dns import checking, selectors
from topology.dns.rules import records, tries
from topology.dns.rules.records import WantedRecords
from topology.models import Cluster, Subcluster
from topology.reasons import Refused
from topology.reasons.words import counted
from topology.structure.selectors import cluster_named, dns_of
from topology.views.http import needs_role

FILES = {"zone": "zone", "nsupdate": "nsupdate.txt"}


@require_GET
@needs_role(roles.SEE)
def dns(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The records by name, and the last check; its state alone for the live stream."""
    cluster = cluster_named(cluster_name)
    template = "dns/_state.html" if "state" in request.GET else "dns/dns.html"
    return render(request, template, _context(cluster))


def _context(cluster: Cluster) -> dict[str, Any]:
    wanted = selectors.records_of(cluster)
    settings = dns_of(cluster)
    problems = [problem.as_dict() for problem in selectors.kept_problems(cluster)]
    wrong = {problem["name"] for problem in problems}
    names = [(name, wanted.of(name), name in wrong) for name in wanted.names]
    scopes = list(Subcluster.objects.filter(cluster=cluster).values_list("name", flat=True))
    groups = [(scope, [row for row in names if row[1][0].scope == scope]) for scope in (records.CLUSTER, *scopes)]
    return {
        "cluster": cluster,
        "place": "dns",
        "wanted": wanted,
        "groups": [(scope, rows) for scope, rows in groups if rows],
        "settings": settings,
        "problems": problems,
        "asks": bool(settings.name_server),
        "timeout": tries.CONNECT_TIMEOUT,
    }


@require_GET
@needs_role(roles.SEE)
def dns_file(request: HttpRequest, cluster_name: str, kind: str) -> HttpResponse:
    """The records as a part of a zone file, or as input of nsupdate."""
    cluster = cluster_named(cluster_name)
    response = HttpResponse(_text(cluster, selectors.records_of(cluster), kind), "text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{cluster.name}.{FILES[kind]}"'
    return response


def _text(cluster: Cluster, wanted: WantedRecords, kind: str) -> str:
    if kind == "zone":
        return records.zone(wanted)
    return records.nsupdate(wanted, selectors.update_server(cluster))


@require_POST
@needs_role(roles.OPERATE)
def dns_check(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Ask the name server of the settings now."""
    cluster = cluster_named(cluster_name)
    if not dns_of(cluster).name_server:
        raise Refused(reasons.DNS_NO_SERVER, cluster=cluster.name)
    report = checking.check_now(cluster)
    count = len(report.problems)
    text = f"{counted(count, 'problem')} found." if count else "All records are correct."
    messages.add_message(request, messages.INFO, text, extra_tags="bad" if count else "good")
    return redirect("dns", cluster.name)

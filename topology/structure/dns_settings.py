"""The DNS settings of a cluster: what each takes, and the one writer of them.

form, API, topology file --update_dns--> checked one by one -> stored, one event
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from topology import reasons
from topology.live import events
from topology.models import Cluster, DnsSettings
from topology.reasons import Refused, changes_between
from topology.rules import dns_servers, names
from topology.rules.topology_file import MOST_CALL_MANAGERS, DnsSpec
from topology.structure import guards
from topology.structure.selectors import current_dns

CHECK_EVERY = (60, 86_400)  # real seconds
LONGEST_DOMAIN = 253


@transaction.atomic
def update_dns(cluster: Cluster, spec: DnsSpec, actor: Any = None) -> DnsSpec:
    """Make these the settings of a cluster; the next check begins at once. Raises Refused naming the field."""
    guards.hold_alone(cluster)
    spec = checked(spec)
    before = current_dns(cluster)
    changes = changes_between(asdict(before), asdict(spec))
    if not changes:
        return spec
    stored: dict[str, Any] = {
        "call_managers": list(spec.call_managers),
        "domain": spec.domain,
        "name_server": spec.name_server,
    }
    stored |= {"check_every": spec.check_every, "next_at": timezone.now()}
    if spec.name_server != before.name_server and not spec.name_server:  # what the former one said is no one's any more
        stored |= {"checked_at": None, "checked_server": "", "problems": []}
    DnsSettings.objects.update_or_create(cluster=cluster, defaults=stored)
    topics = [f"cluster-{cluster.pk}", f"dns-{cluster.pk}"]
    events.record(
        reasons.DNS_SETTINGS_CHANGED, cluster=cluster, actor=actor, topics=topics, name=cluster.name, changes=changes
    )
    return spec


# --- Values ---------------------------------------------------------------------------------------
def checked(spec: DnsSpec) -> DnsSpec:
    """The settings, if each of them can be. Raises Refused."""
    every, hosts = checked_every(spec.check_every), checked_hosts(spec.call_managers)
    return DnsSpec(checked_domain(spec.domain), hosts, checked_server(spec.name_server), every)


def checked_every(every: Any) -> int:
    """Real seconds between two checks. Raises Refused."""
    low, high = CHECK_EVERY
    if isinstance(every, bool) or not isinstance(every, int) or not low <= every <= high:
        rule = f"it is not a whole number from {low} to {high:,}"
        raise _refused("check_every", every, rule, "Write real seconds; 900 is a check every 15 minutes.")
    return every


def checked_hosts(texts: Sequence[str]) -> tuple[str, ...]:
    """The full names of hosts, each once. Raises Refused."""
    if len(texts) > MOST_CALL_MANAGERS:
        rule = f"they are more than {MOST_CALL_MANAGERS}"
        raise _refused("call_managers", len(texts), rule, "Name those that clients ask first.")
    return tuple(dict.fromkeys(checked_host(text) for text in texts))


def checked_domain(text: str) -> str:
    """The name of a domain in lower case, or nothing. Raises Refused."""
    domain = text.strip().rstrip(".").lower()
    broken = names.broken_by_node(domain) if domain else None
    if broken or len(domain) > LONGEST_DOMAIN:
        rule = broken.rule if broken else f"it has more than {LONGEST_DOMAIN} characters"
        raise _refused("domain", text, rule, "Write a domain such as example.org, or leave it empty.")
    return domain


def checked_host(text: str) -> str:
    """The full name of a host. Raises Refused."""
    host = text.strip().rstrip(".")
    broken = names.broken_by_node(host)
    rule = broken.rule if broken else "" if "." in host else "it has no domain, and clients need the full name"
    if rule:
        raise _refused("call_managers", text, rule, "Write full names such as cucm1.example.org.")
    return host


def checked_server(text: str) -> str:
    """The address of a name server, `system` or nothing. Raises Refused."""
    server = text.strip()
    if dns_servers.is_system(server):
        return dns_servers.SYSTEM
    if server and not dns_servers.server_of(server):
        rule = "it is not the address of a name server"
        raise _refused("name_server", text, rule, "Write 192.0.2.53, 192.0.2.53:53, [2001:db8::53]:53 or system.")
    return server


def _refused(field: str, value: Any, rule: str, remedy: str) -> Refused:
    return Refused(reasons.DNS_SETTING_NOT_VALID, field=field, value=value, rule=rule, remedy=remedy)

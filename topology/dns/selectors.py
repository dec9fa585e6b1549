"""The records of a cluster from what is stored, the names its nodes had, and what the last check found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from topology import reasons
from topology.dns.rules.comparing import SrvProblem
from topology.dns.rules.records import DnsNames, NamedGroup, WantedRecords, domain_of, wanted_records
from topology.models import Cluster, DeploymentModel, Event, Mode, Node, Subcluster
from topology.reasons import Refused
from topology.rules import dns_servers, spans
from topology.structure.selectors import dns_of

LATE = 3  # intervals after which a check is late


def records_of(cluster: Cluster) -> WantedRecords:
    """The records that clients of a cluster need now."""
    nodes = list(Node.objects.filter(cluster=cluster).order_by("slot", "number"))
    groups = Subcluster.objects.filter(cluster=cluster)
    publisher = next((node.name for node in nodes if node.publisher), "")
    settings = dns_of(cluster)
    return wanted_records(
        DnsNames(
            cluster=cluster.name,
            domain=settings.domain or domain_of(publisher),
            standby=is_standby(cluster.mode, cluster.model),
            groups=tuple(
                NamedGroup(group.name, tuple(node.name for node in nodes if node.subcluster_id == group.pk))
                for group in groups
            ),
            call_managers=tuple(settings.call_managers),
        )
    )


def is_standby(mode: str, model: str) -> bool:
    """Whether clients try the first node of a pair before the second: as users are placed; by hand as it is meant."""
    return mode == Mode.ACTIVE_STANDBY or (mode == Mode.MANUAL and model == DeploymentModel.ACTIVE_STANDBY)


def former_names(cluster: Cluster) -> dict[str, str]:
    """Names that nodes of a cluster had, in lower case, with the one each has now; empty for a node that is gone."""
    now = dict(Node.objects.filter(cluster=cluster).values_list("pk", "name"))
    taken = {name.lower() for name in now.values()}
    codes = {reasons.NODE_RENAMED.code: "before", reasons.NODE_REMOVED.code: "name"}
    rows = Event.objects.filter(cluster=cluster, code__in=codes).order_by("pk")
    former: dict[str, str] = {}
    for code, node, facts in rows.values_list("code", "node_id", "facts"):
        if old := str(facts.get(codes[code], "")).lower():
            former[old] = now.get(node or 0, "")
    return {old: name for old, name in former.items() if old not in taken}


def kept_problems(cluster: Cluster) -> tuple[SrvProblem, ...]:
    """What the last check found."""
    return tuple(SrvProblem.of_kept(kept) for kept in dns_of(cluster).problems)


def troubles(cluster: Cluster, now: datetime) -> list[tuple[str, str]] | None:
    """What is wrong with the records of a cluster, and the fix of each; None where no name server is asked."""
    settings = dns_of(cluster)
    if not settings.name_server:
        return None
    told = [(problem.message, problem.fix) for problem in kept_problems(cluster)]
    late = now - settings.next_at - timedelta(seconds=LATE * settings.check_every)
    if late > timedelta(0):
        every = spans.write(settings.check_every)
        told.append((f"The name server was not asked for longer than {every}.", "Look whether worker and beat run."))
    return told


def update_server(cluster: Cluster, text: str = "") -> tuple[str, int] | None:
    """Whom nsupdate is to tell: this name server, else that of the settings; None: it looks itself. Raises Refused."""
    server = text.strip() or dns_of(cluster).name_server
    if not server or dns_servers.is_system(server):
        return None
    address = dns_servers.server_of(server)
    if address is None:  # without a server nsupdate would change another one
        raise Refused(reasons.SRV_SERVER_NOT_FOUND, server=server)
    return address


def shape(records: WantedRecords) -> dict[str, Any]:
    """The records as the command and the API give them."""
    return {
        "cluster": records.cluster,
        "domain": records.domain or None,
        "records": [record.as_dict() for record in records.records],
        "not_known": [missing.as_dict() for missing in records.not_known],
    }

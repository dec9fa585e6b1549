"""The SRV records that clients of a cluster need, and how they are written for a name server.

    DnsNames --wanted--> WantedRecords(records, not known) --zone--> a zone file (BIND)
                                                    └-nsupdate--> input of nsupdate

A client asks for `_cuplogin._tcp` of the domain, or of its subcluster in the domain; other domains for
`_xmpp-server._tcp`; `_cisco-uds._tcp` names the call managers (RFC 2782 for what the numbers mean).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from topology import reasons
from topology.reasons import Reason

CLUSTER = "cluster"  # the scope of what is not of one subcluster
LOGIN, FEDERATION, CALL_MANAGERS = "_cuplogin._tcp", "_xmpp-server._tcp", "_cisco-uds._tcp"
PORTS = {LOGIN: 8443, FEDERATION: 5269, CALL_MANAGERS: 8443}
FIRST, SECOND, WEIGHT = 10, 20, 10  # priorities: the lower is tried first; the weight is the same for all
TTL = 3600  # seconds


@dataclass(frozen=True)
class NamedGroup:
    """A subcluster and the names of its nodes in slot order."""

    name: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class DnsNames:
    """What the records of a cluster are made of; an empty domain is not known."""

    cluster: str
    domain: str
    standby: bool  # the first node of each pair is tried before the second
    groups: tuple[NamedGroup, ...]
    call_managers: tuple[str, ...] = ()


@dataclass(frozen=True)
class SrvRecord:
    """One SRV record; names without the last dot."""

    name: str
    priority: int
    weight: int
    port: int
    target: str
    scope: str  # CLUSTER, or the name of the subcluster

    @property
    def value(self) -> str:
        """What stands behind SRV in a zone file."""
        return f"{self.priority} {self.weight} {self.port} {self.target}."

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the command and the API give."""
        return {
            "name": self.name,
            "priority": self.priority,
            "weight": self.weight,
            "port": self.port,
            "target": self.target,
            "scope": self.scope,
        }


@dataclass(frozen=True)
class NotKnown:
    """A record that cannot be said yet, and why."""

    name: str
    why: Reason
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> str:
        return self.why.say(**dict(self.facts))

    @property
    def fix(self) -> str:
        return self.why.say_fix(**dict(self.facts))

    def as_dict(self) -> dict[str, str]:
        """The shape that the page, the command and the API give."""
        return {"name": self.name, "code": self.why.code, "message": self.message, "fix": self.fix}


@dataclass(frozen=True)
class WantedRecords:
    """The records of a cluster in the order of its page."""

    cluster: str
    domain: str
    records: tuple[SrvRecord, ...]
    not_known: tuple[NotKnown, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(record.name for record in self.records))

    @property
    def ambiguous(self) -> tuple[str, ...]:
        """Names that stand for several subclusters: what was published of one before has to go."""
        return tuple(missing.name for missing in self.not_known if missing.why is reasons.SRV_SAME_NAME)

    def of(self, name: str) -> tuple[SrvRecord, ...]:
        """The records of one name."""
        return tuple(record for record in self.records if record.name == name)


def domain_of(host: str) -> str:
    """The domain of a host's full name; empty where the name is none."""
    return host.partition(".")[2].rstrip(".").lower()


def qualified(host: str, domain: str) -> str:
    """The full name of a host; a name without a dot is one of the domain."""
    host = host.rstrip(".")
    return host if "." in host else f"{host}.{domain}"


def wanted_records(names: DnsNames) -> WantedRecords:
    """The records of a cluster, those of the whole cluster first."""
    if not names.domain:
        missing = (NotKnown(service, reasons.SRV_NO_DOMAIN, (("cluster", names.cluster),)) for service in PORTS)
        return WantedRecords(names.cluster, "", (), tuple(missing))
    return WantedRecords(names.cluster, names.domain, tuple(_records(names)), tuple(_not_known(names)))


def _not_known(names: DnsNames) -> Iterator[NotKnown]:
    if not names.call_managers:
        yield NotKnown(f"{CALL_MANAGERS}.{names.domain}", reasons.SRV_NO_CALL_MANAGERS)
    for own, groups in _by_label(names).items():
        if len(groups) > 1:
            first, last = ", ".join(group.name for group in groups[:-1]), groups[-1].name
            facts = (("subclusters", f"{first} and {last}"),)
            yield NotKnown(f"{LOGIN}.{own}.{names.domain}", reasons.SRV_SAME_NAME, facts)


def _by_label(names: DnsNames) -> dict[str, list[NamedGroup]]:
    """The subclusters by their label; several of one have no name of their own that a client could ask for."""
    groups: dict[str, list[NamedGroup]] = {}
    for group in names.groups:
        groups.setdefault(label(group.name), []).append(group)
    return groups


def _records(names: DnsNames) -> Iterator[SrvRecord]:
    for service in (LOGIN, FEDERATION):
        for group in names.groups:
            yield from _of_nodes(names, service, group, names.domain, CLUSTER)
    for host in names.call_managers:
        name = f"{CALL_MANAGERS}.{names.domain}"
        target = qualified(host, names.domain)
        yield SrvRecord(name, FIRST, WEIGHT, PORTS[CALL_MANAGERS], target, CLUSTER)
    for own, groups in _by_label(names).items():
        if len(groups) == 1:
            yield from _of_nodes(names, LOGIN, groups[0], f"{own}.{names.domain}", groups[0].name)


def _of_nodes(names: DnsNames, service: str, group: NamedGroup, domain: str, scope: str) -> Iterator[SrvRecord]:
    for slot, node in enumerate(group.nodes):
        priority = SECOND if names.standby and slot else FIRST
        yield SrvRecord(f"{service}.{domain}", priority, WEIGHT, PORTS[service], qualified(node, names.domain), scope)


def label(subcluster: str) -> str:
    """The name of a subcluster as a label of a domain name, which has no underscore and 63 characters at most."""
    return subcluster.replace("_", "-").strip("-")[:63].strip("-").lower() or "subcluster"


# --- Written for a name server --------------------------------------------------------------------
def zone(records: WantedRecords) -> str:
    """The records as a part of a zone file (BIND), in full names, so that it can be included in any zone above them."""
    lines = [f"; SRV records of {records.cluster}", *_notes(records)]
    if records.domain:
        lines += [f"$ORIGIN {records.domain}.", f"$TTL {TTL}"]
    width = max((len(record.name) for record in records.records), default=0) + 1
    lines += [f"{record.name + '.':{width}} IN SRV {record.value}" for record in records.records]
    return "\n".join(lines) + "\n"


def nsupdate(records: WantedRecords, server: tuple[str, int] | None = None) -> str:
    """Input of nsupdate that makes a zone have exactly these records under their names."""
    lines = [f"; SRV records of {records.cluster}", *_notes(records)]
    lines += [f"server {server[0]} {server[1]}"] if server else []
    lines += [f"zone {records.domain}."] if records.domain else []
    for name in records.names:
        lines.append(f"update delete {name}. SRV")
        lines += [f"update add {name}. {TTL} SRV {record.value}" for record in records.of(name)]
    lines += [f"update delete {name}. SRV" for name in records.ambiguous]
    return "\n".join([*lines, "send"] if records.records else lines) + "\n"


def _notes(records: WantedRecords) -> Iterable[str]:
    return (f"; {missing.name}: not known. {missing.message} {missing.fix}" for missing in records.not_known)

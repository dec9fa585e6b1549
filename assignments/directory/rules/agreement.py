"""An agreement with a directory: where it is, whom it gives, and which of their values are kept.

    document or form --checked--> Agreement --stored, with the password apart--> every run

Plain LDAP carries a password only to this machine, or where `insecure` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from topology import reasons
from topology.reasons import Reason

FIELDS = ("user_id", "name", "mail", "directory_uri", "department", "endpoints")  # what a person may get
SCHEMES = {"ldap": 389, "ldaps": 636}
MAX_SERVERS = 3
MIN_SCHEDULE, MAX_SCHEDULE = 60, 31 * 86_400  # seconds
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*(;[A-Za-z0-9-]+)*|[0-9]+(\.[0-9]+)+")
LOCAL_NAMES = frozenset({"localhost"})

Problem = tuple[str, Reason, dict[str, Any]]  # the field, what is wrong with it, and the facts of the sentence


@dataclass(frozen=True, slots=True)
class Server:
    """One address of a directory."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether it is this machine, by its name or a loopback address."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() in LOCAL_NAMES


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a cluster agreed with its directory; times in seconds, `guard_percent` of the people known so far."""

    servers: tuple[str, ...]
    base: str
    filter: str = "(objectClass=inetOrgPerson)"
    attributes: tuple[tuple[str, str], ...] = (("user_id", "uid"), ("name", "cn"), ("mail", "mail"))
    start_tls: bool = False
    insecure: bool = False
    ca: str = ""
    bind_dn: str = ""
    password_env: str = ""
    schedule: int = 900
    guard_percent: float = 2.0
    guard_people: int = 10
    keep_days: int = 30

    @property
    def mapped(self) -> dict[str, str]:
        """The attribute of the directory for each field."""
        return dict(self.attributes)

    @property
    def addresses(self) -> tuple[Server, ...]:
        """The servers in the order in which they are tried; the address of each was checked."""
        return tuple(server for server in map(server_of, self.servers) if server)

    def is_private(self, server: Server) -> bool:
        """Whether what is said to a server stays between the two."""
        return server.scheme == "ldaps" or self.start_tls or server.is_local


def server_of(text: str) -> Server | None:
    """The address in a text such as ldaps://host:636; None for what is none."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in SCHEMES or not parts.hostname or parts.path not in ("", "/") or parts.username:
        return None
    return Server(parts.scheme, parts.hostname, port or SCHEMES[parts.scheme])


def problems(agreement: Agreement) -> list[Problem]:
    """Everything that is wrong with an agreement before anybody asks the directory."""
    return [*_of_servers(agreement), *_of_map(agreement), *_of_numbers(agreement)]


def warnings(agreement: Agreement) -> list[Problem]:
    """What works and is worth a word: an unencrypted connection."""
    open_ones = [server for server in agreement.addresses if server.scheme == "ldap" and not agreement.start_tls]
    return [("servers", reasons.DIRECTORY_UNENCRYPTED, {"server": str(server)}) for server in open_ones]


def _of_servers(agreement: Agreement) -> Iterator[Problem]:
    if not 1 <= len(agreement.servers) <= MAX_SERVERS:
        yield "servers", reasons.DIRECTORY_SERVERS, {"count": len(agreement.servers), "most": MAX_SERVERS}
    for text in agreement.servers:
        server = server_of(text)
        if server is None:
            yield "servers", reasons.DIRECTORY_ADDRESS, {"value": text[:80]}
            continue
        if server.scheme == "ldaps" and agreement.start_tls:
            yield "start_tls", reasons.DIRECTORY_TLS_TWICE, {"server": str(server)}
        if agreement.bind_dn and not agreement.is_private(server) and not agreement.insecure:
            yield "servers", reasons.DIRECTORY_PASSWORD_OPEN, {"server": str(server)}
    if not agreement.base.strip():
        yield "base", reasons.DIRECTORY_NO_BASE, {}
    if agreement.password_env and not VARIABLE.fullmatch(agreement.password_env):
        yield "password_env", reasons.DIRECTORY_VARIABLE, {"value": agreement.password_env[:80]}
    if not _balanced(agreement.filter):
        yield "filter", reasons.DIRECTORY_FILTER, {"value": agreement.filter[:200]}


def _balanced(text: str) -> bool:
    """Whether a filter opens with a bracket and closes each; the directory's own library reads the rest."""
    depth = 0
    for place, sign in enumerate(text.strip()):
        depth += (sign == "(") - (sign == ")")
        if depth < 0 or (depth == 0 and place < len(text.strip()) - 1):
            return False
    return text.strip().startswith("(") and depth == 0


def _of_map(agreement: Agreement) -> Iterator[Problem]:
    mapped = agreement.mapped
    if not mapped.get("user_id"):
        yield "map", reasons.DIRECTORY_NO_USER_ID, {}
    for field, attribute in mapped.items():
        if field not in FIELDS:
            yield "map", reasons.DIRECTORY_FIELD, {"field": field[:40], "known": ", ".join(FIELDS)}
        elif not ATTRIBUTE.fullmatch(attribute):
            yield "map", reasons.DIRECTORY_ATTRIBUTE, {"field": field, "value": attribute[:60]}


RANGES: Mapping[str, tuple[float, float, str]] = {
    "schedule": (MIN_SCHEDULE, MAX_SCHEDULE, "seconds"),
    "guard_percent": (0, 100, "percent"),
    "guard_people": (0, 1_000_000, "people"),
    "keep_days": (1, 3650, "days"),
}


def _of_numbers(agreement: Agreement) -> Iterator[Problem]:
    for field, (low, high, unit) in RANGES.items():
        if not low <= getattr(agreement, field) <= high:
            facts = {"field": field, "low": f"{low:g}", "high": f"{high:g}", "unit": unit}
            yield field, reasons.DIRECTORY_RANGE, facts

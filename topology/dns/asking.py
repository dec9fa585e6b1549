"""A name server asked for SRV records and for aliases of their targets, many names at once, with a time limit.

The only file that knows dnspython.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from topology import reasons
from topology.dns.rules.comparing import ABSENT, ANSWERED, FAILED, SILENT, FoundRecord, SrvAnswer
from topology.reasons import Refused
from topology.rules import dns_servers

WAIT = 4.0  # seconds for one name, repeated questions included
REPEAT = 1.5  # seconds after which the question is asked again
AT_ONCE = 16  # names
REFUSED_WORD = "REFUSED"


class NameServer:
    """One name server, or those that the machine asks. Raises Refused where its name has no address."""

    def __init__(self, text: str, wait: float = WAIT) -> None:
        self.text, self.wait = text, wait
        self.resolver = _resolver(dns_servers.is_system(text))
        self.resolver.timeout, self.resolver.lifetime = min(REPEAT, wait / 2), wait
        if not dns_servers.is_system(text):
            address = dns_servers.server_of(text)
            if address is None:
                raise Refused(reasons.SRV_SERVER_NOT_FOUND, server=text)
            self.resolver.nameservers, self.resolver.port = [_ip_of(address[0])], address[1]

    def records(self, names: Iterable[str]) -> dict[str, SrvAnswer]:
        """What it has of each name, all asked at once."""
        return dict(self._each(names, self._record))

    def aliases(self, targets: Iterable[str]) -> dict[str, str]:
        """Targets that are an alias, in lower case, with the name that each stands for."""
        pairs = self._each(sorted({target.lower() for target in targets}), self._alias)
        return {target: canonical for target, canonical in pairs if canonical}

    def _each(self, names: Iterable[str], ask: Any) -> list[tuple[str, Any]]:
        names = list(names)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(zip(names, pool.map(ask, names), strict=True))

    def _ask(self, name: str, kind: str) -> Any:
        return self.resolver.resolve(f"{name}.", kind, raise_on_no_answer=False, search=False)

    def _record(self, name: str) -> SrvAnswer:
        try:
            answer = self._ask(name, "SRV")
        except dns.resolver.NXDOMAIN:
            return SrvAnswer(ABSENT)
        except dns.resolver.NoNameservers as failure:
            code = _code_of(failure)
            return SrvAnswer(ABSENT if code == REFUSED_WORD else FAILED, detail=code)
        except dns.exception.Timeout:
            return SrvAnswer(SILENT, detail=f"{self.wait:g}")
        except dns.exception.DNSException as failure:  # a name that is too long, an answer that is none
            return SrvAnswer(FAILED, detail=str(failure) or type(failure).__name__)
        rows = answer.rrset or ()
        records = (FoundRecord(row.priority, row.weight, row.port, row.target.to_text(True)) for row in rows)
        return SrvAnswer(ANSWERED if rows else ABSENT, tuple(sorted(records, key=lambda row: (row.priority, row.key))))

    def _alias(self, target: str) -> str:
        """The name that a target is an alias of: as the server says, or as the answer for its address shows."""
        for kind in ("CNAME", "A"):
            try:
                answer = self._ask(target, kind)
            except dns.exception.DNSException:
                continue
            chain = [rrset for rrset in answer.response.answer if rrset.rdtype == dns.rdatatype.CNAME]
            if chain:
                return str(chain[-1][0].target.to_text(True))
        return ""


def ask(server: NameServer, names: Iterable[str]) -> tuple[dict[str, SrvAnswer], Mapping[str, str]]:
    """The answers for names, and the aliases among their targets."""
    answers = server.records(names)
    return answers, server.aliases(record.target for answer in answers.values() for record in answer.records)


def _resolver(of_machine: bool) -> dns.resolver.Resolver:
    try:
        return dns.resolver.Resolver(configure=of_machine)
    except dns.resolver.NoResolverConfiguration:  # no resolv.conf, or no server in it
        raise Refused(reasons.SRV_SERVER_NOT_FOUND, server="of this machine") from None


def _ip_of(host: str) -> str:
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])
    except (OSError, UnicodeError):  # the latter for a name that no look-up can carry
        raise Refused(reasons.SRV_SERVER_NOT_FOUND, server=host) from None


def _code_of(failure: dns.resolver.NoNameservers) -> str:
    """The code that the last server answered, such as SERVFAIL, or what came in between."""
    errors = failure.kwargs.get("errors") or []
    last = errors[-1][3] if errors else ""
    return str(last).split(" ")[-1] if isinstance(last, str) else type(last).__name__

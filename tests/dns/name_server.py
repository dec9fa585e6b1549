"""A real name server for tests: Debian's dnsmasq on a port of loopback, with the records that a test gives it."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from config.local.embedded import HOST, free_port
from config.local.processes import stop_child, wait_until
from tests.tools import need
from topology.dns.rules.records import SrvRecord


@dataclass
class DnsServer:
    """A running dnsmasq."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def stop(self) -> None:
        stop_child(self.process, signal.SIGTERM, 5)


def option(record: SrvRecord) -> str:
    """A record as dnsmasq takes it."""
    return f"--srv-host={record.name},{record.target},{record.port},{record.priority},{record.weight}"


def start(records: Iterable[SrvRecord], *options: str) -> DnsServer:
    """A dnsmasq with these records that forwards nothing: what it lacks it refuses, or with --local denies."""
    program, port = need("dnsmasq"), free_port()
    plain = ["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user="]
    listens = [f"--listen-address={HOST}", f"--port={port}", "--pid-file="]
    command = [program, *plain, *listens, *(option(record) for record in records), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = DnsServer(port, process)
    assert wait_until(lambda: _answers(port), 20), "dnsmasq did not start"
    return server


def _answers(port: int) -> bool:
    with socket.socket() as tcp:
        tcp.settimeout(1)
        return tcp.connect_ex((HOST, port)) == 0

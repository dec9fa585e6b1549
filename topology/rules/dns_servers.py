"""The address of a name server as a person writes it."""

from __future__ import annotations

import re

DNS_PORT = 53
SYSTEM = "system"  # the name servers that the machine itself asks
ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>\d{1,5}))?"
    r"|(?P<bare>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)"
)


def server_of(text: str) -> tuple[str, int] | None:
    """Host and port of HOST, HOST:PORT or [IPV6]:PORT; None for what is none of them."""
    match = ADDRESS.fullmatch(text.strip())
    if not match:
        return None
    port = int(match["port"] or DNS_PORT)
    host = match["v6"] or match["host"] or match["bare"]
    return (host, port) if 0 < port < 65536 else None

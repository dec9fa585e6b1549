"""The address of a name server as a person writes it."""

from __future__ import annotations

import re

DNS_PORT = 53
SYSTEM = "system"  # the name servers that the machine itself asks
LABEL = "[A-Za-z0-9_-]{1,63}"  # of a name that a machine can look up
ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>LABEL(?:\.LABEL)*\.?))(?::(?P<port>[0-9]{1,5}))?"
    r"|(?P<bare>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)".replace("LABEL", LABEL)
)


def is_system(text: str) -> bool:
    """Whether this is the word for the name servers of the machine, however it is written."""
    return text.strip().lower() == SYSTEM


def server_of(text: str) -> tuple[str, int] | None:
    """Host and port of HOST, HOST:PORT or [IPV6]:PORT; None for what is none of them."""
    match = ADDRESS.fullmatch(text.strip())
    if not match:
        return None
    port = int(match["port"] or DNS_PORT)
    host = match["v6"] or match["host"] or match["bare"]
    return (host, port) if 0 < port < 65536 else None

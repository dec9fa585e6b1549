"""Under which address people open this console, as far as one machine can know it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.local.processes import is_alive
from config.local.state import HOST, read_state


def console_address(where: Path, origins: Sequence[str], hosts: Sequence[str], port: int) -> str:
    """Scheme, name and port: of the settings first, then of a console that runs here, then where one would."""
    named = [origin.rstrip("/") for origin in origins if "*" not in origin]
    named += [f"https://{host}" for host in hosts if not host.startswith((".", "*"))]
    if named:
        return named[0]
    owner = read_state(where).owner
    if owner.get("kind") == "up" and owner.get("address") and is_alive(owner["pid"]):
        return str(owner["address"])
    return f"http://{HOST}:{port}"

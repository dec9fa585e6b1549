"""How many requests and queries there were, over all web processes: counted here, told to Redis every second.

    request -> added in this process --a thread, each second--> one hash in Redis -> /metrics of whatever process

While Redis is away the numbers wait in the process; one that is killed loses its last second.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from topology.live import events

log = logging.getLogger(__name__)
PAUSE = 1.0  # seconds
MICRO = 1_000_000
_waiting: Counter[str] = Counter()
_lock = threading.Lock()
_teller: threading.Thread | None = None


def note(method: str, route: str, status: int, seconds: float, queries: int) -> None:
    """Count one request."""
    with _lock:
        _waiting[f"requests|{method}|{route}|{status}"] += 1
        _waiting[f"microseconds|{method}|{route}"] += int(seconds * MICRO)
        _waiting["queries"] += queries
    _tell_by_itself()


def tell() -> None:
    """Hand what was counted to Redis; what it does not take waits."""
    with _lock:
        told = Counter(_waiting)
        _waiting.clear()
    if not told:
        return
    try:
        with events.client().pipeline(transaction=True) as pipeline:
            for name, number in told.items():
                pipeline.hincrby(_key(), name, number)
            pipeline.execute()
    except events.AWAY as error:
        log.debug("the counts wait: %s", error)
        with _lock:
            _waiting.update(told)


def counts() -> Mapping[str, int]:
    """All that was counted so far, by name; nothing while Redis is away."""
    try:
        stored: Any = events.client().hgetall(_key())
    except events.AWAY:
        return {}
    return {name.decode(): int(number) for name, number in stored.items()}


def _tell_by_itself() -> None:
    global _teller  # noqa: PLW0603 - one thread for each process, begun by its first request
    if _teller is None or not _teller.is_alive():
        _teller = threading.Thread(target=_go_on, name="traffic", daemon=True)
        _teller.start()


def _go_on() -> None:
    never = threading.Event()
    while not never.wait(PAUSE):
        tell()


def _key() -> str:
    return f"{events.stream_name()}:traffic"

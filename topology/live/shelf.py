"""What web processes make once for all of them: kept in Redis under a name, made by the first who claims it.

While Redis is away nothing is kept and every claim is granted: each process then works for itself.
"""

import logging

from topology.live import events

log = logging.getLogger(__name__)


def keep(name: str, text: str, seconds: int) -> None:
    """Keep a text for all processes."""
    try:
        events.client().set(_key(name), text, ex=seconds)
    except events.AWAY as error:
        log.warning("not kept (%s): %s", name, error)


def kept(name: str) -> str:
    """What is kept under a name; "" for nothing."""
    try:
        stored = events.client().get(_key(name))
    except events.AWAY:
        return ""
    return stored.decode() if isinstance(stored, bytes) else ""


def claim(name: str, milliseconds: int) -> bool:
    """Whether this process is the one to make something; a claim ends by itself, should its owner die."""
    try:
        return bool(events.client().set(_key(name), "1", nx=True, px=milliseconds))
    except events.AWAY:
        return True


def release(name: str) -> None:
    """What was claimed is made, or could not be."""
    try:
        events.client().delete(_key(name))
    except events.AWAY as error:
        log.warning("a claim ends by itself (%s): %s", name, error)


def count(name: str) -> None:
    """Count that something was made."""
    try:
        events.client().incr(_key(f"count:{name}"))
    except events.AWAY as error:
        log.warning("not counted (%s): %s", name, error)


def counted(name: str) -> int:
    """How often something was made so far."""
    return int(kept(f"count:{name}") or 0)


def _key(name: str) -> str:
    return f"{events.stream_name()}:shelf:{name}"

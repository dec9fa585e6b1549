"""History and live news: record what was done, publish on commit, subscribe. The only file that talks to Redis.

    service -> record(...) / touch(...)  --commit-->  one XADD with the topics  -->  every web process  -->  browsers

A message carries topics only ("node-3", "operation-7"), never data: whoever shows an object fetches it.
"""

import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

import redis
import redis.asyncio
from django.conf import settings
from django.db import transaction

from topology.models import Cluster, Event, Node, Subcluster
from topology.reasons import Reason

log = logging.getLogger(__name__)
KEPT = 10_000  # messages in the stream; a browser away for longer fetches everything once
ENGINE = "engine"

_client: redis.Redis | None = None


def stream_name() -> str:
    """The stream of this installation; tests on one server have one each."""
    return str(getattr(settings, "LIVE_STREAM", "homenode:live"))


def client() -> redis.Redis:
    """The process's connection pool to Redis."""
    global _client
    if _client is None:
        _client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=2)
    return _client


def record(
    why: Reason,
    *,
    cluster: Cluster | None = None,
    subcluster: Subcluster | None = None,
    node: Node | None = None,
    operation: Any = None,
    actor: Any = None,
    topics: Iterable[str] = (),
    **facts: Any,
) -> Event:
    """Write one line of history and announce what it touches when the transaction commits.

    `actor` is a signed-in person, or None for the console itself; facts fill the sentence of `why`.
    """
    who = actor if getattr(actor, "pk", None) else None
    event = Event.objects.create(
        code=why.code,
        cluster=cluster,
        subcluster_id=subcluster.pk if subcluster else None,
        node_id=node.pk if node else None,
        operation_id=operation.pk if operation else None,
        actor=who,
        actor_name=who.get_username() if who else str(actor or ENGINE),
        facts=facts,
    )
    named = list(topics)
    if cluster:
        named.append(f"history-{cluster.pk}")
    if subcluster:
        named.append(f"subcluster-{subcluster.pk}")
    if node:
        named.append(f"node-{node.pk}")
    if operation:
        named.append(f"operation-{operation.pk}")
    touch(*named)
    return event


def touch(*topics: str) -> None:
    """Announce these objects as changed when the transaction commits; at once outside of one."""
    if topics:
        transaction.on_commit(lambda: publish(topics))


def publish(topics: Iterable[str]) -> None:
    """Send topics now; a page that misses them catches up when it connects again, so an outage is only logged."""
    names = " ".join(sorted(set(topics)))
    if not names:
        return
    try:
        client().xadd(stream_name(), {"topics": names}, maxlen=KEPT, approximate=True)
    except redis.RedisError as error:
        log.warning("live news not sent (%s): %s", names, error)


def alive() -> bool:
    """Whether Redis answers."""
    try:
        return bool(client().ping())
    except redis.RedisError:
        return False


async def subscribe(last: str = "$") -> AsyncIterator[tuple[str, list[str]]]:
    """Messages after an id, for ever: (id, topics). Raises redis.RedisError when the connection is lost."""
    connection = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=30, socket_connect_timeout=2)
    try:
        if last == "$":
            newest = await connection.xrevrange(stream_name(), count=1)
            last = newest[0][0].decode() if newest else "0-0"
        while True:
            for _, messages in await connection.xread({stream_name(): last}, block=10_000, count=500) or []:
                for key, fields in messages:
                    last = key.decode()
                    yield last, fields[b"topics"].decode().split()
    finally:
        await connection.aclose()

"""History and live news: record what was done, publish on commit, subscribe. The only file that talks to Redis.

    service -> record(...) / touch(...)  --commit-->  one XADD with the topics  -->  every web process  -->  browsers

A message carries topics only ("node-3", "operation-7"), never data: a page that shows an object fetches it.
"""

import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import redis
import redis.asyncio
from django.conf import settings
from django.db import transaction

from topology.live.actors import account_of, name_of
from topology.models import Cluster, Event, Node, Subcluster
from topology.reasons import Reason, Said

log = logging.getLogger(__name__)
BLOCK = 3.0  # seconds for which Redis may hold a question for news before it says that there are none
SILENCE = 6.0  # seconds without a word of it after which it is away, although the connection is still there
KEPT = 10_000  # messages in the stream; a browser away for longer fetches everything once
WORKER_SIGN = 6  # seconds for which the last sign of a worker counts

AWAY = (redis.RedisError, OSError)  # what a Redis that went away raises

_client: redis.Redis | None = None


def stream_name() -> str:
    """The stream of this installation; tests on one server have one each."""
    return str(getattr(settings, "LIVE_STREAM", "homenode:live"))


def client() -> redis.Redis:
    """The process's connection pool to Redis."""
    global _client  # noqa: PLW0603 - one pool for each process, made when it is first asked for
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

    `actor` is a signed-in person, or None for the console itself; facts fill the sentence of `why`, together with the
    names of the objects given; one that another reason says (Said) is kept as its code and facts.
    """
    given = {"cluster": cluster, "subcluster": subcluster, "node": node}
    facts = {kind: str(fact) for kind, fact in given.items() if fact is not None} | facts
    facts = {key: fact.kept() if isinstance(fact, Said) else fact for key, fact in facts.items()}
    event = Event.objects.create(
        code=why.code,
        cluster=cluster,
        subcluster_id=subcluster.pk if subcluster else None,
        node_id=node.pk if node else None,
        operation_id=operation.pk if operation else None,
        actor=account_of(actor),
        actor_name=name_of(actor),
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


def show(topic: str, who: str, what: dict[str, Any], seconds: int) -> None:
    """Let others see something of one person for some seconds; it is kept nowhere else. An outage is only logged."""
    try:
        with client().pipeline() as pipe:
            pipe.hset(_shown(topic), who, json.dumps([time.time() + seconds, what]))
            pipe.expire(_shown(topic), seconds)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("not shown to others (%s): %s", topic, error)
    publish([topic])


def hide(topic: str, who: str) -> None:
    """Show nothing of this person any more; announced only if something was shown."""
    try:
        if client().hdel(_shown(topic), who):
            publish([topic])
    except redis.RedisError as error:
        log.warning("not hidden from others (%s): %s", topic, error)


def shown(topic: str) -> dict[str, dict[str, Any]]:
    """What is shown now, by person; nothing while Redis is away."""
    try:
        stored: dict[bytes, bytes] = client().hgetall(_shown(topic))  # type: ignore[assignment]
    except redis.RedisError:
        return {}
    entries = {who.decode(): json.loads(text) for who, text in stored.items()}
    return {who: what for who, (until, what) in entries.items() if until > time.time()}


def _shown(topic: str) -> str:
    return f"{stream_name()}:shown:{topic}"


def keep(name: str, what: dict[str, Any], seconds: int) -> None:
    """Keep something for some seconds that is told to no one; an outage is only logged."""
    try:
        client().set(f"{stream_name()}:kept:{name}", json.dumps(what), ex=seconds)
    except AWAY as error:
        log.warning("not kept (%s): %s", name, error)


def kept(name: str) -> dict[str, Any]:
    """What is kept under a name; nothing while Redis is away."""
    try:
        text: bytes | None = client().get(f"{stream_name()}:kept:{name}")  # type: ignore[assignment]
    except AWAY:
        return {}
    value: dict[str, Any] = json.loads(text) if text else {}
    return value


def leave_signs(marks: Mapping[str, str]) -> None:
    """Keep marks of the console's own health by name; while Redis is away no one can."""
    try:
        client().hset(_signs(), mapping=dict(marks))  # type: ignore[arg-type]
    except AWAY as error:
        log.warning("no sign left: %s", error)


def signs() -> dict[str, str]:
    """The marks left so far. Raises what a Redis that went away raises."""
    entries: dict[bytes, bytes] = client().hgetall(_signs())  # type: ignore[assignment]
    return {name.decode(): mark.decode() for name, mark in entries.items()}


def _signs() -> str:
    return f"{stream_name()}:signs"


def leave_worker_sign() -> None:
    """Say that a worker lives; the sign is good for three of its heartbeats (2 s each)."""
    try:
        client().set(_worker(), "1", ex=WORKER_SIGN)
    except AWAY as error:
        log.warning("no sign of life left: %s", error)


def worker_lives() -> bool:
    """Whether a worker left a sign of life just now. Raises what a Redis that went away raises."""
    return bool(client().exists(_worker()))


def _worker() -> str:
    return f"{stream_name()}:worker"


def leave_clock_sign(seconds: int, of: str = "worker") -> None:
    """Say that the clock of a worker (or of a "web" process) is off, and by how much; good like a sign of life."""
    try:
        client().set(_clock(of), str(seconds), ex=WORKER_SIGN)
    except AWAY as error:
        log.warning("no sign of a wrong clock left: %s", error)


def clocks_off() -> set[str]:
    """Of which a process said just now that its clock is off. Raises what a Redis that went away raises."""
    kinds = ("web", "worker")
    told: list[bytes | None] = client().mget([_clock(kind) for kind in kinds])  # type: ignore[assignment]
    return {kind for kind, seconds in zip(kinds, told, strict=True) if seconds is not None}


def _clock(of: str) -> str:
    return f"{stream_name()}:{of}-clock"


class ProcessLease:
    """A lease by name that one process holds at a time, and that ends some seconds after its holder went silent."""

    def __init__(self, name: str, seconds: float) -> None:
        self._lock = client().lock(f"{stream_name()}:lease:{name}", timeout=seconds, blocking=False)

    def hold(self) -> bool:
        """Take or renew it; True while Redis is away, for then no one can say that another holds it."""
        try:
            return bool(self._lock.reacquire()) if self._lock.owned() else bool(self._lock.acquire())
        except AWAY:
            return True

    def give_back(self) -> None:
        """End it before its time, if this process holds it."""
        with contextlib.suppress(*AWAY):
            if self._lock.owned():
                self._lock.release()


def alive() -> bool:
    """Whether Redis answers."""
    try:
        return bool(client().ping())
    except AWAY:
        return False


def waiting_tasks() -> int:
    """Tasks that were sent and that no worker has taken yet; 0 while Redis is away."""
    try:
        return int(client().llen("celery"))
    except redis.RedisError:
        return 0


def newest_version() -> int:
    """The version that the newest message raised everything to. Raises what a Redis that went away raises."""
    last: list[tuple[bytes, Any]] = client().xrevrange(stream_name(), count=1)  # type: ignore[assignment]
    return version_of(last[0][0].decode()) if last else int(time.time() * 1000) * 1000


def version_now() -> int:
    """The newest version; while Redis is away the present instant."""
    try:
        return newest_version()
    except AWAY:
        return int(time.time() * 1_000_000)


def version_of(key: str) -> int:
    """The id of a message as one number that grows: its millisecond, and its place among a thousand in it."""
    millisecond, place = order(key)
    return millisecond * 1000 + min(place, 999)


def message_of(version: int) -> str:
    """The id of the message that raised everything to a version."""
    return f"{version // 1000}-{version % 1000}"


def open_reader() -> Any:  # what redis-py says of its answers does not hold for streams
    """A client for one event loop, with ten connections at most: who finds none waits for one."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        settings.REDIS_URL, max_connections=10, timeout=5, socket_timeout=SILENCE, socket_connect_timeout=2
    )
    return redis.asyncio.Redis(connection_pool=pool)


async def newest(reader: Any) -> str:
    """The id of the last message, "0-0" when there is none."""
    last = await reader.xrevrange(stream_name(), count=1)
    return str(last[0][0].decode()) if last else "0-0"


async def instant(reader: Any, seconds_ago: float) -> str:
    """The id that a message of some seconds ago would have, by the clock of Redis."""
    second, micro = await reader.time()
    return f"{int((second - seconds_ago) * 1000 + micro / 1000)}-0"


async def missed(reader: Any, after: str, limit: int = 2000) -> list[tuple[str, list[str]]] | None:
    """Messages after an id, or None when some of them are gone or there are too many to tell one by one."""
    oldest = await reader.xrange(stream_name(), count=1)
    if not oldest or order(oldest[0][0].decode()) > order(after):
        return None
    messages = await reader.xrange(stream_name(), min=f"({after}", count=limit + 1)
    return None if len(messages) > limit else [_message(key, fields) for key, fields in messages]


async def subscribe(reader: Any, last: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Messages after an id, for ever: (id, topics). Raises redis.RedisError when the connection is lost."""
    while True:
        for _, messages in await reader.xread({stream_name(): last}, block=int(BLOCK * 1000), count=500) or []:
            for key, fields in messages:
                last, topics = _message(key, fields)
                yield last, topics


def order(key: str) -> tuple[int, int]:
    """What ids of messages are compared by. Raises ValueError for text that is no id."""
    head, _, tail = key.partition("-")
    return int(head), int(tail or 0)


def _message(key: bytes, fields: dict[bytes, bytes]) -> tuple[str, list[str]]:
    return key.decode(), fields[b"topics"].decode().split()

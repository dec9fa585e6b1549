"""Admission ahead of the connection pool: what the server cannot carry now is refused at once, and told when to return.

    request -> may it wait? -> a slot for writing (POST …) -> a slot of the pool -> Django
                  '-> no, or its patience ends: 503 with Retry-After, and nothing was done

What writes is refused as well while the clock of this process is not the database's: it would stand in the history at
a time that never was.

There are fewer slots than connections, so that boards and streams always find one. What writes may wait for the locks
of a cluster; it holds only a part of the slots, and reading goes on. A stream holds its slot only until it has begun.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any

from django.template.loader import render_to_string

from topology import reasons
from topology.live import health
from topology.live.clocks import WatchedClock
from topology.reasons import Reason, Refused

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

OWN = 2  # connections for boards and for the watch over who may listen
WAITING = 64  # requests that may wait at once, of each sort
PATIENCE = 4.0  # seconds
STREAM_PATIENCE = 30.0  # a browser that comes back asks nothing else meanwhile
SOON = (2, 6)  # seconds until who was refused comes back, spread so that not all come at once
READING = ("GET", "HEAD", "OPTIONS")
FREE = ("/static/", "/livez", "/readyz", "/healthz", "/trouble")  # the last: one asks for all, with one connection
TITLES = {
    reasons.SERVER_BUSY: "The console has more to do than it can",
    reasons.DATABASE_AWAY: "A part of the console is away",
    reasons.WEB_CLOCK_OFF: "The clock of this server is wrong",
}
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:"),
]


class Busy(Exception):
    """No slot is free in time."""


class Slots:
    """So many at once; so many wait, each for a while, in the order of their coming."""

    def __init__(self, size: int, waiting: int = WAITING) -> None:
        self.free = asyncio.Semaphore(size)
        self.most, self.waiting = waiting, 0

    @asynccontextmanager
    async def held(self, patience: float) -> AsyncIterator[None]:
        """A slot for as long as this lasts. Raises Busy."""
        if self.free.locked() and self.waiting >= self.most:
            raise Busy
        self.waiting += 1
        try:
            async with asyncio.timeout(patience):
                await self.free.acquire()
        except TimeoutError:
            raise Busy from None
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self.free.release()


class Admission:
    """The application behind as many slots as the pool of connections carries."""

    def __init__(self, app: App, connections: int, prefix: str = "", clock: WatchedClock | None = None) -> None:
        self.app, self.prefix, self.clock = app, prefix, clock
        size = max(2, connections - OWN)
        self.slots, self.writing = Slots(size), Slots(max(1, size // 2))
        self.streams = Slots(max(1, size // 2), waiting=10_000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(self.prefix)
        if scope["type"] != "http" or path.startswith(FREE):
            return await self.app(scope, receive, send)
        if path == "/stream":
            return await self._stream(scope, receive, send)
        if scope["method"] not in READING and self.clock and not self.clock.is_right():
            return await refuse(scope, path, send, reasons.WEB_CLOCK_OFF)
        try:
            async with AsyncExitStack() as stack:
                if scope["method"] not in READING:
                    await stack.enter_async_context(self.writing.held(PATIENCE))
                await stack.enter_async_context(self.slots.held(PATIENCE))
                return await self.app(scope, receive, send)
        except Busy:
            return await refuse(scope, path, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream is let go on without its slot as soon as it has begun."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self.streams.held(STREAM_PATIENCE))
                await stack.enter_async_context(self.slots.held(STREAM_PATIENCE))
            except Busy:
                return await refuse(scope, "/stream", send)

            async def begun(message: MutableMapping[str, Any]) -> None:
                await stack.aclose()
                await send(message)

            return await self.app(scope, receive, begun)


async def refuse(scope: Scope, path: str, send: Send, reason: Reason | None = None) -> None:
    """503, as JSON for programs, as a message for htmx, as a page that comes back by itself for people.

    Slots are short too when each waits for a database that is away, and then that is the reason.
    """
    reason = reason or (reasons.DATABASE_AWAY if health.is_silent() else reasons.SERVER_BUSY)
    seconds = random.randint(*SOON)
    headers = dict(scope.get("headers", ()))
    wants = headers.get(b"accept", b"").decode("latin-1")
    media, more = "text/html; charset=utf-8", list(HEADERS)
    if path.startswith("/api/") or wants.startswith(("application/json", "application/problem+json")):
        media, body = "application/json", _json(path, reason)
        if path.startswith("/api/"):
            media = "application/problem+json"
    elif b"hx-request" in headers:
        body = _page("shared/_refused.html", reason, 0)
        more += [(b"hx-retarget", b"#messages"), (b"hx-reswap", b"innerHTML")]
    else:
        body = _page("503.html", reason, seconds if scope["method"] in READING else 0)
    more += [(b"content-type", media.encode()), (b"retry-after", str(seconds).encode())]
    more += [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": more})
    await send({"type": "http.response.body", "body": body})


def _json(path: str, reason: Reason) -> bytes:
    refusal = Refused(reason)
    told: dict[str, Any] = refusal.as_dict()
    if path.startswith("/api/"):
        told = {
            "type": f"urn:homenode:problem:{refusal.code}",
            "title": TITLES[reason],
            "status": 503,
            "detail": refusal.message,
            "instance": path,
            "code": refusal.code,
            "fix": refusal.fix,
        }
    return json.dumps(told).encode()


@cache
def _page(template: str, reason: Reason, again: int) -> bytes:
    return render_to_string(template, {"refusal": Refused(reason), "again": again}).encode()

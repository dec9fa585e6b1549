"""The live stream: tells every browser which objects changed, as server-sent events.

    Redis --one reader per process--> Hub --> Listener (a set of topics) --at most one message each 250 ms--> browser
                                       '----> Board (a cluster, for all of one kind of viewer) ----'

A message about what is personal names topics, never data. A browser that comes back names the last message it got and
is told what it missed, or `all` when that cannot be known; while Redis is away it is told `lost`, and `all` afterwards.
Clusters that it watches come rendered, a whole version at a time (topology/live/boards.py).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from topology.accounts import pseudonyms, roles, sign_in
from topology.live import events, health
from topology.live.boards import SharedBoard, ViewerKind
from topology.live.build import build
from topology.live.listeners import Listener, Watched, message
from topology.models import Cluster

log = logging.getLogger(__name__)

PAUSE = 0.25  # seconds between two messages to one browser
KEEPALIVE = 5.0  # seconds of silence after which a sign of life is sent
RETRY = 1000  # milliseconds until a browser tries again
RIGHTS = 2.0  # seconds between two looks at who may still listen
OPEN = 5.0  # seconds for which the database may leave that question open before it is called away
LONGEST_AGE = 60.0  # seconds; a page older than this fetches everything
WAITS = (0.25, 0.5, 1.0, 2.0, 4.0)  # seconds between tries to reach Redis
MOST = 10  # clusters that one browser watches
TROUBLE = "trouble"  # the topic of what is wrong with the console itself
AWAY = events.AWAY
NEWS, DATABASE = "news", "database"  # what may be away
Watches = tuple[Cluster, ViewerKind, int]
Answer = TypeVar("Answer")


class Hub:
    """The one reader of a process and its browsers."""

    def __init__(self) -> None:
        self.redis = events.open_reader()
        self.listeners: set[Listener] = set()
        self.boards: dict[tuple[str, ViewerKind], SharedBoard] = {}
        self.reading: asyncio.Task[None] | None = None
        self.watching: asyncio.Task[None] | None = None
        self.tried = asyncio.Event()  # the reader has its place in the stream, or Redis is away
        self.position = ""  # the last message read; empty while Redis is away
        self.troubles: set[str] = set()  # codes of what is wrong with the console

    def join(self, person: int = 0, session: str = "") -> Listener:
        """A new listener; the first one starts the reader, and the watch over who may listen."""
        listener = Listener(person, session)
        self.listeners.add(listener)
        if self.reading is None:
            self.reading = asyncio.create_task(self._read())
            self.watching = asyncio.create_task(self._watch())
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a browser; without any, stop reading."""
        for one in listener.watched:
            self.unwatch(one)
        self.listeners.discard(listener)
        if not self.listeners and self.reading:
            self.reading.cancel()
            if self.watching:
                self.watching.cancel()
            self.reading, self.watching, self.position = None, None, ""
            self.tried.clear()

    def watch(self, one: Watched) -> None:
        """Let a browser be told a cluster's versions; the first of its kind starts the board."""
        key = one.name, one.kind
        if key not in self.boards:
            self.boards[key] = SharedBoard(*key)
        one.board, one.current = self.boards[key], False
        one.board.watch(one)

    def unwatch(self, one: Watched) -> None:
        """Tell it no more; without anybody who watches, the board stops."""
        if one.board and one.board.leave(one):
            del self.boards[one.board.cluster, one.board.kind]
        one.board = None

    def _look_again(self) -> None:
        for board in self.boards.values():
            board.news.set()

    async def catch_up(self, listener: Listener, after: str, age: float | None) -> None:
        """Let it hear all after a message, or after its page was asked for `age` seconds ago; else it starts anew."""
        # What is missed is read only once the reader has its place: nothing falls between the two.
        await self.tried.wait()
        try:
            if not after and age is not None and age <= LONGEST_AGE:
                after = await events.instant(self.redis, age)
            messages = await events.missed(self.redis, after) if after else None
        except AWAY:
            messages = None
        if not self.position:
            listener.lose(NEWS)
        elif messages is None:
            listener.restart(self.position)
        else:
            listener.resume(after, messages)

    async def _watch(self) -> None:
        """End the streams of people who may not listen any more, and tell all what is wrong with the console itself.

        A database that does not answer ends no one's stream: they are told that what they see stands still. Each look
        waits for nothing but its own question: a database that is silent leaves it open for as long as it is.
        """
        await asyncio.gather(self._keep_looking(self._look_for_trouble), self._keep_looking(self._look_who_may_listen))

    async def _keep_looking(self, look: Callable[[], Awaitable[None]]) -> None:
        failed = False
        while True:
            await asyncio.sleep(RIGHTS)
            before, failed = failed, False
            try:
                await look()
            except Exception as error:  # noqa: BLE001 - no rights are watched by a watch that has ended
                failed = True
                if not before:
                    log.warning("the watch over who may listen failed, and goes on: %r", error)

    async def _look_for_trouble(self) -> None:
        codes = {each.code for each in await _asked(health.troubles)}
        if codes != self.troubles:
            self.troubles = codes
            for one in self.listeners:
                one.hear_here(TROUBLE)

    async def _look_who_may_listen(self) -> None:
        asked = {(one.person, one.session) for one in self.listeners if one.session}
        question = asyncio.create_task(_asked(sign_in.still_allowed, asked))
        try:
            if not (await asyncio.wait({question}, timeout=OPEN))[0]:
                self._still()
            allowed = await question
        except DatabaseError:
            return self._still()
        finally:
            question.cancel()
        self._goes_on()
        for one in list(self.listeners):
            if one.session and (one.person, one.session) in asked:
                self._allow(one, allowed.get((one.person, one.session)))
        return None

    def _allow(self, one: Listener, now: tuple[roles.Reach, bool] | None) -> None:
        """End the stream of who may not listen any more; show who has another role now what that role sees."""
        if now is None:
            return one.end()
        reach, hides_names = now
        for watched in one.watched:
            role = reach.role_in(watched.pk)
            kind = ViewerKind(role, hides_names) if role else None
            if watched.board and watched.board.kind != kind:
                self.unwatch(watched)
                if not kind:
                    watched.lose()
            if kind and not watched.board:
                watched.kind, watched.shows = kind, 0
                self.watch(watched)
        return None

    def _still(self) -> None:
        health.note_silence()
        for one in self.listeners:
            if one.lost != NEWS:
                one.lose(DATABASE)

    def _goes_on(self) -> None:
        for one in self.listeners:
            if one.lost == DATABASE and self.position:
                one.restart(self.position)
                self._look_again()

    async def _read(self) -> None:
        """Hand out messages for ever; whatever goes wrong, try again: a process must not stay deaf."""
        tries = 0
        while True:
            try:
                self._found(await events.newest(self.redis), again=tries > 0)
                tries = 0
                async for key, topics in events.subscribe(self.redis, self.position):
                    self.position = key
                    for listener in self.listeners:
                        listener.hear(key, topics)
                    for board in self.boards.values():
                        board.hear(events.order(key)[0], topics)
            except Exception as error:  # noqa: BLE001 - the stream outlives whatever Redis does
                if not tries:
                    log.warning("live news stopped: %r", error)
                self._lost()
                await asyncio.sleep(WAITS[min(tries, len(WAITS) - 1)])
                tries += 1

    def _found(self, position: str, again: bool) -> None:
        self.position = position
        self.tried.set()
        self._look_again()  # what a board took before may be older than the first news that it will hear
        if again:  # what was published meanwhile is gone
            log.warning("live news are back")
            for listener in self.listeners:
                listener.restart(position)

    def _lost(self) -> None:
        self.position = ""
        self.tried.set()
        for listener in self.listeners:
            listener.lose(NEWS)


async def _asked(question: Callable[..., Answer], *about: Any) -> Answer:
    """The answer to a question to the database, in a thread and with a connection of its own."""

    def ask() -> Answer:
        try:
            return question(*about)
        finally:
            connections.close_all()

    return await sync_to_async(ask, thread_sensitive=False)()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of this process; a server has one event loop, tests have several."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


async def messages(
    after: str,
    age: float | None,
    person: int = 0,
    session: str = "",
    watches: Sequence[Watches] = (),
    gone: Sequence[str] = (),
) -> AsyncIterator[str]:
    """The text of one browser's stream, until it leaves or may not listen any more."""
    yield f"retry: {RETRY}\n\n" + "".join(message("gone", name) for name in gone)
    home = hub()
    listener = home.join(person, session)
    try:
        for cluster, kind, shows in watches:
            listener.watched.append(Watched(listener, cluster, kind, shows))
            home.watch(listener.watched[-1])
        await home.catch_up(listener, after, age)
        ended = False
        while not ended:
            try:
                await asyncio.wait_for(listener.news.wait(), KEEPALIVE)
            except TimeoutError:
                yield ": still here\n" + message("alive", f"{int(time.time() * 1000)} {build()}")
            else:
                ended = listener.ended  # now: what ends it while the last is told is told too
                if told := listener.tell():
                    yield told
                    await asyncio.sleep(PAUSE)  # the topics of this time go together
    finally:
        home.leave(listener)


@login_not_required  # a redirect to a page of HTML would be no answer here
@require_GET
async def stream(request: HttpRequest) -> HttpResponseBase:
    """The live stream of a signed-in person; it holds no database connection."""
    person, watches = await sync_to_async(_who_may_see)(request)
    await sync_to_async(connections.close_all)()
    if person is None or request.GET.get("as", str(person)) != str(person):  # the page is of another person
        return HttpResponse("Sign in first.", status=401, content_type="text/plain")
    after = _key(request.headers.get("Last-Event-ID") or request.GET.get("after", ""))
    response = StreamingHttpResponse(
        messages(after, _age(request), person, request.session.session_key or "", watches, _gone(request, watches)),
        content_type="text/event-stream",
    )
    response["Cache-Control"] = "no-cache, no-transform"
    response["X-Accel-Buffering"] = "no"
    return response


def _who_may_see(request: HttpRequest) -> tuple[int | None, list[Watches]]:
    """The key of the person who asks, or None for one who may not see the console; and what is watched."""
    reach = roles.reach_of(request.user)
    return (request.user.pk, list(_watches(request, reach))) if reach.somewhere else (None, [])


def _watches(request: HttpRequest, reach: roles.Reach) -> Iterator[Watches]:
    """The clusters that a browser names and may see, each with the kind of viewer and the version it shows.

    A version counts only for the kind that it was made for: `kind` and `version` stand in the order of `cluster`.
    """
    names = request.GET.getlist("cluster")[:MOST]
    known = {cluster.name: cluster for cluster in Cluster.objects.filter(name__in=names)} if names else {}
    hides_names = bool(request.session.get(pseudonyms.HIDES_NAMES))
    asked = zip_longest(names, request.GET.getlist("kind"), request.GET.getlist("version")[:MOST], fillvalue="")
    for name, kind, version in asked:
        if (cluster := known.pop(name, None)) and (role := reach.role_in(cluster.pk)):
            mine = ViewerKind(role, hides_names)
            yield cluster, mine, (_milliseconds(version) or 0) if kind == str(mine) else 0


def _gone(request: HttpRequest, watches: Sequence[Watches]) -> list[str]:
    """The clusters that a browser shows and that are not there any more, for this person or for anybody."""
    there = {cluster.name for cluster, _, _ in watches}
    return [name for name in request.GET.getlist("cluster")[:MOST] if name not in there and name.isprintable()]


def _key(text: str) -> str:
    """The id of a message, or nothing when a browser sends something else."""
    try:
        if text.isascii() and text.isdigit():  # of a cluster: topics of the second before may not have been told
            return events.message_of(max(int(text) - 1_000_000, 0))
        return text if text and events.order(text) >= (0, 0) else ""
    except ValueError:
        return ""


def _age(request: HttpRequest) -> float | None:
    """How many seconds ago the page was asked for, by its age or the time in it; a second is added to be sure."""
    age, at = _milliseconds(request.GET.get("age", "")), _milliseconds(request.GET.get("at", ""))
    if age is None and at is not None:
        age = max(int(time.time() * 1000) - at, 0)
    return None if age is None else age / 1000 + 1


def _milliseconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None

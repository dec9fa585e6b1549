"""Clusters that somebody watches: each new version is taken once in a process, and told to all who watch.

    news of a cluster --at most each 250 ms--> Board (its newest version for one kind of viewer) --> listeners

A console that shows the version before is told the parts that changed; any other the newest whole. A version that came
while a console, or the server, was behind is skipped and never queued.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol, Self

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.utils.html import escape
from django.utils.module_loading import import_string

from topology.reasons import Refused

log = logging.getLogger(__name__)

PAUSE = 0.25  # seconds between two versions of one cluster
AGAIN = 1.0  # seconds until a version that could not be taken is tried again
HIDDEN = "-hidden"
LINES = re.compile(r"\s*\n\s*")


@dataclass(frozen=True)
class ViewerKind:
    """Who is shown the same: the role in the cluster, and whether names are hidden."""

    role: str
    hides_names: bool = False

    def __str__(self) -> str:
        return self.role + HIDDEN * self.hides_names


class Version(Protocol):
    """A cluster as one kind of viewer sees it at one moment."""

    version: int
    topics: str

    def changes(self, before: Self, /) -> Iterator[str]:
        """The parts that differ from an earlier version."""

    def everything(self) -> Iterator[str]:
        """All parts."""


class Watcher(Protocol):
    """Who watches a board: the version that it shows, and whether a version taken since it came is there."""

    shows: int
    current: bool

    def wake(self) -> None:
        """There is something to tell."""

    def lose(self) -> None:
        """The cluster is not there any more."""


class SharedBoard:
    """One cluster as one kind of viewer sees it, in this process."""

    def __init__(self, cluster: str, kind: ViewerKind) -> None:
        self.cluster, self.kind = cluster, kind
        self.consoles: set[Watcher] = set()
        self.now: Version | None = None
        self.topics: set[str] = set()
        self.before = 0  # the version that the changes are counted from
        self.committed = int(time.time() * 1000)  # milliseconds since 1970: the newest news
        self.news = asyncio.Event()
        self.whole = self.changed = ""
        self.running = asyncio.create_task(self._run())

    def watch(self, console: Watcher) -> None:
        """A console that comes is told nothing older than its coming."""
        self.consoles.add(console)
        self.news.set()

    def leave(self, console: Watcher) -> bool:
        """Forget a console; whether no one is left. Then nothing is rendered any more."""
        self.consoles.discard(console)
        if not self.consoles:
            self.running.cancel()
        return not self.consoles

    def hear(self, millisecond: int, topics: Iterable[str]) -> None:
        """News; those that change nothing of what is shown are not for us."""
        if self.now is None or not self.topics.isdisjoint(topics):
            self.committed = max(self.committed, millisecond)
            self.news.set()

    def tell(self, console: Watcher) -> str:
        """The newest version as a message for a console that shows another; "" for one that shows it."""
        if self.now is None or not console.current or console.shows == self.now.version:
            return ""
        told = self.changed if console.shows == self.before else self._everything()
        console.shows = self.now.version
        return told

    async def _run(self) -> None:
        """Take a version for all news of a quarter of a second, for ever; whatever goes wrong is tried again."""
        failed = False
        while True:
            await self.news.wait()
            self.news.clear()
            begun = time.monotonic()
            try:
                await self._take()
            except Refused:  # the cluster is gone
                for console in self.consoles:
                    console.lose()
                await asyncio.sleep(PAUSE)
            except Exception as error:  # noqa: BLE001 - a board outlives whatever the database does
                if not failed:
                    log.warning("no new version of %s: %r", self.cluster, error)
                failed = True
                await asyncio.sleep(AGAIN)
                self.news.set()
            else:
                failed = False
                await asyncio.sleep(max(0.0, PAUSE - (time.monotonic() - begun)))

    async def _take(self) -> None:
        waiting, committed = list(self.consoles), self.committed
        version = await sync_to_async(_taken, thread_sensitive=False)(self.cluster, self.kind)
        if self.now is None or version.version != self.now.version:
            changes = list(version.changes(self.now)) if self.now else []
            self.before = self.now.version if self.now else 0
            self.now, self.topics, self.whole = version, set(version.topics.split()), ""
            self.committed = max(committed, version.version // 1000)  # it may hold news that were not heard yet
            self.changed = self._message(changes, self.before) if self.before else self._everything()
        for console in waiting:
            console.current = True
            if console.shows != self.now.version:
                console.wake()

    def _everything(self) -> str:
        assert self.now is not None
        self.whole = self.whole or self._message(self.now.everything(), 0)
        return self.whole

    def _message(self, parts: Iterable[str], after: int) -> str:
        """One event: the parts in one line, in an element that says of which version and which commit they are."""
        assert self.now is not None
        said = f'data-cluster="{escape(self.cluster)}" data-version="{self.now.version}"'
        said += f' data-committed="{self.committed}" data-kind="{self.kind}"'
        said += f' data-after="{after}"' if after else ""
        html = LINES.sub(" ", "".join(parts))
        return f"id: {self.now.version}\nevent: cluster\ndata: <div {said}>{html}</div>\n\n"


@cache
def _taker() -> Callable[[str, ViewerKind], Version]:
    """What reads and renders a cluster; config.settings names it, for it stands above the topology."""
    taker: Callable[[str, ViewerKind], Version] = import_string(settings.LIVE_BOARD)
    return taker


def _taken(cluster: str, kind: ViewerKind) -> Version:
    try:
        return _taker()(cluster, kind)
    finally:
        connections.close_all()

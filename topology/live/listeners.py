"""One browser of the live stream: what it has not been told yet, and the clusters that it watches."""

from __future__ import annotations

import asyncio

from topology.live import events
from topology.live.boards import SharedBoard, ViewerKind
from topology.models import Cluster

ALL = "all"


class Watched:
    """A cluster that a browser watches: the board it is told from, and the version that it shows."""

    def __init__(self, listener: Listener, cluster: Cluster, kind: ViewerKind, shows: int) -> None:
        self.listener, self.pk, self.name, self.kind, self.shows = listener, cluster.pk, cluster.name, kind, shows
        self.current = self.gone = False
        self.board: SharedBoard | None = None

    def wake(self) -> None:
        """There is a new version."""
        self.listener.news.set()

    def lose(self) -> None:
        """There is no such cluster any more, for this person or for anybody."""
        self.gone = True
        self.wake()

    def tell(self) -> str:
        """The new version, or that there will be none; "" for nothing."""
        if self.gone:
            self.gone = False
            return message("gone", self.name)
        return self.board.tell(self) if self.board else ""


class Listener:
    """One browser: what it has not been told yet. A slow one gathers topics, never a queue."""

    def __init__(self, person: int = 0, session: str = "") -> None:
        self.person, self.session = person, session
        self.ended = False
        self.topics: set[str] = set()
        self.due = False  # topics, or that there are none, are to be told
        self.watched: list[Watched] = []
        self.last = "0-0"
        self.lost = ""  # what is away: news (Redis) or database
        self.news = asyncio.Event()

    def hear(self, key: str, topics: list[str]) -> None:
        """Note topics of a message, unless it is known."""
        if events.order(key) > events.order(self.last):
            self.last = key
            self.topics.update(topics)
            self._wake()

    def _wake(self) -> None:
        self.due = True
        self.news.set()

    def hear_here(self, topic: str) -> None:
        """Note a topic of this process alone, which no message of the stream names."""
        self.topics.add(topic)
        self._wake()

    def resume(self, after: str, messages: list[tuple[str, list[str]]]) -> None:
        """Take in what was said after a message, beside what was heard meanwhile."""
        self.last = after if events.order(after) > events.order(self.last) else self.last
        for key, topics in messages:
            self.topics.update(topics)
            self.last = key if events.order(key) > events.order(self.last) else self.last
        self._wake()  # at once, even for nothing: the browser learns its place

    def restart(self, key: str) -> None:
        """From this message on nothing is missing if everything is fetched once."""
        self.last, self.lost, self.topics = key, "", {ALL}
        self._wake()

    def lose(self, why: str) -> None:
        """Nothing can be known until the next restart, because this is away."""
        if self.lost != why:
            self.lost = why
            self.news.set()

    def end(self) -> None:
        """The person may not listen any more."""
        self.ended = True
        self.news.set()

    def tell(self) -> str:
        """The messages of everything heard since the last ones; "" for nothing."""
        self.news.clear()
        if self.ended:
            return message("ended", "1")
        if self.lost:
            return message("lost", self.lost)
        boards = "".join(one.tell() for one in self.watched)
        if not self.due:
            return boards
        data = ALL if ALL in self.topics else " ".join(sorted(self.topics))
        self.topics.clear()
        self.due = False
        return boards + message("topics", data, self.last)


def message(kind: str, data: str, key: str = "") -> str:
    """One server-sent event."""
    return (f"id: {key}\n" if key else "") + f"event: {kind}\ndata: {data}\n\n"

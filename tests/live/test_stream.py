"""The live stream: nothing missed, nothing told twice, one reader, no database connection, and outages survived."""

import asyncio
import http.client
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partialmethod
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, RequestFactory

from config.local.embedded import running_services
from config.local.processes import wait_until
from config.local.state import redis_url
from tests.support.live_stack import LiveStack
from topology.accounts import roles, sign_in
from topology.live import boards, events, health, listeners, stream
from topology.models import Cluster

NOWHERE = (roles.Reach(), False)


class Reader:
    """A browser's side of the stream, as far as bytes go."""

    def __init__(self, address: str, cookie: str, query: str = "", last: str = "") -> None:
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        headers = {"Cookie": cookie} | ({"Last-Event-ID": last} if last else {})
        self.connection.request("GET", f"/stream{query}", headers=headers)
        self.answer = self.connection.getresponse()
        self.last = last

    def event(self) -> tuple[str, str]:
        """The next event: its kind and its data."""
        kind = data = ""
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "id":
                self.last = value
            elif name == "event":
                kind = value
            elif name == "data":
                data = value
            elif not name and kind:
                return kind, data
        raise AssertionError("the stream ended")

    def close(self) -> None:
        self.connection.close()
        self.answer.close()


@pytest.fixture
def read(live_web: LiveStack) -> Iterator[Callable[..., Reader]]:
    """Open a stream as a signed-in viewer."""
    person = get_user_model().objects.create_user("watcher")
    person.groups.set([Group.objects.get(name="viewer")])
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    cookie = f"{name}={client.cookies[name].value}"
    readers: list[Reader] = []

    def open_one(**options: str) -> Reader:
        readers.append(Reader(live_web.address, cookie, **options))
        return readers[-1]

    yield open_one
    for reader in readers:
        reader.close()


def test_a_stranger_gets_no_stream(live_web: LiveStack) -> None:
    reader = Reader(live_web.address, "")
    assert reader.answer.status == 401
    reader.close()


def test_the_answer_may_neither_be_kept_nor_compressed(read: Callable[..., Reader]) -> None:
    headers = read().answer.headers
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-cache, no-transform"
    assert headers["X-Accel-Buffering"] == "no"


def test_a_page_of_unknown_age_fetches_everything_once(read: Callable[..., Reader]) -> None:
    events.publish(["node-1"])
    assert read().event() == ("topics", "all")


def test_a_new_page_hears_what_happened_since_it_was_asked_for(read: Callable[..., Reader]) -> None:
    events.publish(["node-1"])
    time.sleep(1.2)  # the page's age gets a second on top
    events.publish(["node-2"])
    assert read(query="?age=50").event() == ("topics", "node-2")


def test_a_page_from_the_memory_of_a_browser_names_when_it_was_asked_for(read: Callable[..., Reader]) -> None:
    events.publish(["node-1"])
    assert read(query=f"?at={int(time.time() * 1000) - 120_000}").event() == ("topics", "all")
    time.sleep(1.2)  # the page's age gets a second on top
    events.publish(["node-2"])
    assert read(query=f"?at={int(time.time() * 1000)}").event() == ("topics", "node-2")


def test_the_page_of_another_person_gets_no_stream(read: Callable[..., Reader]) -> None:
    me = get_user_model().objects.get(username="watcher").pk
    assert read(query=f"?as={me}").event()[0] == "topics"
    assert read(query=f"?as={me + 1}").answer.status == 401


def test_a_database_that_is_away_is_told_and_what_it_is() -> None:
    asyncio.run(_database_away())


async def _database_away() -> None:
    hub = stream.Hub()
    listener = listeners.Listener()
    hub.listeners.add(listener)
    hub.position = "7-0"
    hub._still()
    assert "event: lost\ndata: database\n" in listener.tell()
    hub._goes_on()
    assert "data: all" in listener.tell()
    listener.lose(stream.NEWS)
    hub._still()
    assert "data: news" in listener.tell(), "the graver one is told"
    await hub.redis.aclose()


def test_rights_are_watched_on_whatever_one_look_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([ValueError("a session that no one can read"), {}])

    def still_allowed(asked: object) -> object:
        answer = next(answers, {})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def no_troubles() -> list[object]:
        raise ValueError("a sign that no one can read")

    monkeypatch.setattr(stream, "RIGHTS", 0.01)
    monkeypatch.setattr(health, "troubles", no_troubles)
    monkeypatch.setattr(sign_in, "still_allowed", still_allowed)
    asyncio.run(_ended())


def test_a_database_that_leaves_a_question_open_is_told_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    monkeypatch.setattr(stream, "RIGHTS", 0.01)
    monkeypatch.setattr(stream, "OPEN", 0.05)

    def open_until_it_answers(*asked: object) -> object:
        answers.wait(60)
        return dict.fromkeys(asked[0], NOWHERE) if asked else []  # type: ignore[attr-defined]

    monkeypatch.setattr(health, "troubles", open_until_it_answers)
    monkeypatch.setattr(sign_in, "still_allowed", open_until_it_answers)
    asyncio.run(_left_open(answers))


async def _left_open(answers: threading.Event) -> None:
    source = stream.messages("", None, person=1, session="here")
    assert "data: all" in await _heard(source, "topics")
    try:
        assert "data: database" in await _heard(source, "lost")
        assert health.is_silent(), "whoever is refused for it is told why"
    finally:
        answers.set()
    assert "data: all" in await _heard(source, "topics")
    await source.aclose()
    await stream.hub().redis.aclose()


async def _ended() -> None:
    source = stream.messages("", 0, person=1, session="gone")
    assert "event: ended" in await _heard(source, "ended")
    await source.aclose()
    await stream.hub().redis.aclose()


def test_news_come_without_being_asked_for(read: Callable[..., Reader]) -> None:
    reader = read()
    reader.event()
    events.publish(["node-3", "cluster-1"])
    assert reader.event() == ("topics", "cluster-1 node-3")


def test_many_messages_become_one_for_each_topic_and_quarter_second(read: Callable[..., Reader]) -> None:
    reader = read()
    reader.event()
    begun, told = time.monotonic(), []
    for number in range(200):
        events.publish([f"node-{number % 3}"])
    events.publish(["operation-9"])
    while "operation-9" not in " ".join(told):
        told.append(reader.event()[1])
    allowed = (time.monotonic() - begun) / stream.PAUSE + 2
    assert len(told) <= allowed


class Taken:
    """A version of a cluster, without a database: its number is all there is."""

    topics = "node-1"

    def __init__(self, version: int) -> None:
        self.version = version

    def changes(self, before: "Taken") -> Iterator[str]:
        yield f"<p>{self.version}</p>"

    everything = partialmethod(changes, None)  # type: ignore[arg-type]


def test_a_change_between_the_first_version_and_the_first_news_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader of a process finds its place after the board looked: nothing falls between the two."""
    current, looked, newest, take = [1], asyncio.Event(), events.newest, boards.SharedBoard._take

    async def take_and_say_so(board: boards.SharedBoard) -> None:
        await take(board)
        looked.set()

    async def newest_after_a_change(reader: object) -> str:
        await looked.wait()
        current[0] = 2
        events.publish(["node-1"])
        return await newest(reader)

    monkeypatch.setattr(boards, "_taken", lambda cluster, kind: Taken(current[0]))
    monkeypatch.setattr(boards.SharedBoard, "_take", take_and_say_so)
    monkeypatch.setattr(events, "newest", newest_after_a_change)
    asyncio.run(_second_version())


async def _second_version() -> None:
    watched = Cluster(name="acme"), boards.ViewerKind(roles.VIEWER), 1
    source = stream.messages("", 0, watches=[watched])
    assert "<p>2</p>" in await _heard(source, "cluster")
    await source.aclose()
    await stream.hub().redis.aclose()


def test_who_comes_back_hears_what_was_missed_once(read: Callable[..., Reader]) -> None:
    first = read()
    first.event()
    events.publish(["node-1"])
    first.event()
    first.close()
    events.publish(["node-2"])
    events.publish(["node-3"])
    second = read(last=first.last)
    assert second.event() == ("topics", "node-2 node-3")
    events.publish(["node-4"])
    assert second.event() == ("topics", "node-4")
    third = read(query=f"?after={second.last}")
    assert third.event() == ("topics", "")  # nothing was missed, and it knows its place
    assert third.last == second.last


def test_who_was_away_too_long_fetches_everything(read: Callable[..., Reader]) -> None:
    events.publish(["node-1"])
    assert read(last="1-0").event() == ("topics", "all")
    assert read(last="nonsense").event() == ("topics", "all")


def test_streams_hold_no_database_connection(read: Callable[..., Reader]) -> None:
    readers = [read() for _ in range(12)]  # the server's pool has four connections
    assert [reader.event()[0] for reader in readers] == ["topics"] * 12
    assert wait_until(lambda: busy_connections() == 1, 10), "another one than ours"  # who may listen is looked up


def busy_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'")
        return int(cursor.fetchone()[0])


def test_the_server_stops_fast_with_open_streams(read: Callable[..., Reader], live_web: LiveStack) -> None:
    for _ in range(5):
        read().event()
    begun = time.monotonic()
    live_web.stop_web()
    assert time.monotonic() - begun < 5
    live_web.start_web()


async def _heard(source: AsyncIterator[str], kind: str) -> str:
    async with asyncio.timeout(20):
        async for text in source:
            if f"event: {kind}\n" in text:
                return text
    raise AssertionError("the stream ended")


def test_an_outage_of_redis_is_told_and_survived(tmp_path: Path, settings: object) -> None:
    asyncio.run(_outage(tmp_path, settings))


async def _outage(where: Path, settings: object) -> None:
    with running_services(where, ["valkey"]):
        settings.REDIS_URL = redis_url(where)  # type: ignore[attr-defined]
        source = stream.messages("", None)
        assert "data: all" in await _heard(source, "topics")
    await _heard(source, "lost")
    late = stream.messages("5-0", None)
    await _heard(late, "lost")  # who comes while it is away is told too
    with running_services(where, ["valkey"]):
        assert "data: all" in await _heard(source, "topics")
        assert "data: all" in await _heard(late, "topics")
        writer = events.open_reader()
        await writer.xadd(events.stream_name(), {"topics": "node-7"})
        assert "data: node-7" in await _heard(source, "topics")
        await writer.aclose()
        assert len(stream.hub().listeners) == 2
        await source.aclose()
        await late.aclose()
        assert stream.hub().reading is None  # nobody listens: nothing is read
        await stream.hub().redis.aclose()


def test_a_redis_that_is_silent_is_told_and_survived(tmp_path: Path, settings: object) -> None:
    asyncio.run(_silence(tmp_path, settings))


async def _silence(where: Path, settings: object) -> None:
    with running_services(where, ["valkey"]):
        settings.REDIS_URL = redis_url(where)  # type: ignore[attr-defined]
        source = stream.messages("", None)
        assert "data: all" in await _heard(source, "topics")
        process = (await stream.hub().redis.info("server"))["process_id"]
        os.kill(process, signal.SIGSTOP)  # its connections stay open
        try:
            await _heard(source, "lost")
        finally:
            os.kill(process, signal.SIGCONT)
        assert "data: all" in await _heard(source, "topics")
        await source.aclose()
        await stream.hub().redis.aclose()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["deactivated", "without a role", "signed out", "a new password"])
def test_a_stream_ends_within_seconds_when_its_person_may_not_listen(what: str, read: Callable[..., Reader]) -> None:
    reader, person = read(), get_user_model().objects.get(username="watcher")
    assert reader.event()[0] == "topics"
    if what == "deactivated":
        get_user_model().objects.update(is_active=False)
    elif what == "without a role":
        person.groups.clear()
    elif what == "signed out":
        Session.objects.all().delete()
    else:
        person.set_password("another one entirely")
        person.save()
    begun = time.monotonic()
    while reader.event()[0] != "ended":
        assert time.monotonic() - begun < 10
    assert reader.answer.read() == b"", "nothing follows"


def test_what_is_no_number_is_no_age() -> None:
    for text in ("²", "-1", "1e3", "9" * 30, ""):
        assert stream._age(RequestFactory().get("/stream", {"age": text})) is None
    assert stream._age(RequestFactory().get("/stream", {"age": "500"})) == 1.5

"""Overload is refused, not suffered: no error 500, reading beside writing that waits, and a page that comes back."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from config import admission
from config.admission import Admission
from tests.board.pages import person
from tests.support.live_stack import LiveStack
from tests.support.worlds import make_acme
from topology.accounts import roles
from topology.live.clocks import WatchedClock


class Server:
    """An application that answers when it is told to."""

    def __init__(self, connections: int) -> None:
        self.busy = self.most = 0
        self.go = asyncio.Event()
        self.door = Admission(self.answer, connections)

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.busy += 1
        self.most = max(self.most, self.busy)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.go.wait()
        self.busy -= 1

    async def ask(self, method: str = "GET", path: str = "/", **headers: str) -> tuple[int, dict[str, str], str]:
        sent: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        named = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
        await self.door({"type": "http", "method": method, "path": path, "headers": named}, None, send)  # type: ignore[arg-type]
        told = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
        return sent[0]["status"], told, b"".join(part.get("body", b"") for part in sent[1:]).decode()


def run(test: Callable[[Server], Any], connections: int = 8) -> None:
    async def main() -> None:
        async with asyncio.timeout(20):
            await test(Server(connections))

    asyncio.run(main())


def test_never_more_are_begun_than_there_are_connections_and_the_rest_is_told_when_to_return() -> None:
    async def test(server: Server) -> None:
        asked = [asyncio.create_task(server.ask()) for _ in range(500)]
        await asyncio.sleep(0.2)
        assert server.busy == server.most == 6
        refused = [task.result() for task in asked if task.done()]
        assert len(refused) == 500 - 6 - admission.WAITING
        assert all(status == 503 and 1 < int(headers["retry-after"]) < 7 for status, headers, _ in refused)
        server.go.set()
        statuses = Counter([(await task)[0] for task in asked])
        assert statuses == {200: 6 + admission.WAITING, 503: len(refused)}

    run(test)


def test_reading_goes_on_while_writing_waits() -> None:
    async def test(server: Server) -> None:
        writes = [asyncio.create_task(server.ask("POST")) for _ in range(50)]
        await asyncio.sleep(0.1)
        assert server.busy == 3
        read = asyncio.create_task(server.ask())
        await asyncio.sleep(0.1)
        assert server.busy == 4
        server.go.set()
        await asyncio.gather(read, *writes)

    run(test)


def test_who_waits_too_long_is_refused_and_streams_hold_no_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "PATIENCE", 0.2)

    async def test(server: Server) -> None:
        streams = [asyncio.create_task(server.ask(path="/stream")) for _ in range(20)]
        await asyncio.sleep(0.2)
        assert server.busy == 20
        pages = [asyncio.create_task(server.ask()) for _ in range(3)]
        await asyncio.sleep(0.6)
        assert server.busy == 22
        assert [task.result()[0] for task in pages if task.done()] == [503]
        server.go.set()
        await asyncio.gather(*streams, *pages)

    run(test, connections=4)


def test_what_writes_is_refused_while_the_clock_is_wrong_and_reading_goes_on() -> None:
    class Wrong(WatchedClock):
        def is_right(self) -> bool:
            return False

    async def test(server: Server) -> None:
        server.go.set()
        server.door.clock = Wrong()
        assert (await server.ask())[0] == 200
        status, headers, fragment = await server.ask("POST", hx_request="true")
        assert (status, headers["hx-retarget"]) == (503, "#messages")
        assert 'data-code="WEB_CLOCK_OFF"' in fragment
        _, _, text = await server.ask("DELETE", path="/api/v1/clusters")
        assert json.loads(text)["code"] == "WEB_CLOCK_OFF"
        server.door.clock = WatchedClock()
        assert (await server.ask("POST"))[0] == 200

    run(test)


def test_a_refusal_is_what_was_asked_for() -> None:
    async def test(server: Server) -> None:
        held = [asyncio.create_task(server.ask()) for _ in range(6 + admission.WAITING)]
        await asyncio.sleep(0.1)
        _, headers, page = await server.ask(accept="text/html")
        again = re.search(r'http-equiv="refresh" content="(\d)"', page)
        assert again
        assert "reloads by itself" in page
        assert "SERVER_BUSY" in page
        _, headers, fragment = await server.ask("POST", hx_request="true")
        assert headers["hx-retarget"] == "#messages"
        assert 'data-code="SERVER_BUSY"' in fragment
        _, headers, text = await server.ask(accept="application/json")
        assert json.loads(text)["code"] == "SERVER_BUSY"
        _, headers, text = await server.ask(path="/api/v1/clusters")
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(text)["status"] == 503
        server.go.set()
        await asyncio.gather(*held)

    run(test)


def test_many_who_ask_at_once_get_a_page_or_a_refusal_and_never_an_error(live_web: LiveStack) -> None:
    make_acme(imp1a=30)
    client = Client()
    client.force_login(person(roles.VIEWER))
    name = settings.SESSION_COOKIE_NAME
    where = urlsplit(live_web.address)
    request = f"GET {reverse('cluster', args=['acme'])} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n"
    request += f"Cookie: {name}={client.cookies[name].value}\r\n\r\n"

    async def ask() -> int:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(request.encode())
        status = int((await reader.readline()).split()[1])
        await reader.read()
        writer.close()
        return status

    async def all_at_once() -> Counter[int]:
        return Counter(await asyncio.gather(*(ask() for _ in range(120))))

    statuses = asyncio.run(all_at_once())
    assert set(statuses) <= {200, 503}, statuses
    assert statuses[200], statuses

"""WebKit of Debian, driven by the commands of W3C WebDriver, which its WebKitWebDriver takes over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from config.local.processes import stop_child, wait_until
from config.local.state import free_port
from tests import tools

HOST = "127.0.0.1"
WIDE, HIGH = 1440, 900
ESCAPE = "\ue00c"
NO_WAIT = {"pageLoadStrategy": "none"}  # a page with a live stream is not waited for; each test waits for what it needs
Send = Callable[[str, Mapping[str, Any]], Any]


class WebKit:
    """A window of it, and what a person does there."""

    def __init__(self, send: Send) -> None:
        self._send = send
        send("window/rect", {"x": 0, "y": 0, "width": WIDE, "height": HIGH})

    def go(self, address: str, there: str) -> None:
        """Open an address, until an element is there."""
        self._send("url", {"url": address})
        self.until("return document.querySelector(arguments[0]) !== null", there)

    def js(self, script: str, *given: Any) -> Any:
        """What a script answers: the body of a function of `given`, as arguments[0] and on."""
        return self._send("execute/sync", {"script": script, "args": list(given)})

    def until(self, script: str, *given: Any, seconds: float = 30) -> Any:
        """Wait until a script answers something true; the answer."""
        found: list[Any] = []

        def is_true() -> bool:
            found[:] = [self.js(script, *given)]
            return bool(found[0])

        assert wait_until(is_true, seconds), f"it never became true: {script} {given}: {self._page()}"
        return found[0]

    def _page(self) -> str:
        return str(self.js("return location.href + ' ' + document.body.innerText.slice(0, 400)"))

    def middle(self, selector: str) -> tuple[int, int]:
        """Where an element stands once it holds still."""
        at = (
            "const e = document.querySelector(arguments[0]); if (!e) return null;"
            "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            "const at = [Math.round(b.x + b.width / 2), Math.round(b.y + b.height / 2)].join();"
            "const still = e.dataset.at === at; e.dataset.at = at; return still ? at : null;"
        )
        x, y = self.until(at, selector).split(",")
        return int(x), int(y)

    def click(self, selector: str) -> None:
        x, y = self.middle(selector)
        self._mouse(_move(x, y), _button("pointerDown"), _button("pointerUp"))

    def drag(self, source: str, target: str, until: str) -> None:
        """Drag one element to another, and drop it once a script says that the page is ready for it."""
        x, y = self.middle(source)
        self._mouse(_move(x, y), _button("pointerDown"), _move(x - 6, y + 2), _move(x - 14, y + 4))
        self._mouse(*(_move(*self.middle(target)) for _ in range(2)))
        self.until(until)
        self._mouse(_button("pointerUp"))

    def press(self, keys: str) -> None:
        """Press one key after the other; special ones are letters of their own, such as ESCAPE."""
        strokes = [{"type": what, "value": key} for key in keys for what in ("keyDown", "keyUp")]
        self._send("actions", {"actions": [{"type": "key", "id": "keys", "actions": strokes}]})

    def _mouse(self, *actions: Mapping[str, Any]) -> None:
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": list(actions)}
        self._send("actions", {"actions": [mouse]})


def _move(x: int, y: int) -> dict[str, Any]:
    return {"type": "pointerMove", "duration": 60, "x": x, "y": y, "origin": "viewport"}


def _button(what: str) -> dict[str, Any]:
    return {"type": what, "button": 0}


@contextmanager
def _running(*command: str, **environment: str) -> Iterator[None]:
    child = subprocess.Popen(
        command,
        env=os.environ | environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        stop_child(child, 15, 10)


@contextmanager
def open_webkit(folder: Path) -> Iterator[WebKit]:
    """WebKitGTK in a screen of its own."""
    driver, xvfb = tools.need("webkit"), tools.need("xvfb")
    port, screen = free_port(), f":{free_port()}"
    home = {"DISPLAY": screen, "HOME": str(folder), "WEBKIT_DISABLE_COMPOSITING_MODE": "1", "GDK_BACKEND": "x11"}
    display = _running(xvfb, screen, "-screen", "0", f"{WIDE}x{HIGH}x24", "-nolisten", "tcp")
    with display, _running(driver, f"--port={port}", **home):
        address = f"http://{HOST}:{port}/session"
        opened = _first(lambda: _ask(address, {"capabilities": {"alwaysMatch": NO_WAIT}}))
        session = f"{address}/{opened['sessionId']}"
        try:
            yield WebKit(lambda command, given: _ask(f"{session}/{command}", given))
        finally:
            _ask(session, None, "DELETE")


def _ask(address: str, given: Mapping[str, Any] | None, method: str = "POST") -> Any:
    body = None if given is None else json.dumps(given).encode()
    request = Request(address, body, {"Content-Type": "application/json"}, method=method)
    try:
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except HTTPError as error:
        raise AssertionError(f"{address.rpartition('/')[2]}: {error.read().decode()[:800]}") from error


def _first(ask: Callable[[], Any], seconds: float = 30) -> Any:
    """The first answer of a program that was just started."""
    found: list[Any] = []

    def answers() -> bool:
        with suppress(OSError):
            found.append(ask())
        return bool(found)

    assert wait_until(answers, seconds), "it does not answer"
    return found[0]

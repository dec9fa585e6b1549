"""A directory that lies: a relay before a real slapd that drops, delays and tells when a page goes by."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from config.local.embedded import HOST

PAGED = b"1.2.840.113556.1.4.319"  # stands in each request for a page, and in the end of each page
Page = Callable[[int], bool]  # the number of the page that was just given; False: the connection breaks now


class Relay:
    """A port that leads to slapd; `page` is asked before each page but the first, and with `first` before that too."""

    def __init__(
        self, port: int, page: Page = lambda number: True, *, answers: bool = True, first: bool = False
    ) -> None:
        self.port_behind, self.page, self.answers, self.first, self.pages = port, page, answers, first, 0
        self.server = socket.create_server((HOST, 0))
        self.open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"ldap://{HOST}:{self.server.getsockname()[1]}"

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.server.accept()
                self.open.append(client)
                if self.answers:
                    self._join(client)

    def _join(self, client: socket.socket) -> None:
        behind = socket.create_connection((HOST, self.port_behind))
        self.open.append(behind)
        threading.Thread(target=self._pass, args=(client, behind, True), daemon=True).start()
        threading.Thread(target=self._pass, args=(behind, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_request and PAGED in data:
                    asked, self.pages = self.pages, self.pages + 1
                    if (asked or self.first) and not self.page(asked):
                        break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        for each in (self.server, *self.open):
            with contextlib.suppress(OSError):
                each.close()


@contextlib.contextmanager
def relay(port: int, page: Page = lambda number: True, *, answers: bool = True, first: bool = False) -> Iterator[Relay]:
    """A relay for as long as the block lasts."""
    started = Relay(port, page, answers=answers, first=first)
    try:
        yield started
    finally:
        started.stop()


def refusing(code: int) -> contextlib.AbstractContextManager[str]:
    """The address of a directory that answers each sign-in with a result code (RFC 4511, 4.1.9)."""

    def refuse(asked: bytes) -> bytes:
        message = asked[2 : 4 + asked[3]]  # the number of the request
        answer = message + bytes((0x61, 7, 10, 1, code, 4, 0, 4, 0))
        return bytes((0x30, len(answer))) + answer

    return answering(refuse)


@contextlib.contextmanager
def answering(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """The address of a server that answers the first thing that each client says, and hangs up."""
    server = socket.create_server((HOST, 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                client.sendall(answer(client.recv(4096)))
                client.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"ldap://{HOST}:{server.getsockname()[1]}"
    finally:
        server.close()

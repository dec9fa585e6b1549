"""A directory of any number of people, none of whom is kept: each page is made when it is asked for.

A slapd with a million entries takes longer to load than the run that is measured. This one speaks the part of LDAP that
a run uses (bind, the base, paged searches); what real directories do is shown with a real one in tests/directory.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from config.local.embedded import HOST

BASE = "ou=people,dc=example,dc=org"
PAGED = "1.2.840.113556.1.4.319"
SEQUENCE, SET, OCTETS, NUMBER, ENUM = 0x30, 0x31, 0x04, 0x02, 0x0A
BIND, BOUND, SEARCH, ENTRY, DONE, CONTROLS = 0x60, 0x61, 0x63, 0x64, 0x65, 0xA0


def tlv(tag: int, *parts: bytes) -> bytes:
    """A value with its tag and length, as BER writes it."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def text(value: str) -> bytes:
    return tlv(OCTETS, value.encode())


def number(value: int, tag: int = NUMBER) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The values that stand in a constructed one."""
    at = 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            more = size & 0x7F
            size, at = int.from_bytes(data[at : at + more], "big"), at + more
        yield tag, data[at : at + size]
        at += size


class CrowdedDirectory:
    """A port with so many people behind it."""

    def __init__(self, people: int) -> None:
        self.people = people
        self.server = socket.create_server((HOST, 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"ldap://{HOST}:{self.server.getsockname()[1]}"

    def stop(self) -> None:
        self.server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.server.accept()
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, client.makefile("rb") as stream:
            while head := stream.read(2):
                size = head[1]
                if size & 0x80:
                    size = int.from_bytes(stream.read(size & 0x7F), "big")
                client.sendall(self._answer(stream.read(size)))

    def _answer(self, message: bytes) -> bytes:
        (_, given), (kind, body), *more = parts(message)
        own = tlv(NUMBER, given)
        if kind == BIND:
            return _said(own, BOUND)
        if kind != SEARCH:
            return b""
        (_, base), (_, scope), *_ = parts(body)
        if scope == b"\0":
            return tlv(SEQUENCE, own, tlv(ENTRY, tlv(OCTETS, base), tlv(SEQUENCE))) + _said(own, DONE)
        return self._page(own, *_asked(more))

    def _page(self, own: bytes, size: int, cookie: bytes) -> bytes:
        start = int(cookie or b"0")
        end = min(start + size, self.people)
        entries = [tlv(SEQUENCE, own, entry(n)) for n in range(start, end)]
        left = b"" if end == self.people else str(end).encode()
        value = tlv(SEQUENCE, number(self.people), tlv(OCTETS, left))
        control = tlv(CONTROLS, tlv(SEQUENCE, text(PAGED), tlv(OCTETS, value)))
        return b"".join(entries) + _said(own, DONE, control)


def _said(own: bytes, kind: int, more: bytes = b"") -> bytes:
    """That all went well."""
    return tlv(SEQUENCE, own, tlv(kind, number(0, ENUM), text(""), text("")), more)


def _asked(controls: list[tuple[int, bytes]]) -> tuple[int, bytes]:
    """How many are asked for, and from where on."""
    [(_, listed)] = controls
    [(_, paged)] = parts(listed)
    *_, (_, value) = parts(paged)
    [(_, inner)] = parts(value)
    (_, size), (_, cookie) = parts(inner)
    return int.from_bytes(size, "big"), cookie


def entry(n: int) -> bytes:
    """The n-th person."""
    values = {
        "entryUUID": f"{n:08x}-0000-4000-8000-000000000018",
        "uid": f"p{n:07}",
        "displayName": f"Person {n} of the directory",
        "mail": f"p{n:07}@example.org",
        "departmentNumber": f"D{n % 300}",
    }
    given = [tlv(SEQUENCE, text(name), tlv(SET, text(value))) for name, value in values.items()]
    return tlv(ENTRY, text(f"cn=p{n:07},{BASE}"), tlv(SEQUENCE, *given))

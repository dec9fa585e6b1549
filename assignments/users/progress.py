"""How far a long import or export is: rows so far, the part that is done, seconds left.

a reader or writer --count--> Meter --at most twice a second--> show (a terminal's bar, a note for the page)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Any, TypeVar

from assignments.users.rules.file_kind import Readable
from topology.live import events

Many = TypeVar("Many", bound=Sized)
EVERY = 0.5  # seconds
NOTED = 30  # seconds that a note stays


@dataclass(frozen=True)
class RowsSoFar:
    """Rows so far, and of all that is to be done the part that is: bytes of a file, or rows; None where unknown."""

    rows: int
    done: int
    total: int | None
    seconds: float

    @property
    def left(self) -> int | None:
        """Seconds left at the present speed."""
        if not self.total or not self.done:
            return None
        return round(self.seconds * max(0, self.total - self.done) / self.done)

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page reads."""
        return {"rows": self.rows, "done": self.done, "total": self.total, "left": self.left}


Show = Callable[[RowsSoFar], None]


class Meter:
    """Counts what passes and shows it now and then; `total` is in bytes where a file is read, else in rows."""

    def __init__(self, total: int | None, show: Show) -> None:
        self.total, self.show = total, show
        self.rows, self.read = 0, 0
        self._begun = self._shown = time.monotonic()

    def reading(self, file: Readable) -> Readable:
        """The same file; its bytes are counted."""
        return _Counted(file, self)

    def counting(self, batches: Iterable[Many]) -> Iterator[Many]:
        """The same batches, their rows counted."""
        for batch in batches:
            self.rows += len(batch)
            self.tell(self.read)
            yield batch

    def passing(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The same parts of a CSV, its rows counted: none of them has a line break inside."""
        for part in parts:
            self.rows += part.count(b"\n")
            self.tell(self.rows)
            yield part

    def tell(self, done: int, *, now: bool = False) -> None:
        """Show how far it is, unless that was just done."""
        at = time.monotonic()
        if now or at - self._shown >= EVERY:
            self._shown = at
            self.show(RowsSoFar(self.rows, done, self.total, at - self._begun))


class _Counted:
    def __init__(self, file: Readable, meter: Meter) -> None:
        self._source, self.meter = file, meter
        self.file = getattr(file, "file", file)  # what is behind an upload: archives are looked into

    def read(self, size: int = -1, /) -> bytes:
        part = self._source.read(size)
        self.meter.read += len(part)
        return part


def note_for(user: Any, key: str) -> Show:
    """Shows a person's own page how far it is; `key` is of the page, and no one else can read it."""
    return lambda step: events.keep(_name(user, key), step.as_dict(), NOTED)


def noted(user: Any, key: str) -> dict[str, Any]:
    """What was noted last; nothing when it is over."""
    return events.kept(_name(user, key))


def _name(user: Any, key: str) -> str:
    return f"progress:{user.pk}:{key[:40]}"

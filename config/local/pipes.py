"""Output whose reader has gone, as in `manage.py … | head -1`: the rest of it goes nowhere, and the command ends well.

What a command was asked to do is not stopped in its middle because no one reads on, nor because a name has letters
that the locale of the machine lacks, nor because the disk is full that its words go to: of this its exit status tells.
What goes into a file or to another program is UTF-8 in every locale, as what the console reads.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO


class Patient:
    """A text stream that outlives its reader, and the room on its disk."""

    lost: OSError | None = None  # why not all of it was written, though somebody may read it

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop the text when no one reads any more or there is no room for it."""
        with self._patience():
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._patience():
            self._stream.flush()

    @contextlib.contextmanager
    def _patience(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._let_go()
        except OSError as error:  # a full disk: what comes later is tried again, for there may be room
            self.lost = self.lost or error

    def _let_go(self) -> None:
        """Let whatever is still buffered, and all that follows, go nowhere."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def outlive_readers() -> None:
    """Make both outputs of this process patient, and fit for every letter."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
    sys.stdout, sys.stderr = Patient(sys.stdout), Patient(sys.stderr)


def _open_what_is_closed() -> None:
    """Lead inputs and outputs that were closed nowhere, so that no file or connection is opened in their place."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def lost_output(status: int) -> int:
    """The exit status of a command that ends with this one: not 0 where what it said could not be written."""
    sys.stdout.flush()
    lost = sys.stdout.lost if isinstance(sys.stdout, Patient) else None
    if lost is None:
        return status
    done = "" if status else " What the command was to do is done: free space there, then look at the console."
    print(f"Not all of the output could be written: {lost.strerror}.{done}", file=sys.stderr)  # noqa: T201
    return status or 1

"""Output whose reader has gone, as in `manage.py … | head -1`: the rest of it goes nowhere, and the command ends well.

What a command was asked to do is not stopped in its middle because no one reads on, nor because a name has letters
that the locale of the machine lacks. What goes into a file or to another program is UTF-8 in every locale, as what the
console reads.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO


class Patient:
    """A text stream that outlives its reader."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop the text when no one reads any more."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._let_go()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._let_go()

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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
    sys.stdout, sys.stderr = Patient(sys.stdout), Patient(sys.stderr)

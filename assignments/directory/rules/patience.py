"""How long a directory may take: a run that comes from the schedule, and a test that a person waits for."""

import math
import time
from dataclasses import dataclass

LONGEST = 45  # seconds of a test inside a request; proxies give up after a minute
SILENCE = 10  # seconds of a server that says nothing in it


@dataclass(frozen=True)
class Patience:
    """How long a directory may be silent, and until when (time.monotonic) it may be read, in seconds."""

    silence: int
    until: float = math.inf

    @property
    def is_over(self) -> bool:
        """Whether it is read no further."""
        return time.monotonic() > self.until

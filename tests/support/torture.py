"""What takes long runs in `make torture` alone, and there for as long as is wanted: TORTURE=1, MINUTES=5.

`WHOLE` says whether everything is to be tried or a seeded part of it. A test that only makes sense whole has the mark
`@pytest.mark.slow` and is left out otherwise (tests/conftest.py). Hypothesis tries ten times as many examples.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
WHOLE = os.environ.get("TORTURE", "") not in ("", "0")
SECONDS = float(os.environ.get("MINUTES") or "5") * 60  # of the storm (tests/storm)


def part(things: Sequence[T], every: int) -> Sequence[T]:
    """One in so many of them, and all where everything is to be tried."""
    return things if WHOLE else things[::every]


def many(examples: int, times: int = 10) -> int:
    """How many examples: so many, and ten times (or so many times) as many where everything is to be tried."""
    return examples * times if WHOLE else examples

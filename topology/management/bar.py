"""A bar with rows and seconds left on a terminal; nothing where standard error is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from tqdm import tqdm

FORMAT = "{desc} {percentage:3.0f}%|{bar}| {postfix}, {remaining} left"


class BarStep(Protocol):
    """How far something is."""

    @property
    def rows(self) -> int: ...
    @property
    def done(self) -> int: ...


class Bar:
    """Moves with each step that it is shown."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self.bar = bar

    def __call__(self, step: BarStep) -> None:
        self.bar.set_postfix_str(f"{step.rows:,} rows", refresh=False)
        self.bar.update(step.done - self.bar.n)


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Bar]:
    """A bar that is gone when the block ends."""
    with tqdm(desc=what, total=total, bar_format=FORMAT, file=sys.stderr, leave=False, disable=None) as shown:
        yield Bar(shown)

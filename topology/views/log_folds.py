"""Long logs as pages show them: what says the same again and again is one line that opens (rules/log_folds.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from topology.models import Event
from topology.reasons import REASONS, Reason, Said
from topology.rules.log_folds import LogEntry, LogFold, fold_lines


@dataclass(frozen=True)
class ShownFold:
    """Lines that say the same again and again, in the order of their log: what they say together, and how often."""

    lines: list[Any]
    said: list[tuple[int, Said]]
    curve: str
    began: Any  # the earliest of the lines
    ended: Any

    @classmethod
    def of(cls, part: LogFold, *, newest_first: bool = False) -> ShownFold:
        lines, times = [entry.line for entry in part.entries], part.times
        said = [(times.get(code, 0), Said(REASONS.get(code) or Reason(code, code), facts)) for code, facts in part.sums]
        return cls(lines[::-1] if newest_first else lines, said, "" if times else part.curve, lines[0], lines[-1])


def folded(entries: Iterable[LogEntry], *, newest_first: bool = False) -> list[Any]:
    """The lines of a log, given the oldest first, with a ShownFold for each row of repeated ones."""
    shown = [
        ShownFold.of(part, newest_first=newest_first) if isinstance(part, LogFold) else part.line
        for part in fold_lines(entries)
    ]
    return shown[::-1] if newest_first else shown


def folded_events(lines: Sequence[Event], *, newest_first: bool = False) -> list[Any]:
    """Lines of history, or of the steps of a run, as a page shows them; their order stays."""
    ordered = lines[::-1] if newest_first else lines
    entries = (LogEntry(line.at.timestamp(), line.code, line.facts, line) for line in ordered)
    return folded(entries, newest_first=newest_first)

"""A long log in short: lines of one kind that follow one another are one, with their sum and their rate over time.

Two kinds say the same again and again: a throttle of its batches, and a node that comes and goes of its faults.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

FOLDED = frozenset({"TERMINATING_NOTIFY_SENT", "RUN_BATCH"})  # what a throttle says again and again
FROM = 4  # lines in a row from which they are one
COMING_AND_GOING = frozenset({"FAULT_INJECTED", "FAULT_REPAIRED", "USERS_DISCONNECTED", "NODE_RECONNECTED"})
FROM_TURNS = 10  # of those of a node: two faults and their repairs are read line by line
THROTTLE = "throttle"
SUMMED = ("users", "done", "skipped", "notified")
POINTS = 24  # of a curve
NAMED = 3  # different nodes that a sum names


@dataclass(frozen=True)
class LogEntry:
    """A line of a log: when, in seconds, its code and facts, and the line itself."""

    at: float
    code: str
    facts: Mapping[str, Any]
    line: Any


@dataclass(frozen=True)
class LogFold:
    """Lines in a row that say the same of different users."""

    entries: tuple[LogEntry, ...]

    @property
    def first(self) -> LogEntry:
        """The line it begins with."""
        return self.entries[0]

    @property
    def last(self) -> LogEntry:
        """The line it ends with."""
        return self.entries[-1]

    @property
    def sums(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """For each code the facts of all its lines: counts summed, other facts named."""
        codes = dict.fromkeys(entry.code for entry in self.entries)
        return tuple((code, _together([e.facts for e in self.entries if e.code == code])) for code in codes)

    @property
    def times(self) -> dict[str, int]:
        """How often each code stands in it, where each line is an event of its own; nothing of what is summed."""
        return dict(Counter(entry.code for entry in self.entries if entry.code in COMING_AND_GOING))

    @property
    def curve(self) -> str:
        """How many users came in each of equal parts of its time: points of a line in a box of 24 by 10."""
        start, span = self.first.at, max(self.last.at - self.first.at, 1e-9)
        parts = [0.0] * POINTS
        for entry in self.entries:
            count = entry.facts.get("users", entry.facts.get("done", 0))
            parts[min(POINTS - 1, int(POINTS * (entry.at - start) / span))] += float(count or 0)
        most = max(parts) or 1
        return " ".join(f"{at},{10 - 10 * part / most:.1f}" for at, part in enumerate(parts))


def fold_lines(entries: Iterable[LogEntry]) -> list[LogEntry | LogFold]:
    """The same log, with rows of repeated lines as one."""
    folded: list[LogEntry | LogFold] = []
    for kind, group in groupby(entries, key=_kind):
        lines = tuple(group)
        if kind and len(lines) >= (FROM if kind == THROTTLE else FROM_TURNS):
            folded.append(LogFold(lines))
        else:
            folded.extend(lines)
    return folded


def _kind(entry: LogEntry) -> str:
    """What its neighbours must be for it to be folded with them; "" for a line that stays."""
    if entry.code in FOLDED:
        return THROTTLE
    return f"node {entry.facts.get('node')}" if entry.code in COMING_AND_GOING else ""


def _together(facts: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {key: _one(key, [each[key] for each in facts if key in each]) for key in facts[0]}


def _one(key: str, values: list[Any]) -> Any:
    if key in SUMMED and all(isinstance(value, int | float) for value in values):
        return sum(values)
    names = list(dict.fromkeys(str(value) for value in values))
    return values[-1] if len(names) == 1 else ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")

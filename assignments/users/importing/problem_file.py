"""Every problem of an import as a CSV, written while they are found: what it is, line, code, sentence, fix.

Problems.every --one at a time--> ProblemFile --> the file; memory stays flat, however many there are
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Protocol

from assignments.users.rules.cells import defused
from assignments.users.rules.problems import LineProblem, Problems

Tell = Callable[[LineProblem], LineProblem]


class Out(Protocol):
    """A text file, or what stands in front of one."""

    def write(self, text: str, /) -> int: ...
    def flush(self) -> None: ...


class ProblemFile:
    """Writes to a text file; `tell` says how each is shown, where names are hidden."""

    def __init__(self, out: Out, tell: Tell | None = None) -> None:
        self._out, self._writer, self._tell = out, csv.writer(out), tell
        self._writer.writerow(["kind", "line", "code", "message", "fix"])

    def follow(self, kind: str, problems: Problems) -> None:
        """Write down each of these from now on."""
        problems.every = lambda problem: self.write(kind, problem)

    def write(self, kind: str, problem: LineProblem) -> None:
        """Write one down, safe to open in a spreadsheet."""
        shown = (self._tell(problem) if self._tell else problem).as_dict()
        self._writer.writerow([kind, shown["line"], *map(defused, (shown["code"], shown["message"], shown["fix"]))])

    def finish(self) -> None:
        """Bring all of it to the file, while what it is about can still be taken back."""
        self._out.flush()

    def write_listed(self, kind: str, problems: Problems) -> None:
        """Write down those that were listed."""
        for problem in problems.listed:
            self.write(kind, problem)

"""What is wrong with the lines of a file, and what is worth knowing about them: the first ones, and counts of all.

A caller that wants every one of them is given each as it is found (`Problems.every`); memory holds the first ones only.
"""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from topology.reasons import Reason

LISTED = 1000  # problems that are kept; the others are counted
FIRST = 5  # lines that a group names


@dataclass(frozen=True, slots=True)
class LineProblem:
    """One thing wrong with one line of the file."""

    line: int
    reason: Reason
    facts: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the commands and the API give."""
        message, fix = self.reason.say(**self.facts), self.reason.say_fix(**self.facts)
        return {"line": self.line, "code": self.reason.code, "message": message, "fix": fix}


def _line(problem: LineProblem) -> int:
    return problem.line


class FoundLines(Protocol):
    """Problems of one kind that are found at once, in order of lines."""

    def first(self) -> tuple[list[LineProblem], int]:
        """The first of them, and how many there are."""

    def each(self) -> Iterable[LineProblem]:
        """All of them."""


@dataclass
class Problems:
    """The first problems, the first of each kind, and the number of all."""

    listed: list[LineProblem] = field(default_factory=list)
    total: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    first: dict[str, list[LineProblem]] = field(default_factory=dict)
    every: Callable[[LineProblem], None] | None = None

    def add(self, line: int, reason: Reason, **facts: Any) -> None:
        """Count one more, and list it while there is room."""
        problem = LineProblem(line, reason, facts)
        self._count(reason.code, 1, [problem])
        if len(self.listed) < LISTED:
            insort(self.listed, problem, key=_line)
        if self.every:
            self.every(problem)

    def add_found(self, lines: FoundLines) -> None:
        """The same of all lines with one kind of problem."""
        first, total = lines.first()
        if not first:
            return
        self._count(first[0].reason.code, total, first)
        self.listed = sorted([*self.listed, *first], key=_line)[:LISTED]
        if self.every:
            for problem in first if len(first) == total else lines.each():
                self.every(problem)

    def told(self, tell: Callable[[LineProblem], LineProblem]) -> "Problems":
        """The same with each of the first ones as `tell` has it."""
        first = {code: [tell(problem) for problem in of_kind] for code, of_kind in self.first.items()}
        return replace(self, listed=[tell(problem) for problem in self.listed], first=first)

    def _count(self, code: str, total: int, problems: Sequence[LineProblem]) -> None:
        self.total += total
        self.kinds[code] += total
        of_kind = self.first.setdefault(code, [])
        of_kind += problems[: FIRST - len(of_kind)]

    @property
    def complete(self) -> bool:
        """Whether all of them are listed."""
        return len(self.listed) == self.total

    def groups(self) -> list[dict[str, Any]]:
        """Each kind with its number, its first lines and its first sentence, the most frequent kind first."""
        return [self._group(code, total) for code, total in self.kinds.most_common()]

    def _group(self, code: str, total: int) -> dict[str, Any]:
        said = self.first[code][0].as_dict()
        lines = sorted(problem.line for problem in self.first[code])
        return {"code": code, "total": total, "lines": lines, "message": said["message"], "fix": said["fix"]}

"""What is wrong with the lines of a file, and what is worth knowing about them: the first ones, and counts of all."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

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


@dataclass
class Problems:
    """The first problems and the number of all."""

    listed: list[LineProblem] = field(default_factory=list)
    total: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, line: int, reason: Reason, **facts: Any) -> None:
        """Count one more, and list it while there is room."""
        self.total += 1
        self.kinds[reason.code] += 1
        if len(self.listed) < LISTED:
            self.listed.append(LineProblem(line, reason, facts))

    def add_counted(self, problems: Iterable[LineProblem], total: int) -> None:
        """Problems of one kind that were found at once, in order of lines, and how many there are of them."""
        first = list(problems)
        self.total += total
        if first:
            self.kinds[first[0].reason.code] += total
        self.listed = sorted([*self.listed, *first], key=lambda problem: problem.line)[:LISTED]

    def groups(self) -> list[dict[str, Any]]:
        """Each kind with its number, its first lines and its first sentence, the most frequent kind first."""
        return [self._group(code, total) for code, total in self.kinds.most_common()]

    def _group(self, code: str, total: int) -> dict[str, Any]:
        of_kind = [problem for problem in self.listed if problem.reason.code == code]
        said = of_kind[0].as_dict() if of_kind else {"message": "", "fix": ""}
        lines = [problem.line for problem in of_kind[:FIRST]]
        return {"code": code, "total": total, "lines": lines, "message": said["message"], "fix": said["fix"]}

"""What is wrong with a file that somebody wrote: each problem with its place, its code, a sentence and the fix.

reader --FileProblem, one for each wrong value--> FileRefused --> page, command line, API: every problem, one a line
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from topology import reasons
from topology.reasons import Reason, Refused
from topology.reasons.words import ended

WHOLE = "file"  # the place of what is wrong with all of it


@dataclass(frozen=True)
class FileProblem:
    """One thing wrong with a file; line and column count from 1 and are None where the file is no text."""

    place: str
    message: str
    fix: str
    code: str = reasons.FILE_VALUES_CONFLICT.code
    line: int | None = None
    column: int | None = None

    @classmethod
    def of(cls, place: str, why: Reason, **facts: Any) -> FileProblem:
        """A problem in the words of a reason."""
        return cls(place, why.say(**facts).removesuffix("."), why.say_fix(**facts), why.code)

    @classmethod
    def from_refusal(cls, place: str, refused: Refused) -> FileProblem:
        """A refusal as the problem of a place."""
        return cls(place, refused.message.removesuffix("."), refused.fix, refused.code)

    def __str__(self) -> str:
        return f"{self._where}{self.place}: {self.message}"

    @property
    def without_place(self) -> str:
        """The same of a file as a whole, where the sentence around it names the file."""
        return f"{self._where}{self.message}"

    @property
    def _where(self) -> str:
        return f"line {self.line}, column {self.column}: " if self.line else ""

    def under(self, place: str) -> FileProblem:
        """The same problem of a document that stands at a place of another one."""
        return replace(self, place=place if self.place == WHOLE else f"{place}.{self.place}")

    def as_dict(self) -> dict[str, Any]:
        """The shape that commands and the API give."""
        at = {"line": self.line, "column": self.column} if self.line else {}
        return {"place": self.place, **at, "code": self.code, "message": self.message, "fix": self.fix}


class FileRefused(Refused):
    """A file that is not applied, with every problem found in it."""

    def __init__(
        self,
        problems: Iterable[FileProblem],
        reason: Reason = reasons.TOPOLOGY_FILE_INVALID,
        source: str = "",
        /,
        **facts: Any,
    ) -> None:
        self.problems, self.source, self.given = tuple(problems), source, facts
        first, more = self.problems[0], len(self.problems) - 1
        told = ended(str(first)) + (f" And {more} more." if more else "")
        errors = [problem.as_dict() for problem in self.problems]
        super().__init__(reason, **{"problem": told, "remedy": first.fix, "errors": errors, **facts})

    def at(self, problems: Iterable[FileProblem], source: str) -> FileRefused:
        """The same refusal with its problems at their lines, of the file of this name."""
        return FileRefused(problems, self.reason, source, **self.given)

    def lines(self) -> Iterator[str]:
        """Every problem with its fix, one a line, as a terminal shows them."""
        for problem in self.problems:
            where = f"{self.source}: " if self.source else ""
            yield f"{where}{ended(str(problem))} {problem.fix}".strip()

    def as_dict(self) -> dict[str, Any]:
        """The shape of every refusal, and the list of problems."""
        return {**super().as_dict(), "problems": [problem.as_dict() for problem in self.problems]}

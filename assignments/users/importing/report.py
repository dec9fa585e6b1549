"""What an import did, or a dry run would do, in the shape that page, command and API give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assignments.users.rules.problems import Problems
from topology import reasons
from topology.reasons.words import counted


@dataclass
class Report:
    """What an import did, or a dry run would do, with the bad lines: the first 1,000 and the number of all."""

    cluster: str
    dry_run: bool
    format: str = ""
    lines: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    assigned: int = 0
    left_unassigned: int = 0
    nodes: dict[str, int] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    warnings: Problems = field(default_factory=Problems)
    left_out: Problems = field(default_factory=Problems)
    unused: list[dict[str, str | None]] = field(default_factory=list)
    mapped: dict[str, str] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    emptied: dict[str, int] = field(default_factory=dict)
    first_emptied: int = 1  # line
    first_rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every line was good; otherwise nothing was imported."""
        return not self.problems.total

    @property
    def taken(self) -> int:
        """Lines that were not left out."""
        return self.lines - self.left_out.total

    @property
    def ignored(self) -> list[str]:
        """Columns that are left out because somebody said so, now or with a list before."""
        return [header for header, column in self.mapped.items() if not column]

    @property
    def only_emptying(self) -> bool:
        """Whether nothing is wrong but that values would be emptied, which must be confirmed."""
        return set(self.problems.kinds) == {reasons.IMPORT_EMPTYING.code}

    @property
    def findings(self) -> dict[str, Problems]:
        """What was found, by what it is."""
        return {"problem": self.problems, "warning": self.warnings, "left out": self.left_out}

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page, the commands and the API give."""
        counts = ("lines", "created", "updated", "unchanged", "assigned", "left_unassigned")
        return {
            "cluster": self.cluster,
            "dry_run": self.dry_run,
            "ok": self.ok,
            "format": self.format,
            **{name: getattr(self, name) for name in counts},
            "nodes": self.nodes,
            "changed_fields": self.changed,
            "emptied_fields": self.emptied,
            "first_rows": self.first_rows,
            "unused_columns": self.unused,
            "mapped_columns": self.mapped,
            "left_out": self.left_out.total,
            "left_out_lines": [problem.as_dict() for problem in self.left_out.listed],
            "problem_groups": self.problems.groups(),
            "warning_groups": self.warnings.groups(),
            "problems_total": self.problems.total,
            "problems": [problem.as_dict() for problem in self.problems.listed],
            "warnings_total": self.warnings.total,
            "warnings": [problem.as_dict() for problem in self.warnings.listed],
        }


def emptied_in_words(emptied: Mapping[str, int]) -> str:
    """Such as "312 mails, 1 name"."""
    words = {
        "endpoints": ("endpoint list", "endpoint lists"),
        "contacts": ("contact list", "contact lists"),
        "directory_uri": ("directory URI", "directory URIs"),
    }
    named = ((count, *words.get(field, (field, f"{field}s"))) for field, count in emptied.items())
    return ", ".join(counted(count, f"{one}|{many}") for count, one, many in named)

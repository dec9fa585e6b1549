"""What would become of a drop on one target: whether, why, and the numbers after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assignments.planning.rules.spreading import Spread
from assignments.population.selectors import percent
from topology import reasons
from topology.accounts import sentences
from topology.reasons import Reason, Refused

ALLOWED, WARNING, REFUSED = "allowed", "warning", "refused"
SHORT = {  # refusals on the target itself, where a sentence has no room
    reasons.USER_ALREADY_THERE.code: "already here",
    reasons.NODE_NO_ROOM.code: "no room",
    reasons.NODE_NOT_A_TARGET.code: "out of service",
    reasons.NODE_WITHOUT_SUBCLUSTER.code: "in no subcluster",
    reasons.MOVE_SUBCLUSTER_EMPTY.code: "no node",
    reasons.NODE_IN_MAINTENANCE.code: "in maintenance",
    reasons.USERS_PINNED.code: "all are pinned",
    reasons.MOVE_PAIR_IN_FAILOVER.code: "in a failover",
    reasons.MOVE_NEW_DURING_FAILOVER.code: "no new users now",
    reasons.RUN_IN_PROGRESS.code: "held by a run",
}
Note = tuple[Reason, dict[str, Any]]


@dataclass(frozen=True)
class DropVerdict:
    """What would become of a drop on a target: whether, why (`notes`, the gravest first), and the numbers after it."""

    target: str
    name: str
    notes: tuple[Note, ...]
    coming: int = 0
    users_after: int = 0
    capacity: int = 0
    endpoints_after: int = 0
    endpoint_capacity: int = 0
    shares: tuple[tuple[str, int], ...] = ()
    """How many users go to which node, by its whole name; none for a drop that unassigns."""
    node: int | None = None
    """The node that gets them all."""
    spread: Spread | None = None
    """Who goes where, over several nodes of a subcluster."""
    inside: int = 0
    """Those of the coming who are at home in the subcluster already."""

    @property
    def level(self) -> str:
        levels = {reason.level for reason, _ in self.notes}
        return next((level for level in (REFUSED, WARNING) if level in levels), ALLOWED)

    @property
    def code(self) -> str:
        return self.notes[0][0].code

    @property
    def message(self) -> str:
        return " ".join(sentences.say(reason, facts) for reason, facts in self.notes)

    @property
    def lines(self) -> str:
        """The message with a line for each sentence, to be read while something hangs at the pointer."""
        return "\n".join(sentences.say(reason, facts) for reason, facts in self.notes)

    @property
    def fix(self) -> str:
        return sentences.fix(*self.notes[0])

    @property
    def percent_after(self) -> int:
        return percent(self.users_after, self.capacity)

    @property
    def short_name(self) -> str:
        return self.name if self.target.startswith("subcluster:") else self.name.split(".", 1)[0]

    @property
    def users_before(self) -> int:
        return self.users_after - self.coming + self.inside

    @property
    def sentences(self) -> list[dict[str, str]]:
        """Each note with its level and its fix."""
        return [
            {"code": why.code, "level": why.level, "text": sentences.say(why, facts), "fix": sentences.fix(why, facts)}
            for why, facts in self.notes
        ]

    @property
    def short(self) -> str:
        """The line on the target itself."""
        if self.level == REFUSED:
            return SHORT.get(self.code, "refused")
        if self.spread:
            return ", ".join(f"{users:,} to {name.split('.', 1)[0]}" for name, users in self.shares)
        return f"{self.users_after:,} of {self.capacity:,} users" if self.capacity else f"{self.users_after:,} users"

    @property
    def refusal(self) -> Refused:
        return Refused(self.notes[0][0], **self.notes[0][1])

    def as_dict(self) -> dict[str, Any]:
        """The shape that the page and the API give."""
        names = (
            "level",
            "code",
            "message",
            "lines",
            "fix",
            "short",
            "coming",
            "users_after",
            "capacity",
            "percent_after",
        )
        return {name: getattr(self, name) for name in names} | {"to": dict(self.shares)}

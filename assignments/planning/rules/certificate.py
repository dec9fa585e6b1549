"""Why a plan cannot have fewer moves: a claim with its numbers, kept as they are and put into words where it is shown.

certify_* (proof.py) -> Certificate --as_dict--> stored in the plan, part of its hash --words--> page, command, API
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from topology.reasons.words import counted

Surplus = Sequence[Sequence[Any]]  # pairs of a name and a number of users, in the order of the nodes


class PlanClaim(StrEnum):
    """What a certificate claims of the users of a plan; its facts stand beside it."""

    BALANCED = "balanced"  # of
    BALANCE = "balance"  # of, fullest, over, choice
    FILL = "fill"  # choice
    EVACUATION = "evacuation"  # nodes, choice
    ON_FIRST = "on_first"
    STANDBY = "standby"  # over, choice
    SOLVED = "solved"  # of, fullest
    OUT_OF_TIME = "out_of_time"  # of, fullest, seconds, above
    NAMED = "named"


class Choice(StrEnum):
    """Whether endpoints had a say in who moves."""

    ANY_USERS = "any_users"
    BY_ENDPOINTS = "by_endpoints"


@dataclass(frozen=True, slots=True)
class Certificate:
    """No plan with this outcome has fewer moves than `minimum`, and why; shares are of a capacity, 0 to 1 and above."""

    claim: PlanClaim
    minimum: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The shape that is stored."""
        return {"claim": self.claim.value, "minimum": self.minimum, **self.facts}

    def __str__(self) -> str:
        return WORDS[self.claim](self.minimum, self.facts)


def words(stored: Mapping[str, Any] | str) -> str:
    """The words of a certificate as it is stored; of an older version the sentence that it stored."""
    if isinstance(stored, str):
        return stored
    facts = {name: fact for name, fact in stored.items() if name not in ("claim", "minimum")}
    return str(Certificate(PlanClaim(stored["claim"]), stored["minimum"], facts))


# --- Words ----------------------------------------------------------------------------------------
CHOICES = {
    Choice.ANY_USERS.value: "Endpoints do not limit the choice: any users fit.",
    Choice.BY_ENDPOINTS.value: (
        "Users are picked by their endpoints so that every limit holds; without those limits it would not be less."
    ),
}


def _balanced(_: int, facts: Mapping[str, Any]) -> str:
    balanced = "The cluster is" if facts["of"] == "node" else f"The {facts['of']}s are"
    return f"{balanced} already as balanced as the rules allow, so no user has to move."


def _balance(minimum: int, facts: Mapping[str, Any]) -> str:
    of = facts["of"]
    return (
        f"The best balance fills no {of} above {facts['fullest']:.2%} of its capacity and leaves these {of}s with less"
        f" than they have: {_listed(facts['over'])}. A move takes one user off one {of}, so {minimum:,} is the minimum."
        f" {CHOICES[facts['choice']]}"
    )


def _fill(minimum: int, facts: Mapping[str, Any]) -> str:
    users = counted(minimum, "user")
    return f"{users} without a home, each assigned once; no other user moves. {CHOICES[facts['choice']]}"


def _evacuation(minimum: int, facts: Mapping[str, Any]) -> str:
    users, nodes = counted(minimum, "user"), " and ".join(facts["nodes"]) or "the node"
    return f"{users} at home on {nodes}, each moved once; no other user moves. {CHOICES[facts['choice']]}"


def _on_first(_: int, __: Mapping[str, Any]) -> str:
    return "All movable users are already on a first node, so no user has to move."


def _standby(minimum: int, facts: Mapping[str, Any]) -> str:
    return (
        f"Users beside a first node, or more than their first node holds: {_listed(facts['over'])}. A move takes one"
        f" user off one node, so {minimum:,} is the minimum. {CHOICES[facts['choice']]}"
    )


def _solved(minimum: int, facts: Mapping[str, Any]) -> str:
    return (
        f"Endpoints bind, so the plan was solved for each number of endpoints: no placement within the rules is better"
        f" balanced (fullest {facts['of']} {facts['fullest']:.2%}), and of those as good {minimum:,} is the minimum of"
        f" moves, proven by an exact solver."
    )


def _out_of_time(minimum: int, facts: Mapping[str, Any]) -> str:
    return (
        f"Endpoints bind, and the solver's {facts['seconds']:g} s ran out: best found, fullest {facts['of']}"
        f" {facts['fullest']:.2%}, at most {counted(facts['above'], 'move')} above the bound of {minimum:,}."
    )


def _named(minimum: int, _: Mapping[str, Any]) -> str:
    return f"{counted(minimum, 'user')} named, each moved once."


def _listed(over: Surplus) -> str:
    return ", ".join(f"{name} by {users:,}" for name, users in over)


WORDS: dict[PlanClaim, Callable[[int, Mapping[str, Any]], str]] = {
    PlanClaim.BALANCED: _balanced,
    PlanClaim.BALANCE: _balance,
    PlanClaim.FILL: _fill,
    PlanClaim.EVACUATION: _evacuation,
    PlanClaim.ON_FIRST: _on_first,
    PlanClaim.STANDBY: _standby,
    PlanClaim.SOLVED: _solved,
    PlanClaim.OUT_OF_TIME: _out_of_time,
    PlanClaim.NAMED: _named,
}

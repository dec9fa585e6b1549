"""The guard: a run that would take away or rename too many people, or empty their values, stops and asks.

no one read                                              -> stops; no one can accept it
gone + renamed + emptied > X % of those known, and >= N  -> stops until a person accepts exactly this set
no one read has an attribute that many had               -> stops; no one can accept it
otherwise                                                -> goes on
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Stop:
    """Whom a run would take away, rename or empty: how many, which percent of those known, and the hash of the set."""

    hash: str
    people: int
    percent: float
    is_empty: bool = False  # the directory gave no one at all

    def as_dict(self) -> dict[str, object]:
        """The shape that the command, the page and the API give."""
        return {"hash": self.hash, "people": self.people, "percent": self.percent}


def judge(*, read: int, known: int, touched: int, set_hash: str, percent: float, people: int) -> Stop | None:
    """Whether a run must ask first; `touched` people of the `known` ones would go, be renamed or lose a value."""
    share = round(100 * touched / known, 2) if known else 0.0
    if not read:
        return Stop("", known, 100.0 if known else 0.0, is_empty=True)
    if is_many(touched, known, percent=percent, people=people):
        return Stop(set_hash, touched, share)
    return None


def is_many(touched: int, known: int, *, percent: float, people: int) -> bool:
    """Whether so many of those known are more than go on without asking."""
    return touched >= max(people, 1) and touched * 100 > percent * known


def hash_of(lines: Iterable[str]) -> str:
    """The hash of a set of changes, given one line for each in a fixed order."""
    digest = sha256()
    for line in lines:
        digest.update(line.encode())
        digest.update(b"\n")
    return digest.hexdigest()[:32]

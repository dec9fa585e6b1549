"""Which server a client tries first, second, third, and how long it takes until one answers.

    SRV records of a name + what each target does with a connection --tries--> Walk: the tries in order, at worst

Servers of one priority are tried in any order (RFC 2782), so the walk is the worst of these orders, and the time is
told as the worst, the best and the mean of them. A server that is off or cut off costs CONNECT_TIMEOUT each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from topology.dns.rules.records import SrvRecord

SERVES, REFUSES, SILENT = "serves", "refuses", "silent"
CONNECT_TIMEOUT = 10  # seconds after which a client gives up on a server that does not answer
COST = {SERVES: 0, REFUSES: 0, SILENT: CONNECT_TIMEOUT}
WORST_FIRST = (SILENT, REFUSES, SERVES)


@dataclass(frozen=True)
class ClientTry:
    """One server that a client tries: what comes of it, and the seconds since the client began."""

    target: str
    outcome: str
    begun: int
    any_order: bool  # others of the same priority may be tried before or after it


@dataclass(frozen=True)
class Walk:
    """What one client does; seconds until a server answers are None where none does."""

    name: str
    tries: tuple[ClientTry, ...]
    worst: int | None
    best: int | None
    mean: float | None

    @property
    def served_by(self) -> str:
        return next((each.target for each in self.tries if each.outcome == SERVES), "")


def walk(name: str, records: Iterable[SrvRecord], does: Mapping[str, str]) -> Walk:
    """The tries of a client that asks for a name; a target that nothing is known of does not answer."""
    tries: list[ClientTry] = []
    worst = best = 0
    mean = 0.0
    for _, each in groupby(sorted(records, key=lambda record: record.priority), key=lambda record: record.priority):
        same = sorted(each, key=lambda record: WORST_FIRST.index(does.get(record.target.lower(), SILENT)))
        outcomes = [does.get(record.target.lower(), SILENT) for record in same]
        begun = worst
        for record, outcome in zip(same, outcomes, strict=True):
            tries.append(ClientTry(record.target, outcome, begun, len(same) > 1))
            begun += COST[outcome]
        dead, alive = sum(COST[outcome] for outcome in outcomes), outcomes.count(SERVES)
        worst += dead
        if alive:  # of d dead servers in any order d / (alive + 1) come before the first that answers
            return Walk(name, tuple(tries), worst, best, mean + dead / (alive + 1))
        best, mean = best + dead, mean + dead
    return Walk(name, tuple(tries), None, None, None)

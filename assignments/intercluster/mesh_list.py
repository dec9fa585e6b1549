"""The mesh as lists: its relations a page at a time, the worst first, and each cluster with the states of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assignments.intercluster.rules.mesh import COUNTED, GRAVITY, NEW, WELL, Link, WithState

PAGE = 40  # relations


@dataclass(frozen=True)
class LinkPage:
    """Some relations of many, with the numbers of the pages beside it; none where there is no such page."""

    links: tuple[Link, ...]
    total: int
    number: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.links) - 1

    @property
    def before(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        return self.number + 1 if self.last < self.total else None


def page_of(links: Iterable[Link], number: int) -> LinkPage:
    """A page of relations, the worst first; the last one there is where the number is beyond it."""
    ordered = sorted(links, key=lambda link: (GRAVITY.index(link.state), link.of))
    last = max(1, -(-len(ordered) // PAGE))
    number = min(max(number, 1), last)
    return LinkPage(tuple(ordered[(number - 1) * PAGE : number * PAGE]), len(ordered), number)


@dataclass(frozen=True)
class ClusterRow(WithState):
    """A cluster with the state of all its relations: the worst, how many are in sync, how many are in which other."""

    name: str
    release: str
    state: str
    well: int
    relations: int
    others: tuple[tuple[str, str, int], ...]  # state, its word, how many


def clusters_of(named: Sequence[tuple[str, str]], links: Sequence[Link]) -> list[ClusterRow]:
    """Each cluster (name and release), those in trouble first."""
    counts: dict[str, Counter[str]] = {name: Counter() for name, _ in named}
    for link in links:
        for name in link.of:
            counts[name][link.state] += 1
    rows = []
    for name, release in named:
        mine = counts[name]
        others = tuple((state, COUNTED[state], mine[state]) for state in GRAVITY if state != WELL and mine[state])
        worst = next((state for state in GRAVITY if mine[state]), WELL)
        rows.append(ClusterRow(name, release, worst, mine[WELL], mine.total(), others))
    return sorted(rows, key=lambda row: (GRAVITY.index(row.state), row.well, row.name))


def troubled(links: Iterable[Link]) -> list[Link]:
    """Those about which somebody has to do something."""
    return [link for link in links if link.state not in (WELL, NEW)]


def counts_of(links: Iterable[Link]) -> list[tuple[str, str, int]]:
    """How many are in which state: state, its word, number."""
    counts = Counter(link.state for link in links)
    return [(state, COUNTED[state], counts[state]) for state in GRAVITY if counts[state]]

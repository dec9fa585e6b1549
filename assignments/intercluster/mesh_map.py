"""The mesh as a drawing: clusters on a circle, a line for each relation; what is well is drawn as one path.

34 clusters have 561 relations. Those in trouble are links of their own, the worst first; all others of a state are
one path each, so that the page stays small. Each cluster is a link to the page that lists all of its relations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, degrees, pi, sin

from assignments.intercluster.rules.mesh import GRAVITY, MISSING, NEW, WELL, Link
from topology.models import Cluster

SIZE, RADIUS = 640, 210  # of the drawing and of the circle, in its own units
OWN_LINKS = 40  # relations that are drawn as links of their own
SMALL = 12  # up to so many clusters every relation is a link


@dataclass(frozen=True)
class MapCluster:
    """One cluster of the drawing; the text beside it is turned so that it can be read."""

    name: str
    release: str
    x: int
    y: int
    turn: int
    end: bool  # whether the text ends at the cluster
    tone: str
    word: str


@dataclass(frozen=True)
class MapLink:
    """One relation of the drawing."""

    link: Link
    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True)
class MeshMap:
    """The whole drawing, with how many relations are in which state."""

    clusters: tuple[MapCluster, ...]
    links: tuple[MapLink, ...]
    paths: tuple[tuple[str, str], ...]  # state and path of all others
    counts: tuple[tuple[str, int], ...]
    any: bool  # whether there is any relation at all
    size: int = SIZE

    @property
    def trouble(self) -> list[Link]:
        """Those drawn as links that are not well."""
        return [one.link for one in self.links if one.link.state not in (WELL, NEW)]


def map_of(clusters: Sequence[Cluster], links: Sequence[Link]) -> MeshMap:
    """The drawing of clusters and their relations."""
    names = sorted(cluster.name for cluster in clusters)
    places = {name: _place(n, len(names)) for n, name in enumerate(names)}
    ordered = sorted(links, key=lambda link: (GRAVITY.index(link.state), link.of))
    small = len(names) <= SMALL
    own = [link for link in ordered if small or link.state not in (WELL, NEW, MISSING)]
    own += [] if small else [link for link in ordered if link.state == MISSING]
    own = own if small else own[:OWN_LINKS]
    alone = {link.of for link in own}
    rest = [link for link in ordered if link.of not in alone]
    worst = _worst(names, ordered)
    drawn = tuple(
        _cluster(cluster, *places[cluster.name], n, len(names), worst.get(cluster.name))
        for n, cluster in enumerate(sorted(clusters, key=lambda cluster: cluster.name))
    )
    counts = [(state, sum(link.state == state for link in links)) for state in GRAVITY]
    return MeshMap(
        clusters=drawn,
        links=tuple(MapLink(link, *places[link.here], *places[link.there]) for link in own),
        paths=tuple((state, path) for state in GRAVITY if (path := _path(rest, state, places))),
        counts=tuple((state, count) for state, count in counts if count),
        any=any(link.sides for link in links),
    )


def _angle(n: int, count: int) -> float:
    return 2 * pi * n / max(count, 1) - pi / 2


def _place(n: int, count: int) -> tuple[int, int]:
    angle = _angle(n, count)
    return round(SIZE / 2 + RADIUS * cos(angle)), round(SIZE / 2 + RADIUS * sin(angle))


def _cluster(cluster: Cluster, x: int, y: int, n: int, count: int, worst: Link | None) -> MapCluster:
    turn = round(degrees(_angle(n, count)))
    left = 90 < turn < 270
    tone, word = (worst.tone, worst.word) if worst else ("mute", "No relation")
    return MapCluster(cluster.name, cluster.release, x, y, turn - 180 if left else turn, left, tone, word)


def _worst(names: Sequence[str], ordered: Sequence[Link]) -> dict[str, Link]:
    worst: dict[str, Link] = {}
    for link in ordered:
        for name in link.of:
            worst.setdefault(name, link)
    return worst


def _path(links: Sequence[Link], state: str, places: dict[str, tuple[int, int]]) -> str:
    lines = [(*places[link.here], *places[link.there]) for link in links if link.state == state]
    return "".join(f"M{x1} {y1}L{x2} {y2}" for x1, y1, x2, y2 in lines)

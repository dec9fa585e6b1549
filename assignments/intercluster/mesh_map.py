"""The mesh as a drawing: clusters on a circle, a line for each relation; what is well is drawn as one path.

34 clusters have 561 relations. Those in trouble are links of their own, the worst first; all others of a state are
one path each, so that the page stays small. Each cluster is a link to the page that lists all of its relations.
What was drawn last is kept: a mesh changes seldom, and the overview is read often.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import cos, degrees, pi, sin

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from assignments.intercluster.rules.mesh import GRAVITY, MISSING, NEW, WELL, WORDS, Link, WithState
from topology.models import Cluster

RADIUS = 210  # of the circle, in units of the drawing
ROOM, LETTER = 24, 8  # beside the circle: for a dot, and for each letter of the longest label
LABEL = 32  # letters of a label
OWN_LINKS = 24  # relations that are drawn as links of their own
STRIP = 30  # half the height of a drawing of two
SMALL = 8  # up to so many clusters every relation is a link
KEPT = 32  # drawings


@dataclass(frozen=True)
class MapCluster(WithState):
    """One cluster of the drawing, in the worst state of its relations; among many its text points outwards."""

    name: str
    release: str
    x: int
    y: int
    turn: int
    end: bool  # whether the text ends at the cluster
    state: str

    @property
    def label(self) -> str:
        """Name and release, as far as there is room."""
        return _label(self.name, self.release)


def _label(name: str, release: str) -> str:
    room = LABEL - len(release) - 1 if release else LABEL
    short = name if len(name) <= room else name[: room - 1] + "…"
    return f"{short} {release}".strip()


@dataclass(frozen=True)
class MapLink(WithState):
    """One relation of the drawing."""

    here: str
    there: str
    state: str
    message: str
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
    size: int  # width and height
    many: bool  # whether what is well is but one path

    @property
    def view(self) -> str:
        """What of the plane is drawn; of two clusters, which stand side by side, a strip."""
        return (
            f"0 {self.size // 2 - STRIP} {self.size} {2 * STRIP}"
            if len(self.clusters) == 2
            else f"0 0 {self.size} {self.size}"
        )

    @property
    def trouble(self) -> list[MapLink]:
        """Those drawn as links that are not well."""
        return [link for link in self.links if link.state not in (WELL, NEW)]

    @property
    def figure(self) -> SafeString:
        """The drawing as a piece of a page."""
        return _figure(self)


@lru_cache(KEPT)
def _figure(drawn: MeshMap) -> SafeString:
    return render_to_string("intercluster/_mesh.html", {"map": drawn})


def map_of(clusters: Sequence[Cluster], unwell: Iterable[Link]) -> MeshMap:
    """The drawing of clusters; every pair without a link here is well."""
    named = sorted((cluster.name, cluster.release) for cluster in clusters)
    links = sorted(unwell, key=lambda link: (GRAVITY.index(link.state), link.of))
    told = tuple((*link.of, link.state, link.message) for link in links)
    return _drawn(tuple(named), told)


Told = tuple[str, str, str, str]  # two clusters, the state of their relation, its sentence


@lru_cache(KEPT)
def _drawn(named: tuple[tuple[str, str], ...], told: tuple[Told, ...]) -> MeshMap:
    names = [name for name, _ in named]
    longest = max((len(_label(*one)) for one in named), default=0)
    half = RADIUS + ROOM + LETTER * longest
    places = {name: _place(n, len(names), half) for n, name in enumerate(names)}
    small = len(names) <= SMALL
    unwell = {(here, there) for here, there, _, _ in told}
    well = [(*pair, WELL, f"{WORDS[WELL]}.") for pair in combinations(names, 2) if pair not in unwell]
    own, rest = _parted(told, well, small=small)
    counts = [(state, sum(one[2] == state for one in (*told, *well))) for state in GRAVITY]
    return MeshMap(
        clusters=tuple(_clusters(named, told, places)),
        links=tuple(MapLink(*one, *places[one[0]], *places[one[1]]) for one in own),
        paths=tuple((state, path) for state in GRAVITY if (path := _path(rest, state, places))),
        counts=tuple((state, count) for state, count in counts if count),
        any=bool(well) or any(state != MISSING for _, _, state, _ in told),
        size=2 * half,
        many=not small,
    )


def _parted(told: Sequence[Told], well: Sequence[Told], *, small: bool) -> tuple[list[Told], list[Told]]:
    """Those that are links of their own, and all others."""
    if small:
        return [*told, *well], []
    own = [one for one in told if one[2] != NEW][:OWN_LINKS]
    alone = {one[:2] for one in own}
    return own, [one for one in (*told, *well) if one[:2] not in alone]


def _angle(n: int, count: int) -> float:
    return 2 * pi * n / max(count, 1) + (pi if count == 2 else -pi / 2)


def _place(n: int, count: int, half: int) -> tuple[int, int]:
    angle = _angle(n, count)
    return round(half + RADIUS * cos(angle)), round(half + RADIUS * sin(angle))


def _clusters(
    named: Sequence[tuple[str, str]], told: Sequence[Told], places: dict[str, tuple[int, int]]
) -> Iterable[MapCluster]:
    worst: dict[str, str] = {}
    for *pair, state, _ in told:  # the worst come first
        for name in pair:
            worst.setdefault(name, state)
    for n, (name, release) in enumerate(named):
        turn = round(degrees(_angle(n, len(named))))
        left = 90 < turn < 270
        turn = 0 if len(named) <= SMALL else turn - 180 if left else turn
        yield MapCluster(name, release, *places[name], turn, left, worst.get(name, WELL))


def _path(links: Sequence[Told], state: str, places: dict[str, tuple[int, int]]) -> str:
    """The lines of a state in as few strokes as can be, so that each end is written once."""
    ends: dict[str, set[str]] = defaultdict(set)
    for here, there, of, _ in links:
        if of == state:
            ends[here].add(there)
            ends[there].add(here)
    strokes = []
    for start in sorted(ends, key=lambda name: len(ends[name]) % 2 == 0):
        while ends[start]:
            stroke, at = [start], start
            while ends[at]:
                to = min(ends[at])
                ends[at].remove(to)
                ends[to].remove(at)
                stroke.append(at := to)
            strokes.append("M" + " ".join(f"{x} {y}" for x, y in (places[name] for name in stroke)))
    return "".join(strokes)

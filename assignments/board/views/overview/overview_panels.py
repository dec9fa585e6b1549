"""What the overview shows of a cluster: a panel with its totals, its worst state, its runs and a cell for each node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from assignments.board.views.overview.folded import FoldedCell, FoldedPanel, html_of
from assignments.population.board_topics import topics
from assignments.population.selectors import Board, NodeView, percent
from assignments.runs.views.run_shown import Run
from topology.models import Cluster
from topology.rules.states import Look
from topology.structure.asked import read_address

NAMED = 2  # nodes that a folded panel names
GRAVITY = ("bad", "warn", "busy", "mute", "good")  # of the tones, the worst first
SERVES_NOT = Look("Not serving", "bad", "x")
HIDE_IT = ("Unknown", "Normal")  # words that say nothing of it
UNPROTECTED = Look("HA off", "warn", "shield-off")
ALL_WELL = Look("All well", "good", "check")
WAITING = Look("Unassigned users", "warn", "user-question")
OVER = Look("Over capacity", "warn", "alert")
EMPTY = Look("No nodes", "mute", "server")
ONLY = (
    ("", "All clusters"),
    ("trouble", "Only trouble"),
    ("unassigned", "Only with unassigned users"),
    ("running", "Only with runs"),
)


@dataclass(frozen=True)
class Cell:
    """One node as a cell."""

    view: NodeView

    @cached_property
    def look(self) -> Look:
        """The state in the colour of what people feel, unless there are too many of them."""
        look = self.view.look
        if look.tone == "bad" and look.label in HIDE_IT:
            return SERVES_NOT
        return OVER if self.view.home_percent > 100 and look.tone in ("good", "mute") else look

    @property
    def name(self) -> str:
        return self.view.node.short_name

    @property
    def percent(self) -> int:
        return self.view.home_percent

    @property
    def kept(self) -> FoldedCell:
        """As a folded panel keeps it."""
        node, look = self.view.node, self.look
        shown = (node.pk, self.name, self.title, look.tone, look.icon, look.label)
        return FoldedCell(*shown, node.publisher, self.percent, node.capacity_users, self.view.home.users)

    @property
    def title(self) -> str:
        """The node in full, its state and its users."""
        view, node = self.view, self.view.node
        out = f", {view.out_of_service:,} out of service" if view.out_of_service else ""
        return f"{node.name}: {self.look.label}, {view.home.users:,} of {node.capacity_users:,} users{out}"


@dataclass(frozen=True)
class Group:
    """A subcluster with its cells; none for the unassigned nodes."""

    name: str
    protected: bool
    cells: tuple[Cell, ...]


class OverviewForm(forms.Form):
    """Which clusters an address asks for."""

    q = forms.CharField(required=False, max_length=255)
    only = forms.ChoiceField(required=False, choices=ONLY)


@dataclass(frozen=True)
class Asked:
    """The filter that stands in the address."""

    q: str = ""
    only: str = ""

    @classmethod
    def of(cls, asked: QueryDict) -> Asked:
        """Raises Refused for what cannot be read."""
        return cls(**read_address(OverviewForm, asked))

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in (("q", self.q), ("only", self.only)) if value})


@dataclass
class Panel:
    """One cluster of the overview; folded it names only the nodes in trouble, the worst first."""

    board: Board
    asked: Asked
    folded: bool = False

    @property
    def cluster(self) -> Cluster:
        return self.board.cluster

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        groups = [
            Group(sub.subcluster.name, sub.protected, tuple(Cell(view) for view in sub.nodes))
            for sub in self.board.subclusters
        ]
        if self.board.unassigned_nodes:
            groups.append(Group("", False, tuple(Cell(view) for view in self.board.unassigned_nodes)))
        return tuple(groups)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for group in self.groups for cell in group.cells)

    @cached_property
    def worst(self) -> Look:
        """The gravest state of the cluster; without HA, protection or service of some, never that all is well."""
        looks = (cell.look for cell in self.cells)
        worst = min(looks, key=lambda look: GRAVITY.index(look.tone), default=EMPTY)
        if worst.tone in ("bad", "warn", "busy"):
            return worst
        if self.board.unprotected:
            return UNPROTECTED
        if self.board.unassigned:
            return WAITING
        return ALL_WELL if self.cells else EMPTY

    @property
    def ha_off(self) -> bool:
        """Whether HA is off beside something graver, which alone would hide it."""
        return self.board.unprotected and self.worst is not UNPROTECTED

    @property
    def trouble(self) -> bool:
        """Whether something fails; that HA is off somebody wanted, and who has no home yet lost no service."""
        graves = self.worst.tone in ("bad", "warn") and self.worst not in (UNPROTECTED, WAITING)
        return bool(self.board.out_of_service) or graves

    @cached_property
    def runs(self) -> list[Run]:
        now = timezone.now()
        return [Run(operation, now) for operation in self.board.operations]

    @cached_property
    def fill(self) -> tuple[int, int]:
        """Users at home on the nodes, and the sum of what those in subclusters are rated for."""
        capacity = sum(view.node.capacity_users for sub in self.board.subclusters for view in sub.nodes)
        return self.board.assigned, capacity

    @property
    def percent(self) -> int:
        return percent(*self.fill)

    @property
    def hidden(self) -> bool:
        has = {"trouble": self.trouble, "unassigned": self.board.unassigned, "running": self.board.operations}
        return not has.get(self.asked.only, True) or not self._named()

    def _named(self) -> bool:
        words = self.asked.q.lower().split()
        groups = [group.name for group in self.groups]
        names = [self.cluster.name, *groups, *(cell.view.node.name for cell in self.cells)]
        return all(any(word in name.lower() for name in names) for word in words)

    @property
    def topics(self) -> str:
        return topics(self.board)

    @property
    def address(self) -> str:
        query = "&".join(filter(None, (self.asked.query, "folded=1" if self.folded else "")))
        return self.whole_address + (f"?{query}" if query else "")

    @property
    def whole_address(self) -> str:
        """That of the panel with all of its nodes."""
        return reverse("overview-panel", args=[self.cluster.name])

    @property
    def html(self) -> SafeString | str:
        """The panel drawn folded; empty where it is drawn whole: without a need, while it is hidden, and with runs."""
        if not self.folded or self.hidden or self.runs:
            return ""
        board, cluster, worst = self.board, self.cluster, self.worst
        bad = sorted(
            (cell for cell in self.cells if cell.look.tone in GRAVITY[:3]),
            key=lambda cell: GRAVITY.index(cell.look.tone),
        )
        shown = FoldedPanel(
            *(cluster.pk, cluster.name, worst.tone, worst.icon, worst.label),
            *(board.users, *self.fill, self.percent, board.out_of_service, board.unassigned),
            *(self.ha_off, len(self.cells)),
            tuple(cell.kept for cell in bad[:NAMED]),
            *(self.topics, self.address, self.whole_address),
        )
        return html_of(shown)


@dataclass(frozen=True)
class Totals:
    """What all clusters have together."""

    clusters: int
    nodes: int
    users: int
    unassigned: int
    out_of_service: int
    runs: int
    trouble: int

    @classmethod
    def of(cls, panels: Iterable[Panel]) -> Totals:
        rows = [
            (1, len(p.cells), p.board.users, p.board.unassigned, p.board.out_of_service, len(p.runs), int(p.trouble))
            for p in panels
        ]
        return cls(*(sum(row[at] for row in rows) for at in range(7)))

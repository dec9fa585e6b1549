"""A panel of the overview that names only its nodes in trouble, drawn once for what it shows and kept.

Hundreds of nodes are on the page then, and most panels are the same from one look to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

KEPT = 1000  # panels


@dataclass(frozen=True)
class FoldedCell:
    """What a cell shows of its node."""

    pk: int
    name: str
    title: str
    tone: str
    icon: str
    label: str
    publisher: bool
    percent: int
    capacity: int
    users: int


@dataclass(frozen=True)
class FoldedPanel:
    """What a folded panel shows of its cluster."""

    pk: int
    name: str
    tone: str
    icon: str
    label: str
    users: int
    home: int
    rated: int
    percent: int
    out_of_service: int
    unassigned: int
    ha_off: bool
    nodes: int
    cells: tuple[FoldedCell, ...]
    topics: str
    address: str
    whole_address: str


@lru_cache(KEPT)
def html_of(panel: FoldedPanel) -> SafeString:
    """The panel as a piece of a page."""
    return render_to_string("board/overview/_folded.html", {"panel": panel})

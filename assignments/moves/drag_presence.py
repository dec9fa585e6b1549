"""Who is about to move how many users where: others see it while it lasts, and it is written nowhere.

    begin or next target -> tell_others(...) -> topic "drags-<cluster>" -> others(...) fetched; an end -> let_go(...)

Of a browser that died in the middle nothing is heard again, so what it dragged is forgotten after HELD seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from topology.accounts import pseudonyms
from topology.live import actors, events
from topology.models import Cluster
from topology.reasons.words import counted

HELD = 30  # seconds


@dataclass(frozen=True)
class DragPresence:
    """What one person drags from where to which target ("node:3", "unassigned"): users (None: all) or a node."""

    who: str
    name: str
    users: int | None
    source: str
    to: str
    node: str = ""

    @property
    def who_shown(self) -> str:
        return pseudonyms.account(self.name)

    @property
    def what(self) -> str:
        if self.node:
            return f"the node {self.node}"
        if self.users is None:
            return "all users"
        return counted(self.users, "user")

    @property
    def places(self) -> list[tuple[str, str]]:
        """What is said of them at the place they come from, and where they may go."""
        taken = [(self.source, f"{self.who_shown} is holding {self.what}")] if self.source else []
        return taken + (
            [(self.to, f"{self.who_shown} may drop {self.what}")] if self.to and self.to != self.source else []
        )


def topic(cluster: Cluster) -> str:
    """The topic under which the drags of a cluster are told."""
    return f"drags-{cluster.pk}"


def tell_others(cluster: Cluster, actor: Any, *, users: int | None, source: str, to: str, node: str = "") -> None:
    """Show the others what a person has picked up, and the target it is over."""
    what = {"name": actors.name_of(actor), "users": users, "source": source, "to": to, "node": node}
    events.show(topic(cluster), str(actor.pk), what, HELD)


def let_go(cluster: Cluster, actor: Any) -> None:
    """Dropped or given up."""
    events.hide(topic(cluster), str(actor.pk))


def others(cluster: Cluster, actor: Any) -> list[DragPresence]:
    """What everybody else drags now."""
    dragged = events.shown(topic(cluster)).items()
    return sorted(
        (DragPresence(who, **what) for who, what in dragged if who != str(actor.pk)), key=lambda drag: drag.name
    )

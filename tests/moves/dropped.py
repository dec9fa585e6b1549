"""Drops of some users onto a place."""

from typing import Any

from assignments.models import Assignment
from assignments.moves.selection import Selection
from tests.support.worlds import node
from topology.models import Cluster, Node


def of(cluster: Cluster, place: str, count: int = 3) -> Selection:
    """The first users of a node or of those who wait, as a list of them shows them."""
    home = None if place == "waiting" else node(cluster, place)
    rows = Assignment.objects.filter(cluster=cluster, home_node=home).order_by("user__user_id")
    return Selection(cluster, tuple(rows.values_list("user_id", flat=True)[:count]), drawn=home.pk if home else 0)


def change(cluster: Cluster, short: str, **fields: Any) -> None:
    Node.objects.filter(pk=node(cluster, short).pk).update(**fields)


def target(cluster: Cluster, short: str) -> str:
    return f"node:{node(cluster, short).pk}"


def homes(cluster: Cluster, selection: Selection) -> set[str | None]:
    found = Assignment.objects.filter(user__in=selection.users).select_related("home_node")
    return {row.home_node.short_name if row.home_node else None for row in found}


def form(selection: Selection, **more: str) -> dict[str, str]:
    """What the page sends of a selection."""
    place = f"node:{selection.drawn}" if selection.drawn else "unassigned"
    return {"users": ",".join(map(str, selection.users)), "list": place, **more}

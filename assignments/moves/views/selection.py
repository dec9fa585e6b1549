"""What a page says is chosen: some users of one list, all that match its filter, or all of a node."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from assignments.moves.selection import UNASSIGNED, Selection
from assignments.users.forms import filter_in
from assignments.users.listing.filter import UserFilter
from topology.accounts import pseudonyms
from topology.models import Cluster, Node, Subcluster
from topology.reasons.words import counted
from topology.structure.asked import number
from topology.structure.selectors import node_in

MOST_WORDS = 50  # user IDs in a command that is shown
FIELDS = ("node", "query", "users", "list", "homes")  # how a page says it


def dialog_query(request: HttpRequest) -> QueryDict | None:
    """What a dialog is asked about: in its address, or posted, for thousands may be chosen; None: it is acted on."""
    if request.method == "GET":
        return request.GET
    return request.POST if "ask" in request.POST else None


def selection(asked: QueryDict, cluster: Cluster) -> Selection:
    """What is chosen in the users of a cluster. Raises Refused for what cannot be read."""
    if node := number(asked.get("node"), "node"):
        return Selection(cluster, where=UserFilter(cluster.pk, node_id=node_in(cluster, node).pk))
    if (query := asked.get("query")) is not None:
        return Selection(cluster, where=filter_in(query, cluster)[0])
    keys = {key for text in asked.get("users", "").split(",") if (key := number(text, "users")) is not None}
    drawn, homes = _drawn(asked.get("list", "")), _homes(asked.get("homes", ""))
    return Selection(cluster, tuple(sorted(keys)), drawn=drawn, homes=homes)


def _drawn(place: str) -> int | None:
    """The home that a list shows: "node:3" is 3, "unassigned" 0; a list of several homes has none."""
    kind, _, key = place.partition(":")
    return 0 if place == UNASSIGNED else number(key, "list") if kind == "node" else None


def _homes(text: str) -> dict[int, int]:
    """The homes that a page was told of a few users; what it sends is what `told_homes` wrote. Raises Refused."""
    pairs = (pair.partition(":")[::2] for pair in text.split(",") if pair)
    return {number(user, "homes") or 0: number(home, "homes") or 0 for user, home in pairs}


def told_homes(homes: Mapping[int, int | None]) -> str:
    """Where each of a few users is at home, as a page repeats it with a move."""
    return ",".join(f"{user}:{home or 0}" for user, home in homes.items())


def fields(asked: QueryDict) -> list[tuple[str, str]]:
    """The same once more, for the form of a dialog."""
    return [(name, value) for name in FIELDS if (value := asked.get(name)) is not None]


@dataclass(frozen=True)
class ForScripts:
    """Who is chosen, as words of a command and as a part of a body of the API; a filter is no words."""

    words: str
    body: str


def for_scripts(chosen: Selection) -> ForScripts | None:
    """The same for a script; None for more than a line should hold, and while names are hidden."""
    if pseudonyms.is_down():
        return None
    if chosen.where:
        return ForScripts("", f'"filter": {json.dumps(_filter_of(chosen.where))}')
    ids = list(chosen.rows().order_by("user__user_id").values_list("user__user_id", flat=True)[: MOST_WORDS + 1])
    if len(ids) > MOST_WORDS or any("<" in name for name in ids):  # what is between < and > would be a field
        return None
    return ForScripts(shlex.join(ids), f'"users": {json.dumps(ids, ensure_ascii=False)}')


def _filter_of(where: UserFilter) -> dict[str, Any]:
    """A filter by the names that the API gives it."""
    node = Node.objects.filter(pk=where.node_id).first() if where.node_id else None
    sub = Subcluster.objects.filter(pk=where.subcluster_id).first() if where.subcluster_id else None
    named = {
        "node": node and node.name,
        "subcluster": sub and sub.name,
        "assigned": False if where.node_id == 0 else where.assigned,
        "pinned": where.pinned,
        "out_of_service": where.out_of_service,
        "endpoint": where.endpoint or None,
        "contacts_min": where.contacts_min,
        "q": where.q or None,
    }
    return {name: value for name, value in named.items() if value is not None}


def label(verb: str, chosen: Selection, users: int, nodes: Mapping[int, Node] | None = None) -> str:
    """What is done to whom: "Move 3 users of imp1a"; `nodes` are those of the cluster, where they were read."""
    place = chosen.where.node_id if chosen.where else chosen.drawn
    if nodes is None:
        nodes = Node.objects.filter(cluster=chosen.cluster).in_bulk([place] if place else [])
    node = nodes.get(place) if place else None
    whose = f" of {node.short_name}" if node else " without a home node" if place == 0 else ""
    return f"{verb} {counted(users, 'user')}{whose}"

"""A row of the list of users: what it shows, and its HTML.

The template is drawn once for each kind of row, and its values are filled in.

    users/_user_row.html --drawn with marks, once a kind--> pieces --values between them--> a row

Fifty rows of fifteen values each were a third of the time that a page took.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from assignments.models import Assignment
from assignments.users.listing.order import ListOrder
from assignments.users.views.list_addresses import cursor_of
from topology.accounts import pseudonyms
from topology.models import ENDPOINT_KINDS, Node

VALUES = ("pk", "user_id", "name", "home", "serving", "endpoints", "endpoint_names", "contacts")
MARK = re.compile("\ue000(\\w+)\ue001")  # of characters for private use, which no template has


class RowKind(NamedTuple):
    """What decides the shape of a row."""

    named: bool
    served: bool
    away: bool
    out: bool
    pinned: bool


@lru_cache(maxsize=32)  # every kind
def _pieces(kind: RowKind) -> tuple[str, ...]:
    """The HTML of such a row, cut at its values: pieces and names of values in turns."""
    row: dict[str, object] = {value: f"\ue000{value}\ue001" for value in VALUES}
    row |= {"away": kind.away, "out": kind.out, "pinned": kind.pinned}
    row |= {value: "" for value, there in (("name", kind.named), ("serving", kind.served)) if not there}
    return tuple(MARK.split(render_to_string("users/_user_row.html", {"row": row}).strip()))


@dataclass(frozen=True)
class UserRow:
    """One user of a list, in the words of the templates."""

    pk: int
    cursor: str  # in the order of the list
    user_id: str
    name: str
    pinned: bool
    signed_in: bool
    endpoints: int
    endpoint_names: str
    contacts: int
    home: str
    serving: str
    away: bool
    out: bool

    @property
    def html(self) -> SafeString:
        """The row as HTML, its values escaped."""
        values = {value: escape(str(getattr(self, value))) for value in VALUES}
        kind = RowKind(bool(values["name"]), bool(values["serving"]), self.away, self.out, self.pinned)
        return mark_safe("".join(values[piece] if at % 2 else piece for at, piece in enumerate(_pieces(kind))))


def row_of(assignment: Assignment, nodes: Mapping[int, Node], order: ListOrder) -> UserRow:
    """A user as a list in this order shows them, with pseudonyms while names are hidden; `nodes` are by key."""
    user = assignment.user
    home, serving = nodes.get(assignment.home_node_id or 0), nodes.get(assignment.serving_node_id or 0)
    return UserRow(
        pk=user.pk,
        cursor=cursor_of(assignment) if order.by_id else f"~{user.pk}",
        user_id=pseudonyms.user_id(user.user_id),
        name=pseudonyms.name(user.name, user.user_id),
        pinned=assignment.pinned,
        signed_in=assignment.signed_in,
        endpoints=assignment.endpoints,
        endpoint_names=", ".join(ENDPOINT_KINDS[kind] for kind in user.endpoints) or "No endpoints",
        contacts=user.contacts,
        home=home.short_name if home else "",
        serving=serving.short_name if serving else "",
        away=bool(serving and serving is not home),
        out=bool(serving and not (serving.serves and assignment.signed_in)),
    )

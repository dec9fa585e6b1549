"""The orders of a list of users: by a column and then, where values are equal, by key; a place in them is a keyset.

user ID, name, contacts          of the person: an index walks them at any size
home, served by, endpoints       of the place: up to MOST matches are sorted; beyond that the list must be narrowed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Collate, Upper
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual

from topology import reasons
from topology.reasons import Refused

MOST = 10_000  # matches that are sorted by what no index has in order
USER_ID = "user_id"
COLUMNS = {  # as the heads of the list name them
    USER_ID: "User ID",
    "name": "Name",
    "home": "Home",
    "served": "Served by",
    "endpoints": "Endpoints",
    "contacts": "Contacts",
}
OF_PEOPLE = frozenset({USER_ID, "name", "contacts"})


@dataclass(frozen=True)
class ListOrder:
    """By which column a list is sorted, and which way."""

    column: str = USER_ID
    descending: bool = False

    def __str__(self) -> str:
        """As an address has it; nothing for the usual order."""
        way = "-" if self.descending else ""
        return "" if self == ListOrder() else f"{way}{self.column}"

    @property
    def of_people(self) -> bool:
        """Whether it can be walked without reading where people are."""
        return self.column in OF_PEOPLE

    @property
    def by_id(self) -> bool:
        return self.column == USER_ID

    def key(self, prefix: str = "") -> Any:
        """What is sorted by, in SQL; the prefix leads from the rows to the people."""
        if self.by_id:
            return F("folded")  # of the person and of the place
        if self.column == "name":
            return Collate(Upper(f"{prefix}name"), "C")
        if self.column == "contacts":
            return F(f"{prefix}contacts")
        if self.column == "endpoints":
            return F("endpoints")
        return Coalesce(F({"home": "home_node__name", "served": "serving_node__name"}[self.column]), Value(""))

    def other_way(self, column: str) -> ListOrder:
        """The order that a click on the head of a column asks for."""
        return ListOrder(column, column == self.column and not self.descending)


@dataclass(frozen=True)
class Keyset:
    """A place in an order: the value there, and the key of the user; without one, before or after all of that value."""

    value: Any
    pk: int | None = None


def order_in(text: str) -> ListOrder:
    """The order that an address asks for. Raises Refused for one that there is not."""
    column = text.removeprefix("-") or USER_ID
    if column not in COLUMNS:
        raise Refused(reasons.FILTER_NOT_READABLE, problem=f"a list is not sorted by “{text[:40]}”")
    return ListOrder(column, text.startswith("-"))


def sorted_by(rows: QuerySet[Any], order: ListOrder, pk: str, *, later: bool) -> QuerySet[Any]:
    """Rows that have `key`, in an order or in its reverse."""
    sign = "" if later != order.descending else "-"
    return rows.order_by(f"{sign}key", f"{sign}{pk}")


def rows_beyond(
    rows: QuerySet[Model, Any], order: ListOrder, key: Any, pk: str, mark: Keyset | None, *, later: bool
) -> QuerySet[Any, Any]:
    """Those after a place in the order, or before it; all without one."""
    if mark is None:
        return rows
    up = later != order.descending
    if mark.pk is None:
        return rows.filter(GreaterThan(key, mark.value) if up else LessThan(key, mark.value))
    further = Q(**{f"{pk}__gt" if up else f"{pk}__lt": mark.pk})
    edge = GreaterThanOrEqual(key, mark.value) if up else LessThanOrEqual(key, mark.value)
    return rows.filter(edge).filter(further | ~Q(Exact(key, mark.value)))

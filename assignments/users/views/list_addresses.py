"""How addresses name a list of users: its filter, the window of it, and the place of a user in it."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms

from assignments.models import Assignment
from assignments.users.listing.filter import UserFilter
from topology.accounts import pseudonyms
from topology.models import MAX_USER_ID, EndUser
from topology.structure.asked import NumberField, number

LONGEST_CURSOR = 4 * MAX_USER_ID  # of a folded user ID


class CursorForm(forms.Form):
    """The user after whom a page begins."""

    after = forms.CharField(required=False, strip=False, max_length=LONGEST_CURSOR)


class WindowForm(CursorForm):
    """Which window of a list an address asks for, in which order: after or before a user, its end, or so many on.

    `near` is about where it stands in a list too long to be counted, `rows` how many rows it has.
    """

    sort = forms.CharField(required=False)
    before = forms.CharField(required=False, strip=False, max_length=LONGEST_CURSOR)
    last = forms.BooleanField(required=False)
    jump = NumberField()
    near = NumberField()
    rows = NumberField()


def place_of(where: UserFilter) -> list[tuple[str, str]]:
    """Whose users, as parameters of the address."""
    pairs = (("node", where.node_id), ("subcluster", where.subcluster_id))
    return [(name, str(value)) for name, value in pairs if value is not None]


def query_of(where: UserFilter, show: str) -> str:
    """A filter as it stands in the address of the page."""
    pairs = (("q", where.q), ("show", show), ("endpoint", where.endpoint), ("contacts", where.contacts_min))
    return urlencode([*place_of(where), *((name, str(value)) for name, value in pairs if value)])


def cursor_of(assignment: Assignment) -> str:
    """A user as an address names the place in a list: by key while names are hidden."""
    return f"~{assignment.pk}" if pseudonyms.is_down() else assignment.user.user_id


def id_at(cursor: str) -> str:
    """The user ID that a place in a list stands for."""
    if pseudonyms.is_down() and cursor.startswith("~") and (key := number(cursor[1:], "cursor")):
        return EndUser.objects.filter(pk=key).values_list("user_id", flat=True).first() or ""
    return cursor

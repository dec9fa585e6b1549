"""A range of a list of users that reaches beyond the rows on the page."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from assignments.users.forms import filter_in
from assignments.users.listing import ranges
from assignments.users.listing.order import order_in
from topology.accounts import roles
from topology.structure.asked import NumberField, read_form
from topology.structure.selectors import cluster_named
from topology.views.http import needs_role


class RangeForm(forms.Form):
    """A filter as one text, an order, and two rows of the list that they make."""

    query = forms.CharField(required=False)
    sort = forms.CharField(required=False)
    to = NumberField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from"] = NumberField()  # no name in Python


@require_GET
@needs_role(roles.SEE)
def user_range(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The keys of the users from one row to another of a list, in its filter and order."""
    asked = read_form(RangeForm, request.GET)
    where, _ = filter_in(asked["query"], cluster_named(cluster_name))
    rows = ranges.between(where, asked["from"] or 0, asked["to"] or 0, order_in(asked["sort"]))
    return JsonResponse({"users": rows})

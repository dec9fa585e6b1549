"""A range of a list of users that reaches beyond the rows on the page."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from assignments.users import ranges
from assignments.users.forms import filter_in
from assignments.users.order import order_in
from topology.accounts import roles
from topology.structure.selectors import cluster_named
from topology.views.http import needs
from topology.views.reading import number_in


@require_GET
@needs(roles.SEE)
def user_range(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The keys of the users from one row to another of a list, in its filter and order."""
    asked = request.GET
    where, _ = filter_in(asked.get("query", ""), cluster_named(cluster_name))
    order = order_in(asked.get("sort", ""))
    first, last = (number_in(asked, name) or 0 for name in ("from", "to"))
    return JsonResponse({"users": ranges.between(where, first, last, order)})

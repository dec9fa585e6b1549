"""A range of a list of users that reaches beyond the rows on the page."""

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.views.decorators.http import require_GET

from assignments.users import ranges
from assignments.users.views.user_list import filter_of, number
from topology.accounts import roles
from topology.structure.selectors import cluster_named
from topology.views.http import needs


@require_GET
@needs(roles.SEE)
def user_range(request: HttpRequest, cluster: str) -> HttpResponse:
    """The keys of the users from one row to another of a list, in its filter and order."""
    asked = request.GET
    where, _ = filter_of(QueryDict(asked.get("query", "")[:2000]), cluster_named(cluster))
    first, last = (number(asked.get(name)) or 0 for name in ("from", "to"))
    return JsonResponse({"users": ranges.between(where, first, last)})

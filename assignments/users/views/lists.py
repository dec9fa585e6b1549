"""Lists of users beside the map."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django_htmx.http import replace_url

from assignments.population.selectors import board_of
from assignments.users.views.user_list import pane
from topology.accounts import roles
from topology.live import events
from topology.structure.selectors import cluster_named
from topology.structure.snapshot import one_snapshot
from topology.views.http import needs_role


@require_GET
@needs_role(roles.SEE)
def users(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The pane, or only its list when the filter changed or the list goes on; the page's address keeps the filter."""
    cluster, version = cluster_named(cluster_name), events.version_now()
    with one_snapshot():  # whatever the version stands for was committed before this
        user_list = pane(request, board_of(cluster))
        filtering = request.headers.get("HX-Target") == "user-list"
        template = "users/_user_list.html" if filtering or "list" in request.GET else "users/_users.html"
        response = render(request, template, {"cluster": cluster, "pane": user_list, "version": version})
    if filtering and "list" not in request.GET:
        replace_url(response, user_list.page_address)
    return response

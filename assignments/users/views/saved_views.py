"""Saved views: the menu beside the filter of a list of users, of a cluster's or of the one of all clusters."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from assignments.users.forms import filter_of
from assignments.users.listing import saved_views
from assignments.users.views.list_addresses import query_of
from assignments.users.views.search import Directory
from topology import reasons
from topology.accounts import roles
from topology.models import Cluster
from topology.structure.selectors import cluster_named
from topology.views.forms import DialogForm, ShownField
from topology.views.http import needs_role


class SavedViewForm(DialogForm):
    """The name under which a filter is kept."""

    about = {reasons.VIEW_NEEDS_NAME.code: "name", reasons.VIEWS_ENOUGH.code: "name"}
    name = ShownField("Name of the view", kind="text")


@require_http_methods(["GET", "POST"])
@needs_role(roles.SEE)
def views(request: HttpRequest, cluster_name: str = "") -> HttpResponse:
    """One's own views of a list; a POST keeps the filter as it stands under a name."""
    cluster = cluster_named(cluster_name) if cluster_name else None
    if request.method != "POST":
        return _menu(request, cluster)
    asked, form = request.POST, SavedViewForm(request.POST)
    query = query_of(*filter_of(asked, cluster)) if cluster else Directory(asked, request.user, exact=True).query

    def act(given: dict[str, Any]) -> HttpResponse:
        saved_views.save(request.user, cluster, given["name"], query)
        return _menu(request, cluster)

    return form.carry_out(act) or _menu(request, cluster, form)


@require_POST
@needs_role(roles.SEE)
def delete(request: HttpRequest, pk: int, cluster_name: str = "") -> HttpResponse:
    """Forget one's own view."""
    cluster = cluster_named(cluster_name) if cluster_name else None
    saved_views.delete(request.user, cluster, pk)
    return _menu(request, cluster)


def _menu(request: HttpRequest, cluster: Cluster | None, form: SavedViewForm | None = None) -> HttpResponse:
    form = form or SavedViewForm()
    context = {
        "form": form,
        "cluster": cluster,
        "views": list(saved_views.views_of(request.user, cluster)),
        "page": reverse("cluster", args=[cluster.name]) if cluster else reverse("find-users"),
        "save": reverse("saved-views", args=[cluster.name]) if cluster else reverse("find-users-views"),
    }
    return render(request, "users/_saved_views.html", context, status=form.status)

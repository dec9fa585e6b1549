"""Saved views over HTTP: each person's own, which an administrator's script can bring along."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import QueryDict
from ninja import Router, Schema
from pydantic import Field

from assignments.models import SavedView
from assignments.models.saved_view import MAX_NAME, MAX_QUERY
from assignments.users.forms import filter_in
from assignments.users.listing import saved_views
from assignments.users.views.list_addresses import query_of
from assignments.users.views.search import Directory
from topology.accounts import roles
from topology.api import access
from topology.api.accounts import person_of
from topology.api.guard import ApiRequest
from topology.api.shapes import Chosen, Input, Key, Name, ok
from topology.models import Cluster
from topology.structure import selectors

router = Router(tags=["users"])


class SavedViewIn(Input):
    """A filter of the list of users under a name."""

    name: Annotated[str, Field(max_length=MAX_NAME)]
    query: Annotated[str, Field(max_length=MAX_QUERY)] = Field(description="As in the address of the page: show=pinned")
    cluster: Chosen | None = Field(None, description="None: of the list of all clusters")


class SavedViewOut(Schema):
    """A saved view."""

    id: int
    name: str
    query: str
    cluster: str | None


class SavedViewsOut(Schema):
    """The saved views of a person, by name."""

    views: list[SavedViewOut]


@router.get("/accounts/{account_name}/views", response=ok(SavedViewsOut), operation_id="list_saved_views")
@access.needs(roles.ADMINISTER)
def list_saved_views(request: ApiRequest, account_name: Name, cluster: Chosen | None = None) -> Any:
    """The views that a person keeps of the list of a cluster, or of that of all clusters."""
    where = selectors.cluster_named(cluster) if cluster else None
    return {"views": [_view(view, where) for view in saved_views.views_of(person_of(account_name), where)]}


@router.put("/accounts/{account_name}/views", response=ok(SavedViewOut), operation_id="put_saved_view")
@access.needs(roles.ADMINISTER)
def put_saved_view(request: ApiRequest, account_name: Name, asked: SavedViewIn) -> Any:
    """Keep a filter under a name for a person; one of the same name gets the new filter."""
    person, where = person_of(account_name), selectors.cluster_named(asked.cluster) if asked.cluster else None
    if where:
        query = query_of(*filter_in(asked.query, where))
    else:
        query = Directory(QueryDict(asked.query), person, exact=True).query
    return _view(saved_views.save(person, where, asked.name, query), where)


@router.delete("/accounts/{account_name}/views/{int:view_id}", response=ok(SavedViewsOut), operation_id="delete_view")
@access.needs(roles.ADMINISTER)
def delete_saved_view(request: ApiRequest, account_name: Name, view_id: Key, cluster: Chosen | None = None) -> Any:
    """Forget a view of a person, and answer those that are left."""
    person, where = person_of(account_name), selectors.cluster_named(cluster) if cluster else None
    saved_views.delete(person, where, view_id)
    return {"views": [_view(view, where) for view in saved_views.views_of(person, where)]}


def _view(view: SavedView, cluster: Cluster | None) -> dict[str, Any]:
    return {"id": view.pk, "name": view.name, "query": view.query, "cluster": cluster.name if cluster else None}

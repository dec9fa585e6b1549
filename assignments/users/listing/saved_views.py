"""Saved views of the lists of users, of a cluster or of all of them: each person's own."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower

from assignments.models import SavedView
from assignments.models.saved_view import MAX_NAME
from topology import reasons
from topology.models import Cluster
from topology.reasons import Refused

MOST = 50  # of one person and list


def views_of(owner: Any, cluster: Cluster | None) -> QuerySet[SavedView]:
    """A person's views of a cluster's list, by name; no cluster: those of the list of all clusters."""
    return SavedView.objects.filter(owner=owner, cluster=cluster)


@transaction.atomic
def save(owner: Any, cluster: Cluster | None, name: str, query: str) -> SavedView:
    """Keep a filter under a name; one of the same name gets the new filter. Raises Refused."""
    said = " ".join(name.replace("\0", "").split())
    if not 0 < len(said) <= MAX_NAME:
        raise Refused(reasons.VIEW_NEEDS_NAME, limit=MAX_NAME, length=len(said))
    named = _named(owner, cluster, said)
    view = named.first()
    if view is None and views_of(owner, cluster).count() >= MOST:
        raise Refused(reasons.VIEWS_ENOUGH, most=MOST)
    view = view or SavedView(owner=owner, cluster=cluster)
    view.name, view.query = said, query
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:  # the same person, twice at once: the other one's name is there now
        named.update(query=query)
        return named.get()
    return view


def _named(owner: Any, cluster: Cluster | None, name: str) -> QuerySet[SavedView]:
    """The view that the constraint takes for one of this name: `iexact` would compare capitals, which it does not."""
    return views_of(owner, cluster).alias(key=Lower("name")).filter(key=Lower(Value(name)))


def delete(owner: Any, cluster: Cluster | None, pk: int) -> None:
    """Forget one's own view; somebody else's stays."""
    views_of(owner, cluster).filter(pk=pk).delete()

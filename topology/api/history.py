"""The history: what was done, by whom, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from topology import reasons
from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.shapes import Chosen, Key, Limit, ok
from topology.models import Event, Node, Subcluster
from topology.reasons import REASONS, Refused
from topology.structure import selectors

router = Router(tags=["history"])


class EventOut(Schema):
    """One line of history."""

    id: int
    at: datetime
    code: str
    level: str
    sentence: str
    cluster: str | None
    subcluster: str | None
    node: str | None
    operation: int | None
    actor: str
    facts: dict[str, Any]


class EventPage(Schema):
    """Lines of history, the newest first."""

    events: list[EventOut]
    next: int | None = Field(description="`before` of the next page; None: this is the last one")


@router.get("/events", response=ok(EventPage), operation_id="list_events")
@access.needs(roles.SEE)
def list_events(
    request: HttpRequest,
    cluster: Chosen | None = None,
    operation: Key | None = None,
    code: Annotated[str, Field(max_length=48)] = "",
    node: Chosen | None = None,
    actor: Annotated[str, Field(max_length=254)] = "",
    before: Key | None = None,
    limit: Limit = 50,
) -> Any:
    """Lines of history, the newest first; those that are about no cluster are an administrator's to see."""
    if code and code not in REASONS:  # as the page, and as every name that means nothing
        raise Refused(reasons.API_INPUT_NOT_VALID, place="code", problem=f"there is no code {code}")
    rows = Event.objects.select_related("cluster").order_by("-pk")
    rows = _within(rows, request, cluster)
    about = access.seen_node(request.caller, node).pk if node else None  # type: ignore[attr-defined]
    rows = selectors.filtered(rows, node_id=about, operation_id=operation, code=code, actor=actor, before=before)
    page = list(rows[: limit + 1])
    more = page[limit - 1].pk if len(page) > limit else None
    return {"events": _shown(page[:limit]), "next": more}


def _within(rows: Any, request: ApiRequest | HttpRequest, cluster: str | None) -> Any:
    caller = request.caller  # type: ignore[union-attr]
    if cluster:
        return rows.filter(cluster=access.seen(caller, cluster))
    if caller.reach.everywhere == roles.ADMINISTRATOR:
        return rows
    only = caller.reach.only
    return rows.filter(cluster__isnull=False) if only is None else rows.filter(cluster__in=only)


def _shown(page: list[Event]) -> list[dict[str, Any]]:
    nodes = dict(Node.objects.filter(pk__in={e.node_id or 0 for e in page}).values_list("pk", "name"))
    groups = Subcluster.objects.filter(pk__in={e.subcluster_id or 0 for e in page})
    subclusters = dict(groups.values_list("pk", "name"))
    return [
        {
            "id": event.pk,
            "at": event.at,
            "code": event.code,
            "level": event.why.level,
            "sentence": event.sentence,
            "cluster": event.cluster.name if event.cluster else None,
            "subcluster": subclusters.get(event.subcluster_id or 0),
            "node": nodes.get(event.node_id or 0),
            "operation": event.operation_id,
            "actor": event.actor_name,
            "facts": event.facts,
        }
        for event in page
    ]

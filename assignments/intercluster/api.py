"""Many clusters over HTTP: duplicates and what mends them, moves between clusters."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Router, Schema, Status
from pydantic import Field

from assignments.intercluster import duplicates, moves, selectors
from assignments.runs.api import Rate, shape
from assignments.users.filter import find_user
from topology import reasons
from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.problems import not_there
from topology.api.shapes import Input, Name, OperationOut, ok
from topology.models import MAX_URI, MAX_USER_ID
from topology.reasons import Refused
from topology.structure import selectors as selectors_of_topology

router = Router(tags=["many clusters"])


class DoubledUserOut(Schema):
    """A user ID that is at home in several clusters."""

    user_id: str
    clusters: list[str]


class HolderOut(Schema):
    """Who has a directory URI."""

    user_id: str
    cluster: str


class DoubledUriOut(Schema):
    """A directory URI that several people have."""

    uri: str
    users: list[HolderOut]


class DuplicatesOut(Schema):
    """What `manage.py duplicates --json` prints."""

    users: list[DoubledUserOut]
    uris: list[DoubledUriOut]


class ClearIn(Input):
    """How the doubled directory URIs of a cluster are cleared."""

    dry_run: bool = False
    confirmed: Annotated[int, Field(ge=0, le=10**9)] | None = Field(None, description="How many a dry run named")


class ClearedOut(Schema):
    """How many users lost, or would lose, a shared directory URI."""

    cluster: str
    cleared: int
    dry_run: bool
    operation: int | None = Field(description="Its undo gives them back")


class UriIn(Input):
    """A directory URI; empty for none."""

    uri: Annotated[str, Field(max_length=MAX_URI)]


class UriOut(Schema):
    """The operation that changed a URI; its undo takes that back."""

    operation: int


class MoveToClusterIn(Input):
    """Users of the cluster, and the other cluster; without a node its mode places them."""

    users: list[Annotated[str, Field(max_length=MAX_USER_ID)]] = Field(min_length=1, max_length=100_000)
    to_cluster: Name
    to: Name | None = Field(None, description="A node of the other cluster")
    dry_run: bool = False
    rate: Rate | None = Field(None, description="Users per cluster second and receiving node; None: the policy's")
    unthrottled: bool = False


class StayingOut(Schema):
    """A user who stays, and why."""

    user_id: str
    code: str
    message: str
    fix: str


class MovedToClusterOut(Schema):
    """How many go to which node, who stays, the plan by its hash and its run; without a run nobody was moved."""

    moved: int = Field(description="Of the plan; how far its run is, its operation says")
    to: dict[str, int]
    refused: list[StayingOut]
    plan: str | None
    operation: OperationOut | None


@router.post("/clusters/{name}/moves-to-cluster", response=ok(MovedToClusterOut, 202), operation_id="move_to_cluster")
@access.needs(roles.OPERATE, access.cluster)
def move_to_cluster(request: ApiRequest, name: str, asked: MoveToClusterIn) -> Any:
    """Move users into another cluster, unassigned here and assigned there in one step, as a throttled run (202).

    Contacts come along, pinned users stay. Who cannot go stays with a code; the undo of the operation moves them back.
    """
    into = selectors_of_topology.cluster_named(asked.to_cluster)
    if into.pk != request.target.pk:
        here = request.target.pk
        access.demand(request.caller, roles.OPERATE, into.pk)
        roles.enter(request.caller, here)
    to_node = selectors_of_topology.node_named(asked.to) if asked.to else None
    how: dict[str, Any] = {"rate": asked.rate, "unthrottled": asked.unthrottled, "dry_run": asked.dry_run}
    found = moves.move_listed(request.target, asked.users, into, to_node, actor=request.caller, **how)
    answer = {
        "moved": sum(found.to.values()),
        "to": found.to,
        "refused": list(found.refused),
        "plan": found.plan and found.plan.hash,
        "operation": found.operation and shape(found.operation),
    }
    return Status(202 if found.operation else 200, answer)


@router.get("/duplicates", response=ok(DuplicatesOut), operation_id="list_duplicates")
@access.needs(roles.SEE)
def list_duplicates(request: ApiRequest) -> Any:
    """User IDs at home in several clusters and directory URIs of several people, whole; of clusters that it reaches."""
    only = request.caller.reach.only
    found = selectors.report(only)
    if only is None:
        return found
    seen = set(roles.clusters_of(request.caller).values_list("name", flat=True))
    uris = [{**row, "users": [one for one in row["users"] if one["cluster"] in seen]} for row in found["uris"]]
    users = [{**row, "clusters": [name for name in row["clusters"] if name in seen]} for row in found["users"]]
    return {"users": users, "uris": uris}


@router.post("/clusters/{name}/duplicates/clear", response=ok(ClearedOut), operation_id="clear_doubled_uris")
@access.needs(roles.ADMINISTER, access.cluster)
def clear_doubled_uris(request: ApiRequest, name: str, asked: ClearIn) -> Any:
    """Take the directory URI from every user of a cluster who shares it; of sharers in it alone the first keeps it."""
    return duplicates.clear(request.target, actor=request.caller, **asked.model_dump())


@router.put("/clusters/{name}/users/{user_id}/directory-uri", response=ok(UriOut), operation_id="set_directory_uri")
@access.needs(roles.ADMINISTER, access.cluster)
def set_directory_uri(request: ApiRequest, name: str, user_id: Name, asked: UriIn) -> Any:
    """Give a user another directory URI, or none; one that somebody else has is refused."""
    user = find_user(request.target, user_id)
    if user is None:
        raise not_there(Refused(reasons.NO_SUCH_USER, user=user_id, cluster=name))
    return {"operation": duplicates.set_uri(request.target, user.pk, asked.uri, actor=request.caller)}

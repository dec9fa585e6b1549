"""Duplicates over HTTP: who shares a user ID or a directory URI, and what mends it."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Router, Schema, Status
from pydantic import Field

from assignments.intercluster import duplicates, selectors
from assignments.runs.api import shape
from assignments.users.listing.filter import find_user, keys_of
from topology import reasons
from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.problems import not_there
from topology.api.shapes import Input, Name, OperationOut, ok
from topology.models import MAX_URI, MAX_USER_ID
from topology.reasons import Refused

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


class ClaimOut(Schema):
    """A user at home in a cluster whom a monitor reports at home in another one too."""

    user_id: str
    cluster: str
    home_node: str
    also_in: str
    source: str
    reported: str = Field(description="When the list came that says so")


class DuplicatesOut(Schema):
    """What `manage.py duplicates --json` prints."""

    users: list[DoubledUserOut]
    uris: list[DoubledUriOut]
    reported: list[ClaimOut]


class UnassignHereIn(Input):
    """Who is unassigned: users whom a monitor reports at home in another cluster too."""

    users: list[Annotated[str, Field(max_length=MAX_USER_ID)]] | None = Field(
        None, description="User IDs; None: all of the cluster", min_length=1, max_length=100_000
    )
    confirmed: Annotated[int, Field(ge=0, le=10**9)] | None = Field(None, description="How many they must be")


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
    """The operation that changed a URI, whose undo takes that back; none where the user had that one already."""

    operation: int | None


@router.get("/duplicates", response=ok(DuplicatesOut), operation_id="list_duplicates")
@access.needs(roles.SEE)
def list_duplicates(request: ApiRequest) -> Any:
    """User IDs at home in several clusters and directory URIs of several people, whole; of clusters that it reaches."""
    only = request.caller.reach.only
    report = selectors.report(only)
    if only is None:
        return report
    seen = set(roles.clusters_of(request.caller).values_list("name", flat=True))
    uris = [
        {**row, "users": [holder for holder in row["users"] if holder["cluster"] in seen]} for row in report["uris"]
    ]
    users = [{**row, "clusters": [name for name in row["clusters"] if name in seen]} for row in report["users"]]
    reported = [{**row, "also_in": row["also_in"] if row["also_in"] in seen else ""} for row in report["reported"]]
    return {"users": users, "uris": uris, "reported": reported}


@router.post(
    "/clusters/{name}/duplicates/unassign", response=ok(OperationOut, 202), operation_id="unassign_reported_users"
)
@access.needs(roles.OPERATE, access.cluster)
def unassign_reported_users(request: ApiRequest, name: str, asked: UnassignHereIn) -> Any:
    """Unassign users here whom a monitor reports at home in another cluster too; more than 50 are a run (202)."""
    keys = keys_of(request.target, asked.users) if asked.users else None
    done = duplicates.unassign_here(request.target, keys, actor=request.caller, confirmed=asked.confirmed)
    return Status(202 if done.active else 200, shape(done))


@router.post("/clusters/{name}/duplicates/clear", response=ok(ClearedOut), operation_id="clear_doubled_uris")
@access.needs(roles.ADMINISTER, access.cluster)
def clear_doubled_uris(request: ApiRequest, name: str, asked: ClearIn) -> Any:
    """Take the directory URI from every user of a cluster who shares it; of sharers in it alone the first keeps it."""
    return duplicates.clear(request.target, actor=request.caller, **asked.model_dump())


@router.put("/clusters/{name}/users/{user_id}/directory-uri", response=ok(UriOut), operation_id="set_directory_uri")
@access.needs(roles.ADMINISTER, access.cluster)
def set_directory_uri(request: ApiRequest, name: str, user_id: Name, asked: UriIn) -> Any:
    """Give a user another directory URI, or none; one that somebody else has is refused.

    For the one that the user has already there is no operation.
    """
    user = find_user(request.target, user_id)
    if user is None:
        raise not_there(Refused(reasons.NO_SUCH_USER, user=user_id, cluster=name))
    return {"operation": duplicates.set_uri(request.target, user.pk, asked.uri, actor=request.caller)}

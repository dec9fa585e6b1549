"""Users over HTTP: found, imported, exported."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query, Router, Schema
from pydantic import Field

from assignments.models import Assignment, Kind, Operation
from assignments.users.export import assignments_csv, removed_csv
from assignments.users.importing.imports import import_users
from assignments.users.listing import pages
from assignments.users.listing.filter import UserFilter, find_user
from assignments.users.removal import remove_users
from assignments.users.rules.columns import mapping_of
from assignments.users.rules.user_line import KEEP, Reading
from assignments.users.trace import story
from topology import reasons
from topology.accounts import roles
from topology.api import access
from topology.api.guard import FILES, ApiRequest
from topology.api.problems import not_there, problem
from topology.api.shapes import Chosen, Input, Key, Limit, Name, Open, ok, text
from topology.models import ENDPOINT_KINDS, MAX_USER_ID, Cluster, Node
from topology.reasons import Refused
from topology.structure import selectors
from topology.views.streams import streamed_csv

router = Router(tags=["users"])
ColumnChoice = Annotated[str, Field(max_length=300, pattern="=")]
CSV = {FILES: {"schema": {"type": "string", "format": "binary"}}}  # a file, so that clients send it in pieces


class FilterIn(Input):
    """Which users: everything given must hold."""

    cluster: Chosen | None = None
    node: Chosen | None = Field(None, description="Users at home on this node")
    subcluster: Chosen | None = Field(None, description="Users at home in this subcluster; it needs `cluster`")
    assigned: bool | None = None
    pinned: bool | None = None
    out_of_service: bool | None = None
    endpoint: Annotated[str, Field(max_length=40)] = ""
    contacts_min: Annotated[int, Field(ge=0, le=10_000)] | None = None
    q: str = Field("", max_length=MAX_USER_ID, description="Three letters found anywhere; fewer: how the ID begins")


class UserOut(Schema):
    """One user and where they are."""

    user_id: str
    name: str
    mail: str
    directory_uri: str
    department: str
    cluster: str
    home_node: str | None
    serving_node: str | None
    signed_in: bool
    pinned: bool
    endpoints: list[str]
    contacts: int


class UserPageOut(Schema):
    """Users in the order of their IDs."""

    users: list[UserOut]
    next: str | None = Field(description="`cursor` of the next page; None: this is the last one")


class ImportOut(Open):
    """What `manage.py import_users --json` prints: counts, nodes, bad lines."""

    cluster: str
    dry_run: bool
    ok: bool
    lines: int
    created: int
    updated: int
    unchanged: int
    assigned: int
    left_unassigned: int
    nodes: dict[str, int]
    problems_total: int
    problems: list[dict[str, Any]]


class RemoveIn(Input):
    """Who is removed from the cluster."""

    users: list[Annotated[str, Field(max_length=MAX_USER_ID)]] = Field(description="User IDs, whatever the case")
    dry_run: bool = Field(False, description="Only say who would go and what they lose")
    confirmed: Annotated[int, Field(ge=0, le=10**9)] | None = Field(
        None, description="How many a dry run named; when another number would go, no one does"
    )


class StayOut(Schema):
    """A user who is not removed, and why."""

    user_id: str
    code: str
    message: str
    fix: str


class RemovedUsersOut(Schema):
    """What `manage.py remove_users --json` prints."""

    cluster: str
    dry_run: bool
    removed: int
    pinned: int = Field(description="How many of them were pinned")
    unassigned: int
    of_directory: int = Field(description="How many of them the next run of the directory brings back, as new ones")
    homes: dict[str, int] = Field(description="How many of them were at home on which node")
    refused: list[StayOut] = Field(description="The first 1,000 who stay")
    refused_total: int
    operation: int | None = Field(description="Its undo brings them back; None after a dry run")


def operation_of(operation_id: Any, **_: str) -> Operation:
    """The operation that an address names, whose cluster says who may see it. Raises Refused."""
    operation = Operation.objects.select_related("cluster").filter(pk=int(operation_id)).first()
    if operation is None:
        raise Refused(reasons.NO_SUCH_OPERATION, operation=operation_id)
    return operation


def filter_of(asked: FilterIn, caller: Any, cluster: Cluster | None = None) -> UserFilter:
    """The filter of a request, with the names looked up. Raises Refused; never means more than it says."""
    within = cluster or (access.seen(caller, asked.cluster) if asked.cluster else None)
    node = _node(asked.node, within, caller)
    within = within or (node.cluster if node else None)
    if asked.subcluster and within is None:
        raise Refused(reasons.FILTER_NOT_READABLE, problem="a subcluster is named within its cluster: name that too.")
    if asked.endpoint and asked.endpoint not in ENDPOINT_KINDS:
        raise Refused(reasons.FILTER_NOT_READABLE, problem=f"endpoint is one of {', '.join(ENDPOINT_KINDS)}.")
    sub = selectors.subcluster_named(within, asked.subcluster) if within and asked.subcluster else None
    return UserFilter(
        within.pk if within else None,
        node_id=node.pk if node else None,
        subcluster_id=sub.pk if sub else None,
        assigned=asked.assigned,
        pinned=asked.pinned,
        out_of_service=asked.out_of_service,
        endpoint=asked.endpoint,
        q=asked.q,
        contacts_min=asked.contacts_min or None,
        within=caller.reach.only,
    )


def _node(name: str | None, within: Cluster | None, caller: Any) -> Node | None:
    if not name:
        return None
    node = selectors.node_named(name)
    if within and node.cluster_id != within.pk:
        raise Refused(reasons.FILTER_NOT_READABLE, problem=f"the node {node.name} is not in {within.name}.")
    access.demand(caller, roles.SEE, node.cluster_id)
    return node


@router.get("/users", response=ok(UserPageOut), operation_id="list_users")
@access.needs(roles.SEE)
def list_users(
    request: ApiRequest,
    asked: Query[FilterIn],
    cursor: Annotated[str, Field(max_length=MAX_USER_ID)] = "",
    limit: Limit = 50,
) -> Any:
    """Users that the token reaches, by filter, in the order of their IDs."""
    page = pages.user_page(filter_of(asked, request.caller), cursor, limit)
    nodes = Node.objects.filter(pk__in={pk for row in page.rows for pk in (row.home_node_id, row.serving_node_id)})
    clusters = Cluster.objects.filter(pk__in={row.cluster_id for row in page.rows})
    names = dict(nodes.values_list("pk", "name")), dict(clusters.values_list("pk", "name"))
    return {"users": [_user(row, *names) for row in page.rows], "next": page.next_cursor or None}


def _user(row: Assignment, nodes: dict[int, str], clusters: dict[int, str]) -> dict[str, Any]:
    return {
        "user_id": row.user.user_id,
        "name": row.user.name,
        "mail": row.user.mail,
        "directory_uri": row.user.directory_uri,
        "department": row.user.department,
        "cluster": clusters[row.cluster_id],
        "home_node": nodes.get(row.home_node_id or 0),
        "serving_node": nodes.get(row.serving_node_id or 0),
        "signed_in": row.signed_in,
        "pinned": row.pinned,
        "endpoints": list(row.user.endpoints),
        "contacts": row.user.contacts,
    }


@router.get("/clusters/{name}/users/{user_id}/why", response=ok(dict[str, Any]), operation_id="why_user")
@access.needs(roles.SEE, access.cluster)
def why_user(request: ApiRequest, name: str, user_id: Name) -> Any:
    """Why a user is where they are: home, service, pin, and every move that led there."""
    user = find_user(request.target, user_id)
    if user is None:
        raise not_there(Refused(reasons.NO_SUCH_USER, user=user_id, cluster=name))
    return story(request.target, user.pk).as_dict()


@router.get(
    "/clusters/{name}/assignments.csv",
    openapi_extra=text(FILES, "binary"),
    operation_id="export_assignments",
)
@access.needs(roles.EXPORT, access.cluster)
def export_assignments(request: ApiRequest, name: str, spreadsheet: bool = False) -> Any:
    """Who is at home where, as a CSV that an import reads back; `spreadsheet` keeps formulas in it from running."""
    parts = assignments_csv(request.target, spreadsheet=spreadsheet)
    return streamed_csv(request, parts)


@router.post(
    "/clusters/{name}/users/import",
    response=ok(ImportOut),
    openapi_extra={"requestBody": {"required": True, "content": CSV}},
    operation_id="import_users",
)
@access.needs(roles.ADMINISTER, access.cluster)
def import_csv(
    request: ApiRequest,
    name: str,
    dry_run: bool = False,
    allow_emptying: bool = False,
    keep: Annotated[str, Field(max_length=10)] = KEEP,
    column: Query[list[ColumnChoice]] = [],  # noqa: B006  # never changed
) -> Any:
    """Bring the users of a CSV into the cluster, all of its lines or none; a dry run does it and takes it back.

    Stored values are emptied only with `allow_emptying`; `keep` alone in a cell keeps them. Each `column`, such as
    `e-mail=mail`, says how a header is read, and is kept for the cluster. The body is the file, with the header
    Content-Type: text/csv. Bad lines are answered with 422, each with its code.
    """
    if request.content_type != FILES:
        raise Refused(reasons.API_INPUT_NOT_VALID, place="Content-Type", problem="send the file as text/csv")
    report = import_users(
        request.target,
        request.file,
        actor=request.caller,
        dry_run=dry_run,
        reading=Reading(keep, mapping_of(column)),
        allow_emptying=allow_emptying,
    )
    if report.ok:
        return report.as_dict()
    counts = {"problems": report.problems.total, "lines": report.lines}
    shape = report.as_dict()
    return problem(request, reasons.IMPORT_REFUSED, errors=shape["problems"], more=shape, **counts)


@router.post("/clusters/{name}/users/remove", response=ok(RemovedUsersOut), operation_id="remove_users")
@access.needs(roles.ADMINISTER, access.cluster)
def remove(request: ApiRequest, name: str, asked: RemoveIn) -> Any:
    """Remove users from the cluster; users whom a run or a failover holds, and unknown ones, stay with a code.

    The undo of the operation brings them back. When no one can go, that is the refusal.
    """
    return remove_users(
        request.target, asked.users, actor=request.caller, dry_run=asked.dry_run, confirmed=asked.confirmed
    ).as_dict()


@router.get(
    "/operations/{int:operation_id}/users.csv",
    openapi_extra=text(FILES, "binary"),
    operation_id="export_removed_users",
)
@access.needs(roles.EXPORT, operation_of)
def export_removed(request: ApiRequest, operation_id: Key) -> Any:
    """Whom a removal took out, as a CSV that an import reads back."""
    if request.target.kind != Kind.REMOVAL or request.target.undo_of_id is not None:
        raise not_there(Refused(reasons.NO_SUCH_OPERATION, operation=operation_id))
    return streamed_csv(request, removed_csv(request.target))

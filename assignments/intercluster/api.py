"""Many clusters over HTTP: duplicates and what mends them, moves between clusters, peers."""

from __future__ import annotations

from io import TextIOWrapper
from typing import Annotated, Any, Literal

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import AwareDatetime, Field

from assignments.intercluster import balance, duplicates, mesh, moves, peers, reports, selectors
from assignments.intercluster.reports import PeerReport
from assignments.models.peer import MAX_SOURCE
from assignments.runs.api import Rate, shape
from assignments.users.api import CSV
from assignments.users.filter import find_user, keys_of
from topology import reasons
from topology.accounts import roles
from topology.api import access
from topology.api.guard import FILES, ApiRequest
from topology.api.problems import not_there
from topology.api.shapes import Input, Name, Open, OperationOut, ok
from topology.models import MAX_RELEASE, MAX_URI, MAX_USER_ID, Cluster
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


class SideOut(Schema):
    """What one cluster knows of another."""

    cluster: str
    peer: str
    address: str
    state: str
    code: str
    certificate: str
    users: int
    behind: int = Field(description="Users who came, went or moved there since the last sync")
    last_sync: str | None
    fault: str
    source: str = Field(description="The monitor of a real cluster that reports this; empty: the console syncs it")
    reported: str | None = Field(description="When the monitor looked")
    release: str = Field(description="Of the peer, as the monitor reports it")


class LinkOut(Schema):
    """A relation between two clusters."""

    clusters: list[str]
    state: str = Field(description="well, new, stale, failed or one_sided")
    message: str
    fix: str
    sides: list[SideOut]


class PeersOut(Schema):
    """What `manage.py peers --json` prints."""

    peers: list[LinkOut]
    missing: list[list[str]] = Field(description="Pairs of clusters without a relation")


class PeerIn(Input):
    """The other cluster of a relation, and whether it is made on both sides."""

    remote: Name
    both: bool = True
    address: Annotated[str, Field(max_length=255)] = Field("", description="Of its publisher; empty: its present name")


class PeerFaultIn(Input):
    """A fault of this side of a relation; empty repairs it."""

    fault: Literal["", "unreachable", "certificate", "stalled"]


class PeerReportIn(Input):
    """What a monitor saw of one side of a relation."""

    source: Annotated[str, Field(min_length=1, max_length=MAX_SOURCE)] = Field(description="The name of the monitor")
    state: Literal["in_sync", "unreachable", "certificate", "address", "publisher_down", "one_sided", "stale"]
    at: AwareDatetime | None = Field(None, description="When it was so; None: now")
    last_sync: AwareDatetime | None = None
    users: Annotated[int, Field(ge=0, le=10_000_000)] | None = Field(None, description="Associated; None: not known")
    certificate: Literal["unknown", "secure", "wrong"] = "unknown"
    release: Annotated[str, Field(max_length=MAX_RELEASE)] = ""


class ListedOut(Schema):
    """How many users a monitor listed."""

    users: int


class BelievedOut(Schema):
    """Where a cluster believes a user to be at home, by its last syncs; None: it does not know."""

    user_id: str
    cluster: str | None


def _peers(request: ApiRequest, cluster: Cluster | None) -> Any:
    return mesh.report(list(roles.clusters_of(request.caller)), cluster, timezone.now())


def _other(request: ApiRequest, name: str, role: str) -> Cluster:
    """The other cluster of a relation, where the caller has a role too. Raises Refused."""
    other = selectors_of_topology.cluster_named(name)
    access.demand(request.caller, role, other.pk)
    roles.enter(request.caller, request.target.pk)
    return other


@router.get("/peers", response=ok(PeersOut), operation_id="list_peers")
@access.needs(roles.SEE)
def list_peers(request: ApiRequest, cluster: Name | None = None) -> Any:
    """The relations between clusters, all of them or those of one."""
    return _peers(request, access.seen(request.caller, cluster) if cluster else None)


@router.post("/clusters/{name}/peers", response=ok(PeersOut), operation_id="make_peer")
@access.needs(roles.ADMINISTER, access.cluster)
def make_peer(request: ApiRequest, name: str, asked: PeerIn) -> Any:
    """Make a relation with another cluster, on both sides or on this one alone, and sync it."""
    remote = _other(request, asked.remote, roles.ADMINISTER if asked.both else roles.SEE)
    peers.make(request.target, remote, actor=request.caller, both=asked.both, address=asked.address)
    return _peers(request, request.target)


@router.delete("/clusters/{name}/peers/{remote}", response=ok(PeersOut), operation_id="remove_peer")
@access.needs(roles.ADMINISTER, access.cluster)
def remove_peer(request: ApiRequest, name: str, remote: Name, both: bool = True) -> Any:
    """Remove a relation, from both sides or from this one alone."""
    other = _other(request, remote, roles.ADMINISTER if both else roles.SEE)
    peers.remove(request.target, other, actor=request.caller, both=both)
    return _peers(request, request.target)


@router.post("/clusters/{name}/peers/{remote}/sync", response=ok(PeersOut), operation_id="sync_peer")
@access.needs(roles.ADMINISTER, access.cluster)
def sync_peer(request: ApiRequest, name: str, remote: Name) -> Any:
    """Sync a relation now, on both sides."""
    peers.sync_now(request.target, _other(request, remote, roles.SEE))
    return _peers(request, request.target)


@router.put("/clusters/{name}/peers/{remote}/fault", response=ok(PeersOut), operation_id="set_peer_fault")
@access.needs(roles.ADMINISTER, access.cluster)
def set_peer_fault(request: ApiRequest, name: str, remote: Name, asked: PeerFaultIn) -> Any:
    """Inject a fault into this side of a relation, or repair it, and sync."""
    other = _other(request, remote, roles.SEE)
    peers.set_fault(request.target, other, asked.fault, actor=request.caller)
    peers.sync_now(request.target, other)
    return _peers(request, request.target)


@router.put("/clusters/{name}/peers/{remote}/report", response=ok(PeersOut), operation_id="report_peer")
@access.needs(roles.OPERATE, access.cluster)
def report_peer(request: ApiRequest, name: str, remote: Name, asked: PeerReportIn) -> Any:
    """Report what a monitor of the real cluster saw of a peer; the console then syncs this side no more.

    After 15 minutes without a report, pages and checks call it old.
    """
    other = _other(request, remote, roles.SEE)
    reports.report(request.target, other, PeerReport(**dict(asked)), actor=request.caller, now=timezone.now())
    return _peers(request, request.target)


@router.delete("/clusters/{name}/peers/{remote}/report", response=ok(PeersOut), operation_id="end_peer_reports")
@access.needs(roles.OPERATE, access.cluster)
def end_peer_reports(request: ApiRequest, name: str, remote: Name) -> Any:
    """End the reports of this side with all they brought: the console syncs it again."""
    reports.end(request.target, _other(request, remote, roles.SEE), actor=request.caller)
    return _peers(request, request.target)


@router.post(
    "/clusters/{name}/peers/{remote}/report/users",
    response=ok(ListedOut),
    openapi_extra={"requestBody": {"required": True, "content": CSV}},
    operation_id="list_peer_users",
)
@access.needs(roles.OPERATE, access.cluster)
def list_peer_users(request: ApiRequest, name: str, remote: Name) -> Any:
    """Say who is at home in a reported peer: user IDs, one a line, all of them; the list before is replaced.

    The body is sent with the header Content-Type: text/csv. Who is at home here too is among the duplicates.
    """
    if request.content_type != FILES:
        raise Refused(reasons.API_INPUT_NOT_VALID, place="Content-Type", problem="send the list as text/csv")
    other = _other(request, remote, roles.SEE)
    lines = TextIOWrapper(request.file, encoding="utf-8-sig")
    try:
        return {"users": reports.list_users(request.target, other, lines, now=timezone.now())}
    except UnicodeDecodeError as error:
        raise Refused(reasons.PEER_REPORT_NOT_VALID, place="body", problem=str(error)) from error


class ReleaseIn(Input):
    """Which software release a cluster runs; empty: not known."""

    release: Name


class ReleaseOut(Schema):
    """The release that is noted, and whether that is news."""

    cluster: str
    release: str
    changed: bool


@router.put("/clusters/{name}/release", response=ok(ReleaseOut), operation_id="set_release")
@access.needs(roles.ADMINISTER, access.cluster)
def set_release(request: ApiRequest, name: str, asked: ReleaseIn) -> Any:
    """Note which software release a cluster runs."""
    changed = peers.set_release(request.target, asked.release, actor=request.caller)
    return {"cluster": name, "release": asked.release.strip(), "changed": changed}


@router.get("/clusters/{name}/believed-home/{user_id}", response=ok(BelievedOut), operation_id="get_believed_home")
@access.needs(roles.SEE, access.cluster)
def get_believed_home(request: ApiRequest, name: str, user_id: Name) -> Any:
    """The cluster in which this one believes a user to be at home, by its last syncs."""
    home = mesh.believed_home(request.target, user_id)
    seen = set(roles.clusters_of(request.caller).values_list("name", flat=True))
    return {"user_id": user_id, "cluster": home if home in seen else None}


class BalanceIn(Input):
    """Which clusters are balanced."""

    clusters: list[Name] | None = Field(None, description="Only these; None: all", max_length=100)


class ClusterBalanceOut(Open):
    """What `manage.py balance_clusters --json` prints: clusters before and after, flows, plans by hash."""

    moves: int
    minimum_moves: int
    certificate: str
    clusters: list[dict[str, Any]]
    flows: list[dict[str, Any]]
    plans: list[dict[str, Any]]


@router.get("/balance", response=ok(ClusterBalanceOut), operation_id="get_balance")
@access.needs(roles.SEE)
def get_balance(request: ApiRequest) -> Any:
    """The fewest moves that fill all clusters of the token equally, each so far that any one of its nodes may fail."""
    return balance.propose(list(roles.clusters_of(request.caller))).as_dict()


@router.post("/balance", response=ok(ClusterBalanceOut), operation_id="balance_clusters")
@access.needs(roles.OPERATE)
def balance_clusters(request: ApiRequest, asked: BalanceIn) -> Any:
    """Make the plans of a balance; for tokens that reach all clusters.

    Each flow from one cluster to another is a plan of its own; `POST /plans/{hash}/run` runs it.
    """
    seen = list(roles.clusters_of(request.caller))
    chosen = [access.seen(request.caller, name) for name in asked.clusters] if asked.clusters else seen
    return balance.make_plans(chosen, author=request.caller).as_dict()


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
    reported = [{**row, "also_in": row["also_in"] if row["also_in"] in seen else ""} for row in found["reported"]]
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
    """Give a user another directory URI, or none; one that somebody else has is refused."""
    user = find_user(request.target, user_id)
    if user is None:
        raise not_there(Refused(reasons.NO_SUCH_USER, user=user_id, cluster=name))
    return {"operation": duplicates.set_uri(request.target, user.pk, asked.uri, actor=request.caller)}

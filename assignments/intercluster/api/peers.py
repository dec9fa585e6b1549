"""Peers over HTTP: relations between clusters, their faults and reports, releases, and who is believed at home."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.utils import timezone
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from assignments.intercluster import mesh, peers, reports
from assignments.intercluster.reports import PeerReport
from assignments.models.peer import MAX_SOURCE
from assignments.users.api.users import CSV
from assignments.users.id_list import ids_of
from topology import reasons
from topology.accounts import roles
from topology.api import access
from topology.api.guard import FILES, ApiRequest
from topology.api.shapes import Chosen, Input, Name, ok
from topology.models import MAX_RELEASE, Cluster
from topology.reasons import Refused
from topology.structure import selectors as selectors_of_topology

router = Router(tags=["many clusters"])


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
def list_peers(request: ApiRequest, cluster: Chosen | None = None) -> Any:
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
    """Say who is at home in a reported peer: user IDs, one a line or in a column, all; the list before is replaced.

    The body is sent with the header Content-Type: text/csv. Who is at home here too is among the duplicates.
    """
    if request.content_type != FILES:
        raise Refused(reasons.API_INPUT_NOT_VALID, place="Content-Type", problem="send the list as text/csv")
    other = _other(request, remote, roles.SEE)
    listed = ids_of(request.file, other.list_columns)
    return {"users": reports.list_users(request.target, other, listed, now=timezone.now())}


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

"""Clusters over HTTP: the tree with counts and states, checks, and the topology as a document that is put."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Body, Router, Schema
from pydantic import Field

from assignments.board import removal, structure
from assignments.board.checks import check_report
from assignments.board.topology_file import apply_topology
from assignments.board.tree import shape
from assignments.board.views.shared import board_now
from assignments.population.selectors import boards_of
from assignments.recovery.api import SubclusterOut
from assignments.recovery.api import shape as shape_of_subcluster
from assignments.recovery.api import subcluster as subcluster_of
from topology import reasons
from topology.accounts import roles
from topology.api import access, problems
from topology.api.guard import ApiRequest
from topology.api.shapes import Input, Limit, Name, Open, ok
from topology.models import ENDPOINTS_PER_USER, Cluster
from topology.reasons import Refused
from topology.rules import topology_file
from topology.structure import topology_reader
from topology.structure.files import present_topology
from topology.structure.limits import RULES

router = Router(tags=["topology"])
Count = Annotated[int, Field(ge=1, le=10**9)]


class Users(Schema):
    """How many users a cluster has."""

    assigned: int
    unassigned: int
    out_of_service: int


class ClusterOut(Open):
    """What `manage.py show_topology --json` prints."""

    cluster: str
    mode: str
    model: str
    users: Users
    subclusters: list[dict[str, Any]]
    unassigned_nodes: list[dict[str, Any]]


class ClusterPage(Schema):
    """Clusters by name."""

    clusters: list[ClusterOut]
    next: str | None = Field(description="`after` of the next page; None: this is the last one")


class ChecksOut(Open):
    """What `manage.py check_topology --json` prints."""

    cluster: str
    outcome: str
    checks: list[dict[str, Any]]


class Applied(Schema):
    """What differed and was, or would be, changed; and the topology as it is then."""

    cluster: str
    dry_run: bool
    changed: bool
    changes: list[dict[str, Any]]
    kept: list[str] = Field(description="What the document does not name, and is not pruned")
    renamed: list[dict[str, str]] = Field(description="Nodes that perhaps have another name in the cluster")
    topology: dict[str, Any] | None = Field(description="Read back; None after a dry run that would create the cluster")


class NodeIn(Input):
    """What of a node is changed; what is not given stays, but another profile rates the node anew."""

    name: Name | None = None
    profile: int | None = None
    users: Count | None = Field(None, description="Rated users; None with another profile: those of the profile")
    endpoints: Count | None = Field(None, description="Rated endpoints, likewise")


class RatedNodeOut(Schema):
    """A node after a change."""

    cluster: str
    name: str
    profile: int
    capacity: dict[str, int]


class SubclusterIn(Input):
    """What of a subcluster is changed; what is not given stays."""

    name: Name | None = None
    description: Name | None = None


class ChangedSubclusterOut(Schema):
    """A subcluster after a change."""

    cluster: str
    name: str
    description: str


class Removed(Schema):
    """What went with a cluster."""

    removed: str
    subclusters: int
    nodes: int
    users: int
    operations: int


@router.get("/clusters", response=ok(ClusterPage), operation_id="list_clusters")
@access.needs(roles.SEE)
def list_clusters(request: ApiRequest, after: Name = "", limit: Limit = 50) -> Any:
    """Clusters that the token reaches, with counts and states."""
    rows = list(roles.clusters_of(request.caller).filter(name__gt=after).order_by("name")[: limit + 1])
    page = rows[:limit]
    return {
        "clusters": [shape(board) for board in boards_of(page)],
        "next": page[-1].name if len(rows) > limit else None,
    }


@router.get("/clusters/{name}", response=ok(ClusterOut), operation_id="get_cluster")
@access.needs(roles.SEE, access.cluster)
def get_cluster(request: ApiRequest, name: str) -> Any:
    """The tree of a cluster with counts and states: of the snapshot that every console is shown."""
    return shape(board_now(name))


@router.delete("/clusters/{name}", response=ok(Removed), operation_id="remove_cluster")
@access.needs(roles.ADMINISTER, access.cluster)
def remove_cluster(request: ApiRequest, name: str, confirm: Name) -> Any:
    """Remove a cluster with everything in it for good; `confirm` is its name once more."""
    gone = asdict(removal.remove_cluster(request.target, confirm, actor=request.caller))
    return {"removed": name} | gone


@router.get("/clusters/{name}/checks", response=ok(ChecksOut), operation_id="check_cluster")
@access.needs(roles.SEE, access.cluster)
def check_cluster(request: ApiRequest, name: str) -> Any:
    """The outcome of every test of the topology troubleshooter."""
    return check_report(request.target)


@router.patch("/nodes/{name}", response=ok(RatedNodeOut), operation_id="change_node")
@access.needs(roles.ADMINISTER, access.node)
def change_node(request: ApiRequest, name: str, asked: NodeIn) -> Any:
    """Rename a node, or rate it anew; where it is, the topology as a document says."""
    node = request.target
    profile = node.profile if asked.profile is None else asked.profile
    usual = {"users": node.capacity_users, "endpoints": node.capacity_endpoints}
    if profile != node.profile:
        usual = {"users": profile, "endpoints": profile * ENDPOINTS_PER_USER}
    given = {"users": asked.users or usual["users"], "endpoints": asked.endpoints or usual["endpoints"]}
    new = asked.name if asked.name is not None else node.name
    changed = structure.change_node(node, name=new, seen=name, profile=profile, **given, actor=request.caller)
    capacity = {"users": changed.capacity_users, "endpoints": changed.capacity_endpoints}
    return {
        "cluster": changed.cluster.name,
        "name": changed.name,
        "profile": changed.profile,
        "capacity": capacity,
    }


# One address, so one router: the first that knows an address answers all of its methods.
@router.get("/clusters/{name}/subclusters/{subcluster}", response=ok(SubclusterOut), operation_id="get_subcluster")
@access.needs(roles.SEE, subcluster_of)
def get_subcluster(request: ApiRequest, name: str, subcluster: str) -> Any:
    """The state of high availability of a subcluster."""
    return shape_of_subcluster(request.target)


@router.patch(
    "/clusters/{name}/subclusters/{subcluster}", response=ok(ChangedSubclusterOut), operation_id="change_subcluster"
)
@access.needs(roles.ADMINISTER, subcluster_of)
def change_subcluster(request: ApiRequest, name: str, subcluster: str, asked: SubclusterIn) -> Any:
    """Rename or describe a subcluster; its nodes and its place are those of the topology as a document."""
    sub = request.target
    wanted = {"name": sub.name, "description": sub.description} | asked.model_dump(exclude_none=True)
    changed = structure.change_subcluster(sub, **wanted, actor=request.caller)
    return {"cluster": name, "name": changed.name, "description": changed.description}


@router.get("/schemas/topology", response=ok(dict[str, Any]), operation_id="get_topology_schema")
@access.needs(roles.SEE)
def get_topology_schema(request: ApiRequest) -> Any:
    """The JSON schema of a topology file and of what `PUT …/topology` takes."""
    return topology_reader.schema()


# --- The topology as a document -------------------------------------------------------------------
@router.get("/clusters/{name}/topology", response=ok(dict[str, Any]), operation_id="get_topology")
@access.needs(roles.SEE, access.cluster)
def get_topology(request: ApiRequest, response: HttpResponse, name: str) -> Any:
    """The topology file of a cluster, with its ETag."""
    document = topology_file.render(present_topology(request.target), RULES)
    response["ETag"] = tag_of(document)
    return document


def _or_new(name: str) -> Cluster | None:
    return Cluster.objects.filter(name=name).first()


@router.put(
    "/clusters/{name}/topology",
    response=ok(Applied),
    operation_id="put_topology",
    openapi_extra={
        "requestBody": {"content": {"application/json": {"schema": topology_reader.schema()}}},
        "responses": problems.declared([412]),
    },
)
@access.needs(roles.ADMINISTER, _or_new)
def put_topology(
    request: ApiRequest,
    response: HttpResponse,
    name: str,
    document: Body[dict[str, Any]],
    dry_run: bool = False,
    prune: bool = False,
) -> Any:
    """Make the cluster what the document says, and answer what differed and the topology as it is then.

    The same document again changes nothing. With the header If-Match another state than the one of that ETag is
    refused, with `*` a cluster that is not there. What the document does not name is removed only with `prune`.
    """
    if document.setdefault("cluster", name) != name:
        raise Refused(reasons.API_INPUT_NOT_VALID, place="cluster", problem=f"the address says {name}")
    expected = request.headers.get("If-Match", "").strip()
    if not expected and "If-Match" in request.headers:
        problem = "it is empty: give an ETag, or leave it out"
        raise Refused(reasons.API_INPUT_NOT_VALID, place="If-Match", problem=problem)
    applied = _applied(request, document, expected, dry_run=dry_run, prune=prune)
    after = Cluster.objects.filter(name=name).select_related("policy").first()
    topology = topology_file.render(present_topology(after), RULES) if after else None
    if topology is not None:
        response["ETag"] = tag_of(topology)
    return applied.as_dict() | {"topology": topology}


def _applied(request: ApiRequest, document: dict[str, Any], expected: str, *, dry_run: bool, prune: bool) -> Any:
    """Apply it, to the state of an ETag alone where one is given: the difference that was seen is the one applied."""
    if expected == "*" and request.target is None:
        raise Refused(reasons.TOPOLOGY_NOT_THERE, cluster=str(document["cluster"]))
    if not expected or expected == "*":
        return apply_topology(document, actor=request.caller, prune=prune, dry_run=dry_run)
    seen = apply_topology(document, actor=request.caller, prune=prune, dry_run=True)
    now = request.target and tag_of(topology_file.render(present_topology(request.target), RULES))
    if now not in [each.strip().removeprefix("W/") for each in expected.split(",")]:  # a proxy that packs marks it weak
        raise Refused(reasons.TOPOLOGY_CHANGED_MEANWHILE, cluster=str(document["cluster"]))
    return apply_topology(document, actor=request.caller, prune=prune, dry_run=dry_run, expected=seen)


def tag_of(document: dict[str, Any]) -> str:
    """The ETag of a topology."""
    return f'"{hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]}"'

"""The directory over HTTP: its agreement, what that would do, runs and whom they changed, and the guard."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.utils import timezone
from ninja import Body, Router, Schema, Status
from pydantic import Field

from assignments.directory import agreement_reader, agreements, reading, schedule, secret, selectors, sync
from assignments.directory.rules.agreement import Agreement
from assignments.models import DirectoryAgreement, DirectoryRun, RunState
from topology import reasons
from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.shapes import Input, Key, Limit, Name, Open, ok
from topology.models import Cluster
from topology.reasons import Refused

router = Router(tags=["directory"])
Document = Body[dict[str, Any]]
DOCUMENT = {"requestBody": {"content": {"application/json": {"schema": agreement_reader.schema(with_password=True)}}}}


class DirectoryRunOut(Open):
    """One run: what it read, did and left out, or why it did nothing."""

    id: int
    state: str = Field(description="reading, finished, stopped, dropped, accepted or failed")
    started_at: datetime
    finished_at: datetime | None
    read: int
    new: int
    changed: int
    gone: int
    back: int
    waiting: int
    skipped_total: int
    code: str = Field(description="Why it stopped or failed")
    sentence: str
    hash: str = Field(description="Of the changes that wait for a person")
    url: str


class DirectoryOut(Schema):
    """The agreement of a cluster and how its directory is."""

    cluster: str
    agreement: dict[str, Any] | None = Field(description="As its file says it, without the password")
    state: str = Field(description="none, new, password, or the state of the last run that ended")
    next_at: datetime | None
    users: int = Field(description="Users of the directory")
    set_aside: int
    skipped_total: int
    last: DirectoryRunOut | None = Field(description="The last run that finished")
    problems: list[dict[str, str]]


class AgreedOut(Schema):
    """Which fields of an agreement differ and were, or would be, changed."""

    cluster: str
    dry_run: bool
    changed: list[str]
    warnings: list[dict[str, Any]]


class SyncIn(Input):
    """How to read the directory."""

    dry_run: bool = False
    accept: Annotated[str, Field(max_length=64)] = Field("", description="Do exactly the changes of this hash")


class SyncOut(Open):
    """What `manage.py sync_directory --json` prints; of a run that is asked for the counts are still to come."""

    cluster: str
    dry_run: bool
    read: int
    new: int
    changed: int
    gone: int
    back: int
    waiting: int
    nodes: dict[str, int] = Field(description="Users who get a home there")
    skipped_total: int
    skipped: list[dict[str, Any]]
    stopped: dict[str, Any] | None
    touched: int = Field(description="Users who go, get another user ID or lose a value: the guard counts them")
    would_touch: list[dict[str, Any]] = Field(description="The first of them, of a run that stopped or is dry")
    first: list[dict[str, Any]] = Field(description="The first people as they were read")
    warnings: list[dict[str, Any]]
    url: str = Field(description="Where the run is listed")


class DirectoryRunPage(Schema):
    """Runs, the newest first."""

    runs: list[DirectoryRunOut]
    next: int | None = Field(description="`before` of the next page; None: this is the last one")


class PersonOut(Schema):
    """What a run did to one user, or a stopped one would do."""

    user_id: str
    what: str = Field(description="new, changed, gone or back")
    fields: dict[str, Any] = Field(
        description="Changed fields with the value before; of a stopped run what they become"
    )


class PersonPage(Schema):
    """What a run did to whom."""

    run: DirectoryRunOut
    users: list[PersonOut]
    next: int | None = Field(description="`after` of the next page; None: this is the last one")


class SkippedPage(Schema):
    """Entries that the last run could not take."""

    skipped: list[dict[str, str]]
    next: int | None = Field(description="`after` of the next page; None: this is the last one")


class EndedOut(Schema):
    """The cluster whose agreement was removed."""

    removed: str


def run_shape(run: DirectoryRun, cluster: Cluster) -> dict[str, Any]:
    """A run as it is answered."""
    counts = {name: getattr(run, name) for name in ("read", "new", "changed", "gone", "back", "waiting", "code")}
    return counts | {
        "id": run.pk,
        "state": run.state,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "skipped_total": run.skipped,
        "sentence": selectors.why_of(run),
        "hash": run.set_hash,
        "url": f"/api/v1/clusters/{cluster.name}/directory/runs/{run.pk}",
    }


@router.get("/clusters/{name}/directory", response=ok(DirectoryOut), operation_id="get_directory")
@access.needs(roles.SEE, access.cluster)
def get_directory(request: ApiRequest, name: str) -> Any:
    """The agreement of a cluster, its last run and what is wrong with it; never the password."""
    cluster = request.target
    stored = DirectoryAgreement.objects.filter(cluster=cluster).first()
    empty = {"agreement": None, "state": "none", "next_at": None, "users": 0, "set_aside": 0, "skipped_total": 0}
    if stored is None:
        return {"cluster": name, **empty, "last": None, "problems": []}
    short, now = selectors.in_short(cluster), timezone.now()
    last = DirectoryRun.objects.filter(agreement=stored, state=RunState.FINISHED).first()
    return {
        "cluster": name,
        "agreement": agreements.document_of(stored),
        "state": short.state if short else "none",
        "next_at": stored.next_at,
        **selectors.counts_of(stored),
        "last": run_shape(last, cluster) if last else None,
        "problems": [{"problem": problem, "fix": fix} for problem, fix in selectors.problems(cluster, now)],
    }


def _read(name: str, document: dict[str, Any]) -> tuple[Agreement, str]:
    """The agreement and the password of a body. Raises Refused."""
    if document.setdefault("cluster", name) != name:
        raise Refused(reasons.API_INPUT_NOT_VALID, place="cluster", problem=f"the address says {name}")
    password = document.pop("password", "")
    if not isinstance(password, str):
        raise Refused(reasons.API_INPUT_NOT_VALID, place="password", problem="it is a text")
    return agreement_reader.read_agreement(document, files=False)[1], password


@router.put("/clusters/{name}/directory", response=ok(AgreedOut), operation_id="put_directory", openapi_extra=DOCUMENT)
@access.needs(roles.ADMINISTER, access.cluster)
def put_directory(request: ApiRequest, name: str, document: Document, dry_run: bool = False) -> Any:
    """Make this the agreement of the cluster; the same document again changes nothing.

    The body is the file of docs/directory.md as JSON, `ca` as PEM text, and `password` beside it.
    """
    agreement, password = _read(name, document)
    done = agreements.store(request.target, agreement, password=password, actor=request.caller, dry_run=dry_run)
    return done | {"warnings": _warnings(agreement)}


def _warnings(agreement: Agreement) -> list[dict[str, Any]]:
    return [Refused(why, **facts).as_dict() for _, why, facts in agreements.warnings(agreement)]


@router.delete("/clusters/{name}/directory", response=ok(EndedOut), operation_id="remove_directory")
@access.needs(roles.ADMINISTER, access.cluster)
def remove_directory(request: ApiRequest, name: str, confirm: Name) -> Any:
    """Remove the agreement: users stay, those set aside are removed; `confirm` is the cluster's name once more."""
    agreements.end(request.target, confirm, actor=request.caller)
    return {"removed": name}


@router.post(
    "/clusters/{name}/directory/test", response=ok(SyncOut), operation_id="test_directory", openapi_extra=DOCUMENT
)
@access.needs(roles.ADMINISTER, access.cluster)
def test_directory(request: ApiRequest, name: str, document: Document) -> Any:
    """What this agreement would do to whom: the real directory is read, and nothing is stored or changed."""
    agreement, password = _read(name, document)
    agreements.check(agreement)
    password = agreements.password_for(agreement, request.target, password)
    return _tried(request.target, agreement, password)


def _tried(cluster: Cluster, agreement: Agreement, password: str) -> dict[str, Any]:
    with reading.in_request() as patience:
        tried = sync.try_out(cluster, agreement, password, patience=patience)
    return tried.as_dict() | {"url": _runs(cluster.name)}


def _runs(name: str) -> str:
    return f"/api/v1/clusters/{name}/directory/runs"


@router.post("/clusters/{name}/directory/sync", response=ok(SyncOut, 202), operation_id="sync_directory")
@access.needs(roles.ADMINISTER, access.cluster)
def sync_directory(request: ApiRequest, name: str, asked: SyncIn | None = None) -> Any:
    """Read the directory now: 202, and the run begins within a second; `accept` is the hash of a stopped run.

    A dry run is answered at once, with what a run would do, and changes nothing.
    """
    asked = asked or SyncIn(accept="")
    if asked.dry_run:
        stored = agreements.of_cluster(request.target)
        return Status(200, _tried(request.target, agreements.spec_of(stored), secret.decrypt(stored.password)))
    if asked.accept:
        schedule.accept_set(request.target, asked.accept, actor=request.caller)
    else:
        schedule.read_now(request.target)
    return Status(202, sync.SyncReport(name, False).as_dict() | {"url": _runs(name)})


@router.get("/clusters/{name}/directory/runs", response=ok(DirectoryRunPage), operation_id="list_directory_runs")
@access.needs(roles.SEE, access.cluster)
def list_runs(request: ApiRequest, name: str, before: Key | None = None, limit: Limit = 50) -> Any:
    """Runs of the directory of a cluster, the newest first."""
    rows = DirectoryRun.objects.filter(agreement__cluster=request.target)
    page = list((rows.filter(pk__lt=before) if before else rows)[: limit + 1])
    more = page[limit - 1].pk if len(page) > limit else None
    return {"runs": [run_shape(run, request.target) for run in page[:limit]], "next": more}


@router.get("/clusters/{name}/directory/runs/{int:run_id}", response=ok(PersonPage), operation_id="get_directory_run")
@access.needs(roles.SEE, access.cluster)
def get_run(request: ApiRequest, name: str, run_id: Key, after: Annotated[int, Field(ge=0, le=10**18)] = 0) -> Any:
    """One run with what it did to whom, a page at a time."""
    run, rows, more = selectors.changes_of(request.target, run_id, after)
    users = [{"user_id": row.user.user_id, "what": row.kind, "fields": row.fields} for row in rows]
    return {"run": run_shape(run, request.target), "users": users, "next": more or None}


@router.post(
    "/clusters/{name}/directory/runs/{int:run_id}/drop", response=ok(DirectoryRunOut), operation_id="drop_directory_run"
)
@access.needs(roles.ADMINISTER, access.cluster)
def drop_run(request: ApiRequest, name: str, run_id: Key) -> Any:
    """Let go of what a stopped run would have done."""
    sync.drop(request.target, run_id, actor=request.caller)
    return run_shape(selectors.changes_of(request.target, run_id, 0)[0], request.target)


@router.get("/clusters/{name}/directory/skipped", response=ok(SkippedPage), operation_id="list_directory_skipped")
@access.needs(roles.SEE, access.cluster)
def list_skipped(request: ApiRequest, name: str, after: Annotated[int, Field(ge=0, le=10**18)] = 0) -> Any:
    """Entries that the last run could not take, with the reason, a page at a time."""
    rows, more = selectors.skipped_of(agreements.of_cluster(request.target), after)
    return {"skipped": rows, "next": more or None}

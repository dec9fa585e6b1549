"""DNS records over HTTP: those that clients need, written for a name server, and compared with one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from ninja import Router, Schema
from pydantic import Field

from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.shapes import Input, Name, Open, ok, text
from topology.dns import checking, selectors
from topology.dns.rules import records

router = Router(tags=["dns"])


class SrvRecordOut(Schema):
    """One SRV record; the scope is `cluster` or the name of a subcluster."""

    name: str
    priority: int
    weight: int
    port: int
    target: str
    scope: str


class DnsFinding(Schema):
    """What is wrong or not known about one name, and what to do."""

    name: str
    code: str
    message: str
    fix: str


class SrvOut(Open):
    """What `manage.py srv --json` prints."""

    cluster: str
    domain: str | None
    records: list[SrvRecordOut]
    not_known: list[DnsFinding]


class SrvCheckOut(Open):
    """What `manage.py srv --check --json` prints."""

    cluster: str
    server: str
    problems: list[DnsFinding]


class SrvCheckIn(Input):
    """Which name server is asked."""

    server: Name = Field("", description="host:port; empty: that of the cluster's settings, else the machine's")


@router.get("/clusters/{name}/srv", response=ok(SrvOut), operation_id="get_srv_records")
@access.needs(roles.SEE, access.cluster)
def get_srv_records(request: ApiRequest, name: str) -> Any:
    """The SRV records that the clients of a cluster need."""
    return selectors.shape(selectors.records_of(request.target))


@router.get("/clusters/{name}/srv.zone", openapi_extra=text("text/plain"), operation_id="get_srv_zone")
@access.needs(roles.SEE, access.cluster)
def get_srv_zone(request: ApiRequest, name: str) -> Any:
    """The same as a part of a zone file."""
    zone = records.zone(selectors.records_of(request.target))
    return HttpResponse(zone, content_type="text/plain; charset=utf-8")


@router.post("/clusters/{name}/srv/check", response=ok(SrvCheckOut), operation_id="check_srv_records")
@access.needs(roles.OPERATE, access.cluster)
def check_srv_records(request: ApiRequest, name: str, asked: SrvCheckIn) -> Any:
    """Ask a name server now and tell every difference; nothing is kept."""
    return checking.look(request.target, asked.server).as_dict()

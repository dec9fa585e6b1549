"""What-if over HTTP: a scenario is played on a virtual clock and kept; nothing else is changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from ninja import Body, Router, Schema
from pydantic import Field

from assignments.simulation import scenario_reader, whatif
from assignments.simulation.log import told_result
from topology import reasons
from topology.accounts import roles
from topology.api import access
from topology.api.guard import ApiRequest
from topology.api.shapes import Open, ok, text
from topology.reasons import Refused

router = Router(tags=["what-if"])


class SimulationOut(Open):
    """What `manage.py simulate --json` prints, and where the run is kept."""

    log: list[dict[str, Any]]
    result: dict[str, Any]
    key: str
    url: str = Field(description="The page of the run")


class KeptOut(Schema):
    """A run that is kept, without its log."""

    key: str
    name: str
    at: datetime
    author: str
    url: str


class KeptRunsOut(Schema):
    """The latest runs of a cluster, the newest first."""

    simulations: list[KeptOut]


class DeletedRunOut(Schema):
    """What was deleted."""

    deleted: str


def simulation(key: str, **_: str) -> Any:
    """The run that an address names. Raises Refused."""
    return whatif.named(key)


def shape(simulation: Any) -> dict[str, Any]:
    """A run as it is answered."""
    return {**told_result(simulation.result), "key": simulation.key, "url": f"/what-if/{simulation.key}/"}


@router.get("/schemas/scenario", response=ok(dict[str, Any]), operation_id="get_scenario_schema")
@access.needs(roles.SEE)
def get_scenario_schema(request: ApiRequest) -> Any:
    """The JSON schema of a scenario file and of what `POST …/simulations` takes."""
    return scenario_reader.schema()


@router.post(
    "/clusters/{name}/simulations",
    response=ok(SimulationOut),
    operation_id="simulate",
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": scenario_reader.schema()}}}},
)
@access.needs(roles.OPERATE, access.cluster)
def simulate(request: ApiRequest, name: str, scenario: Body[dict[str, Any]]) -> Any:
    """Play a scenario on the cluster as it is now, or on the topology in it; the same one gives the run there is."""
    document = dict(scenario)
    if "topology" not in document:
        document.setdefault("cluster", name)
    if document.get("cluster", name) != name:  # the token may not reach that one
        raise Refused(reasons.API_INPUT_NOT_VALID, place="cluster", problem=f"the address says {name}")
    return shape(whatif.start(document, cluster=request.target, actor=request.caller))


@router.get("/simulations/{key}", response=ok(SimulationOut), operation_id="get_simulation")
@access.needs(roles.SEE, simulation)
def get_simulation(request: ApiRequest, key: str) -> Any:
    """A run that is kept."""
    return shape(request.target)


@router.get("/clusters/{name}/simulations", response=ok(KeptRunsOut), operation_id="list_simulations")
@access.needs(roles.SEE, access.cluster)
def list_simulations(request: ApiRequest, name: str) -> Any:
    """The latest runs that are kept."""
    return {
        "simulations": [
            {
                "key": run.key,
                "name": run.name,
                "at": run.created_at,
                "author": run.author_name,
                "url": f"/what-if/{run.key}/",
            }
            for run in whatif.recent(request.target)
        ]
    }


@router.get(
    "/simulations/{key}/scenario.yaml",
    openapi_extra=text("application/yaml"),
    operation_id="get_simulation_scenario",
)
@access.needs(roles.SEE, simulation)
def get_simulation_scenario(request: ApiRequest, key: str) -> Any:
    """A run as the scenario file of `manage.py simulate`."""
    return HttpResponse(whatif.export(request.target), content_type="application/yaml; charset=utf-8")


@router.delete("/simulations/{key}", response=ok(DeletedRunOut), operation_id="delete_simulation")
@access.needs(roles.ADMINISTER, simulation)
def delete_simulation(request: ApiRequest, key: str) -> Any:
    """Delete a run that is kept."""
    return {"deleted": whatif.delete(request.target.key, actor=request.caller).key}

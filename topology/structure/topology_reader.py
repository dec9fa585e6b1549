"""The topology file read: what may be written, and the specification that it becomes.

Document --ADAPTER--> TopologySpec --problems_across--> TopologySpec, or FileRefused with every problem
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, TypeAdapter, create_model, with_config
from typing_extensions import TypedDict

from topology import reasons
from topology.models import DESCRIPTION
from topology.reasons import Refused
from topology.rules import modes, topology_file
from topology.rules.file_problems import FileProblem, FileRefused
from topology.rules.topology_file import DnsSpec, NodeSpec, PolicyRule, SubclusterSpec, TopologySpec, Value
from topology.structure import dns_settings
from topology.structure.documents.reading import Document
from topology.structure.documents.rest import problems_of_rest
from topology.structure.documents.shapes import (
    STRICT,
    EmptyList,
    EmptyMapping,
    GroupName,
    NodeName,
    in_order,
    not_a,
    read_shape,
    whole_schema,
)
from topology.structure.documents.yaml_nodes import path_of
from topology.structure.limits import RULES

MOST_USERS, MOST_DESCRIPTION = 1_000_000, 128


# --- Values ---------------------------------------------------------------------------------------
def _described(text: str) -> str:
    text = text.strip()  # as it is stored
    if len(text) > MOST_DESCRIPTION or not re.fullmatch(DESCRIPTION, text):
        raise not_a("description", f'At most {MOST_DESCRIPTION} characters, none of them " % & \\ < >.')
    return text


if TYPE_CHECKING:  # what may be chosen comes from the models
    Mode = str
    Model = str
    Profile = int
else:
    Mode, Model = Literal[RULES.modes], Literal[RULES.models]
    Profile = Annotated[Literal[RULES.profiles], Field(description="The hardware profile: made for so many users")]
Users = Annotated[int, Field(ge=1, le=MOST_USERS, description="Capacity; left out it is that of the profile")]
Endpoints = Annotated[int, Field(ge=1, le=10 * MOST_USERS, description="Capacity; left out twice the profile")]


def _like(pattern: str) -> Any:
    """What a schema says of a text; spaces around it are not kept."""
    return Field(json_schema_extra={"pattern": rf"^\s*{pattern}\s*$"})


def _checked(key: str, check: Callable[[str], str]) -> Callable[[str], str]:
    """A check of the settings' one writer, for a value of a file."""

    def checked(text: str) -> str:
        try:
            return check(text)
        except Refused as refused:
            raise not_a(key, f"{refused.facts['rule'].capitalize()}. {refused.fix}") from None

    return checked


NAME = "[A-Za-z0-9-]{1,63}"
Domain = Annotated[
    str, _like(rf"({NAME}(\.{NAME})*\.?)?"), AfterValidator(_checked("domain", dns_settings.checked_domain))
]
HostName = Annotated[
    str, _like(rf"{NAME}(\.{NAME})+\.?"), AfterValidator(_checked("full host name", dns_settings.checked_host))
]
NameServer = Annotated[
    str,
    Field(description="host:port, or system for that of the machine; left out nothing is checked"),
    AfterValidator(_checked("name server", dns_settings.checked_server)),
]
Description = Annotated[
    str, _like(DESCRIPTION.strip("^$").replace("*", f"{{0,{MOST_DESCRIPTION}}}")), AfterValidator(_described)
]


TIME = "([01]?[0-9]|2[0-3]):([0-5][0-9])"


def _seconds_of_day(value: object) -> object:
    """22:30 as seconds of the day; what is no text as it is."""
    if not isinstance(value, str):
        return value
    if (time := re.fullmatch(TIME, value)) is None:
        raise not_a("time of day", "Write for example 22:30, at most 23:59.")
    return int(time[1]) * 3600 + int(time[2]) * 60


def _parameter(key: str, rule: PolicyRule) -> tuple[Any, Any]:
    if isinstance(rule.default, bool):
        return bool, rule.default
    kind: Any = Annotated[int if rule.whole else float, Field(ge=rule.low, le=rule.high)]
    if key in TIMES_OF_DAY:
        clock = Annotated[str, Field(description="A time of day: 22:30", pattern=f"^{TIME}$")]
        return Annotated[kind | None, BeforeValidator(_seconds_of_day, kind | clock | None)], None
    return (kind | None, None) if rule.default is None else (kind, rule.default)


TIMES_OF_DAY = ("automatic_fallback_from", "automatic_fallback_until")
PARAMETERS: dict[str, Any] = {key: _parameter(key, rule) for key, rule in RULES.policy.items()}
PolicyText = create_model("PolicyText", __config__=STRICT, **PARAMETERS)


def policy_of(policy: BaseModel) -> dict[str, Value]:
    """Every parameter, defaults filled in."""
    return policy.model_dump()


if TYPE_CHECKING:
    Policy = dict[str, Value]
else:
    Policy = Annotated[PolicyText, AfterValidator(policy_of), EmptyMapping]


# --- What may be written --------------------------------------------------------------------------
@with_config(STRICT)
class NodeText(TypedDict):
    """A node; users and endpoints override the capacity of its profile."""

    name: NodeName
    profile: NotRequired[Profile]
    publisher: NotRequired[bool]
    users: NotRequired[Users]
    endpoints: NotRequired[Endpoints]


def node_of(text: NodeText) -> NodeSpec:
    """The node with the capacity of its profile where none is written."""
    profile = text.get("profile", 5000)
    users, endpoints = text.get("users", profile), text.get("endpoints", profile * RULES.endpoints_per_user)
    return NodeSpec(text["name"], profile, users, endpoints, text.get("publisher", False))


Node = Annotated[NodeText, AfterValidator(node_of)]


@with_config(STRICT)
class SubclusterText(TypedDict):
    """A subcluster with its nodes in order; the first is the active one in active/standby."""

    name: GroupName
    description: NotRequired[Description]
    ha: NotRequired[bool]
    nodes: NotRequired[Annotated[list[Node], EmptyList]]


def subcluster_of(text: Any) -> SubclusterSpec:
    """The subcluster of its text, whose nodes are read already."""
    return SubclusterSpec(
        text["name"], text.get("ha", False), tuple(text.get("nodes", ())), text.get("description", "")
    )


Subcluster = Annotated[SubclusterText, AfterValidator(subcluster_of)]


@with_config(STRICT)
class DnsText(TypedDict):
    """What the DNS records of clients are made of besides the nodes, and the name server that is to have them."""

    domain: NotRequired[Domain]
    call_managers: NotRequired[Annotated[list[HostName], EmptyList, Field(max_length=topology_file.MOST_CALL_MANAGERS)]]
    name_server: NotRequired[NameServer]
    check_every: NotRequired[Annotated[int, Field(ge=60, le=86_400, default=900, description="Real seconds")]]


def dns_of(text: Any) -> DnsSpec:
    """The settings of their text; what is left out is default."""
    keys: dict[str, Any] = {**text, "call_managers": tuple(dict.fromkeys(text.get("call_managers", ())))}
    return DnsSpec(**keys)


Dns = Annotated[DnsText, AfterValidator(dns_of), EmptyMapping]


@with_config(STRICT)
class TopologyText(TypedDict):
    """A cluster: its nodes in subclusters, how it places users, and the policy of its recovery."""

    cluster: GroupName
    mode: NotRequired[Mode]
    model: NotRequired[Model]
    policy: NotRequired[Policy]
    dns: NotRequired[Dns]
    subclusters: NotRequired[Annotated[list[Subcluster], EmptyList]]
    unassigned_nodes: NotRequired[Annotated[list[Node], EmptyList]]


def topology_of(text: Any) -> TopologySpec:
    """The cluster of its text, whose parts are read already; the policy holds every parameter."""
    return TopologySpec(
        cluster=text["cluster"],
        mode=text.get("mode", modes.Mode.BALANCED.value),
        model=text.get("model", modes.DeploymentModel.BALANCED_REDUNDANT.value),
        policy=text.get("policy") or policy_of(PolicyText()),
        subclusters=tuple(text.get("subclusters", ())),
        unassigned_nodes=tuple(text.get("unassigned_nodes", ())),
        dns=text.get("dns") or DnsSpec(),
    )


ADAPTER: TypeAdapter[Any] = TypeAdapter(Annotated[TopologyText, AfterValidator(topology_of)])


# --- Reading --------------------------------------------------------------------------------------
def parse(document: object) -> TopologySpec:
    """The specification that a document describes. Raises FileRefused with all problems."""
    source = Document.of(document)
    spec: TopologySpec | None
    spec, problems = read_shape(ADAPTER, source)
    if spec is not None:
        problems = placed_problems(source, problems_across(spec))
    else:
        between = problems_of_rest(ADAPTER, source, problems_across)
        problems = in_order([*problems, *placed_problems(source, between)])
    if problems or spec is None:
        raise FileRefused(problems, reasons.TOPOLOGY_FILE_INVALID, source.name)
    return spec


def schema() -> dict[str, Any]:
    """The JSON schema of a topology file, for an editor and for PUT …/topology."""
    return whole_schema(ADAPTER, "Homenode topology file")


def problems_across(spec: TopologySpec) -> list[FileProblem]:
    """What is wrong between the keys of a topology."""
    return list(topology_file.problems_across(spec, RULES))


def placed_problems(source: Document, problems: Iterable[FileProblem]) -> list[FileProblem]:
    """Problems between keys with their lines and columns."""
    return [source.placed(problem, path_of(problem.place)) for problem in problems]

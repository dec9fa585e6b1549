"""The scenario file read: what may be written (docs/recovery.md), and the scenario that it means.

    Document --ADAPTER--> Script --scenario_file.assemble--> Scenario, or FileRefused with every problem

In a scenario `users` of a node are people at home there; `capacity` overrides what its profile is rated for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter, WithJsonSchema, with_config
from typing_extensions import TypedDict

from assignments.simulation.rules import scenario_file
from assignments.simulation.rules.play import Scenario
from assignments.simulation.rules.scenario_file import (
    LONGEST,
    VERBS,
    Inline,
    Line,
    Present,
    Script,
    Unassigned,
    no_unassigned,
)
from topology import reasons
from topology.rules import spans
from topology.rules.file_problems import FileProblem, FileRefused
from topology.rules.topology_file import NodeSpec, SubclusterSpec
from topology.structure.documents.reading import Document
from topology.structure.documents.rest import problems_of_rest
from topology.structure.documents.shapes import (
    STRICT,
    EmptyList,
    GroupName,
    NodeName,
    in_order,
    not_a,
    read_shape,
    whole_schema,
)
from topology.structure.topology_reader import (
    MOST_USERS,
    Description,
    Dns,
    Endpoints,
    Mode,
    Model,
    Node,
    NodeText,
    Policy,
    Profile,
    Users,
    node_of,
    placed_problems,
    problems_across,
    subcluster_of,
    topology_of,
)

MOST_AT_HOME = 10 * MOST_USERS


# --- Values ---------------------------------------------------------------------------------------
def _span(value: object) -> int:
    """Seconds of `90`, `90s`, `10m` or `1h30m`."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST:
        return value
    if isinstance(value, str) and (seconds := spans.parse(value, LONGEST)) is not None:
        return seconds
    raise not_a("span of time", "Write for example 90s, 10m or 1h30m, at most 31 days.")


Span = Annotated[
    int,
    PlainValidator(_span),
    WithJsonSchema({"type": ["string", "integer"], "minimum": 0, "maximum": LONGEST, "examples": ["90s", "1h30m"]}),
]
Homes = Annotated[int, Field(ge=0, le=MOST_AT_HOME, description="How many users are at home here")]
if TYPE_CHECKING:
    Verb = str
else:
    Verb = Literal[VERBS]
Seed = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]


# --- What may be written --------------------------------------------------------------------------
@with_config(STRICT)
class HomeText(TypedDict):
    """A node with the people at home there."""

    name: NodeName
    profile: NotRequired[Profile]
    publisher: NotRequired[bool]
    users: NotRequired[Homes]
    capacity: NotRequired[Users]
    endpoints: NotRequired[Endpoints]


def _home_of(text: HomeText) -> tuple[NodeSpec, int]:
    plain: Any = {key: value for key, value in text.items() if key not in ("users", "capacity")}
    rated: Any = {"users": text["capacity"]} if "capacity" in text else {}
    node: NodeText = plain | rated
    return node_of(node), text.get("users", 0)


@with_config(STRICT)
class GroupText(TypedDict):
    """A subcluster of an inline topology."""

    name: GroupName
    description: NotRequired[Description]
    ha: NotRequired[bool]
    nodes: NotRequired[Annotated[list[Annotated[HomeText, AfterValidator(_home_of)]], EmptyList]]


def _group_of(text: Any) -> tuple[SubclusterSpec, dict[str, int]]:
    homes = {node.name: users for node, users in text.get("nodes", ())}
    return subcluster_of(text | {"nodes": [node for node, _ in text.get("nodes", ())]}), homes


@with_config(STRICT)
class InlineText(TypedDict):
    """A topology as in a topology file; the name of the cluster and its publisher may be left out."""

    cluster: NotRequired[GroupName]
    mode: NotRequired[Mode]
    model: NotRequired[Model]
    policy: NotRequired[Policy]
    dns: NotRequired[Dns]
    subclusters: NotRequired[Annotated[list[Annotated[GroupText, AfterValidator(_group_of)]], EmptyList]]
    unassigned_nodes: NotRequired[Annotated[list[Node], EmptyList]]


def _inline_of(text: Any) -> Inline:
    groups = text.get("subclusters", ())
    homes = {name: users for _, counts in groups for name, users in counts.items()}
    spec = topology_of({"cluster": "what-if"} | text | {"subclusters": [group for group, _ in groups]})
    return Inline(scenario_file.with_publisher(spec), homes)


@with_config(STRICT)
class LineText(TypedDict):
    """One line of the timeline: when, what, and where."""

    at: NotRequired[Span]
    do: Verb
    node: NotRequired[str]
    subcluster: NotRequired[str]
    kind: NotRequired[str]
    service: NotRequired[str]


def _line_of(text: Any) -> Line:
    return Line(**text)


@with_config(STRICT)
class ScenarioText(TypedDict):
    """A topology, or the name of a cluster, and what happens there."""

    name: NotRequired[str]
    topology: NotRequired[Annotated[InlineText, AfterValidator(_inline_of)]]
    cluster: NotRequired[str]
    state: NotRequired[dict[str, Any]]
    timeline: NotRequired[Annotated[list[Annotated[LineText, AfterValidator(_line_of)]], EmptyList]]
    until: NotRequired[Span]
    seed: NotRequired[Seed]


def _script_of(text: Any) -> Script:
    return Script(**text | {"timeline": tuple(text.get("timeline", ()))})


INLINE: TypeAdapter[Any] = TypeAdapter(Annotated[InlineText, AfterValidator(_inline_of)])
ADAPTER: TypeAdapter[Any] = TypeAdapter(Annotated[ScenarioText, AfterValidator(_script_of)])


# --- Reading --------------------------------------------------------------------------------------
def parse(document: object, present: Present, unassigned_of: Unassigned = no_unassigned) -> Scenario:
    """The scenario that a document describes; `present` and `unassigned_of` read a cluster by name. Raises Refused."""
    source = Document.of(document)
    script: Script | None
    script, problems = read_shape(ADAPTER, source)
    if script is None:
        between = problems_of_rest(INLINE, source, _across, "topology")
        problems = in_order([*problems, *placed_problems(source, (each.under("topology") for each in between))])
    elif script.topology is not None:
        problems = placed_problems(source, (each.under("topology") for each in _across(script.topology)))
    if problems or script is None:
        inline = all(problem.place.startswith("topology") for problem in problems)
        why = reasons.TOPOLOGY_FILE_INVALID if inline else reasons.SCENARIO_INVALID
        raise FileRefused(problems, why, source.name)
    try:
        return scenario_file.assemble(script, present, unassigned_of)
    except FileRefused as refused:
        raise refused.at(in_order(placed_problems(source, refused.problems)), source.name) from None


def _across(inline: Inline) -> list[FileProblem]:
    return problems_across(inline.spec)


def schema() -> dict[str, Any]:
    """The JSON schema of a scenario file, for an editor and for POST …/simulations."""
    return whole_schema(ADAPTER, "Homenode scenario file")

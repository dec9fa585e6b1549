"""The file of an agreement read: what may be written (docs/directory.md), and the agreement that it means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NotRequired

from pydantic import Field, PlainValidator, TypeAdapter, WithJsonSchema, with_config
from typing_extensions import TypedDict

from assignments.directory.rules.agreement import FIELDS, MAX_SCHEDULE, MIN_SCHEDULE, Agreement
from topology import reasons
from topology.rules import spans
from topology.rules.file_problems import FileRefused
from topology.structure.documents.reading import Document
from topology.structure.documents.shapes import STRICT, GroupName, not_a, read_shape, whole_schema

Text = Annotated[str, Field(max_length=2000)]
Word = Annotated[str, Field(min_length=1, max_length=500)]


def _span(value: object) -> int:
    """Seconds of `900`, `15m` or `1h30m`."""
    if isinstance(value, int) and not isinstance(value, bool) and MIN_SCHEDULE <= value <= MAX_SCHEDULE:
        return value
    if isinstance(value, str) and (seconds := spans.parse(value, MAX_SCHEDULE)) is not None and seconds >= MIN_SCHEDULE:
        return seconds
    raise not_a("span of time", "Write for example 15m, 2h or 1d, at least 1m and at most 31 days.")


Schedule = Annotated[
    int,
    PlainValidator(_span),
    WithJsonSchema({"type": ["string", "integer"], "minimum": MIN_SCHEDULE, "maximum": MAX_SCHEDULE}),
]
MapText = with_config(STRICT)(TypedDict("MapText", dict.fromkeys(FIELDS, NotRequired[Word])))  # type: ignore[operator]


@with_config(STRICT)
class AgreementText(TypedDict):
    """An agreement of a cluster with its directory."""

    cluster: GroupName
    servers: Annotated[list[Word], Field(min_length=1, max_length=3)]
    start_tls: NotRequired[bool]
    insecure: NotRequired[bool]
    ca: NotRequired[Annotated[str, Field(max_length=100_000)]]
    bind_dn: NotRequired[Text]
    password_env: NotRequired[Text]
    base: Word
    filter: NotRequired[Word]
    map: MapText  # type: ignore[valid-type]
    schedule: NotRequired[Schedule]
    guard_percent: NotRequired[Annotated[float, Field(ge=0, le=100)]]
    guard_people: NotRequired[Annotated[int, Field(ge=0, le=1_000_000)]]
    keep_days: NotRequired[Annotated[int, Field(ge=1, le=3650)]]


ADAPTER: TypeAdapter[Any] = TypeAdapter(AgreementText)


def schema(*, with_password: bool = False) -> dict[str, Any]:
    """The JSON schema of the file; of what is sent over HTTP, the password is a part."""
    whole = whole_schema(ADAPTER, "Agreement of a cluster with its directory")
    if with_password:
        whole["properties"] |= {"password": {"type": "string", "maxLength": 500, "writeOnly": True}}
        whole["required"] = [name for name in whole["required"] if name != "cluster"]
    return whole


def read_agreement(document: object, *, files: bool = True) -> tuple[str, Agreement]:
    """The name of the cluster, and the agreement. Raises FileRefused with every problem of the document.

    `files` says whether `ca` may be the path of a file: a caller over HTTP does not read the server's own.
    """
    given = Document.of(document)
    text, problems = read_shape(ADAPTER, given)
    if text is None:
        raise FileRefused(problems, reasons.DIRECTORY_FILE, given.name)
    plain: dict[str, Any] = {name: value for name, value in text.items() if name not in ("cluster", "servers", "map")}
    if "ca" in plain:
        plain["ca"] = _pem(plain["ca"], files)
    return text["cluster"], Agreement(servers=tuple(text["servers"]), attributes=tuple(text["map"].items()), **plain)


def _pem(value: str, files: bool) -> str:
    """The text of a certificate that is given itself, or as the path of a file."""
    if not value or "-----BEGIN" in value or not files:
        return value
    try:
        return Path(value).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise reasons.Refused(reasons.DIRECTORY_CA) from error

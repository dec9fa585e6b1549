"""Shapes that several rooms answer with."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Schema
from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationInfo, model_validator

MOST = 1000  # rows of one page
Limit = Annotated[int, Field(ge=1, le=MOST, description="Rows of the page")]
Name = Annotated[str, Field(max_length=255)]
Chosen = Annotated[str, Field(min_length=1, max_length=255)]  # without it all are meant, so an empty one is refused
Key = Annotated[int, Field(ge=1, le=10**18)]


class Open(Schema):
    """A shape that a command prints; what it has beside these fields is answered too."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="wrap")
    @classmethod
    def _run_root_validator(cls, values: Any, handler: ModelWrapValidatorHandler[Open], info: ValidationInfo) -> Open:
        """Take a mapping as it is: ninja's own way reads attributes, by the names of the fields alone."""
        return handler(values)


class Input(Schema):
    """A body; what it has beside these fields is refused, so that no typing error means something else."""

    model_config = ConfigDict(extra="forbid")


class Wait(Schema):
    """Why nothing moves now."""

    code: str
    sentence: str


KINDS = "move, import, removal, failover, failback, or rebalance: a plan of any goal; an undo has `undo_of` beside it"


class OperationOut(Open):
    """One run: what it does, how far it is, and why it waits."""

    id: int | None = Field(description="None: nothing runs, this was a dry run")
    kind: str = Field(description=KINDS)
    undo_of: int | None = Field(None, description="The operation that it takes back; None: it is no undo")
    state: str | None = Field(description="running, paused, finished, cancelled or failed")
    done: int
    total: int
    skipped: int
    wait: Wait | None
    url: str | None
    cluster: str


def text(media: str, form: str = "") -> dict[str, Any]:
    """What the schema says of an operation that answers a text of this kind and no JSON: `openapi_extra`."""
    schema = {"type": "string"} | ({"format": form} if form else {})
    return {"responses": {200: {"description": "OK", "content": {media: {"schema": schema}}}}}


def ok(shape: Any, *also: int) -> dict[int, Any]:
    """The answers of an operation that answers a shape, with this status or these others too."""
    return dict.fromkeys((200, *also), shape)

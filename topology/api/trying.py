"""Dry runs: every call that changes something takes `?dry_run=true`, does the work in a transaction and takes it back.

The answer has the shape of the real one, and the refusals are the real ones. What has a dry run of its own in body or
address keeps it; the few that have none say why here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import Any, get_args

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from pydantic import BaseModel

from topology import reasons
from topology.reasons import Refused

NAME = "dry_run"
SAID = "Dry-Run"  # the header of an answer of which nothing stayed
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WITHOUT = {
    "make_token": "its answer is a secret, and one that opens nothing would be taken for a real one",
    "make_sign_in_link": "its answer is a secret, and one that opens nothing would be taken for a real one",
    "test_directory": "it is a dry run itself: it reads the directory and keeps nothing",
    "check_srv_records": "it asks a name server; only what was found is kept, and no record is changed",
}
PARAMETER = {
    "in": "query",
    "name": NAME,
    "required": False,
    "description": "Do the work, answer what came of it, take it back; IDs and addresses of what is new name nothing.",
    "schema": {"type": "boolean", "default": False},
}


@cache
def is_offered(operation: Any) -> bool:
    """Whether an operation takes `?dry_run=true` here: it changes something and has no dry run of its own."""
    changes = CHANGING & set(operation.methods)
    return bool(changes) and operation.operation_id not in WITHOUT and not has_own(operation)


def has_own(operation: Any) -> bool:
    """Whether a parameter or a field of the body is called `dry_run`."""
    return any(NAME in model.model_fields or _in_a_field(model) for model in operation.models)


def noting(view: Callable[..., Any]) -> Callable[..., Any]:
    """The function of an operation with a dry run of its own, which notes with the request when that is asked for."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **given: Any) -> Any:
        asked = (given.get(NAME), *(getattr(value, NAME, None) for value in given.values()))
        request.tried = True in asked  # type: ignore[attr-defined]
        return view(request, *args, **given)

    return run


def _in_a_field(model: type[BaseModel]) -> bool:
    return any(
        NAME in shape.model_fields for field in model.model_fields.values() for shape in _shapes(field.annotation)
    )


def _shapes(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _shapes(part)


def is_asked(request: HttpRequest) -> bool:
    """Whether `?dry_run=true` stands in the address. Raises Refused for another value than true and false."""
    value = request.GET.get(NAME, "false").lower()
    if value not in ("true", "false", "1", "0"):
        raise Refused(reasons.API_INPUT_NOT_VALID, place=NAME, problem="give true or false")
    return value in ("true", "1")


def tried(run: Callable[..., HttpResponseBase], request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    """The answer of an operation of which nothing stays, and nothing is announced."""
    with transaction.atomic():
        answer = run(request, *args, **kwargs)
        transaction.set_rollback(True)
    answer[SAID] = "true"
    return answer

"""Every error of the API as problem details (RFC 9457), with a code of the closed list and the fix."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from http.client import responses
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import Field

from topology import reasons
from topology.reasons import Reason, Refused
from topology.structure.within_reach import limited_to_reach

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request lacks something",
    401: "A valid token is needed",
    403: "The role does not reach this",
    404: "Not found",
    405: "Method not allowed",
    409: "The present state does not allow it",
    412: "What the request asks of the state does not hold",
    413: "The request is too large",
    422: "The request cannot be read",
    429: "Too many requests",
    500: "The console failed",
    503: "A part of the console does not answer",
}


class ProblemDetails(Schema):
    """An error: what is wrong, and what to do."""

    type: str = Field(description="urn:homenode:problem: and the code")
    title: str
    status: int
    detail: str = Field(description="One sentence with the names and numbers of the case")
    instance: str = Field(description="The address that was asked for")
    code: str = Field(description="A code of the closed list", examples=["SUBCLUSTER_FULL"])
    fix: str = Field(description="What to do about it; empty where there is nothing")
    errors: list[dict[str, Any]] = Field(default_factory=list, description="Where the input is wrong, for a 422")


# What any operation may answer. The schema says it of each (site.py): a shape for each answer of each operation, as
# `response=` makes it, would be eight hundred classes alike, a second of every start.
DECLARED = (400, 401, 403, 404, 409, 413, 422, 429, 503)


def declared(statuses: Iterable[int] = DECLARED) -> dict[int, Any]:
    """These answers as the schema has them."""
    shape = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    return {
        status: {"description": responses[status], "content": {MEDIA_TYPE: {"schema": shape}}} for status in statuses
    }


def problem(
    request: HttpRequest, why: Reason, /, *, status: int = 0, more: dict[str, Any] | None = None, **facts: Any
) -> HttpResponse:
    """The answer for a reason; `errors` among the facts are the places in the input, `more` members beside."""
    errors = facts.pop("errors", [])
    code = status or why.status
    body = {
        "type": f"urn:homenode:problem:{why.code}",
        "title": TITLES.get(code, TITLES[409]),
        "status": code,
        "detail": why.say(**facts),
        "instance": request.path,
        "code": why.code,
        "fix": why.say_fix(**facts),
        "errors": errors,
        **(more or {}),
    }
    text = json.dumps(body, ensure_ascii=False, default=str)
    answer = HttpResponse(text, status=code, content_type=MEDIA_TYPE)
    answer.code = why.code  # type: ignore[attr-defined]  # for who keeps answers
    return answer


def refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    """The answer for something refused; what an address names and is not there is 404 (NotThere)."""
    told = limited_to_reach(refused, caller.reach) if (caller := getattr(request, "caller", None)) else refused
    status = 404 if isinstance(told, NotThere) else told.reason.status
    return problem(request, told.reason, status=status, **told.facts)


class NotThere(Refused):
    """An address names something that does not exist."""


def not_there(refused: Refused) -> NotThere:
    """The same refusal, of what an address names."""
    return NotThere(refused.reason, **refused.facts)


def invalid(request: HttpRequest, errors: list[Any]) -> HttpResponse:
    """The answer for input that does not fit the schema."""
    places = [{"at": _place(error["loc"]), "message": error["msg"]} for error in errors]
    first = places[0] if places else {"at": ["body"], "message": "it cannot be read"}
    place, trouble = ".".join(first["at"]), first["message"]
    return problem(request, reasons.API_INPUT_NOT_VALID, errors=places, place=place, problem=trouble)


def _place(loc: Sequence[str | int]) -> list[str]:
    """Where a caller finds it: a body is one document, and what our functions call theirs stands nowhere in it."""
    return [str(part) for part in (("body", *loc[2:]) if loc[0] == "body" else loc)]


def of_status(request: HttpRequest, status: int) -> HttpResponse:
    """The answer for an error that has a status alone."""
    why = {
        401: reasons.TOKEN_NEEDED,
        404: reasons.API_NO_SUCH_ADDRESS,
        405: reasons.API_NO_SUCH_METHOD,
        413: reasons.INPUT_TOO_LARGE,
        500: reasons.API_FAILED,
        503: reasons.DATABASE_AWAY,
    }.get(status, reasons.API_INPUT_NOT_VALID)
    return problem(request, why, status=status, place="the request", problem="it is not JSON", method=request.method)

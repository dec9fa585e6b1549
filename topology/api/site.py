"""The API itself: its errors, its schema, its page, and the door around every address."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, RawPostDataException
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError
from ninja.openapi.docs import DocsBase
from ninja.parser import Parser
from ninja.security import HttpBearer

from topology import reasons
from topology.api import problems, trying
from topology.api.failures import failed
from topology.api.guard import LONGEST_KEY, guarded_view
from topology.reasons import Refused

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "Any text: the same request with the same key is carried out once and answered alike for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
}
TOO_MUCH = {"loc": ["input"], "msg": "no column can hold it"}
NO_FILE = Refused(reasons.API_INPUT_NOT_VALID, place="Content-Type", problem="this call takes JSON, no file")
OPEN: set[str | None] = {"openapi-json", "openapi-view", "api-root"}


class Bearer(HttpBearer):
    """A token in the header Authorization; the door (guard.py) has looked it up already."""

    openapi_description = "A token of manage.py token create, or of the page Accounts."

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The program that calls."""
        return getattr(request, "caller", None)


class Texts(Parser):
    """JSON whose texts a database can hold."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body. Raises Refused for NUL, half characters and a key that is there twice, ValueError for no JSON."""
        body = json.loads(request.body, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_keys_once)
        _demand_text(body)
        return body


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _finite(text: str) -> float:
    """A number; 1e400 would become infinity, which no column holds and no JSON writes."""
    return float(text) if isfinite(float(text)) else _no_number(text)


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Raises Refused for a key that is there twice: no one could say which of its values is meant."""
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(reasons.API_INPUT_NOT_VALID, place=twice[:40], problem="the key is there twice")
    return entries


def _demand_text(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Refused(reasons.INPUT_NOT_READABLE, name="The body")
    elif isinstance(value, dict):
        for key, part in value.items():
            _demand_text(key)
            _demand_text(part)
    elif isinstance(value, list):
        for part in value:
            _demand_text(part)


class Page(DocsBase):
    """The documentation of the API as a page of the console's own: nothing is fetched from elsewhere."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        return render(request, "api/docs.html", {"schema": self.get_openapi_url(api, {}), "api": api})


class Api(NinjaAPI):
    """An API whose schema says what its errors are sent as, and which header a POST may carry."""

    def get_openapi_schema(self, **how: Any) -> Any:
        """The schema of OpenAPI 3.1, made once in a process: a hundred shapes take a second."""
        known = self.__dict__.setdefault("_made", {})
        asked = repr(sorted(how.items()))
        if asked not in known:
            known[asked] = self._schema(**how)
        return known[asked]

    def _schema(self, **how: Any) -> Any:
        schema = super().get_openapi_schema(**how)
        tried = {operation.operation_id for operation in self.operations() if trying.is_offered(operation)}
        shape = problems.ProblemDetails.model_json_schema(mode="serialization")
        schema["components"]["schemas"]["ProblemDetails"] = shape
        for methods in schema["paths"].values():
            for method, operation in methods.items():
                operation["responses"].update(problems.declared())
                if operation["operationId"] in tried:
                    operation.setdefault("parameters", []).append(trying.PARAMETER)
                if method == "post":
                    operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        return schema

    def operations(self) -> Iterator[Any]:
        """Every operation of every room."""
        for _, router in self._routers:
            for view in router.path_operations.values():
                yield from view.operations


def build(routers: Sequence[Router], version: str) -> NinjaAPI:
    """The API of these rooms."""
    api = Api(
        title="Homenode",
        version=version,
        description="Every verb of the console. Errors are problem details (RFC 9457) with a code and a fix.",
        auth=Bearer(),
        parser=Texts(),
        docs=Page(),
        urls_namespace="api",
    )
    for router in routers:
        api.add_router("", router)
    for operation in api.operations():
        if trying.CHANGING & set(operation.methods) and trying.has_own(operation):
            operation.view_func = trying.noting(operation.view_func)
    _errors(api)
    return api


def _errors(api: NinjaAPI) -> None:
    def on(kind: type[Exception], answer: Any) -> None:
        api.add_exception_handler(kind, answer)

    on(Refused, problems.refusal)
    on(ValidationError, lambda request, error: problems.invalid(request, error.errors))
    on(HttpError, _unreadable)
    on(Http404, lambda request, error: problems.of_status(request, 404))
    on(DataError, lambda request, error: problems.invalid(request, [TOO_MUCH]))
    on(RawPostDataException, lambda request, error: problems.refusal(request, NO_FILE))
    on(RequestDataTooBig, lambda request, error: problems.of_status(request, 413))
    on(Exception, failed)


def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that cannot be read, or another error of a status alone."""
    if isinstance(error.__cause__, Refused):
        return problems.refusal(request, error.__cause__)
    return problems.of_status(request, 422 if error.status_code == 400 else error.status_code)


def addresses(api: NinjaAPI) -> list[URLPattern | URLResolver]:
    """The addresses of the API behind the door, and one answer for what there is not."""
    patterns: list[URLPattern | URLResolver] = []
    for entry in api.urls[0]:
        if isinstance(entry, URLPattern):
            view = _nothing if entry.name == "api-root" else _methods(entry.callback)
            entry.callback = guarded_view(view, is_open=entry.name in OPEN)
            patterns.append(entry)
    return [*patterns, path("<path:rest>", guarded_view(_nothing, is_open=True), name="nothing")]


def _methods(view: Any) -> Any:
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "HEAD":
            request.method = "GET"  # the server leaves the body out
        response = view(request, *args, **kwargs)
        if getattr(request, "tried", False):
            response[trying.SAID] = "true"
        if response.status_code == 405:
            refused = problems.of_status(request, 405)
            refused["Allow"] = response.headers.get("Allow", "")
            return refused
        return response

    return answer


def _nothing(request: HttpRequest, rest: str = "") -> HttpResponse:
    return problems.of_status(request, 404)

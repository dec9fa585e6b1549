"""Programs that call the API: a client for each role, everywhere or in one cluster."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from tests.support.worlds import make_acme
from topology.accounts import tokens
from topology.models import Cluster

BASE = "/api/v1"


class Caller:
    """A program with a token; answers are parsed."""

    def __init__(self, token: str = "") -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, body: Any = None, *, raw: str | None = None, **headers: str) -> Any:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        text = raw if raw is not None else "" if body is None else json.dumps(body)
        kind = "text/csv" if raw is not None else "application/json"
        answer = self.client.generic(method, BASE + path, text, kind, headers=self.headers | more)
        answer.data = json.loads(answer.content) if "json" in answer.headers.get("Content-Type", "") else None
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: Any) -> Any:
        return self("POST", path, {} if body is None else body, **headers)


@pytest.fixture
def _keep_connection() -> Iterator[None]:
    """One connection for the whole test, as Django's own test client has it: its transaction is rolled back."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def acme(db: None) -> Cluster:
    return make_acme(imp1a=30, imp1b=10, waiting=4)


@pytest.fixture
def calls(db: None) -> Callable[..., Caller]:
    """`calls(role, cluster, …)`: a program with a new token; `calls("")` has none."""
    made: list[str] = []

    def make(role: str = "administrator", *clusters: Cluster) -> Caller:
        if not role:
            return Caller()
        made.append(role)
        return Caller(tokens.create(f"ci {len(made)}", role, clusters, actor="test")[1])

    return make

"""No address answers garbage with a failure: every address, method and parameter, with what attackers and typos send.

What an address reads is observed, not written down, so a new one cannot be forgotten. Each pair of address and
parameter meets one kind of garbage here, another for each; `make torture` tries all kinds.
"""

from collections.abc import Iterator

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from assignments.models import Goal
from assignments.planning import plans
from assignments.runs import operations
from tests.board.pages import as_
from tests.support import torture
from tests.support.worlds import make_acme
from topology.accounts import roles
from topology.models import Cluster, Node, Subcluster

pytestmark = pytest.mark.django_db

GARBAGE = (
    "\0",
    "²",
    "9" * 5000,
    "99999999999999999999",
    "-1",
    "nan",
    "1e999",
    "10:99",
    "abc",
    "http://[",
    "//evil.example/",
    "/sign-in/?next=/sign-in/",
    "'\"><script>",
    "%00",
    "\u202e\u0000",
    "node=abc&node=1",
    "{}",
    "A" * 3000,
)
ALL = torture.WHOLE
# The session would end, or its person could not sign in any more; the stream has tests of its own.
LEFT_OUT = {"sign-out", "stream", "end-sessions", "set-active", "set-role", "delete-account"}


def routes() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Every address of the console with the kinds of its arguments."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, str]]:
        for entry in patterns:
            if str(entry.pattern) == "api/v1/":
                continue  # it has a schema, and tests/api/test_schema.py
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, prefix + str(entry.pattern))
            elif entry.name not in LEFT_OUT:
                yield entry.name or "", prefix + str(entry.pattern)

    yield from walk(get_resolver().url_patterns, "")


@pytest.fixture
def known(db: None) -> dict[str, str]:
    """Arguments that lead somewhere, by their place in an address."""
    acme: Cluster = make_acme(imp1a=30)
    plan = plans.make_plan(acme, Goal.BALANCE, author="anna")
    run = operations.start_run(plan.hash, actor="anna", rate=1)
    node, sub = Node.objects.first(), Subcluster.objects.first()
    assert node
    assert sub
    keys = {"plan_hash": plan.hash, "run": str(run.pk), "node": str(node.pk), "sub": str(sub.pk)}
    return {"cluster_name": acme.name, **keys}


def address(route: str, known: dict[str, str]) -> str:
    parts = []
    for part in route.split("/"):
        if not part.startswith("<"):
            parts.append(part)
        elif part == "<int:pk>":
            parts.append(known["run"] if "operations" in parts else known["sub" if "subclusters" in parts else "node"])
        else:
            parts.append(known.get(part.strip("<>").split(":")[1], "x"))
    return "/" + "/".join(parts)


def kinds(turn: int) -> tuple[str, ...]:
    return GARBAGE if ALL else (GARBAGE[turn % len(GARBAGE)],)


def quiet(client: Client) -> Client:
    client.raise_request_exception = False
    return client


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of parameters that views ask for, as they do."""
    names: set[str] = set()

    def observed(method: str) -> None:
        original = getattr(QueryDict, method)

        def spy(self: QueryDict, name: str, *rest: object, **more: object) -> object:
            if isinstance(name, str):
                names.add(name)
            return original(self, name, *rest, **more)

        monkeypatch.setattr(QueryDict, method, spy, raising=False)

    for method in ("get", "__getitem__", "getlist", "__contains__"):
        observed(method)
    return names


@pytest.mark.in_turns
def test_no_parameter_of_any_address_is_a_failure(known: dict[str, str], read: set[str]) -> None:
    client, turn, tried = quiet(as_(roles.ADMINISTRATOR)), 0, 0
    for name, route in routes():
        path = address(route, known)
        for method in (client.get, client.post):
            read.clear()
            method(path)
            todo, done = set(read), set[str]()
            while todo:
                parameter = todo.pop()
                done.add(parameter)
                for value in kinds(turn := turn + 1):
                    assert method(path, {parameter: value}).status_code < 500, (name, path, method, parameter, value)
                    tried += 1
                todo |= read - done
    assert tried > 200 * len(kinds(0))


@pytest.mark.in_turns
def test_no_argument_in_an_address_is_a_failure(known: dict[str, str]) -> None:
    client = quiet(as_(roles.ADMINISTRATOR))
    for name, route in routes():
        for number, place in enumerate(part for part in route.split("/") if part.startswith("<")):
            strange = ("%00", "%C2%B2", "9" * 19, "9" * 400, "%2e%2e", "%FF%FE", "a" * 3000, "%27%22%3E")
            for value in strange if ALL else (strange[0], strange[(number + len(name)) % len(strange)]):
                filled = address(route.replace(place, "GARBAGE", 1), known).replace("GARBAGE", value)
                for method in (client.get, client.post):
                    assert method(filled).status_code < 500, (name, filled[:200])


@pytest.mark.in_turns
def test_no_header_is_a_failure(known: dict[str, str]) -> None:
    client = quiet(as_(roles.ADMINISTRATOR))
    headers = ("HX-Current-URL", "HX-Request", "HX-Target", "HX-Trigger", "Accept", "Referer")
    for name, route in routes():
        for value in ("http://[", "\x01", "²", "//evil.example/", "9" * 3000) if ALL else ("http://[",):
            for method in (client.get, client.post):
                answer = method(address(route, known), headers=dict.fromkeys(headers, value))
                assert answer.status_code < 500, (name, value)


def test_signing_in_leads_nowhere_strange(client: Client) -> None:
    quiet(client)
    for path in ("/sign-in/?next=/sign-in/", "/sign-in/?next=//evil.example/", "/sign-in/?next=http://[", "/sign-in/"):
        assert client.get(path).status_code == 200, path
    for path in ("/sign-in/?next=/sign-in/", "/sign-in/?next=//evil.example/"):
        answer = quiet(as_(roles.VIEWER)).get(path)
        assert answer.status_code == 302, path
        assert not answer.headers.get("Location", "").startswith(("//", "http", "/sign-in/")), path


def test_a_body_that_is_too_large_or_broken_is_refused_before_it_is_read(known: dict[str, str]) -> None:
    client = quiet(as_(roles.ADMINISTRATOR))
    large = client.post("/clusters/acme/people/pin", {"users": "1," * 700_000}, headers={"Accept": "application/json"})
    assert (large.status_code, large.json()["code"]) == (413, "INPUT_TOO_LARGE")
    broken = client.post("/clusters/acme/people/pin", b"--x\r\nbroken", content_type="multipart/form-data; boundary=")
    assert broken.status_code == 422

"""A real Chromium; how to use the fixtures stands in tests/conftest.py.

accessible/  for every eye and machine: axe, paper, without scripts
drags/       moving users and nodes, by mouse, key, finger and dialog
large/       30,000 users in one cluster, or in many
live/        what others change, outages, versions, proxies
on_call/     incidents, failovers and rebalances as they happen
pages/       pages and dialogs, one at a time
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from config.local.state import BASE_DIR
from tests import tools
from tests.browser.chromium import FLAGS
from tests.browser.firefox import ALWAYS, IN_FIREFOX
from tests.browser.large.thousands import kept, make_thousands, put_back
from tests.support import torture
from tests.support.live_stack import LiveStack
from tests.support.worlds import node
from topology.models import Cluster

RESULTS = BASE_DIR / "test-results"
# A trace says each step and word of the console; with TRACE=1 it shows the page at each step as well, which
# costs every test time.
SNAPSHOTS = os.environ.get("TRACE", "") not in ("", "0")
# Machines under test are slow, pages are not: an expectation that holds ends its wait at once.
# Long, because the machine may be busy with other tests: how quick a page is, the benchmarks say.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright for the browser tests of a process, which come one after the other (tests/conftest.py).

    Not for longer: its event loop runs in this thread, and async tests of other rooms need their own.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as started:
        # The loop makes Django think that the tests' own queries block an async view.
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield started


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The engine of all browser tests."""
    started = playwright.chromium.launch(executable_path=tools.need("chromium"), args=FLAGS)
    yield started
    started.close()


@pytest.fixture(scope="package")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    """The engine that some of them run in as well (tests/browser/firefox.py)."""
    started = playwright.firefox.launch(channel="moz-firefox", executable_path=tools.need("firefox"))
    yield started
    started.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of the list in both engines; where not everything is run, the one that stands for them."""
    test = (metafunc.module.__name__.rpartition(".")[2], metafunc.function.__name__)
    if test in (IN_FIREFOX if torture.WHOLE else ALWAYS):
        metafunc.parametrize("engine", ["chromium", "firefox"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine that a test runs in."""
    return str(getattr(request, "param", "chromium"))


@pytest.fixture
def browser(request: pytest.FixtureRequest, engine: str) -> Browser:
    """The browser of a test."""
    started: Browser = request.getfixturevalue(engine)
    return started


@pytest.fixture
def open_context(
    browser: Browser, live_web: LiveStack, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Open a browser context with the console as base URL; closed at the end, complaints of its pages fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(**options: Any) -> BrowserContext:
        settings = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
        context = browser.new_context(base_url=live_web.address, **settings)
        # Nobody's first time, except where a test says so by clearing the cookies.
        context.add_cookies([{"name": "homenode_tour", "value": "done", "url": live_web.address}])
        context.tracing.start(name=request.node.name, snapshots=SNAPSHOTS)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda message: _complain(message, complaints))
        contexts.append(context)
        return context

    yield open_one
    failed = getattr(request.node, "failed", False) or bool(complaints)
    if failed:
        _take_pictures(contexts, request.node.name)
    for number, context in enumerate(contexts, 1):
        context.tracing.stop(path=_result(request.node.name, f"{number}.zip") if failed else None)
        context.close()
    assert not complaints, f"the browser complained: {complaints}"


# Faults of the page itself; that an answer was a refusal or did not come is what many tests are about.
FAULTS = ("Content Security Policy", "htmx:syntax", "htmx:target", "htmx:swap", "htmx:evalDisallowed")


def _complain(message: ConsoleMessage, complaints: list[str]) -> None:
    if any(fault in message.text for fault in FAULTS):
        complaints.append(message.text)


def _take_pictures(contexts: list[BrowserContext], test: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    pages = [page for context in contexts for page in context.pages]
    for number, page in enumerate(pages, 1):
        page.screenshot(path=_result(test, f"{number}.png"))


def _result(test: str, name: str) -> Path:
    return RESULTS / f"{re.sub(r'[^A-Za-z0-9_-]+', '-', test)}-{name}"


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser context in which nobody is signed in."""
    return open_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page in which nobody is signed in."""
    return context.new_page()


@pytest.fixture
def signed_in_page(open_context: Callable[..., BrowserContext], live_web: LiveStack) -> Callable[..., Page]:
    """Open a page as a person of a role, each call in a browser of its own."""
    people = iter(range(1, 100))

    def open_page(role: str = "administrator", path: str = "/", **options: Any) -> Page:
        context = open_context(**options)
        context.add_cookies([_session_cookie(f"{role}-{next(people)}", role, live_web.address)])
        page = context.new_page()
        page.goto(path)
        return page

    return open_page


def _session_cookie(username: str, role: str, address: str) -> Any:
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.test import Client

    person, _ = get_user_model().objects.get_or_create(username=username)
    person.groups.set([Group.objects.get(name=role)])
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": address}


# A file marked `thousands` works on one world of 30,000 users; what a test changes there is put back after it.


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[Cluster]:
    """The cluster acme with 30,000 users, for all tests of a file."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        cluster = make_thousands()
        with kept():
            yield cluster


@pytest.fixture
def transactional_db(request: pytest.FixtureRequest) -> Iterator[None]:
    """Committed data as always; in a file of the world they stay."""
    if request.node.get_closest_marker("thousands"):
        request.getfixturevalue("world")
        yield
        put_back()
    else:
        request.getfixturevalue("transactional_db")
        yield


@pytest.fixture
def acme(world: Cluster) -> Cluster:
    """The cluster of the world as it stands in the database now."""
    return Cluster.objects.get(pk=world.pk)


@pytest.fixture
def open_list(acme: Cluster, signed_in_page: Callable[..., Page]) -> Callable[..., Page]:
    """Open the page of the cluster with the users of a node, and wait until it is live."""

    def opened(role: str = "operator", short: str = "imp1a", **options: object) -> Page:
        place = 0 if short == "waiting" else node(acme, short).pk
        page = signed_in_page(role, f"/clusters/acme/?node={place}", **options)
        expect(page.locator(".users [data-user]").first).to_be_visible()
        expect(page.locator("#live")).to_have_attribute("data-state", "live")
        return page

    return opened

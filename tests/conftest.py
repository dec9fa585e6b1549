"""Fixtures that every test may ask for. PostgreSQL and Valkey are real and always there (tests/services.py).

Data
    `db`, `transactional_db` or `@pytest.mark.django_db` as usual; the groups of the roles exist in both.
    Threads need `transactional_db` (or `django_db(transaction=True)`) and close their connection at their end.

Processes (the test's data are committed; everything is emptied after each test)
    `live_web`     a granian on this worker's test database: `.address`, `.stop_web()`, `.start_web()`.
    `live_stack`   the same object, and a Celery worker with beat runs: `.kill_worker()` (SIGKILL, all its processes),
                   `.start_worker()`. It takes tasks during the test and is idle between tests.
    Both start once per xdist worker. Their output stands in the report of a test that fails.

Programs from outside (nginx, slapd, Firefox …)
    `tools.need("nginx")` of tests/tools.py answers the path, installs it once, or skips the test and says why.

Browser (tests/browser only; with NO_BROWSER=1 these tests are skipped)
    `signed_in_page(role="administrator", path="/", **context)`
        opens `path` in a browser of its own, signed in by session cookie, and answers a Playwright page. Call it twice
        to have two people: each has its own cookies. It needs `live_web`, which comes by itself; ask for `live_stack`
        too when tasks must run. Keywords go to Playwright's new_context: viewport={"width": 800, "height": 900},
        color_scheme="dark", has_touch=True.
        An uncaught error of a script, or one refused by the Content-Security-Policy, fails the test at its end.
    `browser`, `context`, `page`
        the plain Playwright objects, nobody signed in; the address of the console is the base URL.

        def test_a_move_is_seen_by_another(live_stack, signed_in_page):
            make_cluster(...)
            first, second = signed_in_page(), signed_in_page(role="viewer")
            first.get_by_role("button", name="Rebalance").click()
            expect(second.locator("#node-3")).to_contain_text("5,000")

    Use expect(locator), never page.wait_for_function: the Content-Security-Policy forbids its eval.
    Pictures of a failed test's pages and a trace of each of its browsers are in test-results/:
    `.venv/bin/python -m playwright show-trace test-results/NAME-1.zip`; TRACE=1 puts the page at each step into it.
"""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.support import torture, turns
from tests.support.layout import laid_out
from tests.support.live_stack import LiveStack
from tests.support.shared_imports import import_own_share

# Examples are not timed: the machines are shared, and benchmarks measure.
settings.register_profile("homenode", deadline=None)
settings.register_profile("torture", deadline=None, max_examples=1000)
settings.load_profile("torture" if torture.WHOLE else "homenode")


LONG = (
    "browser/",
    "recovery/",
    "runs/test_runs_interrupted",
    "storm/test_storm",
    "local/",
    "accounts/test_pseudonyms_everywhere",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let the processes of a run import the tests together (tests/support/shared_imports.py)."""
    import_own_share(session.config)


def pytest_configure(config: pytest.Config) -> None:
    """Choose whose turn it is before the processes of the run start."""
    turns.set_turn(config)


def pytest_report_header() -> str | None:
    """Say which tests a run leaves to others, and how to have them."""
    turn = turns.whose()
    return None if turn is None else f"turn: {turn} of {turns.TURNS} for tests that take long (TURN=all has all)"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that all processes end at about the same time; leave out what is slow."""
    turns.leave_out_others(config, items)
    items.sort(key=lambda item: not item.nodeid.removeprefix("tests/").startswith(LONG))
    for item in items:
        if not torture.WHOLE and item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: make torture runs it"))


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays to the end anyway: modules, the items, their functions."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Let fixtures ask whether the test failed: `request.node.failed`."""
    report = yield
    item.failed = getattr(item, "failed", False) or report.failed  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any) -> None:
    """Let the test database be a copy of one that is migrated already (tests/support/template.py)."""
    from tests.support.template import use_template

    with django_db_blocker.unblock():
        use_template()


@pytest.fixture(scope="session", autouse=True)
def _emptied_fast() -> Iterator[None]:
    """Let tests whose data are committed be emptied by tests/support/emptying.py."""
    from django.test import TransactionTestCase

    from tests.support.emptying import empty_tables

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: empty_tables())
        yield


@pytest.fixture(autouse=True)
def _groups(request: pytest.FixtureRequest) -> None:
    """Have the groups of the roles, which a transactional test before this one emptied."""
    marker = request.node.get_closest_marker("django_db")
    asked = {"db", "transactional_db", "live_web"} & set(request.fixturenames)
    if not (marker or asked):
        return
    transactional = bool(marker and marker.kwargs.get("transaction")) or bool(asked - {"db"})
    request.getfixturevalue("transactional_db" if transactional else "db")
    from django.contrib.auth.models import Group

    from topology.accounts.roles import ROLES

    have = set(Group.objects.values_list("name", flat=True))
    Group.objects.bulk_create(Group(name=name) for name in ROLES if name not in have)


@pytest.fixture
def in_utc(settings: Any) -> None:
    """The server's zone is UTC, for a test that reads times of day from a page."""
    settings.TIME_ZONE = "UTC"


@pytest.fixture
def admin_user(db: None) -> Any:
    """As pytest-django has it, without a password, whose hash takes half a second of a core."""
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_superuser("admin", "admin@example.com")


@pytest.fixture(autouse=True)
def _layout_of_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test client answer pages as a browser lays them out (tests/support/layout.py)."""
    from django.test import Client

    ask = Client.request

    def request(self: Client, **asked: Any) -> Any:
        answer = ask(self, **asked)
        if not answer.streaming and answer.get("Content-Type", "").startswith("text/html"):
            answer.content = laid_out(answer.content.decode()).encode()
        return answer

    monkeypatch.setattr(Client, "request", request)


@pytest.fixture(scope="session")
def _programs(
    django_db_setup: None, django_db_blocker: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    """The web server and worker of this xdist worker; nothing runs until it is asked for."""
    from django.db import connection

    stack = LiveStack(str(connection.settings_dict["NAME"]), tmp_path_factory.mktemp("live"))
    yield stack
    stack.close()


@pytest.fixture
def live_web(_programs: LiveStack, transactional_db: None) -> Iterator[LiveStack]:
    """A running web server on the test database."""
    _programs.start_web()
    yield _programs
    _programs.end_transactions()
    _programs.show_output()


@pytest.fixture
def live_stack(live_web: LiveStack) -> Iterator[LiveStack]:
    """A running web server, and a Celery worker with beat that takes tasks until the end of the test."""
    live_web.start_worker()
    yield live_web
    # Its transactions must be over before the tables are emptied.
    live_web.pause_worker()

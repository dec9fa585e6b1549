"""Benchmarks compare times, so they run alone and only when asked for: `make bench`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import measure

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "benchmarks.md"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the benchmarks out unless their folder or one of them was named."""
    asked = any(HERE in (path := Path(arg.split("::")[0]).resolve()).parents or path == HERE for arg in config.args)
    return None if asked else True


@pytest.fixture(autouse=True)
def _layout_of_templates() -> None:
    """Measure answers as they are: laying out a large page takes tests as long as the product takes to make it."""


@pytest.fixture(scope="session", autouse=True)
def _versions(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> str:
    """Ask for the versions while the database is there."""
    import platform

    import django
    from django.db import connection

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        number = connection.pg_version
    postgres = f"PostgreSQL {number // 10000}.{number % 100}"
    measure.versions = f"{postgres}, Django {django.__version__}, Python {platform.python_version()}"
    return measure.versions


@pytest.fixture(scope="session", autouse=True)
def _large_worlds(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Keep an empty database that worlds are copied from, and drop them at the end."""
    from tests.bench import large_worlds

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        large_worlds.keep_empty()
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        large_worlds.drop_all()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Print the table; `make bench` writes it down as well, with what did not hold."""
    if not measure.rows:
        return
    print(f"\n\n{measure.HEAD}\n" + "\n".join(map(str, measure.rows)))  # noqa: T201
    if os.environ.get("BENCH_PAGE") and exitstatus in (0, 1):  # not when it was cut off
        command = f"make bench USERS={measure.users()}"
        measure.write(PAGE, command, measure.versions)

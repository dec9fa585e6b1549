"""Real PostgreSQL and Valkey for the tests; loaded by `-p tests.services` before any settings are read.

One pair, without fsync, in a temporary directory of its own, serves all xdist workers. Each worker has a database of
its own (pytest-django adds the worker's name) and a Valkey database of its own. With DATABASE_URL and REDIS_URL set,
those are used and nothing is started.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from config.local.embedded import running_services
from config.local.state import database_url, redis_url, wanted_services

_stack = contextlib.ExitStack()


def _start() -> None:
    """Start the pair and tell its addresses to the settings and to the xdist workers."""
    where = Path(tempfile.mkdtemp(prefix="homenode-tests-"))
    _stack.callback(shutil.rmtree, where, ignore_errors=True)
    names = wanted_services()
    _stack.enter_context(running_services(where, names, durable=False))
    if "postgres" in names:
        os.environ["DATABASE_URL"] = database_url(where)
        os.environ["HOMENODE_TEST_SERVICES"] = "1"
    if "valkey" in names:
        os.environ["REDIS_URL"] = redis_url(where)
    os.environ["HOMENODE_DATA"] = str(where)


def _set_environment() -> None:
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0123456789abcdef" * 4)
    os.environ["HOMENODE_LOCAL"] = "1"
    # Threads of race tests take a connection each; a pool would outlive the test database.
    os.environ["DATABASE_POOL"] = "0"


def _own_valkey_database(worker: str) -> None:
    """Give an xdist worker the Valkey database of its number, counted from 1."""
    base = os.environ["REDIS_URL"].rpartition("/")[0]
    os.environ["REDIS_URL"] = f"{base}/{int(worker.removeprefix('gw')) + 1}"


def _is_listing() -> bool:
    import sys

    return bool({"--help", "-h", "--version", "-V"} & set(sys.argv))


if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    _own_valkey_database(worker)
elif not _is_listing():
    _set_environment()
    _start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """End the services after everything else has let go of them."""
    _stack.close()

"""The processes of xdist share what importing the tests costs a fresh checkout.

pytest rewrites the assertions of each file and keeps the result as bytecode: ten seconds of a core for all files. The
processes would do that side by side, all of it each. So each begins with files of its own, and finds the others done.
"""

import contextlib
import importlib
import os
import sys
from pathlib import Path

import pytest

from config.local.state import BASE_DIR

TESTS = BASE_DIR / "tests"
BY_NAME = {"bench", "containers", "typescript"}  # only collected when they are asked for


def import_own_share(config: pytest.Config) -> None:
    """Import this process's part of the tests, if all are asked for; what fails there will say so when collected."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker or sys.dont_write_bytecode or [Path(asked).resolve() for asked in config.args] != [TESTS]:
        return
    files = sorted(path for path in TESTS.rglob("test_*.py") if path.relative_to(TESTS).parts[0] not in BY_NAME)
    for path in files[int(worker.removeprefix("gw")) :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]:
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(path.relative_to(BASE_DIR).with_suffix("").parts))

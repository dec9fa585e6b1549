"""Tests that take seconds take turns: a run of `make test` has one in five of them, another commit others.

    every test ──┬── quick ──────────────────────────────────────────────────── in each run
                 └── has a browser, a console's processes, or the mark in_turns
                        ├── the mark each_run: the first that must work ──────── in each run
                        └── all others: five groups, by a sum over their names ─ in the run of their turn

Tests of a file that share what is dear to make, a console or a world of users, have their turn together. The commit
says whose turn it is, so that a run can be had again; TURN=0 to 4 names it, TURN=all has everything. Who names files or
chooses by -k or -m gets all that was asked for, and so does `make torture`.
"""

import os
import subprocess
from pathlib import Path
from zlib import crc32

import pytest

from config.local.state import BASE_DIR
from tests.support import torture

TURNS = 5
# Deals the longest files of today out so that all turns take about as long.
DEALT = 5
# Whoever asks for one of these starts a browser, a web server or a worker.
PROCESSES = {"browser", "live_web", "live_stack"}
# The tests of starting, stopping and upgrading consoles; they do it themselves.
CONSOLES = "tests/local/"


def set_turn(config: pytest.Config) -> None:
    """Say once whose turn it is, for all processes of the run."""
    asks_for_all = [Path(asked).resolve() for asked in config.args] == [BASE_DIR / "tests"]
    chosen = config.option.keyword or config.option.markexpr
    if torture.WHOLE or chosen or not asks_for_all:
        os.environ["TURN"] = "all"
    os.environ.setdefault("TURN", str(_turn_of_commit()))


def whose() -> int | None:
    """The turn of this run; None where it has everything."""
    turn = os.environ.get("TURN", "all")
    return None if turn == "all" else int(turn) % TURNS


def leave_out_others(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the tests out of a run whose turn it is not."""
    turn = whose()
    if turn is None:
        return
    mine, others = [], []
    for item in items:
        is_left_out = takes_turns(item) and turn_of(together(item)) != turn
        (others if is_left_out else mine).append(item)
    items[:] = mine
    config.hook.pytest_deselected(items=others)


def takes_turns(item: pytest.Item) -> bool:
    """Whether a test is in the run of its turn only."""
    if item.get_closest_marker("each_run"):
        return False
    has_processes = PROCESSES & set(getattr(item, "fixturenames", ())) or item.nodeid.startswith(CONSOLES)
    return bool(has_processes or item.get_closest_marker("in_turns"))


def turn_of(name: str) -> int:
    """The turn of a test by its name."""
    return crc32(f"{DEALT}{name}".encode()) % TURNS


def together(item: pytest.Item) -> str:
    """What has its turn at once: a test, or the tests of a file that share a console or a world of users."""
    info = getattr(item, "_fixtureinfo", None)
    is_shared = info and any(made[-1].scope == "module" for made in info.name2fixturedefs.values() if made)
    return item.nodeid.partition("::")[0] if is_shared else item.nodeid


def _turn_of_commit() -> int:
    """A turn for each commit, as good as drawn; the first where there is no repository, or no git."""
    command = ["git", "-C", BASE_DIR, "rev-parse", "HEAD"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return 0
    return int(asked.stdout[:8], 16) % TURNS if not asked.returncode else 0

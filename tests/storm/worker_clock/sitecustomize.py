"""Starts the worker of a console under another clock while a file says by how much: STORM_CLOCK names it.

Every Python of the console has this folder in its PYTHONPATH; only the worker looks, once, as it starts. It becomes
itself again with Debian's faketime, so its process and its parent stay what they are.
"""

import os
import select
import sys
import time


def _sleep(seconds: float) -> None:
    """As tests/support/shifted_clock says: the call behind time.sleep is refused under faketime."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


def _shift() -> str:
    try:
        with open(os.environ["STORM_CLOCK"]) as file:
            return file.read().strip()
    except (KeyError, OSError):
        return ""


if os.environ.get("FAKETIME"):
    time.sleep = _sleep
elif {"celery", "worker"} <= set(sys.orig_argv) and (shift := _shift()):
    shifted = {
        "LD_PRELOAD": os.environ["STORM_FAKETIME"],
        "FAKETIME": shift,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    os.execve(sys.executable, sys.orig_argv, {**os.environ, **shifted})

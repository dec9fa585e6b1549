"""Run tests under another clock: PostgreSQL, Valkey, web server, worker and tests, all by Debian's faketime.

    python -m tests.support.shifted "+400 days" tests/runs tests/users
    python -m tests.support.shifted "2026-12-31 23:59" tests/runs          the clock begins there and goes on
    TIME_ZONE=Europe/Berlin python -m tests.support.shifted dst tests/runs     an hour before the next change of hours

Without a browser: Chromium has a clock of its own.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
LIBRARY = "libfaketimeMT.so.1"
IS_ON = "FAKETIME" in os.environ  # whether this process stands under another clock


def seconds_to(what: str, now: datetime, zone: ZoneInfo) -> float:
    """By how many seconds the clock is shifted. Raises ValueError for words that name no time."""
    if what == "dst":
        return (_change_of_hours(now, zone) - timedelta(hours=1) - now).total_seconds()
    if what.startswith("+"):
        return timedelta(days=float(what[1:].split()[0])).total_seconds()
    return (datetime.fromisoformat(what).replace(tzinfo=zone) - now).total_seconds()


def _change_of_hours(now: datetime, zone: ZoneInfo) -> datetime:
    """The next instant at which this zone changes its distance from UTC."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for _ in range(366 * 24):
        after = hour + timedelta(hours=1)
        if hour.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            return after
        hour = after
    raise ValueError(f"{zone} has no change of hours")


def library() -> Path | None:
    """Debian's faketime for programs with threads, where it is installed."""
    return next(Path("/usr/lib").glob(f"**/faketime/{LIBRARY}"), None)


def main(what: str, *options: str) -> None:
    """Replace this process by pytest under the other clock."""
    zone = ZoneInfo(os.environ.get("TIME_ZONE", "UTC"))
    shift = seconds_to(what, datetime.now(UTC), zone)
    if (faketime := library()) is None:
        sys.exit("faketime is missing; on Debian: apt install faketime")
    path = [str(HERE / "shifted_clock"), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ |= {
        "LD_PRELOAD": str(faketime),
        "FAKETIME": f"{shift:+.0f}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": os.pathsep.join(path),
        "NO_BROWSER": "1",
    }
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-q", *options])


if __name__ == "__main__":
    main(*sys.argv[1:])

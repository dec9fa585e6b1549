"""One way to measure: ours beside the least that could be done, in turns, in one run, so that a busy machine hits both.

    compare("unthrottled run of 25,000", run, bare_update, reach=3.0)

takes five rounds, prints a line, keeps it for docs/benchmarks.md and fails when the median of ours is more than `reach`
times the median beside it. No time is judged alone: what is slow on this machine is slow for both.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from tests.storm.report import section

ROUNDS = 5
Work = Callable[[], object]  # answers its own seconds as a float, when part of it is preparation


@dataclass(frozen=True)
class Row:
    """What was compared: medians in seconds, the spread of ours in per cent of its median, and how far it may reach.

    Without a reach it is shown and not judged; the note says what else was seen: memory, cores used.
    """

    name: str
    ours: float
    beside: float
    spread: float
    reach: float
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.beside

    @property
    def held(self) -> bool:
        return self.ratio <= self.reach

    def __str__(self) -> str:
        limit, held = ("", "") if self.reach == inf else (f"{self.reach:g}", "yes" if self.held else "**no**")
        return (
            f"| {self.name} | {milliseconds(self.ours)} ± {self.spread:.0f} % | {milliseconds(self.beside)} "
            f"| {self.ratio:.2f} | {limit} | {held} | {self.note} |"
        )


HEAD = "| What | Median | Beside | Ratio | At most | Held | Note |\n|---|---|---|---|---|---|---|"
rows: list[Row] = []
versions = ""  # of what was measured, as tests/bench/conftest.py found them


def users() -> int:
    """USERS: how many users the large world has, a million at most and without a word."""
    text = os.environ.get("USERS") or "1000000"
    if not text.isdigit() or not 60_000 <= int(text) <= 1_000_000:
        raise SystemExit(f"USERS={text} is no number of users: give one from 60000 to 1000000.")
    return int(text)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def seconds_of(work: Work) -> float:
    """How long it took; its own word for it, if it has one."""
    start = time.perf_counter()
    own = work()
    return own if isinstance(own, float) else time.perf_counter() - start


def compare(name: str, ours: Work, beside: Work, reach: float, *, rounds: int = ROUNDS) -> Row:
    """Ours beside the other, in turns; raises AssertionError when it takes more than `reach` times as long."""
    pairs = [(seconds_of(beside), seconds_of(ours)) for _ in range(rounds)]
    return judge(name, [own for _, own in pairs], [other for other, _ in pairs], reach)


def judge(name: str, ours: Iterable[float], beside: Iterable[float], reach: float = inf, note: str = "") -> Row:
    """The same of seconds that were measured elsewhere, in one run; without a reach they are only shown."""
    own, other = sorted(ours), sorted(beside)
    median = statistics.median(own)
    row = Row(name, median, statistics.median(other), 50 * (own[-1] - own[0]) / median, reach, note)
    rows.append(row)
    print(f"\n{row}", end="")  # noqa: T201
    assert row.held, f"{name}: {row.ratio:.2f} times what stands beside it, at most {reach:g}"
    return row


def machine() -> str:
    """What this runs on."""
    memory = next((line.split()[1] for line in _lines(Path("/proc/meminfo")) if line.startswith("MemTotal")), "0")
    model = next((line.partition(":")[2].strip() for line in _lines(Path("/proc/cpuinfo")) if "model name" in line), "")
    count = sum(line.startswith("processor") for line in _lines(Path("/proc/cpuinfo")))
    return f"{count} processors {model or platform.processor()}, {int(memory) // 1_000_000} GB, {platform.system()}"


def write(path: Path, command: str, versions: str) -> None:
    """The table of this run, with the machine it was made on; what a storm wrote there stays (tests/storm)."""
    storm = section(path.read_text()) if path.exists() else ""
    path.write_text(
        "# Benchmarks\n\n"
        "Each line compares two things of one run, in turns: ours, and the least that could be done (a bare UPDATE or "
        "INSERT of the same rows) or the same with fewer users. The ratio is judged, times are not: they belong to the "
        "machine. A line that did not hold says so; one without a limit is only shown. ± is half of what lies between "
        "the quickest and the slowest round."
        "\n\n"
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}: {machine()}; {versions}.\n\n"
        f"{HEAD}\n" + "".join(f"{row}\n" for row in rows) + (f"\n{storm}" if storm else "")
    )


class Cores:
    """The share of all cores that was used by whatever runs on this machine, from when it was made."""

    def __init__(self) -> None:
        self._begun = _spent()

    def used(self) -> float:
        """Between 0 and 1."""
        busy, total = (now - then for now, then in zip(_spent(), self._begun, strict=True))
        return busy / max(1, total)


def _spent() -> tuple[int, int]:
    """Ticks in which all cores worked, and all ticks."""
    fields = [int(text) for text in _lines(Path("/proc/stat"))[0].split()[1:9]]
    idle = fields[3] + fields[4]  # idle, and waiting for a disk
    return sum(fields) - idle, sum(fields)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []

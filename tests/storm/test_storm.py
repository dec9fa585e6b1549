"""The whole product in a storm: short in `make test`, as long as is wanted in `make torture` (MINUTES=).

    TORTURE=1 MINUTES=60 .venv/bin/python -m pytest -q -s -p no:xdist tests/storm

SEED= has an earlier storm again. A long one writes its table into docs/benchmarks.md where STORM_PAGE=1 says so.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.local.state import BASE_DIR
from tests.bench import measure
from tests.storm import report
from tests.storm.schedule import Edge
from tests.storm.storm import Plan, storm
from tests.storm.world import Size
from tests.support import torture

PAGE = BASE_DIR / "docs" / "benchmarks.md"
SEED = int(os.environ.get("SEED") or "20261121")
BRIEF = {Edge.DRAG: 2.0, Edge.IMPORT: 0.3, Edge.REBALANCE: 0.8, Edge.RECOVERY: 0.2, Edge.API: 2.0}
BRIEF |= {Edge.STRUCTURE: 0.3}
STEADY = {Edge.DRAG: 1.0, Edge.IMPORT: 0.1, Edge.REBALANCE: 0.4, Edge.RECOVERY: 0.04, Edge.API: 1.0}
STEADY |= {Edge.STRUCTURE: 0.2}


@pytest.mark.in_turns
def test_a_short_storm_loses_nobody(tmp_path: Path) -> None:
    plan = Plan(SEED, seconds=12, gap=1.8, size=Size(1, 2, 300), rates=BRIEF, streams=2, least=6)
    totals, wrong = storm(tmp_path / "data", plan)
    assert wrong == []
    assert len(totals.outages) >= 6
    assert totals.moved > 0


@pytest.mark.slow
def test_a_long_storm_loses_nobody(tmp_path: Path) -> None:
    size = Size(clusters=2, pairs=3, users=10_000)
    plan = Plan(SEED, seconds=torture.SECONDS, gap=15, size=size, rates=STEADY, streams=6)
    totals, wrong = storm(tmp_path / "data", plan)
    text = "\n".join(report.lines(totals))
    print(f"\n{text}")  # noqa: T201
    if os.environ.get("STORM_PAGE"):
        before = PAGE.read_text() if PAGE.exists() else "# Benchmarks\n"
        told = f"`make torture MINUTES={torture.SECONDS / 60:g}` on {datetime.now(UTC):%Y-%m-%d}: {measure.machine()}."
        PAGE.write_text(report.with_section(before, f"{told}\n\n{text}"))
    assert wrong == []

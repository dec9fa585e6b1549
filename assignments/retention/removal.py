"""A night's removal of what the settings no longer keep (assignments/retention/rules/limits.py).

    kind by kind -> batch, batch, … each its own transaction -> nothing left | a failover began | time is over

It never does harm to begin it again: what is due follows from the rows. Two at once take turns by an advisory lock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from assignments.models import ACTIVE, Kind, Operation
from assignments.retention.batches import RemovalStep, steps
from assignments.retention.kept import NIGHTLY, limits
from topology import reasons
from topology.live import events
from topology.models import Heartbeat
from topology.reasons import Reason

LOCK = 7_410_226  # an advisory lock of its own


@dataclass
class RemovalReport:
    """What a removal did, or would do."""

    dry_run: bool
    removed: dict[str, int] = field(default_factory=dict)
    cutoffs: dict[str, datetime | None] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    wait: Reason | None = None

    @property
    def complete(self) -> bool:
        return self.wait is None

    @property
    def total(self) -> int:
        return sum(self.removed.values())

    def as_dict(self) -> dict[str, Any]:
        """The shape that the command gives."""
        rows = [
            {"kind": kind, "before": before.isoformat() if before else None, "rows": self.removed.get(kind, 0)}
            for kind, before in self.cutoffs.items()
        ]
        wait = {"code": self.wait.code, "sentence": self.wait.say()} if self.wait else None
        return {"dry_run": self.dry_run, "removed": rows, "files": self.files, "complete": self.complete, "wait": wait}


def plan(now: datetime) -> RemovalReport:
    """What would be removed now, counted."""
    steps, _ = _steps(now)
    counted = {step.kind: step.count(step.cutoff) if step.cutoff else 0 for step in steps}
    return RemovalReport(True, counted, {step.kind: step.cutoff for step in steps})


def remove(now: datetime, goes_on: Callable[[], bool] = lambda: True) -> RemovalReport:
    """Remove what is due, batch by batch while `goes_on()`; raises Refused when events cannot be stored in a file."""
    steps, written = _steps(now)
    report = RemovalReport(False, cutoffs={step.kind: step.cutoff for step in steps}, files=written.files)
    for step in steps:
        report.wait = _run(step, goes_on)
        report.removed[step.kind] = step.removed
        if report.wait:
            break
    _tell(report, now)
    return report


def _steps(now: datetime) -> tuple[list[RemovalStep], Any]:
    kept = limits()
    cutoffs = {kind: kept.cutoff(kind, now) for kind in ("moves", "simulations", "events")}
    return steps(cutoffs, now, Path(settings.ARCHIVE_DIR))


def _run(step: RemovalStep, goes_on: Callable[[], bool]) -> Reason | None:
    """All batches of one kind; why it stopped before the end."""
    more = step.cutoff is not None
    while more:
        if not goes_on():
            return reasons.RETENTION_CONTINUES
        with transaction.atomic():
            if why := _blocked():
                return why
            removed, more = step.batch(step.cutoff)  # type: ignore[arg-type]  # there is one, or no batch
        step.removed += removed
    return None


def _blocked() -> Reason | None:
    """Why no batch may be done now; the lock holds to the end of the transaction."""
    moving = Operation.objects.filter(kind__in=(Kind.FAILOVER, Kind.FAILBACK), state__in=ACTIVE)
    if moving.exists():
        return reasons.RETENTION_WAITS
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return None if cursor.fetchone()[0] else reasons.RETENTION_ELSEWHERE


def _tell(report: RemovalReport, now: datetime) -> None:
    """One line of history for what was removed, and the mark of a removal that is through."""
    with transaction.atomic():
        if report.complete:
            Heartbeat.objects.update_or_create(name=NIGHTLY, defaults={"at": now})
        if report.total:
            said = ", ".join(f"{rows:,} {kind}" for kind, rows in report.removed.items() if rows)
            events.record(reasons.RETENTION_REMOVED, said=said, files=len(report.files))

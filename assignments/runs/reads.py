"""What a batch needs to know of its run, locked and read in one query: it is read for every batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from assignments.runs.rules.window import RunWindow
from topology.rules.clock import Clock, set_back_since

READ = """
SELECT o.total, o.rate, o.rate_total, o.credit, o.anchor_at, o.wait_code, c.clock_real, c.clock_cluster, c.clock_speed,
    o.in_window, w.window_start, w.window_end, w.zone,
    l.id, l.node_id, l.total - l.done - l.skipped, l.cursor, l.credit
FROM assignments_operation o JOIN topology_cluster c ON c.id = o.cluster_id
    LEFT JOIN assignments_runpolicy w ON w.cluster_id = o.cluster_id
    LEFT JOIN assignments_targetprogress l ON l.operation_id = o.id
WHERE o.id = %s AND o.generation = %s AND o.state = 'running' ORDER BY l.id FOR UPDATE OF o
"""


@dataclass(frozen=True, slots=True)
class TargetNow:
    """How far a run is with a receiving node: planned moves left, place in the plan, stored credit."""

    pk: int
    node_id: int | None
    left: int
    cursor: int
    credit: float


@dataclass(frozen=True, slots=True)
class RunNow:
    """A run that is running in the generation asked for; rates in users per cluster second, None is no limit."""

    total: int
    rate: float | None
    rate_total: float | None
    credit: float
    anchor_at: datetime | None
    wait_code: str
    clock: Clock
    targets: tuple[TargetNow, ...]
    window: RunWindow | None  # None: at any time

    def anchored(self, now: datetime) -> datetime | None:
        """The cluster time from which the rate counts: now's at the latest, where the clock was set back since."""
        was_set_back = self.anchor_at is not None and self.anchor_at > self.clock.at(set_back_since(now))
        return self.clock.at(now) if was_set_back else self.anchor_at

    def may_move(self, now: datetime) -> bool:
        """Whether this real instant is inside the run's window."""
        return self.window is None or self.window.holds(now)


def lock_run(pk: int, generation: int) -> RunNow | None:
    """Lock a run's row and read it with its targets; None if it does not run in this generation any more."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [pk, generation])
        rows = cursor.fetchall()
    if not rows:
        return None
    total, rate, rate_total, credit, anchor_at, wait_code, *clock = rows[0][:9]
    in_window, *window = rows[0][9:13]
    targets = tuple(TargetNow(*row[13:]) for row in rows if row[13] is not None)
    within = RunWindow(*window) if in_window and window[-1] else None
    return RunNow(total, rate, rate_total, credit, anchor_at, wait_code, Clock(*clock), targets, within)

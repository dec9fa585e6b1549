"""How much room what is kept takes, its oldest entry, and whether its removal is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from assignments.models import ACTIVE, Operation, Simulation
from assignments.retention.kept import NIGHTLY, limits
from topology.models import Event, Heartbeat

PATIENCE = timedelta(days=2)  # real time for which a night may have been missed
SIZES = """
SELECT kind, pg_total_relation_size(name::regclass), oldest FROM (
    SELECT 'moves' AS kind, 'assignments_move' AS name, (SELECT at FROM assignments_move ORDER BY id LIMIT 1) AS oldest
    UNION ALL SELECT 'planned moves', 'assignments_plannedmove', (
        SELECT min(created_at) FROM assignments_plan WHERE thinned_at IS NULL
    )
    UNION ALL SELECT 'what-if runs', 'assignments_simulation', (
        SELECT created_at FROM assignments_simulation ORDER BY id LIMIT 1
    )
    UNION ALL SELECT 'events', 'topology_event', (SELECT at FROM topology_event ORDER BY id LIMIT 1)
    UNION ALL SELECT 'sessions', 'django_session', NULL
) AS tables
"""


@dataclass(frozen=True)
class Size:
    """One kind: bytes with indexes, and when its oldest entry is from (real time)."""

    kind: str
    size: int
    oldest: datetime | None

    def __str__(self) -> str:
        since = f", oldest {self.oldest:%Y-%m-%d}" if self.oldest else ""
        return f"{self.kind} {self.size / 1e6:,.1f} MB{since}"


def sizes() -> list[Size]:
    """What each kind takes now."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        return [Size(*row) for row in cursor.fetchall()]


def overdue(now: datetime | None = None) -> str:
    """Since when nothing was removed although something should have been; "" while all is well."""
    at = (now or timezone.now()) - PATIENCE
    through = Heartbeat.objects.filter(name=NIGHTLY).values_list("at", flat=True).first()
    if (through and through > at) or not _waiting(at):
        return ""
    return f"since {through:%Y-%m-%d}" if through else "so far"


def _waiting(at: datetime) -> bool:
    """Whether something was to go at an instant."""
    kept = limits()
    moves, runs, events = (kept.cutoff(kind, at) for kind in ("moves", "simulations", "events"))
    ended = Operation.objects.exclude(state__in=ACTIVE).filter(thinned_at=None)
    return bool(
        (moves and ended.filter(finished_at__lt=moves).exists())
        or (runs and Simulation.objects.filter(created_at__lt=runs).exists())
        or (events and Event.objects.filter(at__lt=events).order_by("pk").exists())
    )

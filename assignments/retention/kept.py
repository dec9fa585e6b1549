"""What the settings keep, and until when an operation can be undone because of that."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from assignments.models import Operation
from assignments.retention.rules.limits import KeepLimits

NIGHTLY = "retention"  # the heartbeat of removal: when it was last through with everything


def limits() -> KeepLimits:
    """The days of the settings."""
    return KeepLimits(settings.KEEP_MOVES_DAYS, settings.KEEP_SIMULATIONS_DAYS, settings.KEEP_EVENTS_DAYS)


def undo_until(operation: Operation) -> datetime | None:
    """Until when whom an ended operation moved is kept (real time); None: for ever, or it has not ended."""
    if operation.finished_at is None:
        return None
    ends = limits().ends("moves", operation.finished_at)
    return min(ends, operation.thinned_at) if ends and operation.thinned_at else ends or operation.thinned_at

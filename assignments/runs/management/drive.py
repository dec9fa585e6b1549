"""Runs that a command drives itself, so that they end without a worker."""

import time
from collections.abc import Callable

from django.utils import timezone

from assignments.models import Operation, Progress
from assignments.runs import batches, wait_reasons

LOOK = 0.5  # real seconds between looks at a run that waits for its throttle


def drive_run(operation: Operation, say: Callable[[str], None] = lambda line: None) -> None:
    """Until the run ends or is paused; `say` hears how far it is, each line once."""
    shown = ""
    while True:
        for pk, generation in batches.due_runs(timezone.now()):
            if pk == operation.pk:
                batches.run(pk, generation, timezone.now)
        operation.refresh_from_db()
        moved = f"{operation.done:,} of {operation.total:,} moved, {operation.skipped:,} skipped"
        why = wait_reasons.why(operation, timezone.now())
        line = f"{operation.state_label}: {moved}" + (f". {why}" if why else "")
        if line != shown:
            say(line)
            shown = line
        if not operation.active or operation.state == Progress.PAUSED:
            return
        time.sleep(LOOK)

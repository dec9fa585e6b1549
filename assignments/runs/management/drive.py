"""Runs that a command drives itself, so that they end without a worker."""

import time
from collections.abc import Callable

from django.utils import timezone

from assignments.models import Operation, Progress
from assignments.runs import batches, wait_reasons

LOOK = 0.5  # real seconds between looks at a run that waits for its throttle


def drive_run(operation: Operation, say: Callable[[str], None] = lambda line: None) -> None:
    """Until the run ends or is paused; `say` hears how far it is, each line once.

    Who stops the command does not stop the run, and is told so: KeyboardInterrupt with the way to stop that too.
    """
    try:
        _drive(operation, say)
    except KeyboardInterrupt:
        steer = f"manage.py operations pause {operation.pk}, or cancel {operation.pk}"
        raise KeyboardInterrupt(f"Operation {operation.pk} goes on where a worker runs. To stop it: {steer}.") from None


def _drive(operation: Operation, say: Callable[[str], None]) -> None:
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

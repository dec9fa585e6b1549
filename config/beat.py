"""Celery's beat, of which one ticks however many run.

beat A --holds the lease, renews it with each tick--> sends what is due
beat B --tries once a second---------------------------> stands by; goes on when A leaves, or LEASE s after it died
"""

from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler

LEASE = 5  # seconds
STANDS_BY = 1.0  # seconds until it tries again


class SingleScheduler(PersistentScheduler):
    """Celery's own scheduler, silent in a beat that does not hold the lease.

    The lease saves work and log lines, no more: two that tick do no harm, since each task does what is due once.
    """

    schedule_filename: str
    _lease: Any = None

    def tick(self, *args: Any, **options: Any) -> float:
        """Send what is due, and say in how many seconds to come again."""
        # For the health checks of docker/: a beat that stands by writes no schedule, and dbm keeps one in memory.
        Path(f"{self.schedule_filename}.alive").touch()
        from topology.live import events  # Celery sets Django up after it read this file

        self._lease = self._lease or events.ProcessLease("beat", LEASE)
        if not self._lease.hold():
            return STANDS_BY
        self._follow_the_clock()
        again: float = super().tick(*args, **options)
        return min(again, STANDS_BY)

    def _follow_the_clock(self) -> None:
        """Count from now what ran at an instant to come: the clock was set back since, and Celery would wait for it."""
        for entry in self.schedule.values():
            now, ran = entry.default_now(), entry.last_run_at
            if ran is not None and ran > now:
                entry.last_run_at, self._heap = now, None

    def close(self) -> None:
        """Give the lease back, so that another beat need not wait until it ends."""
        if self._lease:
            self._lease.give_back()
        super().close()

"""Whether the clock of this process is that of the database.

What is due is computed from instants that all processes share: cluster time, throttles, next wakes. A worker an hour
ahead would bring a pair or a run an hour forward, where it stands still until the others have caught up; a web process
would write an hour into the history that never was. A worker asks before each task. A web process asks every two
seconds, and between them its monotonic clock tells whether the other one was set.
"""

import logging
import threading
import time

from django.db import Error, connection, connections
from django.utils import timezone

from topology.live import events
from topology.rules.clock import TOLERATED

log = logging.getLogger(__name__)
PAUSE = events.WORKER_SIGN / 3  # seconds between two questions of a web process


def off() -> float | None:
    """By how many seconds this clock is ahead of the database's; None where an answer that took long says nothing.

    Raises Error while the database is away.
    """
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
        after = timezone.now()
    took = (after - before).total_seconds()
    return (before - theirs).total_seconds() + took / 2 if 0 <= took < TOLERATED / 2 else None


def is_right() -> bool:
    """Whether work may be done by this clock. Raises Error while the database is away."""
    return abs(off() or 0) <= TOLERATED


class _Log:
    """What the log is told of the clock of a process: once that it is off, and once that it is right again."""

    def __init__(self, of: str, so: str) -> None:
        self._of, self._so, self._off = of, so, False

    def judge(self, ahead: float) -> bool:
        """Whether a clock so far ahead, in seconds, is off; news go to the log."""
        wrong = abs(ahead) > TOLERATED
        if wrong and not self._off:
            log.error("the clock of this %s is off by %.0f s from the database's: %s", self._of, ahead, self._so)
        elif self._off and not wrong:
            log.warning("the clock of this %s is right again", self._of)
        self._off = wrong
        return wrong


_of_worker = _Log("worker", "it does nothing until it is set")


def leave_sign() -> None:
    """Say that a worker lives; of one whose clock is off, say that instead, for it does nothing."""
    try:
        ahead = off() or 0
    except Error:  # then no worker does anything, and health says so
        ahead = 0
    if _of_worker.judge(ahead):
        events.leave_clock_sign(round(ahead))
    else:
        events.leave_worker_sign()


class WatchedClock:
    """The clock of a web process: asked about in a thread, and known at every instant without a question."""

    def __init__(self) -> None:
        self._true: float | None = None  # the database's clock less the monotonic one of this process
        self._log = _Log("web process", "it changes nothing")

    def ask(self) -> None:
        """Compare it with the database's; without an answer, what was known holds. One that is off is told to all."""
        try:
            ahead = off()
        except Error:
            return
        if ahead is None:
            return
        self._true = timezone.now().timestamp() - ahead - time.monotonic()
        if self._log.judge(ahead):
            events.leave_clock_sign(round(ahead), of="web")

    def is_right(self) -> bool:
        """Whether this process may write what it is now; asks nothing itself, and trusts it before the first answer."""
        if self._true is None:
            return True
        return abs(timezone.now().timestamp() - time.monotonic() - self._true) <= TOLERATED

    def begin(self) -> None:
        """Ask from now on, in a thread."""
        threading.Thread(target=self._go_on, name="clock", daemon=True).start()

    def _go_on(self) -> None:
        never = threading.Event()
        while True:
            self.ask()
            connections.close_all()  # it goes back to the pool
            if never.wait(PAUSE):
                return


of_web = WatchedClock()

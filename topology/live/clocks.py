"""Whether the clock of this process is that of the database.

What is due is computed from instants that all processes share: cluster time, throttles, next wakes. A worker an hour
ahead would bring a pair or a run an hour forward, where it stands still until the others have caught up.
"""

import logging

from django.db import Error, connection
from django.utils import timezone

from topology.live import events

log = logging.getLogger(__name__)
TOLERATED = 5.0  # seconds; nothing here is due more exactly than by the tick, and clocks on a network are closer


def off() -> float:
    """By how many seconds this clock is ahead of the database's; 0 where an answer that took long says nothing.

    Raises Error while the database is away.
    """
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
        after = timezone.now()
    took = (after - before).total_seconds()
    return (before - theirs).total_seconds() + took / 2 if 0 <= took < TOLERATED / 2 else 0.0


def is_right() -> bool:
    """Whether work may be done by this clock. Raises Error while the database is away."""
    return abs(off()) <= TOLERATED


def leave_sign() -> None:
    """Say that a worker lives; of one whose clock is off, say that instead, for it does nothing."""
    try:
        ahead = off()
    except Error:  # then no worker does anything, and health says so
        ahead = 0.0
    if abs(ahead) <= TOLERATED:
        events.leave_worker_sign()
        return
    log.error("the clock of this worker is off by %.0f s from the database's: it does nothing until it is set", ahead)
    events.leave_clock_sign(round(ahead))

"""Whether the database takes a write, and what an error of the database or of Redis means.

The write is a real one that commits. It makes the file of an unlogged table anew and lets it grow, so that a full disk
is met here: an UPDATE of one row finds room in its old page long after nothing else does.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.utils import Error, InterfaceError, OperationalError

from topology import reasons
from topology.live import events
from topology.reasons import Refused
from topology.reasons.reason import Reason

PAGES = 64  # of 8 kB
KEY = 7_204_511  # of the advisory lock: one process tries at a time
LIMITS = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '4s'"
WRITE = f"""
    TRUNCATE topology_write_probe;
    INSERT INTO topology_write_probe SELECT repeat(md5(n::text), 200) FROM generate_series(1, {PAGES}) n
"""
STATES = {"25006": reasons.DATABASE_READ_ONLY, "53100": reasons.DISK_FULL}
# What a row needs is gone, or the row is there already; of two that wait for each other, one gives way.
CONFLICTS = {"23503", "23505", "40P01", "40001"}
NO_ANSWER = ("08", "53", "55P03", "57")  # connections, resources, waiting for a lock, shut down or cancelled


def try_write() -> tuple[Reason | None, str]:
    """What is wrong with the database, with its words; None when it took the write, or another process tries now."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LIMITS)
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [KEY])
            if cursor.fetchone()[0]:
                cursor.execute(WRITE)
    except Error as error:
        return _verdict(error)
    return None, ""


def _verdict(error: Error) -> tuple[Reason, str]:
    return meaning(error) or reasons.DATABASE_REFUSES, str(error).strip().split("\n")[0].rstrip(".")


def conflict(error: BaseException) -> Refused | None:
    """What is refused where two changed the same at once: the database took one, and nothing of the other."""
    state = getattr(error.__cause__, "sqlstate", None)
    return Refused(reasons.CHANGED_MEANWHILE) if isinstance(error, Error) and state in CONFLICTS else None


def meaning(error: BaseException | None) -> Reason | None:
    """The reason behind an error, or None for one that is a fault of ours."""
    if isinstance(error, events.AWAY):
        return reasons.REDIS_AWAY
    if not isinstance(error, Error):
        return None
    state = getattr(error.__cause__, "sqlstate", None) or ""
    if state in STATES:
        return STATES[state]
    silent = isinstance(error, (OperationalError, InterfaceError)) and not state
    return reasons.DATABASE_AWAY if silent or state.startswith(NO_ANSWER) else None

"""What is wrong with the console itself: no worker, no beat, Redis or the database away, a disk that is full.

    heartbeat of the tick (database) + waiting tasks (Redis) + a write that is tried  ->  Trouble, with since when

The tick is a task that the beat sends once a second and the worker carries out. When none was carried out for a while,
tasks that wait mean that nobody takes them (no worker), an empty queue that nobody sends them (no beat).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from topology import reasons
from topology.live import events
from topology.models import Cluster, Heartbeat
from topology.reasons import Reason

TICK = "tick"
PROBE = "probe"
LATE = timedelta(seconds=6)  # real time without a tick that is no hiccup any more
FIRST = timedelta(seconds=60)  # real time that a new installation has for its first tick
DISK_FULL, READ_ONLY = ("53100",), ("25006", "55000")  # of PostgreSQL (appendix A)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One part that does not work, since when (real time; None: not known), and what still does."""

    reason: Reason
    since: datetime | None = None

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def sentence(self) -> str:
        return self.reason.say()

    @property
    def fix(self) -> str:
        return self.reason.say_fix()


def beat(now: datetime) -> None:
    """Note that the tick was carried out; one narrow row, whoever carries it out."""
    if not Heartbeat.objects.filter(name=TICK).update(at=now):
        Heartbeat.objects.get_or_create(name=TICK, defaults={"at": now})


def last_tick() -> datetime | None:
    """The real time of the last tick; of the first cluster where there was none yet."""
    at = Heartbeat.objects.filter(name=TICK).values_list("at", flat=True).first()
    if at is not None:
        return at
    first = Cluster.objects.order_by("created_at").values_list("created_at", flat=True).first()
    return first + FIRST - LATE if first else None


def stalled_since(now: datetime) -> datetime | None:
    """Since when nothing goes on by itself; None while ticks come."""
    at = last_tick()
    return at if at is not None and now - at > LATE else None


def troubles(now: datetime | None = None) -> list[Trouble]:
    """Everything that is wrong now, the gravest first; no line twice for one cause."""
    return list(_troubles(now or timezone.now()))


def _troubles(now: datetime) -> Iterator[Trouble]:
    try:
        since = stalled_since(now)
    except DatabaseError:
        yield Trouble(reasons.DATABASE_AWAY)
        return
    if not events.alive():
        yield Trouble(reasons.REDIS_AWAY, since)
    elif since is not None:
        yield Trouble(reasons.NO_WORKER if events.waiting_tasks() else reasons.NO_BEAT, since)


def write_trouble() -> Trouble | None:
    """Why the database does not store, tried by storing; None when it does."""
    try:
        with transaction.atomic():
            Heartbeat.objects.update_or_create(name=PROBE, defaults={"at": timezone.now()})
    except DatabaseError as error:
        state = getattr(error.__cause__, "sqlstate", None)
        if state in DISK_FULL:
            return Trouble(reasons.DISK_FULL)
        return Trouble(reasons.DATABASE_READ_ONLY if state in READ_ONLY else reasons.DATABASE_AWAY)
    return None


def report() -> dict[str, Any]:
    """What /healthz says: each part by name, and the age of the tick in seconds. Never raises for a part that fails."""
    failed = write_trouble()
    database = failed is None or failed.reason is not reasons.DATABASE_AWAY or database_answers()
    found = [trouble.reason for trouble in troubles()] if database else [reasons.DATABASE_AWAY]
    at = last_tick() if database else None
    return {
        "database": database,
        "writes": failed is None,
        "redis": events.alive(),
        "worker": reasons.NO_WORKER not in found,
        "beat": reasons.NO_BEAT not in found,
        "tick_age": round((timezone.now() - at).total_seconds(), 1) if at else None,
    }


def database_answers() -> bool:
    """Whether the database answers a question."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except DatabaseError:
        return False

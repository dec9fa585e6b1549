"""What is wrong with the console itself: no worker, no beat, Redis or the database away, a disk that is full.

    heartbeat of the tick (database) + waiting tasks (Redis) + a write that is tried  ->  Trouble, with since when

The tick is a task that the beat sends once a second and the worker carries out. When none was carried out for a while,
an empty queue means that no beat sends them; tasks that wait mean that the worker is gone (it leaves a sign of life
every two seconds) or, while its sign is there, that it is behind.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection
from django.utils import timezone

from topology import reasons
from topology.live import clocks, events, probe
from topology.models import Cluster, Heartbeat
from topology.reasons import Reason
from topology.rules.clock import TOLERATED, set_back_since

TICK = "tick"
log = logging.getLogger(__name__)
TRY = timedelta(seconds=10)  # real time between two tries of the tick to store something
TRY_AGAIN = timedelta(seconds=3)  # the same while it fails
BELIEVED = timedelta(seconds=60)  # real time for which a failed try is told
MISSED_FOR = 15.0  # seconds for which an unanswered question explains that others are refused
AWAY_FOR = 3.0  # seconds for which no one asks a database that did not answer: its pool keeps everybody waiting
ASKED_FOR = 4.0  # seconds after which a question of another request that is still open says that no answer comes
LATE = timedelta(seconds=6)  # real time without a tick that is no hiccup any more
FIRST = timedelta(seconds=60)  # real time that a new installation has for its first tick


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

    def as_dict(self) -> dict[str, Any]:
        """The shape that health gives."""
        since = self.since.isoformat(timespec="seconds") if self.since else None
        return {"code": self.code, "message": self.sentence, "fix": self.fix, "since": since}


@dataclass
class _Database:
    """What this process knows of the database between two questions."""

    seen: datetime = field(default_factory=timezone.now)  # its last answer
    silent_until: float = 0.0  # of the monotonic clock
    missed: float = -math.inf  # when it last left a question open, of the same clock
    lock: threading.Lock = field(default_factory=threading.Lock)


_database = _Database()


def beat(now: datetime) -> None:
    """Note that the tick was carried out, in one narrow row; now and then the disk is tried too."""
    try:
        if not Heartbeat.objects.filter(name=TICK).update(at=now):
            Heartbeat.objects.bulk_create([Heartbeat(name=TICK, at=now)], ignore_conflicts=True)  # two ticks at once
    except Error:
        _try_now_and_then(now)
        raise
    _try_now_and_then(now)


def _try_now_and_then(now: datetime) -> None:
    try:
        marks = events.signs()
    except events.AWAY:
        return
    tried = _moment(marks, "tried", now)
    if tried is None or now - tried >= (TRY_AGAIN if marks.get("wrong") else TRY):
        _try_to_store(now)


def _try_to_store(now: datetime) -> Reason | None:
    """Try, and leave for every page what came of it, with the time: no one else can judge that of a wrong clock."""
    wrong, words = probe.try_write()
    if wrong:
        log.warning("the database stores nothing: %s", words)
    if not clocks.of_web.is_right():
        return wrong
    stored = {} if wrong else {"stored": now.isoformat()}
    events.leave_signs({"tried": now.isoformat(), "wrong": wrong.code if wrong else "", **stored})
    return wrong


def _moment(marks: dict[str, str], name: str, now: datetime) -> datetime | None:
    """An instant that was left; none for one that is to come, for the clock was set back since."""
    at = datetime.fromisoformat(marks[name]) if marks.get(name) else None
    return at if at is not None and (at - now).total_seconds() <= TOLERATED else None


def last_tick() -> datetime | None:
    """The real time of the last tick; None before the first."""
    return Heartbeat.objects.filter(name=TICK).values_list("at", flat=True).first()


def _first_tick_expected() -> datetime | None:
    """From when a tick is missed where none ever came: a minute after the first cluster was made."""
    first = Cluster.objects.order_by("created_at").values_list("created_at", flat=True).first()
    return first + FIRST - LATE if first else None


def stalled_since(now: datetime) -> datetime | None:
    """Since when nothing goes on by itself: no tick came, or nothing can be stored; None while all goes on."""
    late = _late_since(now)
    if late is not None:
        return late
    try:
        failed = _store_trouble(events.signs(), now)
    except events.AWAY:
        return None  # ticks stop with Redis
    return (failed.since or now) if failed else None


def _late_since(now: datetime) -> datetime | None:
    if not clocks.of_web.is_right():
        return None  # by this clock no one can tell
    at = last_tick()
    if at is not None and at > set_back_since(now):
        return now  # the clock was set back since: a worker that lives leaves another one within the second
    at = at or _first_tick_expected()
    return at if at is not None and now - at > LATE else None


def troubles(now: datetime | None = None) -> list[Trouble]:
    """Everything that is wrong now, the gravest first; no line twice for one cause."""
    return list(_troubles(now or timezone.now()))


def _troubles(now: datetime) -> Iterator[Trouble]:
    try:
        since = _asked_once(now)
    except Error:
        yield Trouble(reasons.DATABASE_AWAY, _database.seen)
        return
    try:
        wrong = events.clocks_off()
        if "web" in wrong or not clocks.of_web.is_right():
            yield Trouble(reasons.WEB_CLOCK_OFF)
        failed = _store_trouble(events.signs(), now)
        if failed:
            yield failed  # ticks that stopped follow from it
        elif "worker" in wrong:  # then its ticks, if no other worker does them, are missing because of it
            yield Trouble(reasons.WORKER_CLOCK_OFF, since)
        elif since is not None:
            yield from (Trouble(reason, since) for reason in _why_no_tick())
    except events.AWAY:
        yield Trouble(reasons.REDIS_AWAY, since)


def _why_no_tick() -> list[Reason]:
    """Who is missing: a worker that lives and has tasks waiting is only behind."""
    works, waiting = events.worker_lives(), events.waiting_tasks() > 0
    if works:
        return [reasons.TICK_LATE if waiting else reasons.NO_BEAT]
    return [reasons.NO_WORKER] if waiting else [reasons.NO_WORKER, reasons.NO_BEAT]


def _asked_once(now: datetime) -> datetime | None:
    """Since when ticks are missing; while the database is silent one asks for all."""
    with _asking():
        return _late_since(now)


@contextmanager
def _asking() -> Iterator[None]:
    """A question to the database that one asks for all. Raises Error without asking while it is silent."""
    database = _database
    if not database.lock.acquire(timeout=ASKED_FOR):  # it took the question, and hangs
        database.missed = time.monotonic()
        raise Error
    try:
        if time.monotonic() < database.silent_until:
            raise Error
        try:
            yield
        except Error as error:
            database.silent_until = time.monotonic() + AWAY_FOR
            note(error)
            raise
        database.seen, database.silent_until, database.missed = timezone.now(), 0.0, -math.inf
    finally:
        database.lock.release()


def note(error: BaseException) -> None:
    """Remember a failure of a request that means that the database does not answer."""
    if probe.meaning(error) is reasons.DATABASE_AWAY:
        note_silence()


def note_silence() -> None:
    """Remember that the database left a question open."""
    _database.missed = time.monotonic()


def is_silent() -> bool:
    """Whether the database left a request open just now and answered none since; asks nothing itself."""
    return time.monotonic() - _database.missed < MISSED_FOR


def _store_trouble(marks: dict[str, str], now: datetime) -> Trouble | None:
    """What the last try to store something met; an old try says nothing."""
    wrong, tried = reasons.REASONS.get(marks.get("wrong", "")), _moment(marks, "tried", now)
    if wrong is None or tried is None or now - tried > BELIEVED:
        return None
    return Trouble(wrong, _moment(marks, "stored", now))


def report() -> dict[str, Any]:
    """What /healthz says: each part by name, and the age of the tick in seconds. Never raises for a part that fails."""
    database = database_answers()  # first: with no answer nothing else is asked, and the report is there in time
    writes = database and _try_to_store(timezone.now()) is None
    wrong = troubles()
    reasons_now = {trouble.reason for trouble in wrong}
    at = last_tick() if database else None
    return {
        "database": database,
        "writes": writes,
        "redis": events.alive(),
        "worker": reasons_now.isdisjoint((reasons.NO_WORKER, reasons.WORKER_CLOCK_OFF)),
        "beat": reasons.NO_BEAT not in reasons_now,
        "tick": reasons.TICK_LATE not in reasons_now,
        "clock": reasons.WEB_CLOCK_OFF not in reasons_now,
        "tick_age": round((timezone.now() - at).total_seconds(), 1) if at and clocks.of_web.is_right() else None,
        "troubles": [trouble.as_dict() for trouble in wrong],
    }


def database_answers() -> bool:
    """Whether the database answers a question."""
    try:
        with _asking(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except Error:
        return False

"""Reading a directory for a run, and taking a run up whose worker died.

    begin -> reading (a page at a time, staged) -> staged whole -> carried out in one transaction (sync.py)
      ^ killed: read again, for the cookie of a paged search dies with its connection
                                                     ^ killed: compared and carried out, without reading again

Each step is a conditional UPDATE of the run's row that names how often it was taken up: a worker that was taken for
dead, and was not, finds that it is no longer its run. While a run is carried out its row is locked, so that however
long that takes, no one takes it up; the lock goes with the connection of a worker that is killed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from assignments.directory import connector, staging
from assignments.directory.rules.agreement import Agreement
from assignments.directory.rules.patience import LONGEST, SILENCE, Patience
from assignments.directory.rules.people import EntryPerson, Skipped, person_of
from assignments.models import DirectoryAgreement, DirectoryRun, RunState
from topology import reasons
from topology.live import actors, events
from topology.models import ENDPOINT_KINDS, MAX_USER_ID
from topology.reasons import Refused
from topology.rules.clock import set_back_since

DEAD_AFTER = timedelta(seconds=150)  # real time without a page: the longest answer is 60 s
STAGED_FOR = timedelta(hours=1)  # what was read longer ago is read again
Progress = Callable[[int], None]
Page = list[EntryPerson | Skipped]
_trial = threading.Lock()


# --- Whose run it is --------------------------------------------------------------------------------------------------
@transaction.atomic
def begin(agreement: DirectoryAgreement, actor: Any, accept: str, now: datetime) -> DirectoryRun:
    """A new run, or the one that died, taken up where it stands. Raises Refused while another one is at work."""
    staging.sweep()
    if died := _died(now).filter(agreement=agreement).first():
        return _taken_up(died, accept, now)
    try:
        with transaction.atomic():
            return DirectoryRun.objects.create(
                agreement=agreement, **actors.author(actor), started_at=now, heartbeat_at=now, accepts=accept
            )
    except IntegrityError:
        raise _no_longer(agreement) from None


def died(now: datetime) -> list[int]:
    """Agreements whose run has been silent for too long, and is not being carried out."""
    with transaction.atomic():
        return list(_died(now).values_list("agreement_id", flat=True))


def _died(now: datetime) -> Any:
    rows = DirectoryRun.objects.select_for_update(skip_locked=True)
    silent = Q(heartbeat_at__lt=now - DEAD_AFTER) | Q(heartbeat_at__gt=set_back_since(now))
    return rows.filter(silent, state=RunState.READING)


def _taken_up(run: DirectoryRun, accept: str, now: datetime) -> DirectoryRun:
    run.taken, run.heartbeat_at, run.accepts = run.taken + 1, now, accept or run.accepts
    if not _is_whole(run, now):
        run.started_at, run.staged_at, run.read = now, None, 0
    run.save(update_fields=["taken", "heartbeat_at", "accepts", "started_at", "staged_at", "read"])
    return run


def _is_whole(run: DirectoryRun, now: datetime) -> bool:
    """Whether all was read, not long ago, by the agreement as it is, and still lies there: a crash empties tables."""
    if run.staged_at is None or now - run.staged_at > STAGED_FOR or run.agreement.changed_at > run.started_at:
        return False
    return staging.count(staging.table_of(run)) == run.read


def _step(run: DirectoryRun, **values: Any) -> None:
    """Say how far the run is, so that no other one takes it up. Raises Refused when one has."""
    if not mine(run).update(heartbeat_at=timezone.now(), **values):
        raise _no_longer(run.agreement)


def mine(run: DirectoryRun) -> Any:
    """The row of a run, while it is the run of this worker."""
    return DirectoryRun.objects.filter(pk=run.pk, state=RunState.READING, taken=run.taken)


def hold(run: DirectoryRun) -> None:
    """Keep the run until the transaction ends. Raises Refused when it is another worker's by now."""
    if mine(run).select_for_update().values_list("pk").first() is None:
        raise _no_longer(run.agreement)


def _no_longer(agreement: DirectoryAgreement) -> Refused:
    return Refused(reasons.DIRECTORY_RUNNING, cluster=agreement.cluster.name)


# --- Reading ----------------------------------------------------------------------------------------------------------
def read(run: DirectoryRun, spec: Agreement, password: str, progress: Progress) -> None:
    """Have the whole directory staged in the run's table; nothing is read when it lies there. Raises Refused."""
    if run.staged_at:
        return
    table, count = staging.table_of(run), 0
    with transaction.atomic():
        _step(run, read=0)
        staging.create(table)
    for page in _pages(spec, password):
        count += len(page)
        with transaction.atomic():
            _step(run, read=count)
            staging.copy(table, page)
        if not page:
            continue  # a sign of life
        events.publish([f"directory-{run.agreement.cluster_id}"])
        progress(count)
    run.read, run.staged_at = count, timezone.now()
    _step(run, staged_at=run.staged_at)
    events.publish([f"directory-{run.agreement.cluster_id}"])


@contextmanager
def in_request() -> Iterator[Patience]:
    """The patience of a test inside a request. Raises Refused while this process does another one.

    It keeps a place among the requests that may write, and a connection of the pool, while it waits for a directory.
    """
    if not _trial.acquire(blocking=False):
        raise Refused(reasons.DIRECTORY_TEST_RUNNING, seconds=LONGEST)
    try:
        yield Patience(SILENCE, time.monotonic() + LONGEST)
    finally:
        _trial.release()


def read_for_trial(spec: Agreement, password: str, progress: Progress, patience: Patience | None = None) -> None:
    """Have the whole directory in the table of dry runs. Raises Refused."""
    count = 0
    staging.create(staging.TRIED)
    for page in _pages(spec, password, patience):
        staging.copy(staging.TRIED, page)
        count += len(page)
        if page:
            progress(count)


def _pages(spec: Agreement, password: str, patience: Patience | None = None) -> Iterator[Page]:
    mapped = spec.mapped
    for page in connector.pages(spec, password, patience):
        yield [person_of(entry, mapped, longest_id=MAX_USER_ID, kinds=ENDPOINT_KINDS) for entry in page]

"""Celery's side of recovery and of runs: ids in, one service call, nothing else.

Every task may be delivered twice, late, or die in the middle; the services behind it do what is due now, computed
from what the database holds. A task that is lost is found again by the next tick.
"""

import threading
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from celery.signals import worker_ready
from django.db import connections
from django.utils import timezone

from assignments.directory import schedule
from assignments.intercluster import peers
from assignments.population import load
from assignments.recovery import service
from assignments.retention import removal
from assignments.runs import balancer, batches
from topology.dns import checking
from topology.live import clocks, events, health
from topology.live.alone import alone
from topology.structure.locks import waiting_at_most

WAITS = "500ms"  # real time, for one lock
GOES_ON_AFTER = 60  # seconds until what no tick finds again is sent again


@worker_ready.connect
def leave_worker_signs(**_: Any) -> None:
    """Let pages tell a worker that is gone from one that is behind: its main process says every two seconds it lives.

    A thread does it, for Celery's own heartbeats make a stop wait for a broker that is gone.
    """
    threading.Thread(target=_leave_signs, name="signs of life", daemon=True).start()


def _leave_signs() -> None:
    never = threading.Event()
    while not never.wait(events.WORKER_SIGN / 3):
        clocks.leave_sign()
        connections.close_all()  # a process that is forked later must not inherit it


class OnTime(Task[Any, Any]):
    """A task that a worker does only while its clock is the database's; what is not done, a later tick finds again."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do it, or nothing."""
        if self.request.called_directly or clocks.is_right():
            return self.run(*args, **kwargs)
        return None


class Brief(OnTime):
    """One that leaves a lock to who holds it for long, such as an import, so that no failover waits for a worker."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do it, or nothing."""
        with waiting_at_most(WAITS):
            return super().__call__(*args, **kwargs)


class Long(OnTime):
    """One that may wait for the servers of others, or work for long: one at a time on each machine.

    With two of them a worker of two processes had none left for a failover, for an hour. What is left here is found
    again by a tick.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do it, or nothing."""
        with alone("long-work") as mine:
            return super().__call__(*args, **kwargs) if mine else self.left()

    def left(self) -> None:
        """It is done later."""


class Nightly(Long):
    """One that no tick finds again: it is sent again."""

    abstract = True

    def left(self) -> None:
        """It is done later."""
        self.apply_async(countdown=GOES_ON_AFTER)


AT_ONCE = 4  # of what is done one at a time: more would be sent to no end, second by second


@shared_task(base=OnTime, name="assignments.tick")
def tick() -> None:
    """Once a second: wake what is due."""
    now = timezone.now()
    health.beat(now)
    for pk in service.due_subclusters(now):
        step_subcluster.delay(pk)
    for pk, generation in batches.due_runs(now):
        run_operation.delay(pk, generation)
    for pk in balancer.due_clusters(now):
        balance.delay(pk)
    if peers.is_due(now):
        sync_peers.delay()
    for pk in schedule.due(now)[:AT_ONCE]:
        sync_directory.delay(pk)
    for pk in schedule.waiting():
        place_people.delay(pk)
    for pk in checking.due(now)[:AT_ONCE]:
        check_dns.delay(pk)


@shared_task(base=OnTime, name="assignments.sample_load")
def sample_load() -> None:
    """Once a minute: keep the load of every node."""
    load.sample(timezone.now())


@shared_task(base=Brief, name="assignments.step_subcluster")
def step_subcluster(subcluster_id: int) -> None:
    """One step of the Server Recovery Manager of one subcluster."""
    service.step(subcluster_id, timezone.now())


@shared_task(base=Brief, name="assignments.run_operation")
def run_operation(operation_id: int, generation: int) -> None:
    """The batches of one run that are due, until it waits, ends or the task's time is over."""
    batches.run(operation_id, generation, timezone.now)


@shared_task(base=Brief, name="assignments.balance")
def balance(cluster_id: int) -> None:
    """One round of the automatic balancer of a cluster."""
    balancer.look_at_cluster(cluster_id, timezone.now())


@shared_task(base=Brief, name="assignments.sync_peers")
def sync_peers() -> None:
    """Every relation between clusters whose last sync is a minute old."""
    peers.sync_due(timezone.now())


REMOVES_FOR = timedelta(seconds=20)  # real time of one go; far below the time limit of a task


@shared_task(base=Nightly, name="assignments.remove_old")
def remove_old() -> None:
    """Once a night, and then again until everything that is no longer kept is gone."""
    begun = timezone.now()
    report = removal.remove(begun, lambda: timezone.now() - begun < REMOVES_FOR)
    if not report.complete:
        remove_old.apply_async(countdown=GOES_ON_AFTER)


@shared_task(base=Long, name="assignments.sync_directory", soft_time_limit=3500, time_limit=3600)
def sync_directory(agreement_id: int) -> None:
    """One run of the directory of a cluster; the time that a million people need."""
    schedule.run(agreement_id, timezone.now())


@shared_task(base=Brief, name="assignments.place_people")
def place_people(agreement_id: int) -> None:
    """Homes for people of a directory who waited, for a failover to end or for room."""
    schedule.place_waiting(agreement_id)


@shared_task(base=Long, name="assignments.check_dns")
def check_dns(cluster_id: int) -> None:
    """The DNS records of a cluster compared with those of its name server."""
    checking.check(cluster_id, timezone.now())

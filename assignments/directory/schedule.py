"""What of the directories is due: runs by their schedule, homes for those who wait, removal of those long gone."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from assignments.directory import agreements, placing, reading, sync
from assignments.models import DirectoryAgreement, DirectoryPerson, DirectoryRun, RunState
from assignments.users import table_statistics
from topology import reasons
from topology.live import events
from topology.models import Cluster, EndUser
from topology.reasons import Refused
from topology.rules.clock import set_back_since
from topology.structure import locks
from topology.structure.homes import homes_of

log = logging.getLogger(__name__)
BATCH = 5000  # users removed in one transaction


SOON = (reasons.DIRECTORY_WAITS.code, reasons.MOVE_NEW_DURING_FAILOVER.code)  # the others wait for the next run


def due(now: datetime) -> list[int]:
    """Agreements whose schedule says so, or whose last run died; none of which a run reads. The oldest are first."""
    died = reading.died(now)
    at_work = Exists(DirectoryRun.objects.filter(agreement=OuterRef("pk"), state=RunState.READING))
    # Further away than any run: the clock was set back since it was written.
    far = Q(next_at__gt=set_back_since(now) + F("schedule") * timedelta(seconds=1))
    rows = DirectoryAgreement.objects.filter((Q(next_at__lte=now) | far) & ~at_work | Q(pk__in=died))
    return list(rows.order_by("next_at", "pk").values_list("pk", flat=True))


def run(agreement_id: int, now: datetime) -> None:
    """The run of an agreement that is due; of two deliveries one does it."""
    agreement = DirectoryAgreement.objects.select_related("cluster").filter(pk=agreement_id).first()
    if agreement is None or agreement_id not in due(now):
        return
    DirectoryAgreement.objects.filter(pk=agreement_id).update(next_at=now + timedelta(seconds=agreement.schedule))
    try:
        sync.sync(agreement.cluster, accept=_accepted(agreement), now=now)
    except Refused as refusal:  # it stands with the run, and in the checks
        log.warning("directory of %s: %s", agreement.cluster.name, refusal.code)
    remove_old(agreement, now)


def read_now(cluster: Cluster) -> None:
    """Let the next run of a cluster's directory begin with the next tick. Raises Refused when there is no agreement."""
    agreement = agreements.of_cluster(cluster)
    DirectoryAgreement.objects.filter(pk=agreement.pk).update(next_at=timezone.now())
    events.touch(f"directory-{cluster.pk}")


@transaction.atomic
def accept(cluster: Cluster, run: int, set_hash: str, *, actor: Any) -> None:
    """Let the next run, at once, do exactly what a stopped one would have done. Raises Refused for another set."""
    agreement = agreements.of_cluster(cluster)
    stopped = DirectoryRun.objects.filter(agreement=agreement, pk=run, state=RunState.STOPPED).exclude(set_hash="")
    if not stopped.filter(set_hash=set_hash).update(state=RunState.ACCEPTED):
        raise Refused(reasons.DIRECTORY_ACCEPTED_OTHER)
    people = DirectoryRun.objects.get(pk=run).facts["people"]
    topics = [f"cluster-{cluster.pk}", f"directory-{cluster.pk}"]
    facts: dict[str, Any] = {"name": cluster.name, "people": people, "set": set_hash[:8]}
    events.record(reasons.DIRECTORY_ACCEPTED, cluster=cluster, actor=actor, topics=topics, **facts)
    read_now(cluster)


def accept_set(cluster: Cluster, set_hash: str, *, actor: Any) -> None:
    """The same for the stopped run of this hash. Raises Refused when none has it."""
    agreement = agreements.of_cluster(cluster)
    stopped = DirectoryRun.objects.filter(agreement=agreement, state=RunState.STOPPED, set_hash=set_hash).first()
    if stopped is None:
        raise Refused(reasons.DIRECTORY_ACCEPTED_OTHER)
    accept(cluster, stopped.pk, set_hash, actor=actor)


def _accepted(agreement: DirectoryAgreement) -> str:
    """The hash that a person accepted, while nothing has been read since: a run that failed has read nothing whole."""
    ended = DirectoryRun.objects.filter(agreement=agreement).exclude(state__in=(RunState.READING, RunState.FAILED))
    newest = ended.first()
    return newest.set_hash if newest and newest.state == RunState.ACCEPTED else ""


def waiting() -> list[int]:
    """Agreements with people who wait for a home that their cluster may give now."""
    people = DirectoryPerson.objects.exclude(waits_code="").filter(waits_code__in=SOON)
    rows = people.values_list("agreement", "agreement__cluster").distinct()
    return sorted(pk for pk, cluster in rows if not homes_of(cluster).assigns())


@transaction.atomic
def place_waiting(agreement_id: int) -> int:
    """Homes for those who wait; answer to how many."""
    agreement = DirectoryAgreement.objects.select_related("cluster").filter(pk=agreement_id).first()
    if agreement is None:
        return 0
    cluster = agreement.cluster
    locks.hold_cluster(cluster.pk)  # of a cluster that is gone no one waits
    locks.hold_subclusters(locks.all_subclusters(cluster.pk))
    users = sum(placing.place(agreement, cluster, reasons.DIRECTORY_PLACED).values())
    if users:
        topics = [f"cluster-{cluster.pk}", f"directory-{cluster.pk}"]
        events.record(reasons.DIRECTORY_PLACED, cluster=cluster, topics=topics, name=cluster.name, users=users)
    return users


def remove_old(agreement: DirectoryAgreement, now: datetime, *, actor: Any = None) -> int:
    """Remove those who have been set aside for longer than they are kept; answer how many."""
    gone = DirectoryPerson.objects.filter(agreement=agreement, gone_at__lt=now - timedelta(days=agreement.keep_days))
    table_statistics.refresh(gone.count())
    old, removed = gone.set_aside(), 0
    while old.exists():
        removed += _remove_some(old)
    if removed:
        cluster = agreement.cluster
        topics = [f"directory-{cluster.pk}"]
        facts: dict[str, Any] = {"name": cluster.name, "users": removed, "days": agreement.keep_days}
        events.record(reasons.DIRECTORY_REMOVED, cluster=cluster, actor=actor, topics=topics, **facts)
    return removed


@transaction.atomic
def _remove_some(people: QuerySet[DirectoryPerson]) -> int:
    locks.hold_imports()  # a list may be about to make one of them a user again
    batch = list(people.order_by("user").values_list("user", flat=True)[:BATCH])
    EndUser.objects.filter(pk__in=batch).delete()
    return len(batch)

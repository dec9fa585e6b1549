"""Removing a whole cluster: its nodes, its users, its runs and its history, in one transaction.

    confirmed? -> locks -> nothing runs, nothing failed over? -> runs -> plans -> people -> the cluster -> one Event

The order is that of what refers to what: the trigger counts the people down while their populations still exist, and
a plan is let go by its operations first. Statements are of sets; no user passes through Python.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Sum

from assignments.models import ACTIVE, DirectoryPerson, Operation, Pin, Plan, Population, RunPolicy
from assignments.users import table_statistics
from topology import reasons
from topology.live import events
from topology.models import Cluster, EndUser, Event, Node, Subcluster
from topology.reasons import Refused
from topology.rules.states import STEADY_STATES
from topology.structure import guards

PEOPLE = """
    WITH gone AS (DELETE FROM assignments_assignment WHERE cluster_id = %s RETURNING user_id)
    DELETE FROM topology_enduser WHERE id IN (SELECT user_id FROM gone)
"""


@dataclass(frozen=True)
class Contents:
    """What goes with a cluster."""

    users: int
    nodes: int
    subclusters: int
    operations: int
    history: int


def contents(cluster: Cluster) -> Contents:
    """What a removal would take away, in five counts."""
    return Contents(
        users=Population.objects.filter(cluster=cluster).aggregate(n=Sum("users"))["n"] or 0,
        nodes=Node.objects.filter(cluster=cluster).count(),
        subclusters=Subcluster.objects.filter(cluster=cluster).count(),
        operations=Operation.objects.filter(cluster=cluster).count(),
        history=Event.objects.filter(cluster=cluster).count(),
    )


def obstacle(cluster: Cluster) -> Refused | None:
    """Why a cluster cannot be removed now, if it cannot: a run moves users, or a failover is in progress."""
    here = Q(cluster=cluster) | Q(to_cluster=cluster)
    if run := Operation.objects.filter(here, state__in=ACTIVE).order_by("pk").first():
        return Refused(reasons.CLUSTER_HAS_RUN, cluster=cluster.name, operation=run.pk, kind=run.word)
    node = Node.objects.filter(cluster=cluster, subcluster__ha_enabled=True).exclude(state__in=STEADY_STATES).first()
    if node:
        return Refused(reasons.CLUSTER_IN_RECOVERY, cluster=cluster.name, node=node.name, state=node.look.label)
    return None


@transaction.atomic
def remove_cluster(cluster: Cluster, typed: str, *, actor: Any = None) -> Contents:
    """Remove a cluster with everything in it for good; `typed` is its name once more, as a confirmation.

    Raises Refused for another name, while an operation runs, during a failover, and when it is gone already.
    """
    if typed.strip() != cluster.name:
        raise Refused(reasons.REMOVAL_NOT_CONFIRMED, cluster=cluster.name)
    guards.hold_with_users(cluster)  # a list may be about to make somebody who is set aside here a user elsewhere
    if refusal := obstacle(cluster):
        raise refusal
    gone = contents(cluster)
    _delete(cluster, gone.users)
    topics = ["clusters", f"cluster-{cluster.pk}"]
    events.record(reasons.CLUSTER_REMOVED, actor=actor, topics=topics, name=cluster.name, **asdict(gone))
    return gone


def _delete(cluster: Cluster, users: int) -> None:
    # Counted without the people themselves: what is known of their table may be wrong until here.
    gone = DirectoryPerson.objects.filter(agreement__cluster=cluster, gone_at__isnull=False)
    table_statistics.refresh(users + gone.count())
    RunPolicy.objects.filter(cluster=cluster).delete()
    Operation.objects.filter(cluster=cluster).delete()
    Plan.objects.filter(cluster=cluster).delete()
    Pin.objects.filter(user__assignment__cluster=cluster).delete()
    EndUser.objects.filter(pk__in=gone.set_aside().values("user")).delete()
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [cluster.pk])
    Cluster.objects.filter(pk=cluster.pk).delete()

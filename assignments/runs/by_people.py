"""What people did in a cluster that its balancer must not take back by itself.

Counted since a person last ran a plan for balance: with that they have agreed to how the balancer spreads users.
"""

from __future__ import annotations

from collections import Counter

from django.db import connection
from django.db.models import Q, QuerySet

from assignments.models import ACTIVE, Goal, Kind, Operation, Plan, Progress
from assignments.runs.rules.balancer import Hands
from topology.models import Cluster

BALANCER = "balancer"  # how history names it
ITS_OWN = Q(author=None, author_name=BALANCER)

# Who is where a person moved them last, by the nodes they were moved between, and how many of them a plan would take
# straight back.
MOVED = """
SELECT m.from_node_id, m.to_node_id, count(*), count(*) FILTER (WHERE p.to_node_id = m.from_node_id)
FROM assignments_operation o
JOIN assignments_move m ON m.operation_id = o.id AND m.done
JOIN assignments_assignment a ON a.user_id = m.user_id AND a.home_node_id = m.to_node_id
LEFT JOIN assignments_plan goal ON goal.id = o.plan_id
LEFT JOIN assignments_plannedmove p ON p.plan_id = %s AND p.user_id = m.user_id
WHERE o.cluster_id = %s AND o.to_cluster_id IS NULL AND o.id > %s AND o.kind = ANY(%s) AND m.from_node_id IS NOT NULL
    AND (goal.id IS NULL OR goal.goal <> %s) AND NOT (o.author_id IS NULL AND o.author_name = %s)
    AND NOT EXISTS (SELECT 1 FROM assignments_move l WHERE l.user_id = m.user_id AND l.id > m.id AND l.done)
GROUP BY m.from_node_id, m.to_node_id
"""


def against(plan: Plan) -> Hands:
    """What speaks against running a plan of the balancer unasked."""
    since = _agreed(plan.cluster)
    moved, taken_back = Counter[tuple[int, int]](), 0
    with connection.cursor() as cursor:
        kinds = [Kind.MOVE.value, Kind.REBALANCE.value]
        cursor.execute(MOVED, [plan.pk, plan.cluster_id, since, kinds, Goal.BALANCE.value, BALANCER])
        for source, to, users, back in cursor.fetchall():
            moved[source, to] += users
            taken_back += back
    return Hands(*_refused(plan.cluster, since), moved, taken_back)


def _agreed(cluster: Cluster) -> int:
    """The last run for balance that a person started; 0 when there is none."""
    rows = Operation.objects.filter(cluster=cluster, plan__goal=Goal.BALANCE, done__gt=0).exclude(ITS_OWN)
    return rows.order_by("-pk").values_list("pk", flat=True).first() or 0


def _refused(cluster: Cluster, since: int) -> tuple[str, str]:
    """The balancer's last run that a person undid or cancelled, and which of the two; empty when there is none."""
    its_own = Operation.objects.filter(ITS_OWN, cluster=cluster, pk__gt=since)
    cancelled = its_own.filter(state=Progress.CANCELLED)
    refused = [(run.pk, str(run), "cancelled") for run in _newest(cancelled)]
    undos = Operation.objects.filter(Q(done__gt=0) | Q(state__in=ACTIVE), cluster=cluster, pk__gt=since)
    of_its_own = Q(undo_of__author=None, undo_of__author_name=BALANCER)
    undos = undos.filter(of_its_own).exclude(undone_by__done__gt=0).select_related("undo_of")
    refused += [(undo.pk, str(undo.undo_of), "undone") for undo in _newest(undos)]
    _, run, how = max(refused, default=(0, "", ""))
    return run, how


def _newest(rows: QuerySet[Operation]) -> QuerySet[Operation]:
    return rows.order_by("-pk")[:1]

"""A crowd on six equal nodes in three pairs, made by SQL so that thirty thousand users cost a second."""

from collections.abc import Callable
from datetime import datetime, timedelta

import time_machine
from django.db import connection, transaction
from django.utils import timezone

from assignments.models import Assignment, Operation
from assignments.runs import batches
from assignments.users import table_statistics
from topology.models import Cluster, DeploymentModel, Node, Policy, Subcluster

ENDPOINTS = 2


def make_crowd(
    *homes: int,
    waiting: int = 0,
    capacity: int = 60_000,
    model: str = DeploymentModel.BALANCED_NON_REDUNDANT,
    name: str = "crowd",
    named: bool = False,
    uris: bool = False,
) -> Cluster:
    """A cluster with so many users at home on each of its nodes; who has a home is signed in.

    `named` gives each a name, a mail address and two endpoints of the directory, for which the database works longer;
    `uris` a directory URI.
    """
    cluster = Cluster.objects.create(name=name, model=model)
    Policy.objects.create(cluster=cluster)
    for number, users in enumerate(homes, 1):
        pair = (number + 1) // 2
        sub, _ = Subcluster.objects.get_or_create(cluster=cluster, name=f"sc-{pair}", defaults={"position": pair})
        node = Node.objects.create(
            cluster=cluster,
            subcluster=sub,
            slot=2 - number % 2,
            number=number,
            name=f"{name}{number}.example.org",
            capacity_users=capacity,
            capacity_endpoints=capacity * ENDPOINTS,
        )
        add_people(cluster, node, users, named=named, uris=uris)
    add_people(cluster, None, waiting, named=named, uris=uris)
    _analyze(sum(homes) + waiting)
    return cluster


def _analyze(added: int) -> None:
    """Tell the planner of a thousand users who are a tenth of all, as autovacuum does soon: it else expects nobody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(users), 0) FROM assignments_population")
        if added >= max(1000, cursor.fetchone()[0] / 10):
            cursor.execute("ANALYZE topology_enduser, assignments_assignment, assignments_listing")


def add_people(cluster: Cluster, node: Node | None, count: int, *, named: bool = False, uris: bool = False) -> None:
    """So many users at home there, or unassigned."""
    place = node.name if node else f"{cluster.name}-waiting"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "WITH people AS (INSERT INTO topology_enduser"
            "  (user_id, name, mail, directory_uri, endpoints, contacts, created_at)"
            " SELECT place || '-' || n, CASE WHEN named THEN 'Person ' || n ELSE '' END,"
            "  CASE WHEN named THEN place || '-' || n || '@example.org' ELSE '' END,"
            "  CASE WHEN uris THEN 'sip:' || place || '-' || n ELSE '' END,"
            "  CASE WHEN named THEN '{desk_phone,personal_communicator}' ELSE '{}' END::varchar[],"
            "  CASE WHEN named THEN n %% 200 ELSE 0 END, now()"
            " FROM generate_series(1, %s) AS n, (SELECT %s::text AS place, %s AS named, %s AS uris) AS one"
            " RETURNING id, folded)"
            " INSERT INTO assignments_assignment"
            " (user_id, cluster_id, home_node_id, serving_node_id, signed_in, pinned, endpoints, folded)"
            " SELECT id, %s, %s, %s, %s, false, %s, folded FROM people",
            [count, place, named, uris, cluster.pk, node and node.pk, node and node.pk, node is not None, ENDPOINTS],
        )
        table_statistics.refresh(count)


def nodes_of(cluster: Cluster) -> list[Node]:
    return list(Node.objects.filter(cluster=cluster).order_by("number"))


def homes(cluster: Cluster) -> list[int]:
    """Users at home per node, counted one by one."""
    return [Assignment.objects.filter(home_node=node).count() for node in nodes_of(cluster)]


def people_of(node: Node | None, count: int | None = None) -> list[int]:
    """Keys of users at home on a node, in order."""
    return list(Assignment.objects.filter(home_node=node).order_by("user_id").values_list("user_id", flat=True)[:count])


class Hands:
    """Real time under the test's control, and a worker that ticks once for every second of it.

    With a traveller the whole process has this clock; without one it begins at the machine's own and runs ahead of it.
    """

    def __init__(self, traveller: time_machine.Traveller | None = None) -> None:
        self._traveller = traveller
        self._at = timezone.now()

    @property
    def at(self) -> datetime:
        return self._at

    @at.setter
    def at(self, instant: datetime) -> None:
        self._at = instant
        if self._traveller:
            self._traveller.move_to(instant, tick=False)

    def now(self) -> datetime:
        return self.at

    def tick(self, seconds: float = 1.0) -> list[tuple[int, int]]:
        """Let time pass, then do what is due."""
        self.at += timedelta(seconds=seconds)
        found = batches.due_runs(self.at)
        for pk, generation in found:
            batches.run(pk, generation, self.now)
        return found

    def until(self, done: Callable[[], bool], most: int = 500) -> int:
        """Tick until a condition holds; answers how many ticks it took."""
        for ticks in range(most):
            if done():
                return ticks
            self.tick()
        raise AssertionError(f"not done after {most} ticks")

    def finish(self, operation: Operation, most: int = 500) -> int:
        """Tick until a run has ended."""
        return self.until(lambda: not Operation.objects.get(pk=operation.pk).active, most)

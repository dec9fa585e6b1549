"""A scenario made real: a cluster in the database as the scenario begins, and its timeline on a driven clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from django.db import connection, transaction

from assignments.recovery import reads, service
from assignments.recovery.rules.kept import SrmState
from assignments.recovery.rules.pair import Pair, Parameters
from assignments.simulation.rules.play import Action, Scenario, at_rest
from topology.models import Cluster, Event, Node, Policy, Subcluster
from topology.reasons import Refused

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)  # real and cluster time begin here; a scenario begins at midnight
BASE = int(MIDNIGHT.timestamp())


@contextmanager
def clock_at(real: datetime) -> Iterator[None]:
    """Every clock shows a real instant."""
    with mock.patch("django.utils.timezone.now", return_value=real):
        yield


def make(scenario: Scenario, *, speed: int = 1, name: str = "what-if") -> Cluster:
    """The scenario's pairs at rest, with their users at home and signed in."""
    model = scenario.pairs[0].model
    cluster = Cluster.objects.create(
        name=name, model=model, clock_real=MIDNIGHT, clock_cluster=MIDNIGHT, clock_speed=speed
    )
    values = {f.name: getattr(scenario.pairs[0].parameters, f.name) for f in fields(Parameters)}
    Policy.objects.create(cluster=cluster, **values)
    number = 0
    for position, pair in enumerate(scenario.pairs):
        sub = Subcluster.objects.create(cluster=cluster, name=pair.name, position=position, ha_enabled=pair.ha)
        for slot, _member in enumerate(pair.members, 1):
            number += 1
            _make_node(cluster, sub, at_rest(pair, BASE), slot, number)
        _keep(sub, at_rest(pair, BASE))
    return cluster


def _make_node(cluster: Cluster, sub: Subcluster, pair: Pair, slot: int, number: int) -> None:
    member = pair.members[slot - 1]
    node = Node.objects.create(
        cluster=cluster, subcluster=sub, slot=slot, number=number, name=member.name, publisher=number == 1,
        profile=member.profile, capacity_users=member.capacity, capacity_endpoints=2 * member.capacity,
        state=member.state.value, reason=member.reason.value,
    )  # fmt: skip
    add_people(cluster, node, pair.home(slot - 1))


def add_people(cluster: Cluster, node: Node, count: int, *, signed_in: bool = True) -> None:
    """So many users at home and served there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "WITH people AS (INSERT INTO topology_enduser (user_id, name, mail, endpoints, contacts, created_at)"
            " SELECT %s || '-' || n, '', '', '{}', 0, now() FROM generate_series(1, %s) AS n RETURNING id, folded)"
            " INSERT INTO assignments_assignment"
            " (user_id, cluster_id, home_node_id, serving_node_id, signed_in, pinned, endpoints, folded)"
            " SELECT id, %s, %s, %s, %s, false, 2, folded FROM people",
            [node.name, count, cluster.pk, node.pk, node.pk, signed_in],
        )
        if count >= 500:  # as autovacuum does soon; plans for a table that was empty a moment ago are quadratic
            cursor.execute("ANALYZE topology_enduser, assignments_assignment, assignments_listing")


def _keep(sub: Subcluster, pair: Pair) -> None:
    keys = {m.name: str(pk) for m, pk in zip(pair.members, _ids(sub), strict=True)}
    kept = SrmState.after(replace(pair, members=tuple(replace(m, key=keys[m.name]) for m in pair.members)))
    Subcluster.objects.filter(pk=sub.pk).update(srm=kept.as_json())


def _ids(sub: Subcluster) -> list[int]:
    return list(Node.objects.filter(subcluster=sub).order_by("slot").values_list("pk", flat=True))


class Drive:
    """The timeline of a scenario on the live engine; `beat` real seconds between ticks, None: at every wake."""

    def __init__(self, cluster: Cluster, scenario: Scenario, beat: float | None = None) -> None:
        self.cluster, self.scenario, self.beat = cluster, scenario, beat
        self.refused: list[tuple[int, str, str]] = []
        self.ticks = 0
        self.real = MIDNIGHT

    def play(self) -> None:
        for action in sorted(self.scenario.timeline, key=lambda a: a.at):
            self.until(action.at)
            self.do(action)
        self.until(self.scenario.until)

    def until(self, seconds: int) -> None:
        """Tick whenever something is due, until the cluster's clock shows so many seconds."""
        end = reads.real_time(self.cluster, BASE + seconds)
        while (wake := self._next_wake()) is not None and wake <= end:
            self.real = max(self.real, wake)
            if self.beat is not None:
                beats = -((MIDNIGHT - self.real) // timedelta(seconds=self.beat))
                self.real = min(end, MIDNIGHT + beats * timedelta(seconds=self.beat))
            self.tick()
        self.real = end

    def tick(self) -> None:
        self.ticks += 1
        with clock_at(self.real):
            for pk in service.due_subclusters(self.real):
                service.step(pk, self.real)

    def _next_wake(self) -> datetime | None:
        rows = Subcluster.objects.filter(cluster=self.cluster, next_wake__isnull=False).order_by("next_wake")
        return rows.values_list("next_wake", flat=True).first()

    def do(self, action: Action) -> None:
        pair = self.scenario.pairs[action.pair]
        node = Node.objects.get(name=pair.members[action.member].name)
        sub = Subcluster.objects.get(cluster=self.cluster, name=pair.name)
        with clock_at(self.real):
            try:
                self._call(action, node, sub)
            except Refused as refused:
                self.refused.append((action.at, pair.name, refused.code))

    def _call(self, action: Action, node: Node, sub: Subcluster) -> None:
        if action.do in ("fault", "repair"):
            change: Any = service.inject if action.do == "fault" else service.repair
            change(node, action.kind.value, action.service)
        elif action.do in ("failover", "fallback"):
            getattr(service, action.do)(node)
        else:
            getattr(service, action.do)(sub)

    def log(self) -> list[tuple[int, str, str, Any, int]]:
        """The history of the cluster as the simulator would log it, without batches and refusals."""
        rows = Event.objects.filter(cluster=self.cluster, facts__has_key="t").exclude(code="TERMINATING_NOTIFY_SENT")
        names = dict(Subcluster.objects.values_list("pk", "name"))
        return [
            (e.facts["t"] - BASE, names[e.subcluster_id or 0], e.code, e.facts["nodes"], e.facts["out_of_service"])
            for e in rows.order_by("pk")
        ]

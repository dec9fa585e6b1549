"""Sparklines: the users in service on each node in the last hour, as they are drawn on its card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assignments.population import load
from assignments.population.selectors import NodeView
from topology.reasons.words import counted

SPARK, SPARK_HIGH = 59, 14  # the box of a sparkline: minutes, and pixels


@dataclass(frozen=True)
class Spark:
    """Users in service on one node in the last hour, drawn in a box of SPARK by SPARK_HIGH."""

    points: str
    low: int
    high: int
    minutes: int

    @property
    def words(self) -> str:
        """What the curve shows."""
        users = f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"
        return f"In service in the last {counted(self.minutes, 'minute')}: {users} users"

    @classmethod
    def of(cls, samples: Sequence[tuple[int, int]], capacity: int) -> Spark:
        """The curve of samples (minutes before the newest, users); between equal ones it is drawn by its ends."""
        counts = [users for _, users in samples]
        top = max(*counts, capacity, 1)
        places = [(SPARK - back, round(SPARK_HIGH - SPARK_HIGH * users / top, 1)) for back, users in samples]
        turns = [
            place
            for i, place in enumerate(places)
            if i in (0, len(places) - 1) or not places[i - 1][1] == place[1] == places[i + 1][1]
        ]
        return cls(" ".join(f"{x},{y:g}" for x, y in turns), min(counts), max(counts), samples[0][0] + 1)


def sparks(views: Iterable[NodeView]) -> dict[int, Spark]:
    """The last hour of nodes of a cluster, by key; nothing of a node with less than two minutes to show."""
    rated = {view.node.pk: view.node.capacity_users for view in views}
    samples_by_node = load.last_hour(list(rated)) if rated else {}
    return {pk: Spark.of(samples, rated[pk]) for pk, samples in samples_by_node.items() if len(samples) > 1}

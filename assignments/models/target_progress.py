"""How far a run is with each receiving node: its own count, throttle and place in the plan."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from topology.models import Node


class TargetProgress(models.Model):
    """The planned moves of one operation to one node, done in the order of the plan; a null node unassigns.

    `cursor` is the last planned move that was done or skipped, so that a batch begins there, however long the plan is.
    """

    operation = models.ForeignKey("assignments.Operation", models.CASCADE, related_name="targets", db_index=False)
    node = models.ForeignKey(Node, models.CASCADE, null=True, related_name="+", db_index=False)
    total = models.PositiveBigIntegerField()
    done = models.PositiveBigIntegerField(default=0)
    skipped = models.PositiveBigIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    credit = models.FloatField(default=0, help_text="Users the rate allowed beyond those moved, at the anchor")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operation", "node"], nulls_distinct=False, name="target_progress_once"),
            models.CheckConstraint(condition=Q(total__gte=F("done") + F("skipped")), name="target_progress_counts"),
        ]

    def __str__(self) -> str:
        return f"progress of operation {self.operation_id}"

    @property
    def left(self) -> int:
        """Planned moves neither done nor skipped."""
        return self.total - self.done - self.skipped

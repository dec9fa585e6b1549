"""The load of a node over time: a row a minute for the last hours, rolled up for days and weeks."""

from typing import ClassVar

from django.db import models

from topology.models import Node


class LoadSample(models.Model):
    """Users of one node at one instant, or over a longer step: the mean in service, the most out of service."""

    node = models.ForeignKey(Node, models.CASCADE, related_name="load")
    step = models.PositiveSmallIntegerField(help_text="Seconds that the row stands for")
    at = models.DateTimeField(help_text="Where the step begins")
    served = models.PositiveIntegerField()
    out = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "step", "at"], name="load_once")]

    def __str__(self) -> str:
        return f"{self.node_id} at {self.at:%H:%M}: {self.served} served, {self.out} out of service"

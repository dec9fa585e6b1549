"""The load of a node over time: a row a minute for the last hours, rolled up for days and weeks."""

from typing import ClassVar

from django.db import models

from topology.models import Node


class LoadSample(models.Model):
    """Users of one node at the worst instant of a step: when most users of its subcluster were out of service."""

    node = models.ForeignKey(Node, models.CASCADE, related_name="load")
    step = models.PositiveSmallIntegerField(help_text="Seconds that the row stands for")
    at = models.DateTimeField(help_text="Where the step begins")
    served = models.PositiveIntegerField()
    out = models.PositiveIntegerField()
    sign_ins = models.PositiveIntegerField(default=0, help_text="Users who signed in here within the step")
    speed = models.PositiveSmallIntegerField(default=1, help_text="Cluster seconds per real second, on average")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "step", "at"], name="load_once")]

    def __str__(self) -> str:
        return f"{self.node_id} at {self.at:%H:%M}: {self.served} served, {self.out} out of service"

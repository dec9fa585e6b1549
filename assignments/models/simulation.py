"""What-if runs that people keep, look at again and share."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from topology.models import Cluster


class Simulation(models.Model):
    """A scenario and what came of it, known by the hash of the scenario: the same one again is the same run."""

    key = models.CharField(max_length=16, unique=True, help_text="The short beginning of the hash, for its address")
    hash = models.CharField(max_length=64, unique=True)
    cluster = models.ForeignKey(Cluster, models.SET_NULL, null=True, related_name="simulations")
    name = models.CharField(max_length=200)
    seed = models.BigIntegerField(default=0)
    scenario = models.JSONField(help_text="The document of a scenario file, with its topology written out")
    result = models.JSONField(help_text="Log and numbers, as manage.py simulate prints them")
    timeline = models.JSONField(help_text="Frames for the charts and for the topology at any instant")
    users = models.PositiveBigIntegerField(help_text="People in the scenario")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="simulation_has_a_name")]
        indexes = [models.Index(fields=["cluster", "-id"], name="simulation_cluster")]

    def __str__(self) -> str:
        return self.name

"""Clusters: one assignment mode, one deployment model, one clock."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from topology.rules.clock import Clock
from topology.rules.modes import DeploymentModel, Mode

MAX_NODES = 6  # per cluster, domain.md §5
GROUP_NAME = r"^[A-Za-z0-9_-]{1,128}$"  # domain.md §1.3
MAX_RELEASE = 32
DESCRIPTION = r'^[^"%&\\<>]*$'


class Cluster(models.Model):
    """Up to six nodes with one publisher, one assignment mode and one recovery policy."""

    name = models.CharField(max_length=128, unique=True)
    mode = models.CharField(max_length=16, choices=Mode.choices(), default=Mode.BALANCED.value)
    model = models.CharField(
        max_length=24, choices=DeploymentModel.choices(), default=DeploymentModel.BALANCED_REDUNDANT.value
    )
    clock_real = models.DateTimeField(default=timezone.now)
    clock_cluster = models.DateTimeField(default=timezone.now)
    clock_speed = models.PositiveSmallIntegerField(default=1, help_text="Cluster seconds per real second")
    created_at = models.DateTimeField(default=timezone.now)
    release = models.CharField(max_length=MAX_RELEASE, blank=True, default="", db_default="")
    list_columns = models.JSONField(default=dict, db_default={}, help_text="What columns of its lists of users mean")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=GROUP_NAME), name="cluster_name_form"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values()), name="cluster_mode_known"),
            models.CheckConstraint(condition=Q(model__in=DeploymentModel.values()), name="cluster_model_known"),
            models.CheckConstraint(condition=Q(clock_speed__gte=1, clock_speed__lte=600), name="cluster_clock_speed"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def fills_first_nodes(self) -> bool:
        """Whether new users go to the first node of each subcluster (domain.md §2)."""
        return self.mode == Mode.ACTIVE_STANDBY

    @property
    def clock(self) -> Clock:
        return Clock(self.clock_real, self.clock_cluster, self.clock_speed)

    def now(self, real: datetime | None = None) -> datetime:
        """The cluster's own time."""
        return self.clock.at(real or timezone.now())

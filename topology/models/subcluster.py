"""Subclusters: one or two nodes that stand in for each other."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from topology.models.cluster import DESCRIPTION, GROUP_NAME, Cluster


class Subcluster(models.Model):
    """One or two nodes with a shared presence database; HA can be on when it has two."""

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="subclusters")
    name = models.CharField(max_length=128)
    description = models.CharField(max_length=128, blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order on the page")
    ha_enabled = models.BooleanField(default=False)
    # assignments/recovery/rules/kept.py says what is in it, reads and writes it; an empty object: nothing is known.
    srm = models.JSONField(default=dict, help_text="Memory of the recovery engine for this pair")
    next_wake = models.DateTimeField(null=True, blank=True, help_text="Real time of the engine's next step")
    version = models.PositiveBigIntegerField(default=0, help_text="Counts writes of the recovery engine")

    class Meta:
        ordering = ["cluster_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "name"],
                name="subcluster_name_once",
                violation_error_message="A subcluster of this name exists in the cluster.",
            ),
            models.UniqueConstraint(fields=["cluster", "id"], name="subcluster_cluster_key"),
            models.CheckConstraint(condition=Q(name__regex=GROUP_NAME), name="subcluster_name_form"),
            models.CheckConstraint(condition=Q(description__regex=DESCRIPTION), name="subcluster_description_form"),
        ]
        indexes = [models.Index(fields=["next_wake"], name="subcluster_wake", condition=Q(next_wake__isnull=False))]

    def __str__(self) -> str:
        return self.name

"""What a person keeps for themselves: views of the list of users."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from topology.models import Cluster

MAX_NAME = 60
MAX_QUERY = 2000  # 132 characters of any script as an address writes them, and the choices beside


class SavedView(models.Model):
    """A filter of the list of users under a name, as it stands in the address of the page; seen by its owner alone."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    cluster = models.ForeignKey(Cluster, models.CASCADE, null=True, related_name="+")  # None: the list of all clusters
    name = models.CharField(max_length=MAX_NAME)
    query = models.CharField(max_length=MAX_QUERY, blank=True)

    class Meta:
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint("owner", "cluster", Lower("name"), name="saved_view_once"),
            models.UniqueConstraint("owner", Lower("name"), condition=Q(cluster=None), name="saved_view_once_for_all"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_named"),
        ]

    def __str__(self) -> str:
        return self.name

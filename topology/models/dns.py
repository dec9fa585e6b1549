"""What the DNS records of a cluster are made of besides its nodes, and what a name server answered last."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from topology.models.cluster import Cluster
from topology.rules.topology_file import MOST_CALL_MANAGERS


class DnsSettings(models.Model):
    """The DNS settings of a cluster and its last check; a cluster without a row has the defaults."""

    cluster = models.OneToOneField(Cluster, models.CASCADE, primary_key=True, related_name="dns")
    domain = models.CharField(max_length=253, blank=True, help_text="Empty: the domain of the publisher's name")
    call_managers = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    name_server = models.CharField(
        max_length=300, blank=True, help_text="host:port, or system: that of the machine; empty: nothing is checked"
    )
    check_every = models.PositiveIntegerField(default=900, help_text="Real seconds between two checks")
    next_at = models.DateTimeField(default=timezone.now, help_text="Real time of the next check")
    checked_at = models.DateTimeField(null=True, blank=True)
    checked_server = models.CharField(max_length=300, blank=True)
    problems = models.JSONField(default=list, help_text="Name, code and facts of each problem that was found")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(check_every__range=(60, 86_400)), name="dns_check_every"),
            models.CheckConstraint(condition=Q(call_managers__len__lte=MOST_CALL_MANAGERS), name="dns_call_managers"),
        ]

    def __str__(self) -> str:
        return f"DNS of {self.cluster_id}"

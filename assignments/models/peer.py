"""Peers: what one cluster knows of another, from its own side; a whole relation is two rows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from topology.models import Cluster


class PeerFault(models.TextChoices):
    """What can be injected into one side of a relation."""

    NONE = "", "No fault"
    UNREACHABLE = "unreachable", "Peer unreachable"
    CERTIFICATE = "certificate", "Certificate wrong"
    STALLED = "stalled", "Sync stopped"


class PeerCertificate(models.TextChoices):
    """Whether the connection to the peer's publisher is secure, as the last sync found it."""

    UNKNOWN = "unknown", "Not known"
    SECURE = "secure", "Connection is secure"
    WRONG = "wrong", "Certificate not valid"


class Peer(models.Model):
    """One side of a relation: the other cluster as this one knows it, with what its last sync brought."""

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="peers")
    remote = models.ForeignKey(Cluster, models.CASCADE, related_name="peered_by")
    address = models.CharField(max_length=255, help_text="The publisher of the other cluster")
    fault = models.CharField(max_length=16, choices=PeerFault.choices, blank=True, default="")
    code = models.CharField(max_length=48, blank=True, help_text="Why the last sync failed")
    certificate = models.CharField(max_length=8, choices=PeerCertificate.choices, default=PeerCertificate.UNKNOWN)
    users = models.PositiveBigIntegerField(default=0, help_text="Users at home there, as of the last sync")
    tried_at = models.DateTimeField(null=True, help_text="Real time of the last attempt")
    synced_at = models.DateTimeField(null=True, help_text="Real time of the last sync that came through")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cluster", "remote"], name="peer_once"),
            models.CheckConstraint(condition=~Q(cluster=F("remote")), name="no_peer_of_itself"),
            models.CheckConstraint(condition=~Q(address=""), name="peer_address_given"),
            models.CheckConstraint(condition=Q(fault__in=PeerFault.values), name="peer_fault_known"),
            models.CheckConstraint(condition=Q(certificate__in=PeerCertificate.values), name="peer_certificate_known"),
        ]

    def __str__(self) -> str:
        return f"peer {self.remote_id} of {self.cluster_id}"

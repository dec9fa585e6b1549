"""Peers: what one cluster knows of another, from its own side; a whole relation is two rows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from topology.models import MAX_RELEASE, MAX_USER_ID, Cluster
from topology.models.folding import Fold

MAX_SOURCE = 64


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
    """One side of a relation: the other cluster as this one knows it, with what its last sync brought.

    With a `source` a monitor of the real cluster reports all that; `tried_at` is then when the monitor looked.
    """

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="peers")
    remote = models.ForeignKey(Cluster, models.CASCADE, related_name="peered_by")
    address = models.CharField(max_length=255, help_text="The publisher of the other cluster")
    fault = models.CharField(max_length=16, choices=PeerFault.choices, blank=True, default="")
    code = models.CharField(max_length=48, blank=True, help_text="Why the last sync failed")
    certificate = models.CharField(max_length=8, choices=PeerCertificate.choices, default=PeerCertificate.UNKNOWN)
    users = models.PositiveBigIntegerField(default=0, help_text="Users at home there, as of the last sync")
    tried_at = models.DateTimeField(null=True, help_text="Real time of the last attempt")
    synced_at = models.DateTimeField(null=True, help_text="Real time of the last sync that came through")
    source = models.CharField(max_length=MAX_SOURCE, blank=True, default="", db_default="", help_text="Who reports it")
    release = models.CharField(max_length=MAX_RELEASE, blank=True, default="", db_default="", help_text="As reported")
    listed_at = models.DateTimeField(null=True, help_text="Real time of the last reported list of users at home there")
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


class ReportedUser(models.Model):
    """A user ID that is at home in the other cluster of a relation, as a monitor of it reports."""

    peer = models.ForeignKey(Peer, models.CASCADE, related_name="reported_users")
    user_id = models.CharField(max_length=MAX_USER_ID)
    folded = models.GeneratedField(
        expression=Fold("user_id"), output_field=models.TextField(db_collation="C"), db_persist=True
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["peer", "folded"], name="reported_user_once")]

    def __str__(self) -> str:
        return f"{self.user_id} of peer {self.peer_id}"

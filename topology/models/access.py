"""Who may do what beside the roles that hold everywhere: roles in one cluster, API tokens, answered requests."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from topology.models.cluster import Cluster

ROLES = [("viewer", "viewer"), ("operator", "operator"), ("administrator", "administrator")]
ROLE_KNOWN = Q(role__in=[value for value, _ in ROLES])


class ClusterRole(models.Model):
    """A person's role in one cluster, beside the one everywhere; the higher of the two counts there."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="cluster_roles")
    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=16, choices=ROLES)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "cluster"], name="one_role_in_a_cluster"),
            models.CheckConstraint(condition=ROLE_KNOWN, name="cluster_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.cluster_id}"


class ApiToken(models.Model):
    """What a program signs in with; only the hash of it is kept. Without clusters it reaches all of them."""

    name = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, choices=ROLES)
    clusters = models.ManyToManyField(Cluster, related_name="+")
    everywhere = models.BooleanField(default=True, help_text="Reaches all clusters, also those to come")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    minute = models.BigIntegerField(default=0, help_text="Minute since 1970 that calls are counted in")
    calls = models.PositiveIntegerField(default=0, help_text="Requests in that minute")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=ROLE_KNOWN, name="token_role_known"),
            models.UniqueConstraint(fields=["name"], condition=Q(revoked_at=None), name="token_name_once"),
        ]

    def __str__(self) -> str:
        return f"token {self.name}"


class ApiAnswer(models.Model):
    """The answer to a request that carried an Idempotency-Key, given again when the request comes again."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="Hash of method, address and body")
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=100)
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="answered_once")]
        indexes = [models.Index(fields=["created_at"], name="answer_age")]

    def __str__(self) -> str:
        return f"answer to {self.key}"

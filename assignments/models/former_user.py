"""What imports and removals found of people, so that both can be taken back."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from assignments.models.operation import Operation
from topology.models import MAX_USER_ID


class UserChange(models.TextChoices):
    """What an operation did to a person."""

    MADE = "made", "Created"
    CHANGED = "changed", "Changed"
    REMOVED = "removed", "Removed"


class FormerUser(models.Model):
    """One person as an operation found them: only what it changed, and what it wrote in its place.

    The person may be gone, and the nodes too, so their keys are plain numbers. Of a person who was created there is a
    fingerprint of what was written; of one who was removed, everything. Written once.
    """

    operation = models.ForeignKey(
        Operation, models.CASCADE, related_name="former_users", db_index=False, db_constraint=False
    )
    user_key = models.BigIntegerField()
    change = models.CharField(max_length=8, choices=UserChange.choices)
    placed = models.BooleanField(default=False, help_text="The operation made the person a user of the cluster")
    user_id = models.CharField(max_length=MAX_USER_ID, blank=True)
    name = models.CharField(max_length=255, null=True)  # noqa: DJ001  # null: was not changed
    mail = models.CharField(max_length=255, null=True)  # noqa: DJ001
    endpoints = ArrayField(models.CharField(max_length=32), null=True)
    contacts = models.PositiveSmallIntegerField(null=True)
    directory_uri = models.CharField(max_length=255, null=True)  # noqa: DJ001
    department = models.CharField(max_length=255, null=True)  # noqa: DJ001
    new_name = models.CharField(max_length=255, null=True)  # noqa: DJ001
    new_mail = models.CharField(max_length=255, null=True)  # noqa: DJ001
    new_directory_uri = models.CharField(max_length=255, null=True)  # noqa: DJ001
    new_department = models.CharField(max_length=255, null=True)  # noqa: DJ001
    new_endpoints = ArrayField(models.CharField(max_length=32), null=True)
    new_contacts = models.PositiveSmallIntegerField(null=True)
    written = models.UUIDField(null=True, help_text="Fingerprint of what was written of a new person")
    from_node_id = models.BigIntegerField(null=True, help_text="The home node before")
    to_node_id = models.BigIntegerField(null=True, help_text="The home node that the operation gave")
    created_at = models.DateTimeField(null=True)
    pin = models.JSONField(null=True, help_text="Reason, owner and time of the pin")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operation", "user_key"], name="former_user_once"),
            models.CheckConstraint(condition=Q(change__in=UserChange.values), name="former_user_change_known"),
        ]

    def __str__(self) -> str:
        return f"former {self.user_id or self.user_key}"

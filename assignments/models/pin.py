"""Pins: users who stay where they are."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from topology.models import EndUser


class Pin(models.Model):
    """Why a user stays on a node whatever a plan says, and who wants that; `Assignment.pinned` is its short form."""

    user = models.OneToOneField(EndUser, models.CASCADE, primary_key=True, related_name="pin")
    reason = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    owner_name = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="pin_says_why")]

    def __str__(self) -> str:
        return self.reason

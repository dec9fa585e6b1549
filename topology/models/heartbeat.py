"""The last sign of life of the background work."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """When a part of the console last did its work; `tick` is the worker's, once a second at the beat's word."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField(default=timezone.now, help_text="Real time")

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"

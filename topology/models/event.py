"""The history: one line for each thing that was done."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from topology.models.cluster import Cluster
from topology.reasons import REASONS, Reason, Said


class Event(models.Model):
    """One line of history: what, who, why, counts, when. Written only by events.record."""

    at = models.DateTimeField(default=timezone.now)
    code = models.CharField(max_length=48)
    cluster = models.ForeignKey(Cluster, models.CASCADE, null=True, related_name="events")
    subcluster_id = models.BigIntegerField(null=True)
    node_id = models.BigIntegerField(null=True)
    operation_id = models.BigIntegerField(null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150, help_text="Kept when the account goes; 'engine' for the console")
    facts = models.JSONField(default=dict, help_text="What the sentence of the code is filled with")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["cluster", "-id"], name="event_cluster"),
            models.Index(fields=["operation_id", "id"], name="event_operation"),
            models.Index(fields=["node_id", "-id"], name="event_node"),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def why(self) -> Reason:
        return REASONS.get(self.code) or Reason(self.code, self.code)

    @property
    def sentence(self) -> str:
        return self.why.say(**self.told)

    @property
    def told(self) -> dict[str, Any]:
        """What the sentence is filled with."""
        facts = {key: Said.of_kept(fact) if _is_said(fact) else fact for key, fact in self.facts.items()}
        return {"actor": self.actor_name, **facts}


def _is_said(fact: Any) -> bool:
    """Whether a fact is what another reason has said, as events.record keeps it."""
    return isinstance(fact, dict) and fact.keys() == {"code", "facts"}

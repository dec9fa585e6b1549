"""What a cluster asks of its runs: the window, the cooldown, approval, and the automatic balancer."""

from __future__ import annotations

from datetime import time, timedelta

from django.db import models
from django.db.models import Q

from assignments.runs.rules.balancer import Automation, BalancerRules
from assignments.runs.rules.window import RunWindow
from topology.models import Cluster
from topology.reasons import REASONS, Reason

RANGES = {  # what the numbers may be: the least and the most
    "threshold": (1, 1000),
    "rounds": (1, 1000),
    "minimum_gain": (1, 1000),
    "cooldown_minutes": (0, 60 * 24 * 30),
}


class RunPolicy(models.Model):
    """Rules for the runs of a cluster, and the memory of its automatic balancer."""

    cluster = models.OneToOneField(Cluster, models.CASCADE, primary_key=True, related_name="run_policy")
    automation = models.CharField(
        max_length=16, choices=[(a.value, a.value.title()) for a in Automation], default=Automation.OFF.value
    )
    threshold = models.PositiveSmallIntegerField(
        default=10, help_text="Percent by which the fullest node exceeds its fair share"
    )
    rounds = models.PositiveSmallIntegerField(default=3, help_text="Rounds in a row past the threshold")
    minimum_gain = models.PositiveSmallIntegerField(default=5, help_text="Percentage points a plan must gain")
    cooldown_minutes = models.PositiveIntegerField(default=60, help_text="After any move, by hand or by a run")
    window_start = models.TimeField(default=time(0), help_text="Automatic runs begin from this time on")
    window_end = models.TimeField(default=time(0), help_text="The same as the start: always")
    zone = models.CharField(max_length=64, default="UTC", help_text="Time zone of the window")
    approval_required = models.BooleanField(default=False, help_text="A plan needs a second person's approval")

    held = models.PositiveIntegerField(default=0, help_text="Rounds past the threshold so far")
    code = models.CharField(max_length=48, blank=True, help_text="What the balancer said last")
    facts = models.JSONField(default=dict)
    checked_at = models.DateTimeField(null=True)
    plan = models.ForeignKey("assignments.Plan", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(automation__in=[a.value for a in Automation]), name="automation_known"),
            models.CheckConstraint(
                condition=Q(
                    threshold__range=RANGES["threshold"],
                    rounds__range=RANGES["rounds"],
                    minimum_gain__range=RANGES["minimum_gain"],
                    cooldown_minutes__lte=RANGES["cooldown_minutes"][1],
                ),
                name="run_policy_ranges",
            ),
        ]

    def __str__(self) -> str:
        return f"run policy of {self.cluster_id}"

    @property
    def window(self) -> RunWindow:
        return RunWindow(self.window_start, self.window_end, self.zone)

    @property
    def rules(self) -> BalancerRules:
        return BalancerRules(
            Automation(self.automation),
            self.threshold,
            self.rounds,
            self.minimum_gain,
            timedelta(minutes=self.cooldown_minutes),
            self.window,
        )

    @property
    def sentence(self) -> str:
        """What the balancer said last, in words."""
        return self.why.say(**self.facts) if self.why else "The balancer has not checked yet."

    @property
    def why(self) -> Reason | None:
        """What the balancer said last; None before its first round."""
        return REASONS.get(self.code)

"""Plans, their rows, and the approval of a second person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from topology.models import Cluster, EndUser, Node


class Goal(models.TextChoices):
    """What a plan is for."""

    BALANCE = "balance", "Balance"
    ACTIVE_STANDBY = "active_standby", "Active/Standby"
    EVACUATE = "evacuate", "Evacuate a node"
    FILL = "fill", "Assign the unassigned"
    UNDO = "undo", "Undo"
    MOVE = "move", "Move by hand"
    TO_CLUSTER = "to_cluster", "Move to another cluster"


class Plan(models.Model):
    """An immutable proposal, known by the hash of its rows and of what it was made for."""

    hash = models.CharField(max_length=64, unique=True)
    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="plans")
    goal = models.CharField(max_length=16, choices=Goal.choices)
    scope = models.JSONField(default=dict, help_text="Subclusters, nodes or the operation it is about")
    moves = models.PositiveIntegerField()
    minimum_moves = models.PositiveIntegerField()
    body = models.JSONField(default=dict, help_text="Flows between nodes, before and after, certificate")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    thinned_at = models.DateTimeField(null=True, help_text="Since when its rows are gone")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(goal__in=Goal.values), name="plan_goal_known"),
            models.CheckConstraint(condition=Q(moves__gte=F("minimum_moves")), name="plan_not_below_minimum"),
        ]

    def __str__(self) -> str:
        return f"plan {self.hash[:12]}"

    @property
    def balances(self) -> bool:
        return self.goal == Goal.BALANCE

    @property
    def undoes(self) -> bool:
        return self.goal == Goal.UNDO

    @property
    def node_ids(self) -> set[int]:
        """The nodes that it takes users from or to."""
        return {flow[end] for flow in self.body["flows"] for end in ("from_id", "to_id")} - {None}

    @property
    def to_cluster_id(self) -> int | None:
        """The cluster that its users go to, where that is another one."""
        to: int | None = self.scope.get("to_cluster")
        return to


class PlannedMove(models.Model):
    """One user of a plan: from where to where; null is unassigned. Never changed.

    Everything it names is read in the statement that writes it, so the database does not look again for every row: that
    would be two thirds of the time that a plan takes. A user who is gone when the plan runs is skipped.
    """

    pk = models.CompositePrimaryKey("plan", "user")
    place = models.BigIntegerField(help_text="Order within the plan; a number of its own for each user")
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="rows", db_index=False, db_constraint=False)
    user = models.ForeignKey(EndUser, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    from_node = models.ForeignKey(
        Node, models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False
    )
    to_node = models.ForeignKey(Node, models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False)

    class Meta:
        indexes = [models.Index(fields=["plan", "to_node", "place"], name="planned_order")]

    def __str__(self) -> str:
        return f"planned move of {self.user_id}"


class Approval(models.Model):
    """A second person's consent to one run of a plan; the first one's own does not count."""

    plan = models.OneToOneField("assignments.Plan", models.CASCADE, primary_key=True, related_name="approval")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approver_name = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, help_text="When the run began that it was for")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(author=None) | Q(approver=None) | ~Q(author=F("approver")),
                name="approver_is_not_author",
            )
        ]

    def __str__(self) -> str:
        return f"approval by {self.approver_name}"

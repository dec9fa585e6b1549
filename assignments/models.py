"""Who is served where, the counts of it, and the runs that change it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from topology.models import Cluster, EndUser, Node, Subcluster


class Assignment(models.Model):
    """One narrow row per user of a cluster; a null home means unassigned.

    The cluster of both nodes is held by composite foreign keys (migration 0002), which replace the simple ones.
    """

    user = models.OneToOneField(EndUser, models.CASCADE, primary_key=True, related_name="assignment")
    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="assignments", db_index=False)
    home_node = models.ForeignKey(
        Node, models.RESTRICT, null=True, related_name="home_assignments", db_constraint=False, db_index=False
    )
    serving_node = models.ForeignKey(
        Node,
        models.RESTRICT,
        null=True,
        related_name="serving_assignments",
        db_constraint=False,
        db_index=False,
    )
    signed_in = models.BooleanField(default=False)
    pinned = models.BooleanField(default=False)
    endpoints = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(home_node__isnull=True, serving_node__isnull=True, signed_in=False)
                | Q(home_node__isnull=False, serving_node__isnull=False),
                name="served_when_assigned",
            ),
        ]
        indexes = [
            models.Index(fields=["home_node", "serving_node", "user"], name="assignment_home"),
            models.Index(fields=["cluster", "user"], name="assignment_waiting", condition=Q(home_node=None)),
            models.Index(
                fields=["serving_node", "user"],
                name="assignment_away",
                condition=~Q(serving_node=F("home_node")),
            ),
            models.Index(fields=["home_node"], name="assignment_pinned", condition=Q(pinned=True)),
        ]

    def __str__(self) -> str:
        return f"assignment of {self.user_id}"


class Listing(models.Model):
    """The order of a cluster's list of users; kept by triggers on Assignment and EndUser and by nothing else.

    The cluster stands with the assignment and the order with the person, so an index of either would have to be read to
    its end for one cluster of twenty. No move of a user touches it.
    """

    user = models.OneToOneField(EndUser, models.CASCADE, primary_key=True, related_name="+", db_constraint=False)
    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    key = models.TextField(db_collation="C", help_text="The user ID in the order of every list")

    class Meta:
        indexes = [models.Index(fields=["cluster", "key", "user"], name="listing_order")]

    def __str__(self) -> str:
        return self.key


class Population(models.Model):
    """How many users share a home and a serving node; kept by a trigger on Assignment and by nothing else."""

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="populations")
    home_node = models.ForeignKey(Node, models.CASCADE, null=True, related_name="home_populations")
    serving_node = models.ForeignKey(Node, models.CASCADE, null=True, related_name="serving_populations")
    users = models.BigIntegerField(default=0)
    signed_in = models.BigIntegerField(default=0)
    endpoints = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "home_node", "serving_node"], nulls_distinct=False, name="population_once"
            ),
            models.CheckConstraint(
                condition=Q(users__gte=0, signed_in__gte=0, signed_in__lte=F("users"), endpoints__gte=0),
                name="population_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.users} users"


class Goal(models.TextChoices):
    """What a plan is for."""

    BALANCE = "balance", "Balance"
    ACTIVE_STANDBY = "active_standby", "Active/Standby"
    EVACUATE = "evacuate", "Evacuate a node"
    FILL = "fill", "Assign the unassigned"
    UNDO = "undo", "Undo"
    MOVE = "move", "Move by hand"


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

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(goal__in=Goal.values), name="plan_goal_known"),
            models.CheckConstraint(condition=Q(moves__gte=F("minimum_moves")), name="plan_not_below_minimum"),
        ]

    def __str__(self) -> str:
        return f"plan {self.hash[:12]}"


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


class Kind(models.TextChoices):
    """What an operation does."""

    MOVE = "move", "Move"
    REBALANCE = "rebalance", "Rebalance"
    FAILOVER = "failover", "Failover"
    FAILBACK = "failback", "Failback"


class Progress(models.TextChoices):
    """Where an operation is: queued -> running <-> paused -> finished | cancelled | failed."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    FINISHED = "finished", "Finished"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


ACTIVE = (Progress.QUEUED.value, Progress.RUNNING.value, Progress.PAUSED.value)


class Operation(models.Model):
    """One run that moves users, throttled in users per cluster second; progress lives here, never in memory."""

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="operations")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=Progress.choices, default=Progress.QUEUED)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="operations")
    undo_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="undone_by")
    from_node = models.ForeignKey(Node, models.SET_NULL, null=True, related_name="+")
    to_node = models.ForeignKey(Node, models.SET_NULL, null=True, related_name="+")
    total = models.PositiveBigIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    skipped = models.PositiveBigIntegerField(default=0)
    rate = models.FloatField(null=True, help_text="Users per cluster second and receiving node; null: not throttled")
    rate_total = models.FloatField(null=True, help_text="Users per cluster second over all nodes; null: no such limit")
    anchor_at = models.DateTimeField(null=True, help_text="Cluster time from which the rate counts")
    credit = models.FloatField(default=0, help_text="Users the total rate allowed beyond those moved, at the anchor")
    in_window = models.BooleanField(default=False, help_text="Moves only inside the window of the cluster's runs")
    wait_code = models.CharField(max_length=48, blank=True, help_text="Why nothing moves now")
    generation = models.PositiveIntegerField(default=0, help_text="Fence: a batch of an older one does nothing")
    heartbeat_at = models.DateTimeField(null=True, help_text="Real time of the last batch")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="operation_kind_known"),
            models.CheckConstraint(condition=Q(state__in=Progress.values), name="operation_state_known"),
            models.CheckConstraint(condition=Q(total__gte=F("done") + F("skipped")), name="operation_counts"),
            models.CheckConstraint(condition=Q(rate__isnull=True) | Q(rate__gt=0), name="operation_rate"),
            models.CheckConstraint(
                condition=Q(rate_total__isnull=True) | Q(rate_total__gt=0), name="operation_rate_total"
            ),
        ]
        indexes = [
            models.Index(fields=["cluster", "-id"], name="operation_cluster"),
            models.Index(fields=["state"], name="operation_active", condition=Q(state__in=ACTIVE)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def percent(self) -> int:
        """Done and skipped of all, 0 to 100; 100 only when nothing is left."""
        return 100 if not self.total else int((self.done + self.skipped) * 100 // self.total)


class Claim(models.Model):
    """An operation's hold on a subcluster: at most one active for each, so runs never meet.

    A failover takes the claim over; the run that had it yields and waits until it can claim again.
    """

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="claims")
    subcluster = models.ForeignKey(Subcluster, models.CASCADE, related_name="claims")
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operation", "subcluster"], name="claim_once"),
            models.UniqueConstraint(
                fields=["subcluster"], condition=Q(active=True), name="one_active_operation_per_subcluster"
            ),
        ]

    def __str__(self) -> str:
        return f"claim of operation {self.operation_id}"


class Move(models.Model):
    """The trace of one user in one operation: moved or skipped, and why. Written once.

    The statement that writes it holds the rows of the user and of the operation, so the database does not look for them
    again: that would cost a run a fifth of its time.
    """

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="traces", db_index=False, db_constraint=False)
    user = models.ForeignKey(EndUser, models.CASCADE, related_name="traces", db_index=False, db_constraint=False)
    from_node = models.ForeignKey(
        Node, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    to_node = models.ForeignKey(Node, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False)
    done = models.BooleanField(help_text="False: skipped, the code says why")
    code = models.CharField(max_length=48)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operation", "user"], name="moved_once")]
        indexes = [models.Index(fields=["user", "-at"], name="move_user")]

    def __str__(self) -> str:
        return f"move of {self.user_id}"


# Django looks for models here.
from assignments.models_lanes import Lane  # noqa: E402
from assignments.models_people import SavedView  # noqa: E402
from assignments.models_rules import Approval, Pin, RunPolicy  # noqa: E402
from assignments.models_simulations import Simulation  # noqa: E402

__all__ = ["ACTIVE", "Approval", "Assignment", "Claim", "Goal", "Kind", "Lane", "Listing", "Move", "Operation", "Pin"]
__all__ += ["Plan"]
__all__ += ["PlannedMove", "Population", "Progress", "RunPolicy", "SavedView", "Simulation"]

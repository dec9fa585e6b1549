"""Runs that move users, what they hold, and the trace of each move."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from assignments.models.plan import Plan
from topology.models import Cluster, EndUser, Node, Subcluster
from topology.reasons import RUN_IN_PROGRESS, Refused
from topology.reasons.words import REMOVED_NODE, UNASSIGNED


class Kind(models.TextChoices):
    """What an operation does."""

    MOVE = "move", "Move"
    REBALANCE = "rebalance", "Rebalance"
    FAILOVER = "failover", "Failover"
    FAILBACK = "failback", "Fallback"
    IMPORT = "import", "Import"
    REMOVAL = "removal", "Removal of users"


RUNS = (Kind.MOVE.value, Kind.REBALANCE.value)
"""Kinds that `assignments/runs` carries out."""
RECOVERIES = (Kind.FAILOVER.value, Kind.FAILBACK.value)
"""Kinds that the recovery engine carries out."""


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
    to_cluster = models.ForeignKey(
        Cluster, models.SET_NULL, null=True, related_name="arrivals", help_text="Where its users go, if elsewhere"
    )
    # It stays when that is removed for its age: an undo is one for ever, and null is none.
    undo_of = models.ForeignKey("self", models.DO_NOTHING, null=True, related_name="undone_by", db_constraint=False)
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
    thinned_at = models.DateTimeField(null=True, help_text="Since when whom it moved is no longer known for all")

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
        return f"{self.word} {self.pk}"

    @property
    def word(self) -> str:
        """What it is in a word; an undo has a kind of others, which is no word for it."""
        return "Undo" if self.undo_of_id else str(self.get_kind_display())

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def paused(self) -> bool:
        return self.state == Progress.PAUSED

    @property
    def state_label(self) -> str:
        """The state in a word, as pages and commands show it: a run that may not move users now is waiting."""
        moves = self.kind in (Kind.MOVE, Kind.REBALANCE) and self.state in (Progress.QUEUED, Progress.RUNNING)
        return "Waiting" if moves and self.wait_code else str(self.get_state_display())

    @property
    def percent(self) -> int:
        """Done and skipped of all, 0 to 100; 100 only when nothing is left."""
        return 100 if not self.total else int((self.done + self.skipped) * 100 // self.total)

    def holding(self, subcluster: str) -> dict[str, Any]:
        """The facts of a refusal because this operation holds a subcluster."""
        kind = self.word.lower()
        return {"subcluster": subcluster, "operation": self.pk, "kind": kind, "author": self.author_name}


class SubclusterLock(models.Model):
    """An operation's hold on a subcluster: at most one active for each, so runs never meet.

    A failover takes the lock over; the run that had it yields and waits until it can hold it again.
    """

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="locks")
    subcluster = models.ForeignKey(Subcluster, models.CASCADE, related_name="locks")
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["operation", "subcluster"], name="subcluster_lock_once"),
            models.UniqueConstraint(
                fields=["subcluster"], condition=Q(active=True), name="one_active_operation_per_subcluster"
            ),
        ]

    def __str__(self) -> str:
        return f"lock of operation {self.operation_id}"

    @classmethod
    def holder(cls, subclusters: Iterable[int]) -> SubclusterLock | None:
        """The lock that holds one of these subclusters, if any, with its operation and subcluster."""
        rows = cls.objects.filter(subcluster__in=subclusters, active=True)
        return rows.select_related("operation", "subcluster").order_by("subcluster_id").first()

    @property
    def refusal(self) -> Refused:
        """Why nothing else may have the subcluster now."""
        return Refused(RUN_IN_PROGRESS, **self.operation.holding(self.subcluster.name))


class Move(models.Model):
    """The trace of one user in one operation: moved or skipped, and why. Written once.

    The statement that writes it holds the rows of the user and of the operation, so the database does not look for them
    again: that would cost a run a fifth of its time. The key of a node that is removed stays: null is unassigned.
    """

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="traces", db_index=False, db_constraint=False)
    user = models.ForeignKey(EndUser, models.CASCADE, related_name="traces", db_index=False, db_constraint=False)
    from_node = models.ForeignKey(
        Node, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    to_node = models.ForeignKey(
        Node, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    done = models.BooleanField(help_text="False: skipped, the code says why")
    code = models.CharField(max_length=48)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operation", "user"], name="moved_once")]
        indexes = [models.Index(fields=["user", "-at"], name="move_user")]

    def __str__(self) -> str:
        return f"move of {self.user_id}"

    @property
    def former(self) -> str:
        """Where the user was at home before; read with its nodes."""
        return _place(self.from_node_id, self.from_node)

    @property
    def place(self) -> str:
        """Where the user was at home then, or would have been; read with its nodes."""
        return _place(self.to_node_id, self.to_node)


def _place(key: int | None, node: Node | None) -> str:
    if key is None:
        return UNASSIGNED
    return node.short_name if node else REMOVED_NODE

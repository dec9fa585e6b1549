"""What is agreed with a directory, who came from it, and each of its runs with what it did to whom.

The database itself takes a person's rows away with the user (migration 0020), for users are removed in SQL.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from assignments.models.assignment import Assignment
from topology.models import Cluster, EndUser, Node


class DirectoryAgreement(models.Model):
    """A cluster's agreement with its directory; the password is encrypted and never leaves."""

    cluster = models.OneToOneField(Cluster, models.CASCADE, related_name="directory")
    servers = ArrayField(models.CharField(max_length=300), size=3)
    start_tls = models.BooleanField(default=False)
    insecure = models.BooleanField(default=False, help_text="A password may go over an unencrypted connection")
    ca = models.TextField(blank=True, help_text="PEM of the authority that signed the servers' certificates")
    bind_dn = models.CharField(max_length=500, blank=True)
    password = models.BinaryField(default=bytes, help_text="Encrypted; empty: none")
    password_env = models.CharField(max_length=100, blank=True)
    base = models.CharField(max_length=500)
    filter = models.CharField(max_length=2000)
    attributes = models.JSONField(default=dict, help_text="The attribute of the directory for each field of a user")
    schedule = models.PositiveIntegerField(default=900, help_text="Real seconds between two runs")
    guard_percent = models.FloatField(default=2)
    guard_people = models.PositiveIntegerField(default=10)
    keep_days = models.PositiveSmallIntegerField(default=30, help_text="Days for which a user who is gone is kept")
    next_at = models.DateTimeField(default=timezone.now, help_text="Real time of the next run")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(servers__len__gte=1, servers__len__lte=3), name="directory_servers"),
            models.CheckConstraint(condition=Q(schedule__gte=60), name="directory_schedule"),
            models.CheckConstraint(
                condition=Q(guard_percent__gte=0, guard_percent__lte=100), name="directory_guard_percent"
            ),
            models.CheckConstraint(condition=Q(keep_days__gte=1), name="directory_keep_days"),
        ]

    def __str__(self) -> str:
        return f"directory of {self.cluster}"


class DirectoryPeople(models.QuerySet["DirectoryPerson"]):
    """Users who came from a directory."""

    def set_aside(self) -> Self:
        """Those whom their directory has no more, and whom no list or person made a user again, here or elsewhere."""
        is_user = models.Exists(Assignment.objects.filter(user=models.OuterRef("user")))
        return self.filter(~is_user, gone_at__isnull=False)


class DirectoryPerson(models.Model):
    """A user who came from a directory, under the key that never changes there.

    One who is gone is set aside without an assignment: home node and pin wait here until the person comes back or is
    removed. They wait on while a person who came back has to wait for a home.
    """

    user = models.OneToOneField(
        EndUser, models.CASCADE, primary_key=True, related_name="directory", db_constraint=False
    )
    agreement = models.ForeignKey(DirectoryAgreement, models.CASCADE, related_name="people", db_index=False)
    key = models.CharField(max_length=64)
    gone_at = models.DateTimeField(null=True, help_text="Real time at which the directory had the person no more")
    home_node = models.ForeignKey(Node, models.SET_NULL, null=True, related_name="+")
    pinned = models.BooleanField(default=False)
    waits_code = models.CharField(max_length=48, blank=True, help_text="Why the person has no home yet")

    objects = DirectoryPeople.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "key"], name="directory_key_once"),
            models.CheckConstraint(condition=~Q(key=""), name="directory_key_given"),
            models.CheckConstraint(
                condition=Q(gone_at__isnull=False) | ~Q(waits_code="") | Q(home_node__isnull=True, pinned=False),
                name="directory_home_is_of_those_away",
            ),
        ]
        indexes = [
            models.Index(fields=["agreement", "gone_at"], name="directory_gone", condition=Q(gone_at__isnull=False)),
            models.Index(fields=["agreement", "user"], name="directory_waiting", condition=~Q(waits_code="")),
        ]

    def __str__(self) -> str:
        return self.key


class RunState(models.TextChoices):
    """Where a run is: reading -> finished | stopped (by the guard) | failed; stopped -> dropped | accepted."""

    READING = "reading", "Reading"
    FINISHED = "finished", "Finished"
    STOPPED = "stopped", "Waits for a person"
    DROPPED = "dropped", "Dropped"
    ACCEPTED = "accepted", "Accepted"
    FAILED = "failed", "Failed"


class DirectorySkipped(models.Model):
    """An entry that the last run could not take, and why: a row is written when it is new, not by every run."""

    agreement = models.ForeignKey(DirectoryAgreement, models.CASCADE, related_name="skipped", db_index=False)
    entry = models.TextField(help_text="The DN, or the user ID of somebody who cannot go yet")
    code = models.CharField(max_length=48)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["agreement", "id"], name="directory_skipped_order")]

    def __str__(self) -> str:
        return f"{self.code} {self.entry}"


class DirectoryRun(models.Model):
    """One run of a directory: what it read, did and left out, or why it did nothing."""

    agreement = models.ForeignKey(DirectoryAgreement, models.CASCADE, related_name="runs", db_index=False)
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.READING)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(default=timezone.now, help_text="Real time of the last page that was read")
    staged_at = models.DateTimeField(null=True, help_text="Real time at which all had been read and staged")
    taken = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How often it was taken up after its worker died"
    )
    accepts = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="The hash of the changes that it may make"
    )
    read = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    back = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0, help_text="New and returned users who wait for a home")
    code = models.CharField(max_length=48, blank=True, help_text="Why it stopped or failed")
    facts = models.JSONField(default=dict)
    set_hash = models.CharField(max_length=64, blank=True, help_text="Of the changes that wait for a person")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150, default="engine")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="directory_run_state_known"),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state="reading"), name="one_directory_run_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state="reading", finished_at=None) | ~Q(state="reading") & ~Q(finished_at=None),
                name="directory_run_end",
            ),
        ]
        indexes = [models.Index(fields=["agreement", "-id"], name="directory_run_newest")]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.agreement_id}"


class ChangeKind(models.TextChoices):
    """What a run did to a person."""

    NEW = "new", "New"
    CHANGED = "changed", "Changed"
    GONE = "gone", "Set aside"
    BACK = "back", "Back"


class DirectoryChange(models.Model):
    """What one run did to one person, or a stopped one would do; written once."""

    run = models.ForeignKey(DirectoryRun, models.CASCADE, related_name="changes", db_index=False)
    user = models.ForeignKey(EndUser, models.CASCADE, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=8, choices=ChangeKind.choices)
    fields = models.JSONField(
        default=dict, help_text="Each changed field with its value before; of a stopped run what they become"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "user"], name="directory_change_once"),
            models.CheckConstraint(condition=Q(kind__in=ChangeKind.values), name="directory_change_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"

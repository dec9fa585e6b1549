"""Who is served where, the counts of it, and the order of the lists."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from assignments.models.triggers import COUNTS, FOLDED, LISTS, RENAMES
from topology.models import Cluster, EndUser, Node

# The order of the lists is ours; the directory knows nothing of it.
RENAMES.register(EndUser)  # type: ignore[arg-type]  # it takes the class


class Assignment(models.Model):
    """One narrow row per user of a cluster; a null home means unassigned.

    The cluster of both nodes is held by composite foreign keys (migration 0002), which replace the simple ones.
    Whatever writes a row also changes Population and Listing: the database does it (`triggers`). `folded` is that of
    the person, so that one index has the users of a home in the order of their list.
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
    folded = models.TextField(db_collation="C", default="", db_default="", editable=False)

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
            models.Index(fields=["home_node", "folded"], name="assignment_list"),
            models.Index(fields=["cluster", "folded"], name="assignment_unassigned", condition=Q(home_node=None)),
            models.Index(
                fields=["serving_node", "user"],
                name="assignment_away",
                condition=~Q(serving_node=F("home_node")),
            ),
            models.Index(fields=["home_node"], name="assignment_pinned", condition=Q(pinned=True)),
        ]
        triggers = [FOLDED, *COUNTS, *LISTS]

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

"""Nodes: rated capacity, ground truth of the simulation, and what the recovery managers believe."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from topology.models.cluster import MAX_NODES, Cluster
from topology.models.subcluster import Subcluster
from topology.rules.states import LOOKS, Look, State, StateReason, Truth, reason_label, serves

LABEL = "[^.-]([^.]{0,61}[^.-])?"
NODE_LABELS = f"^{LABEL}([.]{LABEL})*$"
NODE_NAME = r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$"
PROFILES = (500, 1000, 2000, 5000, 15000, 25000)  # users a node is rated for, domain.md §4.8
ENDPOINTS_PER_USER = 2


LABELS = pgtrigger.Trigger(
    # No check constraint: a node that was named before this rule keeps its name, and its state changes as ever.
    name="node_label_form",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("name"),
    condition=pgtrigger.Condition(f"NEW.\"name\" !~ '{NODE_LABELS}'"),
    func="""
IF TG_OP = 'INSERT' OR NEW.name IS DISTINCT FROM OLD.name THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'node_label_form',
        MESSAGE = 'node_label_form: 1 to 63 characters, no - first or last, between dots, not so in ' || NEW.name;
END IF;
RETURN NEW;
""",
)


NOT_IN_MAINTENANCE = {
    "maintenance_until": None,
    "maintenance_since": None,
    "maintenance_owner": "",
    "maintenance_reason": "",
    "maintenance_signed_in": 0,
}


class Node(models.Model):
    """A server with a rated capacity, in a slot of one subcluster or unassigned."""

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="nodes")
    subcluster = models.ForeignKey(
        Subcluster, models.RESTRICT, null=True, blank=True, related_name="nodes", db_constraint=False
    )
    slot = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 is the active one in active/standby")
    number = models.PositiveSmallIntegerField(help_text="1 to 6 within the cluster")
    name = models.CharField(max_length=255)
    publisher = models.BooleanField(default=False)
    profile = models.PositiveIntegerField(default=5000, choices=[(p, f"{p:,} users") for p in PROFILES])
    capacity_users = models.PositiveIntegerField()
    capacity_endpoints = models.PositiveIntegerField()

    state = models.CharField(
        max_length=48, choices=[(s.value, LOOKS[s].label) for s in State], default=State.UNKNOWN.value
    )
    reason = models.CharField(
        max_length=48,
        choices=[(r.value, reason_label(r)) for r in StateReason],
        default=StateReason.HIGH_AVAILABILITY_NOT_ENABLED.value,
    )
    state_since = models.DateTimeField(default=timezone.now, help_text="Real time")

    power_on = models.BooleanField(default=True)
    network_up = models.BooleanField(default=True)
    database_up = models.BooleanField(default=True)
    failed_services = ArrayField(models.CharField(max_length=64), default=list, blank=True)

    maintenance_until = models.DateTimeField(null=True, blank=True, help_text="Cluster time; null: not in maintenance")
    maintenance_since = models.DateTimeField(null=True, blank=True, help_text="Real time")
    maintenance_owner = models.CharField(max_length=150, blank=True)
    maintenance_reason = models.CharField(max_length=200, blank=True)
    maintenance_signed_in = models.PositiveIntegerField(
        default=0, help_text="Users at home here who were signed in when the maintenance began"
    )

    class Meta:
        ordering = ["cluster_id", "number"]
        triggers = [LABELS]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="node_name_once"),
            models.UniqueConstraint(fields=["cluster", "id"], name="node_cluster_key"),
            models.UniqueConstraint(fields=["cluster", "number"], name="node_number_once"),
            models.UniqueConstraint(fields=["subcluster", "slot"], name="subcluster_slot_once"),
            models.UniqueConstraint(fields=["cluster"], condition=Q(publisher=True), name="one_publisher_per_cluster"),
            models.CheckConstraint(condition=Q(number__range=(1, MAX_NODES)), name="at_most_six_nodes"),
            models.CheckConstraint(
                # A null slot must be refused by name: a check that is neither true nor false passes.
                condition=Q(subcluster__isnull=True, slot__isnull=True)
                | Q(subcluster__isnull=False, slot__isnull=False, slot__in=(1, 2)),
                name="at_most_two_slots",
            ),
            models.CheckConstraint(condition=Q(name__regex=NODE_NAME), name="node_name_form"),
            models.CheckConstraint(condition=Q(profile__in=PROFILES), name="node_profile_known"),
            models.CheckConstraint(
                condition=Q(capacity_users__gte=1, capacity_endpoints__gte=1), name="node_capacity_positive"
            ),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="node_state_known"),
            models.CheckConstraint(condition=Q(reason__in=[r.value for r in StateReason]), name="node_reason_known"),
            models.CheckConstraint(
                condition=Q(maintenance_until__isnull=True)
                | (Q(maintenance_since__isnull=False) & ~Q(maintenance_owner="") & ~Q(maintenance_reason="")),
                name="node_maintenance_has_owner_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def truth(self) -> Truth:
        return Truth(self.power_on, self.network_up, self.database_up, frozenset(self.failed_services))

    @property
    def serves(self) -> bool:
        """Whether users whose serving node this is are in service."""
        return serves(self.state, self.truth)

    @property
    def in_maintenance(self) -> bool:
        return self.maintenance_until is not None

    @property
    def look(self) -> Look:
        return LOOKS[State(self.state)]

    @property
    def reason_label(self) -> str:
        return reason_label(self.reason)

    @property
    def short_name(self) -> str:
        return self.name.split(".", 1)[0]

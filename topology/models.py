"""What exists: clusters, subclusters, nodes, people, and the history of what was done.

Every rule that the database can hold is a constraint here or in the first migrations.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Lower, Upper
from django.utils import timezone

from topology.reasons import NODE_IN_MAINTENANCE, NODE_NOT_A_TARGET, REASONS, Reason
from topology.rules.clock import Clock
from topology.rules.states import LOOKS, Look, State, StateReason, Truth, reason_label, serves

MAX_NODES = 6  # per cluster, domain.md §5
MAX_CONTACTS = 200
MAX_USER_ID = 132
GROUP_NAME = r"^[A-Za-z0-9_-]{1,128}$"  # domain.md §1.3
NODE_NAME = r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$"
DESCRIPTION = r'^[^"%&\\<>]*$'

PROFILES = (500, 1000, 2000, 5000, 15000, 25000)  # users a node is rated for, domain.md §4.8
ENDPOINTS_PER_USER = 2

ENDPOINT_KINDS = {  # the seven kinds of the feature page
    "desk_phone": "Desk phone",
    "personal_communicator": "Personal Communicator",
    "mobile_communicator": "Mobile Communicator",
    "mobile_communicator_soft": "Mobile Communicator (soft client)",
    "office_communicator": "Office Communicator",
    "sametime": "Sametime",
    "third_party": "Third-party interface",
}


class Mode(models.TextChoices):
    """How the Sync Agent assigns new users (domain.md §2)."""

    BALANCED = "balanced", "Balanced"
    ACTIVE_STANDBY = "active_standby", "Active/Standby"
    MANUAL = "manual", "Manual"


class Model(models.TextChoices):
    """The deployment model a cluster is meant to be (domain.md §3)."""

    BALANCED_NON_REDUNDANT = "balanced_non_redundant", "Balanced non-redundant"
    BALANCED_REDUNDANT = "balanced_redundant", "Balanced redundant"
    ACTIVE_STANDBY = "active_standby", "Active/Standby redundant"


class Cluster(models.Model):
    """Up to six nodes with one publisher, one assignment mode and one recovery policy."""

    name = models.CharField(max_length=128, unique=True)
    mode = models.CharField(max_length=16, choices=Mode.choices, default=Mode.BALANCED)
    model = models.CharField(max_length=24, choices=Model.choices, default=Model.BALANCED_REDUNDANT)
    clock_real = models.DateTimeField(default=timezone.now)
    clock_cluster = models.DateTimeField(default=timezone.now)
    clock_speed = models.PositiveSmallIntegerField(default=1, help_text="Cluster seconds per real second")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=GROUP_NAME), name="cluster_name_form"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="cluster_mode_known"),
            models.CheckConstraint(condition=Q(model__in=Model.values), name="cluster_model_known"),
            models.CheckConstraint(condition=Q(clock_speed__gte=1, clock_speed__lte=600), name="cluster_clock_speed"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def clock(self) -> Clock:
        return Clock(self.clock_real, self.clock_cluster, self.clock_speed)

    def now(self, real: datetime | None = None) -> datetime:
        """The cluster's own time."""
        return self.clock.at(real or timezone.now())


class Policy(models.Model):
    """The SRM parameters of a cluster (domain.md §4.2); spans in cluster seconds."""

    cluster = models.OneToOneField(Cluster, models.CASCADE, primary_key=True, related_name="policy")
    service_port = models.PositiveIntegerField(default=22001)
    admin_rpc_port = models.PositiveIntegerField(default=20075)
    critical_service_delay = models.PositiveIntegerField(default=90)
    enable_automatic_fallback = models.BooleanField(default=False)
    automatic_fallback_delay = models.PositiveIntegerField(default=1800)
    automatic_fallback_hold_down = models.PositiveIntegerField(
        default=3600, help_text="Between the end of an automatic fallback and the next"
    )
    automatic_fallback_from = models.PositiveIntegerField(
        null=True, blank=True, help_text="Second of the day from which automatic fallbacks may begin; empty: any time"
    )
    automatic_fallback_until = models.PositiveIntegerField(null=True, blank=True)
    failover_limit = models.PositiveIntegerField(
        default=3, help_text="After so many automatic failovers a person must fall back"
    )
    failover_limit_hours = models.PositiveIntegerField(default=24)
    canary_fallback = models.BooleanField(default=False, help_text="Fall back 1 %, then 10 %, then the rest")
    sign_ins_per_second = models.FloatField(
        null=True, blank=True, help_text="Budget of each node; empty: computed from the re-login window"
    )
    done_within_minutes = models.FloatField(null=True, blank=True, help_text="Budget of a whole failover or fallback")
    initialization_keep_alive_timeout = models.PositiveIntegerField(default=120)
    keep_alive_timeout = models.PositiveIntegerField(default=60)
    keep_alive_interval = models.PositiveIntegerField(default=15)
    relogin_lower_limit = models.PositiveIntegerField(default=120)
    serve_beyond_capacity = models.BooleanField(
        default=False, help_text="A backup takes users beyond its rated capacity"
    )
    moves_per_second = models.PositiveIntegerField(
        default=50, help_text="Moved users per second and receiving node, in a run without its own rate"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(service_port__range=(1, 65535), admin_rpc_port__range=(1, 65535)),
                name="policy_ports",
            ),
            models.CheckConstraint(
                condition=Q(
                    critical_service_delay__range=(1, 3600),
                    automatic_fallback_delay__range=(60, 86400),
                    initialization_keep_alive_timeout__range=(1, 3600),
                    keep_alive_interval__range=(1, 600),
                    relogin_lower_limit__range=(0, 3600),
                    moves_per_second__range=(1, 100_000),
                ),
                name="policy_ranges",
            ),
            models.CheckConstraint(
                condition=Q(
                    automatic_fallback_hold_down__range=(0, 604_800),
                    failover_limit__range=(1, 20),
                    failover_limit_hours__range=(1, 168),
                )
                & (Q(automatic_fallback_from__isnull=True) | Q(automatic_fallback_from__lt=86_400))
                & (Q(automatic_fallback_until__isnull=True) | Q(automatic_fallback_until__lt=86_400)),
                name="policy_fallback_ranges",
            ),
            models.CheckConstraint(
                condition=(Q(sign_ins_per_second__isnull=True) | Q(done_within_minutes__isnull=True))
                & (Q(sign_ins_per_second__isnull=True) | Q(sign_ins_per_second__range=(0.1, 10_000)))
                & (Q(done_within_minutes__isnull=True) | Q(done_within_minutes__range=(0.1, 10_080))),
                name="policy_one_budget",
            ),
            models.CheckConstraint(
                condition=Q(keep_alive_timeout__gte=F("keep_alive_interval"), keep_alive_timeout__lte=3600),
                name="policy_timeout_covers_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"policy of {self.cluster_id}"


class Subcluster(models.Model):
    """One or two nodes with a shared presence database; HA can be on when it has two."""

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="subclusters")
    name = models.CharField(max_length=128)
    description = models.CharField(max_length=128, blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order on the page")
    ha_enabled = models.BooleanField(default=False)
    srm = models.JSONField(default=dict, help_text="Memory of the recovery engine for this pair")
    next_wake = models.DateTimeField(null=True, blank=True, help_text="Real time of the engine's next step")
    version = models.PositiveBigIntegerField(default=0, help_text="Counts writes of the recovery engine")

    class Meta:
        ordering = ["cluster_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "name"],
                name="subcluster_name_once",
                violation_error_message="A subcluster of this name exists in the cluster.",
            ),
            models.UniqueConstraint(fields=["cluster", "id"], name="subcluster_cluster_key"),
            models.CheckConstraint(condition=Q(name__regex=GROUP_NAME), name="subcluster_name_form"),
            models.CheckConstraint(condition=Q(description__regex=DESCRIPTION), name="subcluster_description_form"),
        ]
        indexes = [models.Index(fields=["next_wake"], name="subcluster_wake", condition=Q(next_wake__isnull=False))]

    def __str__(self) -> str:
        return self.name


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
    def closed_to_users(self) -> Reason | None:
        """Why users may not be sent here now, or None; room is another question. The reason wants the node's name."""
        if self.subcluster_id is None or not self.serves:
            return NODE_NOT_A_TARGET
        return NODE_IN_MAINTENANCE if self.in_maintenance else None

    @property
    def look(self) -> Look:
        return LOOKS[State(self.state)]

    @property
    def reason_label(self) -> str:
        return reason_label(self.reason)

    @property
    def short_name(self) -> str:
        return self.name.split(".", 1)[0]


class EndUser(models.Model):
    """A person in the directory, with the endpoints and the number of contacts."""

    user_id = models.CharField(max_length=MAX_USER_ID)
    name = models.CharField(max_length=255, blank=True)
    mail = models.CharField(max_length=255, blank=True)
    endpoints = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    contacts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("user_id"), name="user_id_once"),
            models.CheckConstraint(condition=~Q(user_id=""), name="user_id_given"),
            models.CheckConstraint(condition=Q(contacts__lte=MAX_CONTACTS), name="at_most_200_contacts"),
            models.CheckConstraint(condition=Q(endpoints__contained_by=list(ENDPOINT_KINDS)), name="endpoints_known"),
        ]
        indexes = [
            # One index serves the order of every list, its keyset cursor and the search for a beginning.
            models.Index(Collate(Lower("user_id"), "C"), name="user_id_order"),
            GinIndex(OpClass(Upper("user_id"), name="gin_trgm_ops"), name="user_id_trigrams"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="user_name_trigrams"),
            GinIndex(OpClass(Upper("mail"), name="gin_trgm_ops"), name="user_mail_trigrams"),
            GinIndex(fields=["endpoints"], name="user_endpoints"),
            models.Index(fields=["contacts"], name="user_contacts"),
        ]

    def __str__(self) -> str:
        return self.user_id


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
        return self.why.say(actor=self.actor_name, **self.facts)


class SignInLink(models.Model):
    """A link that signs one person in once; only the hash of its token is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.user_id}"

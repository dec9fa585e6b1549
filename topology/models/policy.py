"""The recovery policy of a cluster: the SRM parameters (domain.md §4.2)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from topology.models.cluster import Cluster


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
    second_connection_percent = models.PositiveIntegerField(
        default=0, help_text="Share of the clients that hold a second connection to the backup, since release 14"
    )
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
                    second_connection_percent__range=(0, 100),
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

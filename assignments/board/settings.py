"""All settings of a cluster at once: assignment mode, deployment model, speed of the clock, recovery policy, DNS."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from topology.models import Cluster
from topology.rules.topology_file import DnsSpec
from topology.structure.clusters import set_mode, set_model
from topology.structure.dns_settings import update_dns
from topology.structure.policy import set_clock_speed, update_policy


@transaction.atomic
def change_settings(
    cluster: Cluster,
    *,
    mode: str,
    model: str,
    clock_speed: Any,
    policy: Mapping[str, Any],
    dns: DnsSpec | None = None,
    actor: Any = None,
) -> None:
    """Change what differs, all or nothing; each change is a line of history. Raises Refused naming the field."""
    if mode != cluster.mode:
        set_mode(cluster, mode, actor=actor)
    if model != cluster.model:
        set_model(cluster, model, actor=actor)
    if clock_speed != cluster.clock_speed:
        set_clock_speed(cluster, clock_speed, actor)
    update_policy(cluster, policy, actor)
    if dns is not None:
        update_dns(cluster, dns, actor)

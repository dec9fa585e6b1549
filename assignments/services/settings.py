"""All settings of a cluster at once: assignment mode, deployment model, speed of the clock, recovery policy."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from assignments.services import recovery
from topology import services
from topology.models import Cluster


@transaction.atomic
def change_settings(
    cluster: Cluster, *, mode: str, model: str, clock_speed: Any, policy: Mapping[str, Any], actor: Any = None
) -> None:
    """Change what differs, all or nothing; each change is a line of history. Raises Refused naming the field."""
    if mode != cluster.mode:
        services.set_mode(cluster, mode, actor=actor)
    if model != cluster.model:
        services.set_model(cluster, model, actor=actor)
    if clock_speed != cluster.clock_speed:
        recovery.set_clock_speed(cluster, clock_speed, actor)
    recovery.update_policy(cluster, policy, actor)

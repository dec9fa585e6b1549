"""Changes of the structure that are one act for a person and several verbs for the console."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from topology import services
from topology.models import Subcluster


@transaction.atomic
def change_subcluster(subcluster: Subcluster, *, name: str, description: str, actor: Any = None) -> Subcluster:
    """Rename and describe, all or nothing; what stays the same is no line of history. Raises Refused."""
    services.rename_subcluster(subcluster, name, actor=actor)
    return services.describe_subcluster(subcluster, description, actor=actor)


@transaction.atomic
def swap_nodes(subcluster: Subcluster, *, actor: Any = None) -> Subcluster:
    """Put the second node first: in active/standby the first one takes the users. Raises Refused while HA is on."""
    names = list(subcluster.nodes.order_by("slot").values_list("name", flat=True))
    return services.order_nodes(subcluster, names[::-1], actor=actor)

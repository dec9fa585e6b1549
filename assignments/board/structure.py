"""Changes of the structure that are one act for a person and several verbs for the console."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from topology.models import Node, Subcluster
from topology.structure import guards
from topology.structure.nodes import rename_node, set_capacity
from topology.structure.subclusters import describe_subcluster, order_nodes, order_subclusters, rename_subcluster


@transaction.atomic
def change_subcluster(subcluster: Subcluster, *, name: str, description: str, actor: Any = None) -> Subcluster:
    """Rename and describe, all or nothing; what stays the same is no line of history. Raises Refused."""
    rename_subcluster(subcluster, name, actor=actor)
    return describe_subcluster(subcluster, description, actor=actor)


@transaction.atomic
def change_node(
    node: Node, *, name: str, seen: str, profile: int, users: int, endpoints: int, actor: Any = None
) -> Node:
    """Rename and rate a node, all or nothing; `seen` is the name it had when the person looked. Raises Refused."""
    rename_node(node, name, seen=seen, actor=actor)
    return set_capacity(node, profile=profile, users=users, endpoints=endpoints, actor=actor)


@transaction.atomic
def shift_subcluster(subcluster: Subcluster, by: int, *, actor: Any = None) -> None:
    """Show a subcluster so many places later on the page (earlier: below 0); the others keep their order."""
    guards.hold(subcluster.cluster)
    names = list(subcluster.cluster.subclusters.values_list("name", flat=True))
    guards.refresh(subcluster)
    place = max(0, names.index(subcluster.name) + by)
    names.remove(subcluster.name)
    names.insert(place, subcluster.name)
    order_subclusters(subcluster.cluster, names, actor=actor)


@transaction.atomic
def swap_nodes(subcluster: Subcluster, *, actor: Any = None) -> Subcluster:
    """Put the second node first: in active/standby the first one takes the users. Raises Refused while HA is on."""
    names = list(subcluster.nodes.order_by("slot").values_list("name", flat=True))
    return order_nodes(subcluster, names[::-1], actor=actor)

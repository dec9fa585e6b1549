"""Subclusters: created, renamed, described, ordered, removed (domain.md §1.3)."""

import re
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from topology import reasons
from topology.models import DESCRIPTION, Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.rules.states import State, StateReason
from topology.structure import guards


@transaction.atomic
def create_subcluster(cluster: Cluster, name: str, *, description: str = "", actor: Any = None) -> Subcluster:
    """A new subcluster without nodes, the last on the page. Raises Refused for a taken or invalid name."""
    guards.hold(cluster)
    name = _free_name(cluster, name)
    last = cluster.subclusters.aggregate(last=Max("position"))["last"]
    subcluster = Subcluster.objects.create(
        cluster=cluster,
        name=name,
        description=checked_description(description),
        position=0 if last is None else last + 1,
        next_wake=timezone.now(),
    )
    guards.record(reasons.SUBCLUSTER_CREATED, cluster=cluster, actor=actor, subcluster=subcluster)
    return subcluster


def _free_name(cluster: Cluster, name: str) -> str:
    name = guards.group_name(name, "subcluster")
    if cluster.subclusters.filter(name=name).exists():
        raise Refused(reasons.SUBCLUSTER_NAME_TAKEN, cluster=cluster.name, subcluster=name)
    return name


def checked_description(text: str) -> str:
    """The description of a subcluster. Raises Refused for one that cannot be stored."""
    text = text.strip()
    if len(text) > 128 or not re.fullmatch(DESCRIPTION, text):
        remedy = 'At most 128 characters, none of them " % & \\ < >.'
        raise Refused(reasons.VALUE_NOT_VALID, field="description", value=text[:60], remedy=remedy)
    return text


def rename_subcluster(subcluster: Subcluster, name: str, *, actor: Any = None) -> Subcluster:
    """Give a subcluster another name. Raises Refused for a taken or invalid name."""
    return _change(subcluster, "name", name, actor)


def describe_subcluster(subcluster: Subcluster, description: str, *, actor: Any = None) -> Subcluster:
    """Change the description. Raises Refused for one that cannot be stored."""
    return _change(subcluster, "description", description, actor)


@transaction.atomic
def _change(subcluster: Subcluster, field: str, value: str, actor: Any) -> Subcluster:
    cluster = subcluster.cluster
    guards.hold(cluster)
    guards.refresh(subcluster)
    before = getattr(subcluster, field)
    if value.strip() == before:
        return subcluster
    after = _free_name(cluster, value) if field == "name" else checked_description(value)
    facts: dict[str, Any] = {
        "subcluster": subcluster,
        "field": field,
        "before": before or "nothing",
        "after": after or "nothing",
    }
    guards.record(reasons.SUBCLUSTER_CHANGED, cluster=cluster, actor=actor, **facts)
    setattr(subcluster, field, after)
    subcluster.save(update_fields=[field])
    return subcluster


@transaction.atomic
def remove_subcluster(subcluster: Subcluster, *, actor: Any = None) -> None:
    """Remove a subcluster; its nodes, also the publisher, become unassigned.

    Raises Refused while HA is on, a node has users, or a run holds it.
    """
    cluster = subcluster.cluster
    guards.hold(cluster)
    guards.refresh(subcluster)
    guards.ha_off(subcluster)
    guards.no_run(subcluster)
    nodes = list(subcluster.nodes.all())
    for node in nodes:
        guards.no_users(node)
    unknown = {"state": State.UNKNOWN, "reason": StateReason.HIGH_AVAILABILITY_NOT_ENABLED}
    subcluster.nodes.update(subcluster=None, slot=None, state_since=timezone.now(), **unknown)
    guards.end_maintenance(*nodes, actor=actor)
    guards.record(reasons.SUBCLUSTER_REMOVED, cluster=cluster, actor=actor, subcluster=subcluster)
    subcluster.delete()


@transaction.atomic
def order_nodes(subcluster: Subcluster, names: Sequence[str], *, actor: Any = None) -> Subcluster:
    """Put the two nodes into this order: the first is the active one in active/standby (domain.md §2).

    Raises Refused while HA is on, or when the names are not those of its nodes.
    """
    guards.hold(subcluster.cluster)
    guards.refresh(subcluster)
    nodes = {node.name.lower(): node for node in subcluster.nodes.all()}
    wanted = [name.lower() for name in names]
    if sorted(wanted) != sorted(nodes):
        remedy = f"Name each of its nodes once: {', '.join(node.name for node in nodes.values())}."
        raise Refused(reasons.VALUE_NOT_VALID, field="order", value=", ".join(names), remedy=remedy)
    before = sorted(nodes, key=lambda name: nodes[name].slot or 0)
    if before != wanted:
        guards.ha_off(subcluster)
        _write_slots(subcluster, [nodes[name] for name in wanted])
        facts: dict[str, Any] = {"subcluster": subcluster, "field": "the order of nodes"}
        facts |= {"before": ", ".join(nodes[n].name for n in before), "after": ", ".join(nodes[n].name for n in wanted)}
        guards.record(reasons.SUBCLUSTER_CHANGED, cluster=subcluster.cluster, actor=actor, **facts)
        guards.nodes_changed(subcluster)
    return subcluster


def _write_slots(subcluster: Subcluster, nodes: Sequence[Node]) -> None:
    # Slots are unique, so both are given up before they are taken again.
    Node.objects.filter(pk__in=[node.pk for node in nodes]).update(subcluster=None, slot=None)
    for slot, node in enumerate(nodes, 1):
        Node.objects.filter(pk=node.pk).update(subcluster=subcluster, slot=slot)


@transaction.atomic
def order_subclusters(cluster: Cluster, names: Sequence[str], *, actor: Any = None) -> Cluster:
    """Show these subclusters in this order, the others after them."""
    guards.hold(cluster)
    rank = {name: number for number, name in enumerate(names)}
    rows = sorted(cluster.subclusters.all(), key=lambda sub: rank.get(sub.name, len(rank) + sub.position))
    for position, row in enumerate(rows):
        row.position = position
    before = list(cluster.subclusters.values_list("name", flat=True))
    after = [row.name for row in rows]
    if before != after:
        Subcluster.objects.bulk_update(rows, ["position"])
        facts: dict[str, Any] = {
            "field": "the order of subclusters",
            "before": ", ".join(before),
            "after": ", ".join(after),
        }
        guards.record(reasons.CLUSTER_CHANGED, cluster=cluster, actor=actor, **facts)
    return cluster

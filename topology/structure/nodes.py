"""Nodes: added to a cluster, put into a subcluster, taken out, renamed, removed (domain.md §1.3).

    (not there) --add--> unassigned --move--> in a subcluster --unassign--> unassigned --remove--> (not there)

The publisher is the exception: it leaves its subcluster only with the whole subcluster, and its cluster last.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from topology import reasons
from topology.models import ENDPOINTS_PER_USER, MAX_NODES, PROFILES, Cluster, Node, Subcluster
from topology.reasons import Refused
from topology.rules.states import State, StateReason
from topology.structure import guards


@transaction.atomic
def add_node(
    cluster: Cluster,
    name: str,
    *,
    subcluster: Subcluster | None = None,
    profile: int = 5000,
    users: int | None = None,
    endpoints: int | None = None,
    publisher: bool | None = None,
    actor: Any = None,
) -> Node:
    """A new node; its first one is a cluster's publisher unless `publisher` says otherwise.

    `users` and `endpoints` override the capacity of the profile. Raises Refused for a seventh node, a third one in a
    subcluster, a second publisher, a taken name or an unknown profile.
    """
    guards.hold(cluster)
    name = guards.node_name(name)
    taken = set(Node.objects.filter(cluster=cluster).values_list("number", flat=True))
    _may_be_added(cluster, name, profile, taken)
    is_publisher = not taken if publisher is None else publisher
    if is_publisher:
        _no_publisher_yet(cluster)
    with _taking(name):
        node = Node.objects.create(
            cluster=cluster,
            name=name,
            number=min(set(range(1, MAX_NODES + 1)) - taken),
            publisher=is_publisher,
            profile=profile,
            capacity_users=users or profile,
            capacity_endpoints=endpoints or profile * ENDPOINTS_PER_USER,
            **_place(subcluster),
        )
    place = subcluster.name if subcluster else "the unassigned nodes"
    guards.record(reasons.NODE_ADDED, cluster=cluster, actor=actor, node=node, place=place)
    guards.nodes_changed(subcluster)
    return node


def _may_be_added(cluster: Cluster, name: str, profile: int, taken: set[int]) -> None:
    if profile not in PROFILES:
        remedy = f"Choose one of {', '.join(map(str, PROFILES))}."
        raise Refused(reasons.VALUE_NOT_VALID, field="profile", value=profile, remedy=remedy)
    if len(taken) >= MAX_NODES:
        raise Refused(reasons.CLUSTER_HAS_SIX_NODES, cluster=cluster.name, nodes=len(taken))
    _demand_free_name(name)


def _demand_free_name(name: str, own: int = 0) -> None:
    """Names are unique in all clusters, whatever the case; a node may keep its own."""
    if other := Node.objects.filter(name__iexact=name).exclude(pk=own).select_related("cluster").first():
        raise Refused(reasons.NODE_NAME_TAKEN, node=other.name, cluster=other.cluster.name)


@contextmanager
def _taking(name: str, own: int = 0) -> Iterator[None]:
    """Write a name that was free; a node of another cluster, which is not locked, may take it in this instant."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        _demand_free_name(name, own)
        raise


def _no_publisher_yet(cluster: Cluster) -> None:
    if other := Node.objects.filter(cluster=cluster, publisher=True).first():
        raise Refused(reasons.PUBLISHER_FIXED, publisher=other.name, cluster=cluster.name)


def _place(subcluster: Subcluster | None) -> dict[str, Any]:
    """The columns of the first free slot; a node without a pair that guards it has no state of its own."""
    unknown = {"state": State.UNKNOWN, "reason": StateReason.HIGH_AVAILABILITY_NOT_ENABLED}
    if subcluster is None:
        return {"subcluster": None, "slot": None, **unknown}
    guards.refresh(subcluster)
    inside = list(Node.objects.filter(subcluster=subcluster).order_by("slot"))
    if len(inside) >= 2:
        names = " and ".join(node.name for node in inside)
        raise Refused(reasons.SUBCLUSTER_FULL, subcluster=subcluster.name, nodes=names)
    guards.ha_off(subcluster)
    free = {1, 2} - {node.slot for node in inside}
    return {"subcluster": subcluster, "slot": min(free), **unknown}


@transaction.atomic
def move_node(node: Node, subcluster: Subcluster, *, actor: Any = None) -> Node:
    """Put a node into a subcluster, from the unassigned ones or from another subcluster.

    Raises Refused while it has users, HA is on at either end, a run holds its subcluster, the target is full, or
    it is the publisher in another subcluster.
    """
    guards.hold(node.cluster)
    guards.refresh(node)
    source = node.subcluster
    if source and source.pk == subcluster.pk:
        return node
    if subcluster.cluster_id != node.cluster_id:
        names = ", ".join(node.cluster.subclusters.values_list("name", flat=True)) or "none"
        raise Refused(reasons.NO_SUCH_SUBCLUSTER, name=subcluster.name, cluster=node.cluster.name, known=names)
    if source:
        _may_leave(node, source)
    _write(node, _place(subcluster))
    guards.end_maintenance(node, actor=actor)
    facts: dict[str, Any] = {"subcluster": subcluster, "node": node, "place": subcluster.name}
    guards.record(reasons.NODE_PLACED, cluster=node.cluster, actor=actor, **facts)
    guards.nodes_changed(source, subcluster)
    return node


@transaction.atomic
def unassign_node(node: Node, *, actor: Any = None) -> Node:
    """Take a node out of its subcluster. Raises Refused as move_node does."""
    guards.hold(node.cluster)
    guards.refresh(node)
    source = node.subcluster
    if source:
        _may_leave(node, source)
        _write(node, _place(None))
        guards.end_maintenance(node, actor=actor)
        facts: dict[str, Any] = {"subcluster": source, "node": node, "place": source.name}
        guards.record(reasons.NODE_UNASSIGNED, cluster=node.cluster, actor=actor, **facts)
        guards.nodes_changed(source)
    return node


def demand_place(node: Node, subcluster: Subcluster | None) -> None:
    """Raise Refused if move_node or (without a subcluster) unassign_node would refuse now; nothing is locked."""
    if node.subcluster:
        _may_leave(node, node.subcluster)
    _place(subcluster)


def _may_leave(node: Node, source: Subcluster) -> None:
    if node.publisher:
        raise Refused(reasons.PUBLISHER_STAYS, node=node.name, subcluster=source.name)
    guards.ha_off(source)
    guards.no_users(node)
    guards.no_run(source)


def _write(node: Node, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(node, name, value)
    node.state_since = timezone.now()
    node.save(update_fields=[*columns, "state_since"])


@transaction.atomic
def remove_node(node: Node, *, actor: Any = None) -> None:
    """Remove a node for good. Raises Refused as unassign_node does, and for the publisher while others exist."""
    guards.hold(node.cluster)
    guards.refresh(node)
    source, cluster = node.subcluster, node.cluster
    if source:
        _may_leave(node, source)
    guards.no_users(node)
    if node.publisher and cluster.nodes.exclude(pk=node.pk).exists():
        raise Refused(reasons.PUBLISHER_GOES_LAST, node=node.name, cluster=cluster.name)
    guards.record(reasons.NODE_REMOVED, cluster=cluster, actor=actor, node=node)
    node.delete()
    guards.nodes_changed(source)


@transaction.atomic
def rename_node(node: Node, name: str, *, seen: str | None = None, actor: Any = None) -> Node:
    """Give a node another host name; its place, its users and what runs there stay as they are.

    `seen` is the name that the person saw. Raises Refused when the node has another by now, and for a name that is
    invalid or taken in any cluster.
    """
    guards.hold(node.cluster)
    guards.refresh(node)
    name, before = guards.node_name(name), node.name
    if seen is not None and seen != before:
        raise Refused(reasons.NODE_RENAMED_MEANWHILE, before=seen, node=before)
    if name == before:
        return node
    _demand_free_name(name, own=node.pk)
    with _taking(name, own=node.pk):
        node.name = name
        node.save(update_fields=["name"])
    guards.record(reasons.NODE_RENAMED, cluster=node.cluster, actor=actor, node=node, before=before)
    guards.wake(node.subcluster)
    return node


@transaction.atomic
def set_capacity(
    node: Node,
    *,
    profile: int | None = None,
    users: int | None = None,
    endpoints: int | None = None,
    actor: Any = None,
) -> Node:
    """Change a node's hardware profile or what overrides its capacity; what is not given stays.

    Raises Refused when more users or endpoints are at home than the new capacity.
    """
    guards.hold(node.cluster)
    guards.refresh(node)
    given = {"profile": profile, "capacity_users": users, "capacity_endpoints": endpoints}
    changed = {name: value for name, value in given.items() if value is not None and value != getattr(node, name)}
    if changed.get("profile", PROFILES[0]) not in PROFILES:
        remedy = f"Choose one of {', '.join(map(str, PROFILES))}."
        raise Refused(reasons.VALUE_NOT_VALID, field="profile", value=profile, remedy=remedy)
    _has_room(node, changed)
    for name, value in changed.items():
        facts = {"node": node, "field": name, "before": getattr(node, name), "after": value}
        guards.record(reasons.NODE_CHANGED, cluster=node.cluster, actor=actor, **facts)
        setattr(node, name, value)
    node.save(update_fields=list(changed) or None)
    return node


def _has_room(node: Node, changed: dict[str, int]) -> None:
    for what in ("users", "endpoints"):
        capacity = changed.get(f"capacity_{what}")
        used = sum(node.home_populations.values_list(what, flat=True))
        if capacity is not None and used > capacity:
            raise Refused(reasons.CAPACITY_BELOW_USERS, node=node.name, used=used, what=what, capacity=capacity)

"""What a plan is made from, read in five queries whatever the number of users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from assignments.models import Assignment
from assignments.planning.rules.loads import Classes, ClusterLoad, EndpointClass, NodeLoad, roughly
from assignments.population.selectors import Counts, counted
from topology.models import ENDPOINT_KINDS, Cluster, DeploymentModel, Node
from topology.rules.homes import closed
from topology.structure.homes import nodes_in_order, place_of


def load_of(cluster: Cluster, *, rough: bool = False, nodes: Sequence[Node] | None = None) -> ClusterLoad:
    """The loads of a cluster's nodes (those given, where they were read) and its unassigned users, for the planner.

    A `rough` one is read from counts alone, whatever the number of users: what it leaves open raises RoughLoad.
    """
    home: dict[int | None, Counts] = defaultdict(Counts)
    for row in counted(cluster):
        home[row.home_node_id] += Counts(row.users, row.signed_in, row.endpoints)
    pinned = _pinned(cluster)
    nodes = nodes or nodes_in_order(cluster)
    classes = {} if rough else _classes(cluster, nodes)
    load = ClusterLoad(
        nodes=tuple(
            node_load(node, home[node.pk], **pinned.get(node.pk, {}), counted=classes.get(node.pk, ()))
            for node in nodes
        ),
        unassigned=home[None].users,
        unassigned_endpoints=home[None].endpoints,
        redundant=cluster.model != DeploymentModel.BALANCED_NON_REDUNDANT,
        counted=classes.get(None, ()),
    )
    return roughly(load, len(ENDPOINT_KINDS)) if rough else load


def load_of_both(cluster: Cluster, other: Cluster) -> ClusterLoad:
    """The nodes of two clusters, for a plan that takes users from the first to the second."""
    load, into = load_of(cluster), load_of(other)
    return replace(load, nodes=load.nodes + into.nodes)


PINNED = """
SELECT home_node_id, count(*), count(*) FILTER (WHERE signed_in) FROM assignments_assignment
WHERE cluster_id = %s AND pinned AND home_node_id IS NOT NULL GROUP BY home_node_id"""


def _pinned(cluster: Cluster) -> dict[int, dict[str, int]]:
    """Pinned users and the signed-in ones among them, by home; an index holds only these."""
    with connection.cursor() as cursor:
        cursor.execute(PINNED, [cluster.pk])
        return {home: {"pinned": users, "pinned_signed_in": signed} for home, users, signed in cursor.fetchall()}


def _classes(cluster: Cluster, nodes: Sequence[Node]) -> dict[int | None, Classes]:
    """Users who are not pinned, by home and endpoints; one GROUP BY over the index of homes."""
    classes: dict[int | None, list[EndpointClass]] = defaultdict(list)
    for home in (Q(home_node__in=[node.pk for node in nodes]), Q(cluster=cluster, home_node=None)):
        rows = Assignment.objects.filter(home, pinned=False).values("home_node", "endpoints").order_by()
        for row in rows.annotate(users=Count("pk"), idle=Count("pk", filter=Q(signed_in=False))):
            classes[row["home_node"]].append(EndpointClass(row["endpoints"], row["users"], row["idle"]))
    return {home: tuple(sorted(some, key=lambda one: one.endpoints)) for home, some in classes.items()}


def node_load(node: Node, home: Counts, **rest: Any) -> NodeLoad:
    """A node with the counts of the users at home there; `rest` are further fields of the load."""
    return NodeLoad(
        id=node.pk,
        name=node.name,
        subcluster=node.subcluster_id,
        slot=node.slot,
        capacity_users=node.capacity_users,
        capacity_endpoints=node.capacity_endpoints,
        users=home.users,
        endpoints=home.endpoints,
        signed_in=home.signed_in,
        in_service=node.serves,
        takes=closed(place_of(node)) is None,
        **rest,
    )

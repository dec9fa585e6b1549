"""Clusters of pairs that lists of users are imported into, and what an import came to."""

from assignments.models import Assignment
from assignments.users.importing.report import Report
from topology.models import Cluster, Node
from topology.structure.clusters import create_cluster
from topology.structure.nodes import add_node
from topology.structure.subclusters import create_subcluster


def make(name: str = "acme", *, mode: str = "balanced", profile: int = 5000, pairs: int = 2) -> Cluster:
    """A cluster of pairs: acme-1a, acme-1b, acme-2a, …"""
    cluster = create_cluster(name, mode=mode, model="balanced_non_redundant")
    for number in range(1, pairs + 1):
        group = create_subcluster(cluster, f"sc-{number}")
        for letter in "ab":
            add_node(cluster, f"{name}-{number}{letter}", subcluster=group, profile=profile)
    return cluster


def codes(report: Report) -> list[tuple[int, str]]:
    return [(problem.line, problem.reason.code) for problem in report.problems.listed]


def homes(cluster: Cluster) -> dict[str, int]:
    counts = {node.name: 0 for node in Node.objects.filter(cluster=cluster)}
    for place in Assignment.objects.filter(cluster=cluster, home_node__isnull=False).select_related("home_node"):
        counts[place.home_node.name] += 1
    return counts

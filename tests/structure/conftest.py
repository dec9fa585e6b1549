"""The cluster whose structure tests change."""

import pytest

from tests.structure.changed import sub
from topology.models import Cluster
from topology.structure.clusters import create_cluster
from topology.structure.nodes import add_node
from topology.structure.subclusters import create_subcluster


@pytest.fixture
def acme(db: None) -> Cluster:
    """sc-1 with a publisher and a second node, sc-2 with one node, sc-3 empty, a spare; HA is off."""
    cluster = create_cluster("acme", model="balanced_non_redundant")
    for number in (1, 2, 3):
        create_subcluster(cluster, f"sc-{number}")
    for name, group in (("pub", "sc-1"), ("sub", "sc-1"), ("alone", "sc-2")):
        add_node(cluster, name, subcluster=sub(group))
    add_node(cluster, "spare")
    return cluster

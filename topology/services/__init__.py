"""Changes of the structure: clusters, subclusters, nodes, and the topology file that describes them all.

Every verb takes the cluster's lock and those of its subclusters, checks, writes and records one event in one
transaction. `actor` is a signed-in person, a name, or None for the console itself. HA is switched by
assignments/services/recovery.py, which also moves the users that depend on it.
"""

from topology.services.clusters import create_cluster, set_mode, set_model, set_policy
from topology.services.files import apply_topology, present
from topology.services.nodes import (
    add_node,
    demand_place,
    move_node,
    remove_node,
    rename_node,
    set_capacity,
    unassign_node,
)
from topology.services.rules import RULES
from topology.services.subclusters import (
    create_subcluster,
    describe_subcluster,
    order_nodes,
    order_subclusters,
    remove_subcluster,
    rename_subcluster,
)

__all__ = [
    "RULES",
    "add_node",
    "apply_topology",
    "create_cluster",
    "create_subcluster",
    "demand_place",
    "describe_subcluster",
    "move_node",
    "order_nodes",
    "order_subclusters",
    "present",
    "remove_node",
    "remove_subcluster",
    "rename_node",
    "rename_subcluster",
    "set_capacity",
    "set_mode",
    "set_model",
    "set_policy",
    "unassign_node",
]

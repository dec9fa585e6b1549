"""What exists: clusters, subclusters, nodes, people, and the history of what was done; one file a table.

Every rule that the database can hold is a constraint here or in the first migrations.
"""

from topology.models.access import ApiAnswer, ApiToken, ClusterRole
from topology.models.cluster import DESCRIPTION, GROUP_NAME, MAX_NODES, MAX_RELEASE, Cluster
from topology.models.dns import DnsSettings
from topology.models.end_user import ENDPOINT_KINDS, MAX_CONTACTS, MAX_URI, MAX_USER_ID, EndUser
from topology.models.event import Event
from topology.models.heartbeat import Heartbeat
from topology.models.node import ENDPOINTS_PER_USER, NODE_NAME, PROFILES, Node
from topology.models.policy import Policy
from topology.models.sign_in_link import SignInLink
from topology.models.subcluster import Subcluster
from topology.rules.modes import DeploymentModel, Mode

__all__ = [
    "DESCRIPTION",
    "ENDPOINTS_PER_USER",
    "ENDPOINT_KINDS",
    "GROUP_NAME",
    "MAX_CONTACTS",
    "MAX_NODES",
    "MAX_RELEASE",
    "MAX_URI",
    "MAX_USER_ID",
    "NODE_NAME",
    "PROFILES",
    "ApiAnswer",
    "ApiToken",
    "Cluster",
    "ClusterRole",
    "DeploymentModel",
    "DnsSettings",
    "EndUser",
    "Event",
    "Heartbeat",
    "Mode",
    "Node",
    "Policy",
    "SignInLink",
    "Subcluster",
]

"""A small named world for tests of moves: acme with a pair, a second pair, a node without a peer, and a spare node.

sc-1: imp1a (publisher), imp1b   HA on       5,000 users each
sc-2: imp2a, imp2b               HA on       imp2b is rated for 20 users
sc-3: imp3a                      no peer
no subcluster: spare
"""

from assignments.models import Assignment
from topology.models import Cluster, EndUser, Node, Policy, Subcluster
from topology.rules.states import State, StateReason

PLACES = {
    "imp1a": ("sc-1", 1, 5000),
    "imp1b": ("sc-1", 2, 5000),
    "imp2a": ("sc-2", 1, 5000),
    "imp2b": ("sc-2", 2, 20),
    "imp3a": ("sc-3", 1, 5000),
    "spare": (None, None, 5000),
}


def make_acme(name: str = "acme", *, speed: int = 1, **users: int) -> Cluster:
    """The cluster, with so many users at home per node; `waiting` are unassigned. Who has a home is signed in."""
    cluster = Cluster.objects.create(name=name, clock_speed=speed)
    Policy.objects.create(cluster=cluster)
    subs = {
        sub: Subcluster.objects.create(cluster=cluster, name=sub, position=number, ha_enabled=sub != "sc-3")
        for number, sub in enumerate(("sc-1", "sc-2", "sc-3"), 1)
    }
    for number, (short, (sub, slot, capacity)) in enumerate(PLACES.items(), 1):
        protected = sub in ("sc-1", "sc-2")
        Node.objects.create(
            cluster=cluster,
            subcluster=subs.get(sub or ""),
            slot=slot,
            number=number,
            name=f"{short}.{name}.org",
            publisher=number == 1,
            capacity_users=capacity,
            capacity_endpoints=2 * capacity,
            state=State.NORMAL if protected else State.UNKNOWN,
            reason=StateReason.NORMAL if protected else StateReason.HIGH_AVAILABILITY_NOT_ENABLED,
        )
    for place, count in users.items():
        add_users(cluster, place, count)
    return cluster


def node(cluster: Cluster, short: str) -> Node:
    """The node of a short name."""
    return Node.objects.get(cluster=cluster, name__startswith=f"{short}.")


def add_users(cluster: Cluster, place: str, count: int) -> list[int]:
    """Users at home on a node, or `waiting` without one: imp1a-0001, imp1a-0002, …; answers their keys."""
    home = None if place == "waiting" else node(cluster, place)
    prefix = "" if cluster.name == "acme" else f"{cluster.name}-"
    people = EndUser.objects.bulk_create(
        EndUser(user_id=f"{prefix}{place}-{number:04}", name=f"Person {number} of {place}", endpoints=["desk_phone"])
        for number in range(1, count + 1)
    )
    Assignment.objects.bulk_create(
        Assignment(user=user, cluster=cluster, home_node=home, serving_node=home, signed_in=bool(home), endpoints=1)
        for user in people
    )
    return [user.pk for user in people]

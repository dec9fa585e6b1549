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
PROTECTED = ("sc-1", "sc-2")


def make_acme(name: str = "acme", *, speed: int = 1, **users: int) -> Cluster:
    """The cluster, with so many users at home per node; `waiting` are unassigned. Who has a home is signed in."""
    cluster = Cluster.objects.create(name=name, clock_speed=speed)
    Policy.objects.create(cluster=cluster)
    made = Subcluster.objects.bulk_create(
        Subcluster(cluster=cluster, name=sub, position=number, ha_enabled=sub != "sc-3")
        for number, sub in enumerate(("sc-1", "sc-2", "sc-3"), 1)
    )
    subs = {sub.name: sub for sub in made}
    nodes = Node.objects.bulk_create(
        Node(
            cluster=cluster,
            subcluster=subs.get(sub or ""),
            slot=slot,
            number=number,
            name=f"{short}.{name}.org",
            publisher=number == 1,
            capacity_users=capacity,
            capacity_endpoints=2 * capacity,
            state=State.NORMAL if sub in PROTECTED else State.UNKNOWN,
            reason=StateReason.NORMAL if sub in PROTECTED else StateReason.HIGH_AVAILABILITY_NOT_ENABLED,
        )
        for number, (short, (sub, slot, capacity)) in enumerate(PLACES.items(), 1)
    )
    homes = dict(zip(PLACES, nodes, strict=True))
    assign(cluster, [(place, homes.get(place), count) for place, count in users.items()])
    return cluster


def node(cluster: Cluster, short: str) -> Node:
    """The node of a short name."""
    return Node.objects.get(cluster=cluster, name__startswith=f"{short}.")


def add_users(cluster: Cluster, place: str, count: int) -> list[int]:
    """Users at home on a node, or `waiting` without one: imp1a-0001, imp1a-0002, …; answers their keys."""
    return assign(cluster, [(place, None if place == "waiting" else node(cluster, place), count)])


def assign(cluster: Cluster, groups: list[tuple[str, Node | None, int]]) -> list[int]:
    """So many users of each place at home on its node, stored with two statements; answers their keys."""
    prefix = "" if cluster.name == "acme" else f"{cluster.name}-"
    people = EndUser.objects.bulk_create(
        EndUser(user_id=f"{prefix}{place}-{number:04}", name=f"Person {number} of {place}", endpoints=["desk_phone"])
        for place, _, count in groups
        for number in range(1, count + 1)
    )
    homes = [home for _, home, count in groups for _ in range(count)]
    Assignment.objects.bulk_create(
        Assignment(user=user, cluster=cluster, home_node=home, serving_node=home, signed_in=bool(home), endpoints=1)
        for user, home in zip(people, homes, strict=True)
    )
    return [user.pk for user in people]
